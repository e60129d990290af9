import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** What the operating system has room for, in bytes, without the NUL at the end. */
const MAXIMUM_PATH_BYTES = 107;
const MAXIMUM_PATH_BYTES_MACOS = 103;

/**
 * Node.js 20 would listen at the beginning of a path that is too long, and nobody would find the socket.
 * @throws {Error} with the code ENAMETOOLONG
 */
export function checkSocketPath(path: string): void {
  if (process.platform === 'win32') return;
  const bytes = Buffer.byteLength(path);
  const maximum = process.platform === 'darwin' ? MAXIMUM_PATH_BYTES_MACOS : MAXIMUM_PATH_BYTES;
  if (bytes <= maximum) return;
  const error = new Error(`expected a path of at most ${maximum} bytes, got ${bytes}`);
  throw Object.assign(error, { code: 'ENAMETOOLONG' });
}

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
