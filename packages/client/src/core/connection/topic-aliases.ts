/**
 * Topic aliases of one connection (section 3.3.2.3.4): those that we give the server, and those that it gives us. Neither
 * outlives the connection.
 */
import { ProtocolError, ReasonCode } from '@martlet/protocol';

/** Topic names remembered without an alias, per alias that there may be. */
const CANDIDATES_PER_ALIAS = 4;

/**
 * Assigned to topic names that come again, as long as there are some; a name that is sent once costs no alias. When none
 * is left, every so often the alias that was used longest ago goes to a new name.
 */
export class OutgoingAliases {
  readonly #maximum: number;
  /** Alias by topic name, least recently used first. */
  readonly #aliases: Map<string, number> = new Map();
  /** Names that were sent once. */
  readonly #seen: Set<string> = new Set();
  /** The alias for the name that was looked up last. */
  alias = 0;
  /** Whether the server knows it already, so that the name is left out. */
  isKnown = false;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Looks a name up: `alias` is 0 when it is to be sent without one. */
  look(topicName: string): void {
    const known = this.#aliases.get(topicName);
    if (known !== undefined) {
      if (this.#aliases.size === this.#maximum) {
        this.#aliases.delete(topicName);
        this.#aliases.set(topicName, known);
      }
      this.alias = known;
      this.isKnown = true;
      return;
    }
    this.isKnown = false;
    this.alias = 0;
    if (!this.#seen.delete(topicName)) {
      if (this.#seen.size >= this.#maximum * CANDIDATES_PER_ALIAS) this.#seen.clear();
      this.#seen.add(topicName);
      return;
    }
    if (this.#aliases.size < this.#maximum) {
      this.alias = this.#aliases.size + 1; // [MQTT-3.3.2-8] [MQTT-3.3.2-9]
    } else {
      const [oldest, alias] = this.#aliases.entries().next().value!;
      this.#aliases.delete(oldest);
      this.alias = alias;
    }
    this.#aliases.set(topicName, this.alias);
  }
}

/** The topic names that the server gave aliases to. */
export class IncomingAliases<Topic> {
  readonly #maximum: number;
  readonly #topics: (Topic | undefined)[] = [];

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /**
   * The topic of a PUBLISH with an alias. @param named the topic that it names itself, null when its name is empty
   * @throws {ProtocolError} 0x94 for an alias that we did not allow or the server has not set.
   */
  resolve(alias: number, named: Topic | null): Topic {
    if (alias > this.#maximum) {
      throw new ProtocolError(
        `expected a Topic Alias up to ${this.#maximum}, got ${alias}`,
        ReasonCode.TopicAliasInvalid, // [MQTT-3.3.2-10]
      );
    }
    if (named !== null) {
      this.#topics[alias] = named;
      return named;
    }
    const known = this.#topics[alias];
    if (known === undefined) {
      throw new ProtocolError(
        `expected a Topic Alias that was set, got ${alias}`,
        ReasonCode.TopicAliasInvalid,
      );
    }
    return known;
  }
}
