/**
 * One request at a time: a client has one exchange of each kind open (sections 6.5 and 6.6), and a gateway need not remember
 * more. Each is sent again after T_retry, N_retry times; then the gateway is lost (section 6.13).
 */
import type { Deadline, Deadlines } from '@martlet/protocol';
import type { SnMessage } from '../core/codec/message.ts';
import { SnClientError } from './sn-client-error.ts';

export interface RequestTimers {
  readonly retryMs: number;
  readonly retries: number;
}

/** Something that is asked of the gateway. */
export interface Request {
  /** @param again it is sent again: what has a DUP flag sets it */
  readonly message: (again: boolean) => SnMessage;
  /**
   * Whether a message is the answer, or a step towards it: then what is to be sent next, which waits for its own answer.
   * Undefined: it has nothing to do with it.
   */
  readonly onAnswer: (answer: SnMessage) => 'done' | Request | undefined;
  readonly onFailed: (error: SnClientError) => void;
}

/** Something that waits for its turn. */
export interface Waiting {
  /** Its turn has come. Null: there is nothing to wait for, and whoever asked has been told. */
  readonly begin: () => Request | null;
  readonly onFailed: (error: SnClientError) => void;
}

/** More is refused: an application that asks faster than its gateway answers is to notice. */
const MOST_WAITING = 1000;

export class OneRequest {
  readonly #deadlines: Deadlines;
  readonly #timers: RequestTimers;
  readonly #send: (message: SnMessage) => boolean;
  readonly #onUnanswered: (error: SnClientError) => void;
  readonly #retry: Deadline;
  readonly #waiting: Waiting[] = [];
  #current: Request | null = null;
  #attempts = 0;
  #nowMs = 0;

  /**
   * @param send false if the message is longer than the way to the gateway carries
   * @param onUnanswered the gateway did not answer, however often it was asked: `fail` is to be called
   */
  constructor(
    deadlines: Deadlines,
    timers: RequestTimers,
    send: (message: SnMessage) => boolean,
    onUnanswered: (error: SnClientError) => void,
  ) {
    this.#deadlines = deadlines;
    this.#timers = timers;
    this.#send = send;
    this.#onUnanswered = onUnanswered;
    this.#retry = { heapIndex: -1, onDue: (nowMs) => this.#onDue(nowMs) };
  }

  get isIdle(): boolean {
    return this.#current === null;
  }

  ask(waiting: Waiting, nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#waiting.length >= MOST_WAITING) {
      const text = `expected at most ${MOST_WAITING} requests that wait for their turn: await what is asked`;
      waiting.onFailed(new SnClientError('QUEUE_FULL', text));
      return;
    }
    this.#waiting.push(waiting);
    this.#next();
  }

  /** @returns whether the message was an answer to what is asked */
  onMessage(message: SnMessage, nowMs: number): boolean {
    this.#nowMs = nowMs;
    const current = this.#current;
    const result = current?.onAnswer(message);
    if (current === null || result === undefined) return false;
    // What was told of the answer may have given up everything.
    if (this.#current !== current) return true;
    this.#current = null;
    if (result !== 'done') this.#start(result);
    this.#next();
    return true;
  }

  /** The gateway is at work on what is asked: its time begins anew. */
  onProgress(nowMs: number): void {
    if (this.#current === null) return;
    this.#attempts = 0;
    this.#deadlines.set(this.#retry, nowMs + this.#timers.retryMs);
  }

  /** Gives up what is asked, and all that waits. */
  fail(error: SnClientError): void {
    const current = this.#current;
    this.#current = null;
    this.#deadlines.clear(this.#retry);
    const waiting = this.#waiting.splice(0);
    current?.onFailed(error);
    for (const { onFailed } of waiting) onFailed(error);
  }

  failWaiting(error: SnClientError): void {
    for (const { onFailed } of this.#waiting.splice(0)) onFailed(error);
  }

  #next(): void {
    while (this.#current === null) {
      this.#deadlines.clear(this.#retry);
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const request = next.begin();
      if (request !== null) this.#start(request);
    }
  }

  #start(request: Request): void {
    this.#current = request;
    this.#attempts = 0;
    if (this.#transmit(request.message(false))) return;
    this.#current = null;
    request.onFailed(tooLong());
  }

  #transmit(message: SnMessage): boolean {
    this.#deadlines.set(this.#retry, this.#nowMs + this.#timers.retryMs);
    return this.#send(message);
  }

  #onDue(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#current === null) return;
    if (this.#attempts < this.#timers.retries) {
      this.#attempts++;
      this.#transmit(this.#current.message(true));
      return;
    }
    const times = this.#timers.retries + 1;
    const asked = times === 1 ? 'once' : `${times} times`;
    const text = `the gateway did not answer, and was asked ${asked}: is it there, and the port right?`;
    this.#onUnanswered(new SnClientError('GATEWAY_LOST', text));
  }
}

export function tooLong(): SnClientError {
  const text =
    'the message is longer than the way to the gateway carries: send less, or use a predefined or short topic';
  return new SnClientError('TOO_LONG', text);
}
