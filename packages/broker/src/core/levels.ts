/**
 * What is promised of what: the topic's rule before the listener's level before the broker's. A topic's rule is looked up
 * once and kept with the topic, because rules are many and topics come again.
 */
import { matches } from '@martlet/protocol';
import type { Profile } from './options/profile.ts';
import type { Durability, DurabilityName } from './ports/durability.ts';
import { durabilityNamed, nameOfDurability } from './ports/durability.ts';
import type { Topic } from './topics/topic.ts';

/** No rule for topics says what is promised of a topic's messages. */
const NO_RULE = -1;
/** A topic remembers its rule, plus 1, in these bits, and above them the generation of the rules. */
const RULE_BITS = 2;
const RULE_MASK = 3;

interface Rule {
  readonly topicFilter: string;
  readonly level: Durability;
}

/** A session as far as levels go: the connection that it has. */
interface Publisher {
  readonly output: { readonly durability: Durability } | null;
}

export class Levels {
  ofBroker: Durability;
  /**
   * Of what a QoS 2 exchange of a kept session tells. Its packet identifier is used again, by a message of any level: if a
   * power cut brought an older state of it back, that one would be taken for a repetition, and be lost. So this is
   * the highest level that any message may have: of the broker, its topics, and every listener that had a connection.
   */
  ofIdentifiers: Durability;
  readonly #inMemory: boolean;
  #rules: readonly Rule[];
  /** Of the rules: what a topic remembers of earlier ones does not count. */
  #generation: number;

  /** @param inMemory the store keeps nothing beyond the process, whatever the profile says */
  constructor(profile: Profile, inMemory: boolean) {
    this.#inMemory = inMemory;
    this.ofBroker = durabilityNamed(profile.durability, 'durability');
    this.#rules = rulesOf(profile);
    this.#generation = 0;
    this.ofIdentifiers = this.#highest();
  }

  /** Other levels, for messages that come from now on. What a connection was told of its own stays. */
  reconfigure(profile: Profile): void {
    this.ofBroker = durabilityNamed(profile.durability, 'durability');
    this.#rules = rulesOf(profile);
    this.#generation++;
    // Never lower: messages of the earlier levels are there yet.
    this.ofIdentifiers = higher(this.ofIdentifiers, this.#highest());
  }

  #highest(): Durability {
    return this.#rules.reduce((highest, { level }) => higher(highest, level), this.ofBroker);
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
    const { durability } = topic;
    if (durability >> RULE_BITS === this.#generation) {
      return ((durability & RULE_MASK) - 1) as Durability | typeof NO_RULE;
    }
    const found = this.#rules.find(({ topicFilter }) => matches(topicFilter, topic.name))?.level ?? NO_RULE;
    topic.durability = (this.#generation << RULE_BITS) | (found + 1);
    return found;
  }
}

function rulesOf({ topicDurability }: Profile): readonly Rule[] {
  return topicDurability.map(({ topicFilter, durability }) => ({
    topicFilter,
    level: durabilityNamed(durability, 'topicDurability'),
  }));
}

function higher(a: Durability, b: Durability): Durability {
  return a > b ? a : b;
}
