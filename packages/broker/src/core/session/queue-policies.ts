/**
 * What a full queue does with the messages of a topic: the first policy whose filter matches, found once and kept with the
 * topic. Where none is configured, nothing is looked for.
 */
import { matches } from '@martlet/protocol';
import type { QueuePolicy } from '../options/profile.ts';
import type { Topic } from '../topics/topic.ts';

export class QueuePolicies {
  #policies: readonly QueuePolicy[];
  /** What a topic remembers is the place in the list, counted from 1, beyond this; 0 if no policy matches. */
  #base: number;

  constructor(policies: readonly QueuePolicy[]) {
    this.#policies = policies;
    this.#base = 0;
  }

  /** Other ones, for messages that come from now on. What topics remember of the old ones counts no more. */
  set all(policies: readonly QueuePolicy[]) {
    this.#base += this.#policies.length + 1;
    this.#policies = policies;
  }

  /** Null if nothing but the general habit holds for it. */
  of(topic: Topic): QueuePolicy | null {
    if (this.#policies.length === 0) return null;
    let place = topic.queuePolicy - this.#base;
    if (place < 0) {
      place = 1 + this.#policies.findIndex(({ topicFilter }) => matches(topicFilter, topic.name));
      topic.queuePolicy = this.#base + place;
    }
    return place === 0 ? null : this.#policies[place - 1]!;
  }

  /** Whether a message of this topic may have to be refused because of a full queue. */
  mayReject(topic: Topic): boolean {
    return this.#policies.length > 0 && this.of(topic)?.whenFull === 'reject';
  }
}
