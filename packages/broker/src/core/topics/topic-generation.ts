import type { Topic } from './topic.ts';
import type { TopicKey } from './topic-key.ts';

const FIRST_CAPACITY = 256;
const FIRST_WORDS = 2048;
/**
 * A topic is at most so many slots from where its hash points. An attacker who finds colliding names makes the table
 * forget them, not slow.
 */
const MAX_PROBES = 64;

/** Of a topic that no table holds. */
const NO_GENERATION = -1;

/**
 * One generation of the topic table: open addressing, linear probing, never more than half full, nothing removed but all
 * at once.
 *
 * The names lie side by side as 32-bit words, so that a hit reads three places in memory before the topic itself: slot,
 * name, topic. Comparing with the topic's own bytes would read five (`bench/topics.mjs table`).
 */
export class TopicGeneration<R> {
  number: number;
  /** Topics put here; one that had to give way to a colliding name still counts. */
  count = 0;
  /** What those that are here weigh. */
  bytes = 0;
  /** Pairs: the hash, 0 when the slot is empty, and where in the words its name is, 0 for a long name. */
  #slots: Int32Array = new Int32Array(2 * FIRST_CAPACITY);
  #topics: (Topic<R> | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);
  #mask = FIRST_CAPACITY - 1;
  /** Names: the length in bytes, then the words. */
  #words: Int32Array = new Int32Array(FIRST_WORDS);
  #wordsEnd = 1;

  constructor(number: number) {
    this.number = number;
  }

  find(key: TopicKey): Topic<R> | null {
    const slots = this.#slots;
    const mask = this.#mask;
    let i = key.hash & mask;
    for (let probes = 0; probes < MAX_PROBES && slots[2 * i] !== 0; probes++) {
      if (slots[2 * i] === key.hash && this.#holds(i, key)) return this.#topics[i]!;
      i = (i + 1) & mask;
    }
    return null;
  }

  /** Puts a topic that is not in this generation, under the key that holds its name. */
  put(topic: Topic<R>, key: TopicKey): void {
    if ((this.count + 1) * 2 > this.#mask + 1) this.#grow();
    topic.tableGeneration = this.number;
    this.#place(topic, this.#appendWords(key));
  }

  /** Forgets all topics that have not moved to another generation, and begins anew in the same memory. */
  restart(number: number): void {
    for (let i = 0; i <= this.#mask; i++) {
      const topic = this.#topics[i];
      if (topic === undefined) continue;
      if (topic.tableGeneration === this.number) topic.forget();
      this.#topics[i] = undefined;
    }
    this.#slots.fill(0);
    this.#wordsEnd = 1;
    this.number = number;
    this.count = 0;
    this.bytes = 0;
  }

  #holds(i: number, key: TopicKey): boolean {
    const at = this.#slots[2 * i + 1]!;
    if (at === 0) return this.#topics[i]!.equals(key.bytes, key.start, key.end);
    const words = this.#words;
    if (words[at] !== key.length) return false;
    for (let k = 0; k < key.wordCount; k++) if (words[at + 1 + k] !== key.words[k]) return false;
    return true;
  }

  #appendWords(key: TopicKey): number {
    if (key.wordCount === 0) return 0;
    const at = this.#wordsEnd;
    this.#wordsEnd = at + 1 + key.wordCount;
    if (this.#wordsEnd > this.#words.length) {
      const words = this.#words;
      this.#words = new Int32Array(2 * words.length);
      this.#words.set(words);
    }
    this.#words[at] = key.length;
    for (let k = 0; k < key.wordCount; k++) this.#words[at + 1 + k] = key.words[k]!;
    return at;
  }

  #place(topic: Topic<R>, nameAt: number): void {
    const slots = this.#slots;
    const home = topic.hash & this.#mask;
    let i = home;
    for (let probes = 1; slots[2 * i] !== 0; probes++) {
      if (probes === MAX_PROBES) {
        this.#giveUp(this.#topics[home]!);
        i = home;
        break;
      }
      i = (i + 1) & this.#mask;
    }
    slots[2 * i] = topic.hash;
    slots[2 * i + 1] = nameAt;
    this.#topics[i] = topic;
    this.count++;
    this.bytes += topic.weightBytes;
  }

  #giveUp(topic: Topic<R>): void {
    topic.forget();
    topic.tableGeneration = NO_GENERATION;
    this.bytes -= topic.weightBytes;
  }

  #grow(): void {
    const slots = this.#slots;
    const topics = this.#topics;
    const capacity = topics.length * 2;
    this.#slots = new Int32Array(2 * capacity);
    this.#topics = new Array(capacity).fill(undefined);
    this.#mask = capacity - 1;
    this.count = 0;
    this.bytes = 0;
    for (let i = 0; i < topics.length; i++) {
      const topic = topics[i];
      if (topic !== undefined) this.#place(topic, slots[2 * i + 1]!);
    }
  }
}
