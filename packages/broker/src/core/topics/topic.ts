import { writeUtf8 } from '@martlet/protocol';
import type { MatchCache } from './subscription-tree.ts';

/** Nobody has looked yet whether a rule for topics says what is promised of this topic's messages. */
const RULE_UNKNOWN = -1;

/**
 * A topic name that was published to, and what the broker remembers of it.
 *
 * The table has one object per name as long as the name is in use, but not for ever: compare bytes or names, not
 * topics, where two may be of different times.
 *
 * @typeParam R the route that the router keeps with the topic.
 */
export class Topic<R = unknown> implements MatchCache {
  readonly name: string;
  /** How long the name is in UTF-8. */
  readonly byteLength: number;
  readonly hash: number;
  /** Where messages for this topic go. The router's, which asks the subscription tree whether it is still current. */
  route: R | null;
  matchGeneration: number;
  matchSum: number;
  matchSlots: readonly number[] | null;
  /** What the topic and its route weigh in memory, in bytes. The table's. */
  weightBytes: number;
  /** In which generation of the table it was last seen. The table's. */
  tableGeneration: number;
  /** What a rule for topics promises of its messages, and which generation of the rules. Levels'. */
  durability: number;
  /** Which policy for full queues holds for its messages. QueuePolicies'. */
  queuePolicy: number;
  #bytes: Uint8Array | null;

  constructor(name: string, byteLength: number, hash: number, weightBytes: number) {
    this.name = name;
    this.byteLength = byteLength;
    this.hash = hash;
    this.route = null;
    this.matchGeneration = -1;
    this.matchSum = 0;
    this.matchSlots = null;
    this.weightBytes = weightBytes;
    this.tableGeneration = 0;
    this.durability = RULE_UNKNOWN;
    this.queuePolicy = -1;
    this.#bytes = null;
  }

  /**
   * The name in UTF-8; never written to. Made when first asked for: most messages carry their topic's bytes with them,
   * and an array weighs more than the rest of a topic.
   */
  get bytes(): Uint8Array {
    if (this.#bytes === null) {
      this.#bytes = new Uint8Array(this.byteLength);
      writeUtf8(this.name, this.#bytes, 0);
    }
    return this.#bytes;
  }

  /** Whether `bytes[start, end)` is this topic's name. */
  equals(bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.bytes;
    const length = own.length;
    if (end - start !== length) return false;
    // From the end, where topic names differ. [MQTT-4.7.3-4] [MQTT-4.7.3-4] 3.1.1
    for (let i = length - 1; i >= 0; i--) if (own[i] !== bytes[start + i]) return false;
    return true;
  }

  /** Lets go of everything that can be found again, because the table has forgotten this topic. */
  forget(): void {
    this.route = null;
    this.matchGeneration = -1;
    this.matchSlots = null;
  }
}
