/**
 * What a full queue does with the messages of a topic: the first policy whose filter matches, found once and kept with the
 * topic. Where none is configured, nothing is looked for.
 */
import { matches } from '@martlet/protocol';
import type { QueuePolicy } from '../options/profile.ts';
import type { Topic } from '../topics/topic.ts';

/** With what is told of drops that it caused, made once because those come in floods. */
export interface NamedQueuePolicy extends QueuePolicy {
  /** Such as `queue policy of state/#: keep-latest`. */
  readonly name: string;
}

export class QueuePolicies {
  #policies: readonly NamedQueuePolicy[];
  /** What a topic remembers is the place in the list, counted from 1, beyond this; 0 if no policy matches. */
  #base: number;

  constructor(policies: readonly QueuePolicy[]) {
    this.#policies = named(policies);
    this.#base = 0;
  }

  /** Other ones, for messages that come from now on. What topics remember of the old ones counts no more. */
  set all(policies: readonly QueuePolicy[]) {
    this.#base += this.#policies.length + 1;
    this.#policies = named(policies);
  }

  /** Null if nothing but the general habit holds for it. */
  of(topic: Topic): NamedQueuePolicy | null {
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

function named(policies: readonly QueuePolicy[]): readonly NamedQueuePolicy[] {
  return policies.map((policy) => ({
    ...policy,
    name: `queue policy of ${policy.topicFilter}: ${policy.whenFull}`,
  }));
}
