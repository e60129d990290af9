/**
 * The end of being awake (section 6.14): PINGRESP leaves when the client has been given everything, and has acknowledged it.
 * The gateway has one message of QoS 1 or 2 at a time, so it has to know whether the broker has another one: it asks for a
 * sign (PINGREQ), before which the broker would have sent it. A broker may first keep on disk that the last one is done, or
 * what the next one is called; so where its unfinished messages can be counted, their end is waited for, and elsewhere a
 * moment is allowed after an acknowledgement.
 */
import type { Deadline } from '@martlet/protocol';
import type { GatewayContext } from './gateway-context.ts';
import type { UpstreamLine } from './upstream-line.ts';

/** Of `settleMs`: the first pause before a broker in this process is asked again. The next ones are twice as long each. */
const FIRST_PAUSE = 1 / 32;

export class Awake {
  readonly #context: GatewayContext;
  readonly #upstream: UpstreamLine;
  readonly #onOver: () => void;
  readonly #again: Deadline;
  #isOn = false;
  /** Which PINGRESP of the broker is the sign; 0: none is awaited. */
  #awaited = 0;
  /** The broker has been told of an acknowledgement since it was last asked. */
  #acknowledged = false;
  /** When nothing more is waited for, in ms. */
  #untilMs = 0;
  /** Before the broker is asked again, in ms, where its unfinished messages can be counted. */
  #pauseMs = 0;

  /** @param onOver the broker has nothing more for now */
  constructor(context: GatewayContext, upstream: UpstreamLine, onOver: () => void) {
    this.#context = context;
    this.#upstream = upstream;
    this.#onOver = onOver;
    this.#again = { heapIndex: -1, onDue: () => this.#ask() };
  }

  begin(): void {
    this.#isOn = true;
    this.#acknowledged = false;
    this.onMore();
  }

  end(): void {
    this.#isOn = false;
    this.#awaited = 0;
    this.#context.deadlines.clear(this.#again);
  }

  /** Another message has come. */
  onMore(): void {
    this.#awaited = 0;
    this.#context.deadlines.clear(this.#again);
    const { retryMs, settleMs } = this.#context.options;
    this.#untilMs = this.#context.nowMs + retryMs;
    this.#pauseMs = Math.max(1, settleMs * FIRST_PAUSE);
  }

  onAcknowledged(): void {
    this.#acknowledged = true;
  }

  /** The client has been given everything that was here. */
  onDrained(): void {
    if (this.#isOn && this.#awaited === 0 && this.#again.heapIndex < 0) this.#ask();
  }

  /** The connection to the broker is a new one: what it was asked on the old one is not answered. */
  onReconnected(isEmpty: boolean): void {
    if (!this.#isOn) return;
    this.onMore();
    if (isEmpty) this.#ask();
  }

  #ask(): void {
    this.#awaited = this.#upstream.ask();
  }

  /** @param answer PINGRESP: the how manyeth */
  onAnswer(answer: number, isEmpty: boolean): void {
    if (!this.#isOn || this.#awaited === 0 || answer < this.#awaited || !isEmpty) return;
    this.#awaited = 0;
    const { unfinishedMessages } = this.#upstream;
    const mayBeMore = unfinishedMessages === undefined ? this.#acknowledged : unfinishedMessages > 0;
    if (mayBeMore && this.#context.nowMs < this.#untilMs) {
      this.#acknowledged = false;
      this.#context.deadlines.set(this.#again, this.#context.nowMs + this.#pause(unfinishedMessages));
    } else this.#onOver();
  }

  /** A commit is short: the client is not kept awake for long, and a disk that is slow is not asked all the time. */
  #pause(unfinishedMessages: number | undefined): number {
    const { settleMs } = this.#context.options;
    if (unfinishedMessages === undefined) return settleMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(settleMs, 2 * pauseMs);
    return pauseMs;
  }
}
