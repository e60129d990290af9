/**
 * What is promised of what: the topic's rule before the listener's level before the broker's. A topic's rule is looked up
 * once and kept with the topic, because rules are many and topics come again.
 */
import { matches } from '@martlet/protocol';
import type { Profile } from './options/profile.ts';
import type { Durability, DurabilityName } from './ports/durability.ts';
import { durabilityNamed, nameOfDurability } from './ports/durability.ts';
import type { Topic } from './topics/topic.ts';
import { NO_RULE, RULE_UNKNOWN } from './topics/topic.ts';

interface Rule {
  readonly topicFilter: string;
  readonly level: Durability;
}

/** A session as far as levels go: the connection that it has. */
interface Publisher {
  readonly output: { readonly durability: Durability } | null;
}

export class Levels {
  readonly ofBroker: Durability;
  /**
   * Of what a QoS 2 exchange of a kept session tells. Its packet identifier is used again, by a message of any level: if a
   * power cut brought an older state of it back, that one would be taken for a repetition, and be lost. So this is
   * the highest level that any message may have: of the broker, its topics, and every listener that had a connection.
   */
  ofIdentifiers: Durability;
  readonly #inMemory: boolean;
  readonly #rules: readonly Rule[];

  /** @param inMemory the store keeps nothing beyond the process, whatever the profile says */
  constructor(profile: Profile, inMemory: boolean) {
    this.#inMemory = inMemory;
    this.ofBroker = durabilityNamed(profile.durability, 'durability');
    this.#rules = profile.topicDurability.map(({ topicFilter, durability }) => ({
      topicFilter,
      level: durabilityNamed(durability, 'topicDurability'),
    }));
    this.ofIdentifiers = this.#rules.reduce((highest, { level }) => higher(highest, level), this.ofBroker);
  }

  /** Whether messages may have another level than their publishers' connections. */
  get varyByTopic(): boolean {
    return this.#rules.length > 0;
  }

  /** Of a connection, by what its listener says. @throws {RangeError} for what is no level */
  ofListener(durability: DurabilityName | undefined): Durability {
    if (durability === undefined) return this.ofBroker;
    const level = durabilityNamed(durability, 'durability of the listener');
    this.ofIdentifiers = higher(this.ofIdentifiers, level);
    return level;
  }

  /** As it is told to the clients of a connection with this level. */
  promised(level: Durability): { readonly durability: DurabilityName; readonly variesByTopic: boolean } {
    return this.#inMemory
      ? { durability: 'memory', variesByTopic: false }
      : { durability: nameOfDurability(level), variesByTopic: this.varyByTopic };
  }

  /**
   * Of a message.
   * @param publisher null for a message of the application; offline for a will, which then is of the broker's level
   */
  ofMessage(topic: Topic, publisher: Publisher | null): Durability {
    const rule = this.#ruleOf(topic);
    return rule === NO_RULE ? (publisher?.output?.durability ?? this.ofBroker) : rule;
  }

  #ruleOf(topic: Topic): Durability | typeof NO_RULE {
    if (this.#rules.length === 0) return NO_RULE;
    if (topic.durability === RULE_UNKNOWN) {
      const rule = this.#rules.find(({ topicFilter }) => matches(topicFilter, topic.name));
      topic.durability = rule?.level ?? NO_RULE;
    }
    return topic.durability as Durability | typeof NO_RULE;
  }
}

function higher(a: Durability, b: Durability): Durability {
  return a > b ? a : b;
}
