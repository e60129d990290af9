/**
 * The topic names in use, interned from their bytes: a name that was seen before is found by hash and comparison, and no
 * string is made for it.
 *
 * Bounded by two generations. New topics go into the young one; when that is full it becomes the old one, the old one
 * is forgotten, and its memory serves as the new young one. A hit in the old generation moves the topic to the young
 * one. So what is in use stays, and what one publish named goes, without lists to maintain and without pauses.
 *
 *     intern ──▶ young ──miss──▶ old ──miss──▶ checked, made, put into young
 *                  ▲──────hit────┘
 */

import type { TopicProblem } from '@martlet/protocol';
import {
  checkTopicName,
  DEFAULT_MAX_TOPIC_LEVELS,
  isValidTopicNameBytes,
  MAXIMUM_FIELD_BYTES,
  utf8ByteLength,
  validateUtf8,
  writeUtf8,
} from '@martlet/protocol';
import { FIXED_BOUNDS } from '../options/fixed-bounds.ts';
import { Topic } from './topic.ts';
import { TopicGeneration } from './topic-generation.ts';
import { TopicKey } from './topic-key.ts';

export { Topic } from './topic.ts';

const SLASH = 0x2f;
// A byte order mark is kept. [MQTT-1.5.4-3] [MQTT-1.5.3-3] 3.1.1
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** A topic and its share of the table, without its name; measured by `bench/topics.mjs table`. */
const TOPIC_WEIGHT_BYTES = 192;

export interface TopicTableOptions {
  /** Topics in each of the two generations. @default 65536 */
  readonly maxTopics?: number;
  /** Bytes in each of the two generations: names, objects, and what routes are charged. @default 64 MiB */
  readonly maxBytes?: number;
  /** Levels of a topic name. @default 200 */
  readonly maxLevels?: number;
  /** Bytes of a topic name. @default 65535 */
  readonly maxNameBytes?: number;
  /** Any 32-bit integer; random, so that peers cannot prepare names that collide. @default 0 */
  readonly hashSeed?: number;
}

/** @typeParam R the route that the router keeps with each topic. */
export class TopicTable<R = unknown> {
  #maxTopics: number;
  readonly #maxBytes: number;
  #maxLevels: number;
  readonly #maxNameBytes: number;
  /** The name that is being interned; one object serves all. */
  readonly #key: TopicKey;
  #young: TopicGeneration<R>;
  #old: TopicGeneration<R>;
  #scratch: Uint8Array = new Uint8Array(0);

  constructor(options: TopicTableOptions = {}) {
    this.#maxTopics = options.maxTopics ?? 65_536;
    this.#maxBytes = options.maxBytes ?? FIXED_BOUNDS.topicTableBytes.value;
    this.#maxLevels = options.maxLevels ?? DEFAULT_MAX_TOPIC_LEVELS;
    this.#maxNameBytes = options.maxNameBytes ?? MAXIMUM_FIELD_BYTES;
    this.#key = new TopicKey((options.hashSeed ?? 0) | 0);
    this.#young = new TopicGeneration(1);
    this.#old = new TopicGeneration(0);
  }

  /** Other bounds. With fewer levels, every topic is forgotten: names are checked when they come again. */
  reconfigure(maxTopics: number, maxLevels: number): void {
    this.#maxTopics = maxTopics;
    const fewer = maxLevels < this.#maxLevels;
    this.#maxLevels = maxLevels;
    if (!fewer) return;
    this.#age();
    this.#age();
  }

  /** How many topics are held; one that is in use may count twice for a while. */
  get size(): number {
    return this.#young.count + this.#old.count;
  }

  /** What they weigh, as far as the table knows. */
  get bytes(): number {
    return this.#young.bytes + this.#old.bytes;
  }

  /**
   * The topic whose name is `bytes[start, end)`, or null when that is not a topic name: {@link problemOf} says why.
   * The bytes are copied if they are kept.
   */
  intern(bytes: Uint8Array, start: number, end: number): Topic<R> | null {
    this.#key.read(bytes, start, end);
    return this.#young.find(this.#key) ?? this.#internElsewhere();
  }

  /** The same for a name given as a string. */
  internName(name: string): Topic<R> | null {
    if (checkTopicName(name, this.#maxLevels, this.#maxNameBytes) !== null) return null;
    const length = utf8ByteLength(name);
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(Math.max(256, length));
    writeUtf8(name, this.#scratch, 0);
    return this.intern(this.#scratch, 0, length);
  }

  /** Why `bytes[start, end)` is not a topic name, or null when it is. */
  problemOf(bytes: Uint8Array, start: number, end: number): TopicProblem | null {
    if (end <= start) return 'empty'; // [MQTT-4.7.3-1] [MQTT-4.7.3-1] 3.1.1
    if (end - start > this.#maxNameBytes) return 'tooLong'; // [MQTT-4.7.3-3] [MQTT-4.7.3-3] 3.1.1
    if (!validateUtf8(bytes, start, end)) {
      return bytes.subarray(start, end).includes(0) ? 'nullCharacter' : 'illFormed'; // [MQTT-4.7.3-2] [MQTT-4.7.3-2] 3.1.1
    }
    if (!isValidTopicNameBytes(bytes, start, end)) return 'wildcard'; // [MQTT-3.3.2-2] [MQTT-3.3.2-2] 3.1.1
    return countLevels(bytes, start, end) > this.#maxLevels ? 'tooManyLevels' : null;
  }

  /**
   * Says what a topic's route weighs, so that many large routes do not outgrow the table's bound on bytes. A topic that
   * the table has forgotten, but a connection still uses, weighs on nothing here.
   */
  charge(topic: Topic<R>, routeBytes: number): void {
    const weight = weightOf(topic.byteLength, routeBytes);
    const { tableGeneration } = topic;
    const holder =
      tableGeneration === this.#young.number
        ? this.#young
        : tableGeneration === this.#old.number
          ? this.#old
          : null;
    if (holder !== null) holder.bytes += weight - topic.weightBytes;
    topic.weightBytes = weight;
    if (holder !== null && holder.bytes > this.#maxBytes) this.#age();
  }

  #internElsewhere(): Topic<R> | null {
    if (this.#young.count >= this.#maxTopics || this.#young.bytes > this.#maxBytes) this.#age();
    const { bytes, start, end, hash } = this.#key;
    let topic = this.#old.find(this.#key);
    if (topic === null) {
      if (this.problemOf(bytes, start, end) !== null) return null;
      const name = decoder.decode(bytes.subarray(start, end));
      topic = new Topic(name, end - start, hash, weightOf(end - start, 0));
    }
    this.#young.put(topic, this.#key);
    return topic;
  }

  #age(): void {
    const forgotten = this.#old;
    this.#old = this.#young;
    forgotten.restart(this.#old.number + 1);
    this.#young = forgotten;
  }
}

/** The name counts as a string, as words in the table, and as the array that is made when it is asked for. */
function weightOf(nameBytes: number, routeBytes: number): number {
  return TOPIC_WEIGHT_BYTES + 3 * nameBytes + routeBytes;
}

function countLevels(bytes: Uint8Array, start: number, end: number): number {
  let levels = 1;
  for (let i = start; i < end; i++) if (bytes[i] === SLASH) levels++;
  return levels;
}
