import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * Removes a socket file that nobody listens on: what a broker leaves behind that was killed. Resolves to false, and
 * touches nothing, where somebody answers or the file is no socket.
 */
export function removeStaleSocketFile(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' && unlinkSocket(path));
    });
  });
}

function unlinkSocket(path: string): boolean {
  try {
    if (!lstatSync(path).isSocket()) return false;
    unlinkSync(path);
    return true;
  } catch {
    return false; // Not ours to remove; listening reports why.
  }
}
