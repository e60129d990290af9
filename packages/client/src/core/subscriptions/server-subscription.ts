/** One topic filter at the server, for all subscriptions of the application that have it. */
import type { Qos, Subscription } from '@martlet/protocol';
import { hasWildcard, parseSharedFilter } from '@martlet/protocol';
import type { Subscriber } from './subscriber.ts';

export class ServerSubscription {
  /** As in SUBSCRIBE, with `$share/…` where it is shared. */
  readonly topicFilter: string;
  /** What topic names are compared with, level by level: without `$share/…`. */
  readonly levels: readonly string[];
  readonly isShared: boolean;
  /** Whether topic names other than the filter itself may match it. */
  readonly isPattern: boolean;
  readonly hasWildcard: boolean;
  /** The Subscription Identifier, where the server takes one. */
  readonly identifier: number;
  /** Whether SUBSCRIBE has been sent, so that the server may have it. */
  isSent: boolean;
  /** Whether the server has it, perhaps with other options than are asked for now. */
  isAtServer: boolean;
  suspicion: number;
  /** The QoS that the server granted last. */
  granted: Qos;
  /** Who has joined since the last SUBSCRIBE, and waits for the next one; undefined for nobody. */
  joining: Set<Subscriber> | undefined;
  /** For whom the SUBSCRIBE under way asks that have nothing yet; undefined while none is under way. */
  asked: Set<Subscriber> | undefined;
  readonly #subscribers: Set<Subscriber>;
  /** The same; null when it is to be made. */
  #list: readonly Subscriber[] | null;
  /** What all of them need; null when it is to be found out. */
  #needed: Subscription | null;

  constructor(topicFilter: string, identifier: number, isSent: boolean) {
    const shared = parseSharedFilter(topicFilter);
    this.topicFilter = topicFilter;
    this.isShared = typeof shared === 'object';
    this.levels = (typeof shared === 'object' ? shared.topicFilter : topicFilter).split('/');
    this.hasWildcard = hasWildcard(topicFilter);
    this.isPattern = this.isShared || this.hasWildcard;
    this.identifier = identifier;
    this.isSent = isSent;
    this.isAtServer = false;
    this.suspicion = 0;
    this.granted = 0;
    this.joining = undefined;
    this.asked = undefined;
    this.#subscribers = new Set();
    this.#list = null;
    this.#needed = null;
  }

  /** A list that does not change: whoever goes through it may call what adds and removes some. */
  get subscribers(): readonly Subscriber[] {
    this.#list ??= [...this.#subscribers];
    return this.#list;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  has(subscriber: Subscriber): boolean {
    return this.#subscribers.has(subscriber);
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.joining ??= new Set();
    this.joining.add(subscriber);
    this.#list = null;
    if (this.#needed !== null) this.#needed = widened(this.#needed, subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    this.joining?.delete(subscriber);
    this.asked?.delete(subscriber);
    this.#list = null;
    this.#needed = null;
  }

  /** SUBSCRIBE has been sent, for all who have joined. */
  onSent(): void {
    this.isSent = true;
    this.asked = this.joining ?? new Set();
    this.joining = undefined;
  }

  /** The SUBSCRIBE under way will not be answered: whoever waited for that joins again. */
  onLost(): void {
    for (const each of this.joining ?? []) this.asked?.add(each);
    this.joining = this.asked;
    this.asked = undefined;
  }

  /** Whether it matches the topic name with these levels. */
  matches(nameLevels: readonly string[]): boolean {
    const { levels } = this;
    const { length } = levels;
    if (nameLevels[0]!.startsWith('$') && levels[0] !== nameLevels[0]) return false; // [MQTT-4.7.2-1] [MQTT-4.7.2-1] 3.1.1
    for (let i = 0; i < length; i++) {
      const level = levels[i];
      if (level === '#') return true; // also the parent itself: sport/# matches sport
      if (i >= nameLevels.length || (level !== '+' && level !== nameLevels[i])) return false;
    }
    return length === nameLevels.length;
  }

  /** What SUBSCRIBE asks for: whatever any of its subscribers needs. */
  request(): Subscription {
    if (this.#needed === null) {
      let needed: Subscription = {
        topicFilter: this.topicFilter,
        qos: 0,
        noLocal: true,
        retainAsPublished: false,
        retainHandling: 2,
      };
      for (const each of this.#subscribers) needed = widened(needed, each);
      this.#needed = needed;
    }
    return this.#needed;
  }
}

function widened(needed: Subscription, { options }: Subscriber): Subscription {
  return {
    topicFilter: needed.topicFilter,
    qos: options.qos > needed.qos ? options.qos : needed.qos,
    noLocal: needed.noLocal && options.noLocal,
    retainAsPublished: needed.retainAsPublished || options.retainAsPublished,
    retainHandling:
      options.retainHandling < needed.retainHandling ? options.retainHandling : needed.retainHandling,
  };
}
