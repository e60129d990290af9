/**
 * Messages that no subscription of the application asked for. After a restart the server's session may deliver before the
 * application has subscribed again: what comes out of a session that was there before waits for it, unacknowledged, so that
 * the server's Receive Maximum bounds it. What is beyond the limits is left unacknowledged, and comes again on the next
 * connection. After a minute that is told, and nothing is lost: only the application gets rid of such messages.
 *
 * In a session that is new only this process has subscribed. What nobody asks for there is of a filter that it gave up: it
 * is dropped and acknowledged, because it would hold up what the application does ask for.
 */
import { ClientError } from '../ports/client-error.ts';
import { FilterMap } from '../subscriptions/filter-map.ts';
import type { Subscriber } from '../subscriptions/subscriber.ts';
import type { Message } from './message.ts';

const PATIENCE_MS = 60_000;
/** What they count. */
const MAXIMUM_BYTES = 16 * 1_048_576;
/** Filters that were given up and are remembered. */
const MAXIMUM_FILTERS = 1000;

/** Who is told of messages that nobody asked for. */
export interface UnroutedOwner {
  onWarning(warning: ClientError): void;
}

export class Unrouted {
  /** When it is told that messages wait: Infinity while none does, and when it was told. */
  untilMs: number;
  /** The application has been told, and has had its time to subscribe. */
  #isTold: boolean;
  #isOpen: boolean;
  readonly #limit: number;
  readonly #owner: UnroutedOwner;
  readonly #waiting: Message[];
  #bytes: number;
  /** What this process has unsubscribed from, by filter. */
  readonly #givenUp: FilterMap<true>;

  /** @param limit messages that may wait */
  constructor(limit: number, owner: UnroutedOwner) {
    this.untilMs = Number.POSITIVE_INFINITY;
    this.#isTold = false;
    this.#isOpen = true;
    this.#limit = limit;
    this.#owner = owner;
    this.#waiting = [];
    this.#bytes = 0;
    this.#givenUp = new FilterMap();
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** @param sessionPresent with subscriptions that an earlier process may have made */
  online(sessionPresent: boolean): void {
    if (!sessionPresent) this.#isOpen = false;
  }

  tick(nowMs: number): void {
    if (nowMs < this.untilMs) return;
    this.untilMs = Number.POSITIVE_INFINITY;
    if (this.size === 0) return;
    this.#isTold = true;
    const names = new Set(this.#waiting.map(({ topicName }) => topicName));
    const text = `expected a subscription to ${names.size} topics, such as ${this.#waiting[0]!.topicName}, got none: ${this.size} messages wait unacknowledged`;
    this.#owner.onWarning(new ClientError('UNROUTED', text));
  }

  /** Keeps it, or leaves it unacknowledged. False when it is of no use: at QoS 0, or of a filter that was just given up. */
  keeps(message: Message, nowMs: number): boolean {
    const { topicName } = message;
    if (!message.isPending || !this.#isOpen || this.#givenUp.matching(topicName).length > 0) return false;
    if (this.size >= this.#limit || this.#bytes + message.bytes > MAXIMUM_BYTES) {
      message.reject();
      return true;
    }
    message.detach();
    this.#hold(message);
    if (!this.#isTold && this.untilMs === Number.POSITIVE_INFINITY) this.untilMs = nowMs + PATIENCE_MS;
    return true;
  }

  /** A new subscription takes what it matches. */
  claim(subscriber: Subscriber): void {
    const { topicFilter } = subscriber;
    this.#givenUp.delete(topicFilter);
    const claimed = new FilterMap<true>().set(topicFilter, true);
    for (const message of this.takeAll()) {
      if (claimed.matching(message.topicName).length > 0) subscriber.offer(message);
      else this.#hold(message);
    }
    if (this.size === 0) this.untilMs = Number.POSITIVE_INFINITY;
  }

  /** The application does not want any more what the filter matches; the server may still send some of it. */
  giveUp(topicFilter: string): void {
    if (!this.#isOpen) return;
    this.#givenUp.delete(topicFilter);
    this.#givenUp.set(topicFilter, true);
    const [oldest] = this.#givenUp.keys();
    if (this.#givenUp.size > MAXIMUM_FILTERS) this.#givenUp.delete(oldest!);
  }

  /**
   * Acknowledgements leave in the order of the messages: what waits here when the time is over, and holds up others, is
   * left for the next connection.
   * @param held messages that are to be acknowledged on this connection and have not been, with those that wait here
   */
  stepAside(held: number): void {
    if (this.#isTold && this.size > 0 && held > this.size) this.forget();
  }

  /** The server sends again on the next connection what it saw no acknowledgement of. */
  forget(): void {
    for (const message of this.takeAll()) message.reject();
  }

  #hold(message: Message): void {
    this.#waiting.push(message);
    this.#bytes += message.bytes;
  }

  takeAll(): Message[] {
    this.#bytes = 0;
    return this.#waiting.splice(0);
  }
}
