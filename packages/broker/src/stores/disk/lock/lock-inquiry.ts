/** Asks behind one announcement in a store's directory whether its process lives, and what became of it. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { LockHolder } from './lock-holder.ts';

export type LockAnswer =
  /** It holds the store. */
  | { readonly kind: 'held'; readonly holder: LockHolder }
  /** Its process has ended, and left its name behind. */
  | { readonly kind: 'dead' }
  /** Its name has gone: it has stepped back, or somebody else found it dead. */
  | { readonly kind: 'gone' }
  /** It lives and does not answer: it is stopped, or hangs, or speaks something else. */
  | { readonly kind: 'silent' };

/** The connection was closed without an answer. */
interface Closed {
  readonly kind: 'closed';
}

/** Of an answer, which is a line of under 200. */
const ANSWER_BYTES = 4096;

/** Before a connection that was closed without an answer is tried again. */
const RETRY_MS = 10;

/**
 * Fulfils when it is settled what the other process is.
 *
 * A connection that is closed without an answer settles nothing: a process that is out of file descriptors lives, and accepts and
 * closes. So it is asked again, until its name has gone or refuses.
 *
 * @param path Of the socket, as the system takes it.
 * @param onAlive Called when it is known that somebody listens, at least once before an answer other than `dead` and `gone`.
 * @param patienceMs How long a living process may take to answer.
 * @throws the system's error if it cannot be told, such as EACCES
 */
export async function inquire(path: string, onAlive: () => void, patienceMs: number): Promise<LockAnswer> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask(path, onAlive, Math.max(0, deadlineMs - performance.now()));
    if (answer.kind !== 'closed') return answer;
    if (performance.now() >= deadlineMs) return { kind: 'silent' };
    await delay(RETRY_MS);
  }
}

function ask(path: string, onAlive: () => void, patienceMs: number): Promise<LockAnswer | Closed> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ path });
    socket.setEncoding('utf8');
    const timer = setTimeout(() => finish({ kind: 'silent' }), patienceMs);
    const finish = (answer: LockAnswer | Closed): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', onAlive);
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > ANSWER_BYTES) finish({ kind: 'silent' });
    });
    socket.once('end', () => finish(parseAnswer(text)));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const answer = answerOf(error.code);
      if (answer !== null) return finish(answer);
      clearTimeout(timer);
      reject(error);
    });
  });
}

function answerOf(systemCode: string | undefined): LockAnswer | Closed | null {
  switch (systemCode) {
    case 'ECONNREFUSED':
      return { kind: 'dead' };
    case 'ENOENT':
      return { kind: 'gone' };
    case 'ECONNRESET':
    case 'EPIPE':
    // More ask than the system queues: the socket is open.
    case 'EAGAIN':
      return { kind: 'closed' };
    default:
      return null;
  }
}

function parseAnswer(text: string): LockAnswer | Closed {
  if (!text.endsWith('\n')) return { kind: 'closed' };
  try {
    const { pid, host, since } = JSON.parse(text) as LockHolder;
    return { kind: 'held', holder: { pid: Number(pid), host: String(host), since: String(since) } };
  } catch {
    return { kind: 'silent' };
  }
}
