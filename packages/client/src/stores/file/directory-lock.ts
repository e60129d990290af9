/**
 * One process at a time uses a store's directory. Node.js has no file locks; what ends with a process, however it dies,
 * is a socket on which it listens. So a lock is a Unix socket in the directory, `lock.<id>.sock`, with an id that is
 * never used again. It is bound under another name and renamed when it listens: one that is visible and refuses
 * connections is dead for ever.
 *
 * **Announce, then look.** A claimant makes its socket visible, and then asks behind every other one in the directory. The name
 * of a dead one is removed. If one holds the directory, the claimant gives up. If one lives and does not hold it, the
 * claimant withdraws, waits for a random time and claims anew: two that claim at once may both withdraw.
 *
 * **Never two.** Of two that hold the directory, one had announced itself later, and looked after that. The other's name
 * was there, and its process lived; so the later one withdrew: a contradiction.
 *
 * **What it does not do.** A socket is known to one kernel: containers that share a directory see each other, machines
 * that mount one network file system do not. Whoever deletes the socket of a running process deletes its lock.
 *
 * Windows has named pipes instead, which vanish with their process and of which a name can be had once.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readdir, realpath, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientError } from '../../client-error.ts';
import type { LockAnswer } from './lock-socket.ts';
import { askBehind, LockSocket } from './lock-socket.ts';
import { systemCode } from './store-failure.ts';

const LOCK_NAME: Readonly<RegExp> = /^lock\.[0-9a-f]{16}\.(sock|new)$/;

/** Bytes of a socket's path on the system that takes fewest (macOS: 104 with the NUL at its end). */
const SOCKET_PATH_BYTES = 103;

/** So often a claim is made in all, while others claim at the same moment. */
const ATTEMPTS = 8;

/** A claim takes a few ms, on a busy machine more: the random wait is up to this after the first, and twice as long each time. */
const FIRST_WAIT_MS = 20;

/** How long a living process may take to answer. */
const PATIENCE_MS = 2000;

/** What became of one claim: this process has the directory until `release`, or another one is in the way. */
type ClaimOutcome =
  | { readonly kind: 'won'; release(): Promise<void> }
  | Exclude<LockAnswer, { kind: 'dead' }>;

export interface DirectoryLock {
  /** From now on others may have the directory. */
  release(): Promise<void>;
}

/**
 * Takes a directory, which must exist, for this process, until `release` or its end. Keeps no process alive.
 * Rejects with `STORE_FAILED` if another one has it, or with the system's error.
 */
export async function lockDirectory(
  directory: string,
  patienceMs: number = PATIENCE_MS,
): Promise<DirectoryLock> {
  const path = await realpath(directory);
  for (let attempt = 1; ; attempt++) {
    const outcome = await (process.platform === 'win32'
      ? claimPipe(pipePath(path), patienceMs)
      : claimFile(path, patienceMs));
    if (outcome.kind === 'won') return outcome;
    if (outcome.kind === 'held') throw inUse(path, outcome.by);
    if (attempt === ATTEMPTS) throw inUse(path, 'a process that is about to open it, or hangs');
    await delay(Math.random() * FIRST_WAIT_MS * 2 ** (attempt - 1));
  }
}

/** Where Windows has the named pipe of a directory. */
export function pipePath(directory: string): string {
  // Its paths are the same in upper and lower case.
  const digest = createHash('sha256').update(directory.toLowerCase()).digest('hex');
  return `\\\\.\\pipe\\martlet-client-${digest}`;
}

/** One claim where a name can be had once and vanishes with its process. */
export async function claimPipe(path: string, patienceMs: number): Promise<ClaimOutcome> {
  try {
    const socket = await LockSocket.listen(path);
    socket.hold();
    return { kind: 'won', release: () => socket.close() };
  } catch (error) {
    if (systemCode(error) !== 'EADDRINUSE') throw error;
  }
  const answer = await askBehind(path, patienceMs);
  // Else it has just gone, and the name is free.
  return answer.kind === 'dead' ? { kind: 'claiming' } : answer;
}

async function claimFile(directory: string, patienceMs: number): Promise<ClaimOutcome> {
  const handle = await open(directory, 'r');
  try {
    const id = randomBytes(8).toString('hex');
    const name = `lock.${id}.sock`;
    const socket = await LockSocket.listen(socketPath(directory, handle, `lock.${id}.new`));
    const release = async (): Promise<void> => {
      await removeName(directory, name);
      await socket.close();
    };
    try {
      const obstacle = await announceAndLook(directory, handle, id, patienceMs);
      if (obstacle === undefined) {
        socket.hold();
        return { kind: 'won', release };
      }
      await release();
      return obstacle;
    } catch (error) {
      await release();
      throw error;
    }
  } finally {
    await handle.close();
  }
}

/** Fulfils with undefined if nobody else is there, and then has removed what the dead left. */
async function announceAndLook(
  directory: string,
  handle: FileHandle,
  id: string,
  patienceMs: number,
): Promise<Exclude<LockAnswer, { kind: 'dead' }> | undefined> {
  try {
    await rename(join(directory, `lock.${id}.new`), join(directory, `lock.${id}.sock`));
  } catch (error) {
    // Whoever took the directory just now took the name that was not visible yet for one that a dead process left.
    if (systemCode(error) === 'ENOENT') return { kind: 'claiming' };
    throw error;
  }
  const others = (await readdir(directory)).filter((name) => LOCK_NAME.test(name) && !name.includes(id));
  const visible = others.filter((name) => name.endsWith('.sock'));
  const answers = await Promise.all(
    visible.map((name) => askBehind(socketPath(directory, handle, name), patienceMs)),
  );
  let obstacle: Exclude<LockAnswer, { kind: 'dead' }> | undefined;
  for (const answer of answers) {
    if (answer.kind === 'held' || (answer.kind === 'claiming' && obstacle === undefined)) obstacle = answer;
  }
  if (obstacle !== undefined) return obstacle;
  await Promise.all(others.map((name) => removeName(directory, name)));
  return undefined;
}

/** A path of a socket that the system takes, however long that of the directory is; valid while the handle is open. */
function socketPath(directory: string, handle: FileHandle, name: string): string {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return path;
  if (process.platform === 'linux') return `/proc/self/fd/${handle.fd}/${name}`;
  throw new ClientError(
    'STORE_FAILED',
    `expected a directory whose path leaves room for a socket's (${SOCKET_PATH_BYTES} bytes), got ${directory}; ` +
      'use one with a shorter path',
  );
}

async function removeName(directory: string, name: string): Promise<void> {
  await unlink(join(directory, name)).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}

function inUse(directory: string, holder: string): ClientError {
  return new ClientError(
    'STORE_FAILED',
    `expected a session store of its own for each client, got ${directory}, which is in use by ${holder}; ` +
      'close that client, or use another directory',
  );
}
