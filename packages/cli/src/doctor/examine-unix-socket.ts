/** Whether something listens at a Unix socket, and whether this user may connect to it. */
import type { Examination } from './examination.ts';
import { codeOf } from './examination.ts';
import { openSocket } from './reach.ts';

/** Of `sun_path`, without the NUL at its end; macOS takes four less. */
const LONGEST_PATH_BYTES = 107;

/** @returns whether it can be connected to */
export async function examineUnixSocket(examination: Examination): Promise<boolean> {
  const { server, findings, nowMs } = examination;
  const startMs = nowMs();
  try {
    (await openSocket(examination)).destroy();
    findings.good('socket', `${server.path} is open`, nowMs() - startMs);
    return true;
  } catch (error) {
    examination.signal.throwIfAborted();
    // Beyond that the system may look for a shorter path, which is another one.
    const isTooLong = Buffer.byteLength(server.path) > LONGEST_PATH_BYTES;
    const [text, advice] = meaningOf(isTooLong ? 'ENAMETOOLONG' : codeOf(error));
    findings.bad('socket', `${server.path}: ${text}`, advice, nowMs() - startMs);
    return false;
  }
}

function meaningOf(code: string): readonly [string, string] {
  switch (code) {
    case 'ENOENT':
      return [
        'there is no such socket',
        'Is the server running, and is the path the one in its configuration?',
      ];
    case 'EACCES':
    case 'EPERM':
      return [
        'this user may not connect to it',
        'Who may is said by the owner and mode of the socket and of the directories above it: look with ls -l, and let this user into the group.',
      ];
    case 'ECONNREFUSED':
      return [
        'nothing listens there',
        'A server that did not end in an orderly way may have left it. Start the server again.',
      ];
    case 'ENOTSOCK':
      return ['that is no socket', 'Name the socket itself, not its directory or another file.'];
    case 'ENOTDIR':
      return ['a part of the path is no directory', 'Is the path written right?'];
    case 'ENAMETOOLONG':
      return ['the path is too long', `The system takes ${LONGEST_PATH_BYTES} bytes: choose a shorter one.`];
    case 'NO_ANSWER':
      return [
        'nothing accepts the connection',
        'The server listens, but is stuck or has too much to do: its log says more.',
      ];
    default:
      return [`it cannot be connected to (${code})`, 'The system says no more about it than this code.'];
  }
}
