/** One topic filter at the server, for all subscriptions of the application that have it. */
import type { Qos, RetainHandling, Subscription } from '@martlet/protocol';
import { parseSharedFilter } from '@martlet/protocol';
import type { Subscriber } from './subscriber.ts';

export const SubscriptionState = {
  /** SUBSCRIBE is to be sent. */
  Wanted: 0,
  /** SUBSCRIBE has been sent. */
  Requested: 1,
  Granted: 2,
} as const;
export type SubscriptionState = (typeof SubscriptionState)[keyof typeof SubscriptionState];

export class ServerSubscription {
  /** As in SUBSCRIBE, with `$share/…` where it is shared. */
  readonly topicFilter: string;
  /** What topic names are compared with. */
  readonly matchFilter: string;
  /** The Subscription Identifier, where the server takes one. */
  readonly identifier: number;
  state: SubscriptionState;
  readonly subscribers: Subscriber[];
  /** Of these, the ones that have not yet been told of a SUBACK. */
  readonly waiting: Set<Subscriber>;
  /** Whether the server has it, perhaps with other options than are asked for now. */
  isAtServer: boolean;
  suspicion: number;

  constructor(topicFilter: string, identifier: number) {
    const shared = parseSharedFilter(topicFilter);
    this.topicFilter = topicFilter;
    this.matchFilter = typeof shared === 'string' ? topicFilter : shared.topicFilter;
    this.identifier = identifier;
    this.state = SubscriptionState.Wanted;
    this.subscribers = [];
    this.waiting = new Set();
    this.isAtServer = false;
    this.suspicion = 0;
  }

  get isShared(): boolean {
    return this.matchFilter !== this.topicFilter;
  }

  /** What SUBSCRIBE asks for: whatever any of its subscribers needs. */
  request(): Subscription {
    let qos: Qos = 0;
    let noLocal = true;
    let retainAsPublished = false;
    let retainHandling: RetainHandling = 2;
    for (const { options } of this.subscribers) {
      if (options.qos > qos) qos = options.qos;
      if (!options.noLocal) noLocal = false;
      if (options.retainAsPublished) retainAsPublished = true;
      if (options.retainHandling < retainHandling) retainHandling = options.retainHandling;
    }
    return { topicFilter: this.topicFilter, qos, noLocal, retainAsPublished, retainHandling };
  }
}
