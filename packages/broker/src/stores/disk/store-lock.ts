/**
 * One process at a time uses a store's directory. Node.js has no file locks; what ends with a process, however it dies,
 * is a socket that it listens on. So a lock is a Unix-domain socket in the directory, `lock.<id>.<attempt>.sock`
 * (lock/lock-socket.ts). It is found by its file and not by the number of a process, so that containers which share the
 * directory see each other.
 *
 * **The protocol: announce, then look.** A claimant makes its socket visible under a name that is never used again, and then
 * asks behind every other one in the directory.
 *
 * - One that refuses connections is dead for ever; its file is removed.
 * - One that holds the store answers so: the claimant withdraws, and reports who it is.
 * - One that is a claimant too answers when it is settled. The one with the greater id withdraws first, and then waits; the one
 *   with the smaller id waits for the other to withdraw, or to say that it holds the store already.
 *
 * A claimant beside whom nobody else is left alive holds the store.
 *
 * **Never two.** Suppose two processes hold the store at one moment. The one that announced itself later looked after that, when
 * the other's file was in the directory (a listing has what is there all the while, and a file is removed only by its owner and
 * by who finds it dead) and the other's process lived. So it asked, and took the store before the other had refused or gone:
 * a contradiction.
 *
 * **Always one.** Who has not withdrawn waits for greater ids only, so nobody waits in a circle; the claimant with the smallest id
 * withdraws for a holder alone. An id stays the same when its claim is made again, so nobody is overtaken for ever.
 *
 * **What it does not do.** A socket is known to one kernel: machines that mount one network file system do not see each other,
 * which is refused where it is recognised. Whoever deletes the file of a running process deletes its lock.
 *
 * Windows has named pipes instead, which vanish with their process and of which a name can be had once: its name is made from the
 * directory's path, and nothing has to be looked for.
 */
import { claimByFile, claimByPipe, findUse, pipePath } from './lock/lock-claim.ts';
import { LockDirectory } from './lock/lock-directory.ts';
import { lockError, StoreLockError } from './lock/lock-error.ts';
import type { LockSocket } from './lock/lock-socket.ts';
import type { StoreUse } from './lock/store-use.ts';

export interface StoreLockOptions {
  /** How long another process may take to tell what it is, in ms; then it is taken for the store's holder. @default 5000 */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 5000;

export class StoreLock {
  readonly #directory: LockDirectory;
  readonly #socket: LockSocket;
  #released: Promise<void> | null;

  private constructor(directory: LockDirectory, socket: LockSocket) {
    this.#directory = directory;
    this.#socket = socket;
    this.#released = null;
  }

  /**
   * Takes the store in a directory for this process, until `release` or its end. Makes the directory if it is missing, for this
   * user only. It keeps no process alive.
   *
   * Rejects with a `StoreLockError`: `store-in-use` with the other's process id, or what is wrong with the directory.
   *
   * @example
   * const lock = await StoreLock.acquire('/var/lib/martlet');
   * // … read and write files there …
   * await lock.release();
   */
  static async acquire(directory: string, options: StoreLockOptions = {}): Promise<StoreLock> {
    const { patienceMs = PATIENCE_MS } = options;
    let opened: LockDirectory | null = null;
    try {
      opened = await LockDirectory.open(directory);
      const socket =
        process.platform === 'win32'
          ? await claimByPipe(opened.path, pipePath(opened.path), patienceMs)
          : await claimByFile(opened, patienceMs);
      return new StoreLock(opened, socket);
    } catch (error) {
      await opened?.close();
      throw lockError(directory, error);
    }
  }

  /**
   * Who has the store in a directory now. It takes nothing, and changes nothing. Rejects with a `StoreLockError`, but
   * where stores cannot be locked it fulfils with `unknown`.
   *
   * @example
   * const use = await StoreLock.use('/var/lib/martlet');
   * if (use.kind === 'held') console.log(use.holder.pid);
   */
  static async use(directory: string, options: StoreLockOptions = {}): Promise<StoreUse> {
    const { patienceMs = PATIENCE_MS } = options;
    let opened: LockDirectory | null = null;
    try {
      opened = await LockDirectory.openExisting(directory);
      return await findUse(opened, patienceMs);
    } catch (error) {
      if (error instanceof StoreLockError && error.code === 'store-lock-unsupported')
        return { kind: 'unknown' };
      throw lockError(directory, error);
    } finally {
      await opened?.close();
    }
  }

  /** To be called when nothing is written there any more: from now on others may. */
  release(): Promise<void> {
    this.#released ??= this.#socket.withdraw().finally(() => this.#directory.close());
    return this.#released;
  }
}
