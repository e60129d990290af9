/**
 * The topic aliases that the broker uses towards one MQTT 5 client: the topics used most have one.
 *
 * A topic is given a free alias when it is sent for the second time. When none is free, a topic that is named twice as
 * often as the least used alias takes that one over. Counts are halved now and then, so that yesterday's favourites go.
 */
import type { Topic } from '../topics/topic-table.ts';

interface Use {
  /** 0 while it has none. */
  alias: number;
  count: number;
}

/** Uses between two halvings, per alias. */
const HALVING_FACTOR = 64;

export class OutboundAliases {
  /** 1 to 65,535: what the client allows, within our own limit. */
  readonly #maximum: number;
  readonly #uses: Map<Topic, Use>;
  readonly #topics: (Topic | undefined)[];
  #usesUntilHalving: number;

  constructor(maximum: number) {
    this.#maximum = maximum;
    this.#uses = new Map();
    this.#topics = [undefined];
    this.#usesUntilHalving = maximum * HALVING_FACTOR;
  }

  /** The alias that the client knows for this topic; 0 if none. */
  known(topic: Topic): number {
    const use = this.#uses.get(topic);
    if (use === undefined) return 0;
    use.count++;
    return use.alias;
  }

  /**
   * After `known` said 0: the alias to introduce with the PUBLISH that is being sent now, by name; 0 if this topic is
   * not used enough. The packet must really be sent.
   */
  introduce(topic: Topic): number {
    if (--this.#usesUntilHalving <= 0) this.#halve();
    const use = this.#uses.get(topic);
    if (use === undefined) {
      if (this.#uses.size >= this.#maximum * 4) this.#forgetRarest();
      this.#uses.set(topic, { alias: 0, count: 1 });
      return 0;
    }
    // [MQTT-3.1.2-26] [MQTT-3.3.2-11]
    if (this.#topics.length <= this.#maximum) {
      use.alias = this.#topics.length;
      this.#topics.push(topic);
      return use.alias;
    }
    const least = this.#leastUsed();
    const loser = this.#uses.get(this.#topics[least]!)!;
    if (use.count < loser.count * 2) return 0;
    loser.alias = 0;
    use.alias = least;
    this.#topics[least] = topic;
    return least;
  }

  #leastUsed(): number {
    // A sample is enough: the figure decides about three bytes, not about meaning.
    let least = 0;
    let count = Number.POSITIVE_INFINITY;
    const step = Math.max(1, this.#maximum >> 3);
    const offset = 1 + (this.#usesUntilHalving % step);
    for (let alias = offset; alias <= this.#maximum; alias += step) {
      const use = this.#uses.get(this.#topics[alias]!)!;
      if (use.count < count) {
        count = use.count;
        least = alias;
      }
    }
    return least;
  }

  #halve(): void {
    this.#usesUntilHalving = this.#maximum * HALVING_FACTOR;
    for (const use of this.#uses.values()) use.count >>= 1;
    this.#forgetRarest();
  }

  #forgetRarest(): void {
    for (const [topic, use] of this.#uses) {
      if (use.alias === 0 && use.count <= 1) this.#uses.delete(topic);
    }
    if (this.#uses.size < this.#maximum * 4) return;
    for (const [topic, use] of this.#uses) if (use.alias === 0) this.#uses.delete(topic);
  }
}
