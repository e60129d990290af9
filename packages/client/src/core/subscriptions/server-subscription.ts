/** One topic filter at the server, for all subscriptions of the application that have it. */
import type { Qos, RetainHandling, Subscription } from '@martlet/protocol';
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
  /** Never changed, but replaced: whoever goes through them may call what changes them. */
  subscribers: readonly Subscriber[];
  /** Whether SUBSCRIBE has been sent, so that the server may have it. */
  isSent: boolean;
  /** Whether the server has it, perhaps with other options than are asked for now. */
  isAtServer: boolean;
  suspicion: number;

  constructor(topicFilter: string, identifier: number, isSent: boolean) {
    const shared = parseSharedFilter(topicFilter);
    this.topicFilter = topicFilter;
    this.isShared = typeof shared === 'object';
    this.levels = (typeof shared === 'object' ? shared.topicFilter : topicFilter).split('/');
    this.hasWildcard = hasWildcard(topicFilter);
    this.isPattern = this.isShared || this.hasWildcard;
    this.identifier = identifier;
    this.subscribers = [];
    this.isSent = isSent;
    this.isAtServer = false;
    this.suspicion = 0;
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
