/** A process's mark on a store's directory: a socket on which it listens, and which the system closes with the process. */
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { systemCode } from './store-failure.ts';

/** What is behind a mark. */
export type LockAnswer =
  /** Nobody any more: its process has ended, or has withdrawn. */
  | { readonly kind: 'dead' }
  /** Its process lives, and does not hold the directory yet; or it is about to end. */
  | { readonly kind: 'claiming' }
  /** Its process has the directory, or has to be taken for one that has it. */
  | { readonly kind: 'held'; readonly by: string };

/** Of an answer, which is much shorter. */
const ANSWER_CHARACTERS = 1000;

export class LockSocket {
  readonly #server: Server;
  /** What whoever connects is told. */
  #text: string;

  private constructor() {
    this.#text = '';
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.unref();
      socket.end(this.#text);
      // Its end is noticed only by who reads.
      socket.resume();
    });
  }

  /** Rejects with the system's error. */
  static async listen(path: string): Promise<LockSocket> {
    const lock = new LockSocket();
    const server = lock.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Exclusive: a worker of node:cluster would otherwise share the socket with the others.
      server.listen({ path, exclusive: true }, () => {
        server.off('error', reject);
        // What fails later (no descriptors left) concerns who asks, not the lock.
        server.on('error', () => undefined);
        server.unref();
        resolve();
      });
    });
    return lock;
  }

  /** From now on who connects is told that this process holds the directory. */
  hold(): void {
    this.#text = `process ${process.pid} on ${hostname()}\n`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

/**
 * Asks behind a mark. Rejects with the system's error if it cannot be told, such as EACCES.
 * @param patienceMs How long a living process may take to answer; then it is taken for the holder.
 */
export function askBehind(path: string, patienceMs: number): Promise<LockAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ path });
    const timer = setTimeout(
      () => finish({ kind: 'held', by: 'a process that does not answer' }),
      patienceMs,
    );
    const finish = (answer: LockAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > ANSWER_CHARACTERS)
        finish({ kind: 'held', by: 'a process that answers something else' });
    });
    socket.once('end', () => {
      finish(text.endsWith('\n') ? { kind: 'held', by: text.trimEnd() } : { kind: 'claiming' });
    });
    socket.once('error', (error) => {
      const answer = answerOf(systemCode(error));
      if (answer !== undefined) return finish(answer);
      clearTimeout(timer);
      reject(error);
    });
  });
}

function answerOf(code: string | undefined): LockAnswer | undefined {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return { kind: 'dead' };
    case 'ECONNRESET':
    case 'EPIPE':
    // More ask than the system queues: somebody listens.
    case 'EAGAIN':
      return { kind: 'claiming' };
    default:
      return undefined;
  }
}
