/**
 * A process's announcement in a store's directory: a Unix-domain socket that it listens on, and that the operating system
 * closes with the process, however it dies.
 *
 * Whoever connects learns that the process lives, and then, as soon as that is decided, what became of it: a line of
 * JSON if it holds the store, or the end of the connection if it stepped back or died. The socket is bound under a
 * name that nobody looks for and renamed when it listens: under its visible name it has always been alive, and once it
 * refuses connections it is dead for ever. A name is never used twice.
 */
import { rename } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { LockDirectory } from './lock-directory.ts';
import type { LockHolder } from './lock-holder.ts';

export class LockSocket {
  /** Makes it invisible. */
  readonly #hide: () => Promise<void>;
  readonly #server: Server;
  /** Connections of those who wait for what becomes of this process. */
  readonly #waiting: Set<Socket>;
  #holder: LockHolder | null;

  private constructor(hide: () => Promise<void>) {
    this.#hide = hide;
    this.#server = createServer((socket) => this.#onConnection(socket));
    this.#waiting = new Set();
    this.#holder = null;
  }

  /**
   * Listens, and then becomes visible as `name`.
   * @param hiddenName What it is called until then.
   */
  static async announce(directory: LockDirectory, name: string, hiddenName: string): Promise<LockSocket> {
    const socket = new LockSocket(() => directory.remove(name));
    await socket.#listen(directory.socketPath(hiddenName));
    try {
      await rename(directory.filePath(hiddenName), directory.filePath(name));
    } catch (error) {
      await socket.#close();
      throw error;
    }
    return socket;
  }

  /** Listens where a name can be had once and vanishes with its process: a named pipe. */
  static async listen(path: string): Promise<LockSocket> {
    const socket = new LockSocket(() => Promise.resolve());
    await socket.#listen(path);
    return socket;
  }

  /** From now on whoever asks is told so, and who has asked before. */
  hold(holder: LockHolder): void {
    this.#holder = holder;
    for (const socket of this.#waiting) this.#answer(socket, holder);
    this.#waiting.clear();
  }

  /** Becomes invisible, then ends; who waits for an answer sees the end of its connection. */
  async withdraw(): Promise<void> {
    await this.#hide();
    await this.#close();
  }

  #listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // Exclusive: for a worker of node:cluster the first process would otherwise listen, and not die with the worker.
      this.#server.listen({ path, exclusive: true }, () => {
        this.#server.off('error', reject);
        // What fails later (no descriptors left) concerns the one who asks, not the lock: it is alive to them.
        this.#server.on('error', () => {});
        this.#server.unref();
        resolve();
      });
    });
  }

  #close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#waiting) socket.destroy();
    });
  }

  #onConnection(socket: Socket): void {
    socket.unref();
    socket.on('error', () => {});
    if (this.#holder !== null) {
      this.#answer(socket, this.#holder);
      return;
    }
    this.#waiting.add(socket);
    socket.once('close', () => this.#waiting.delete(socket));
    // Nothing is expected; reading notices when the other end has gone.
    socket.resume();
  }

  #answer(socket: Socket, holder: LockHolder): void {
    socket.end(`${JSON.stringify(holder)}\n`, () => socket.destroy());
  }
}
