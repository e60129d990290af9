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

export class OneRequest {
  readonly #deadlines: Deadlines;
  readonly #timers: RequestTimers;
  readonly #send: (message: SnMessage) => void;
  readonly #onLost: () => void;
  readonly #retry: Deadline;
  readonly #waiting: Request[] = [];
  #current: Request | null = null;
  #attempts = 0;
  #nowMs = 0;

  /** @param onLost the gateway did not answer: everything that waited has been told */
  constructor(
    deadlines: Deadlines,
    timers: RequestTimers,
    send: (message: SnMessage) => void,
    onLost: () => void,
  ) {
    this.#deadlines = deadlines;
    this.#timers = timers;
    this.#send = send;
    this.#onLost = onLost;
    this.#retry = { heapIndex: -1, onDue: (nowMs) => this.#onUnanswered(nowMs) };
  }

  get isIdle(): boolean {
    return this.#current === null;
  }

  ask(request: Request, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#waiting.push(request);
    this.#next();
  }

  /** @returns whether the message was an answer to what is asked */
  onMessage(message: SnMessage, nowMs: number): boolean {
    this.#nowMs = nowMs;
    const current = this.#current;
    const result = current?.onAnswer(message);
    if (current === null || result === undefined) return false;
    if (result === 'done') this.#current = null;
    else this.#begin(result);
    this.#next();
    return true;
  }

  /** Gives up all that is asked and waits. */
  fail(error: SnClientError): void {
    const failed =
      this.#current === null ? this.#waiting.splice(0) : [this.#current, ...this.#waiting.splice(0)];
    this.#current = null;
    this.#deadlines.clear(this.#retry);
    for (const request of failed) request.onFailed(error);
  }

  #next(): void {
    if (this.#current !== null) return;
    this.#deadlines.clear(this.#retry);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#begin(next);
  }

  #begin(request: Request): void {
    this.#current = request;
    this.#attempts = 0;
    this.#transmit(request.message(false));
  }

  #transmit(message: SnMessage): void {
    this.#deadlines.set(this.#retry, this.#nowMs + this.#timers.retryMs);
    this.#send(message);
  }

  #onUnanswered(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#current === null) return;
    if (this.#attempts < this.#timers.retries) {
      this.#attempts++;
      this.#transmit(this.#current.message(true));
      return;
    }
    const times = this.#timers.retries + 1;
    this.fail(
      new SnClientError(
        'GATEWAY_LOST',
        `the gateway did not answer, and was asked ${times} times: is it there, and the port right?`,
      ),
    );
    this.#onLost();
  }
}
