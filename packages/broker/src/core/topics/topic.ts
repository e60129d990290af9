import type { MatchCache } from './subscription-tree.ts';

// A byte order mark is kept. [MQTT-1.5.4-3] [MQTT-1.5.3-3] 3.1.1
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * A topic name that was published to, and what the broker remembers of it.
 *
 * The table has one object per name as long as the name is in use, but not for ever: compare bytes or names, not
 * topics, where two may be of different times.
 *
 * @typeParam R the route that the router keeps with the topic.
 */
export class Topic<R = unknown> implements MatchCache {
  /** The name in UTF-8; never written to. */
  readonly bytes: Uint8Array;
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
  #name: string | null;

  constructor(bytes: Uint8Array, hash: number, weightBytes: number) {
    this.bytes = bytes;
    this.hash = hash;
    this.route = null;
    this.matchGeneration = -1;
    this.matchSum = 0;
    this.matchSlots = null;
    this.weightBytes = weightBytes;
    this.tableGeneration = 0;
    this.#name = null;
  }

  /** The name as a string, decoded when first asked for. */
  get name(): string {
    this.#name ??= decoder.decode(this.bytes);
    return this.#name;
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
