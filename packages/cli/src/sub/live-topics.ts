/** The topics of a picture, of which there is a limit: a server can have millions. */
import { counted } from '../amount-text.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { LiveTopic } from './live-topic.ts';
import { SecondCounts } from './second-counts.ts';

/** What is remembered at most. Messages of further topics are counted, and no more. */
export interface TopicLimits {
  readonly topics: number;
  /** Characters of all names. */
  readonly nameCharacters: number;
  /** Bytes of one payload. */
  readonly payloadBytes: number;
  /** Bytes of all payloads; beyond, little is kept of each. */
  readonly allPayloadBytes: number;
}

export const TOPIC_LIMITS: Readonly<TopicLimits> = {
  topics: 10_000,
  nameCharacters: 4 * 1024 * 1024,
  payloadBytes: 16 * 1024,
  allPayloadBytes: 32 * 1024 * 1024,
};

/** Bytes of a payload that are kept when all of them are too many. */
const FEW_BYTES = 256;

export class LiveTopics {
  /** All messages, those of topics beyond the limit too. */
  count = 0;
  /** Messages of topics beyond the limit. */
  leftOut = 0;
  readonly #limits: TopicLimits;
  readonly #topics: Map<string, LiveTopic> = new Map();
  readonly #seconds: SecondCounts;
  #nameCharacters = 0;
  #payloadBytes = 0;
  #sorted: readonly LiveTopic[] | undefined;

  constructor(nowMs: number, limits: TopicLimits = TOPIC_LIMITS) {
    this.#limits = limits;
    this.#seconds = new SecondCounts(nowMs);
  }

  get size(): number {
    return this.#topics.size;
  }

  /** By name. */
  get all(): readonly LiveTopic[] {
    this.#sorted ??= [...this.#topics.values()].sort((a, b) => (a.topicName < b.topicName ? -1 : 1));
    return this.#sorted;
  }

  /** What came in all, in one line. */
  get summary(): string {
    const shown = `${counted(this.count - this.leftOut, 'message')} of ${counted(this.size, 'topic')}`;
    if (this.leftOut === 0) return shown;
    return `${shown}, and ${counted(this.leftOut, 'message')} of topics for which there was no room`;
  }

  rate(nowMs: number): number {
    return this.#seconds.rate(nowMs);
  }

  /** @returns the topic of the message, or undefined if there is no more room for it */
  onMessage(message: ReceivedMessage, nowMs: number, wallMs: number): LiveTopic | undefined {
    this.count++;
    this.#seconds.add(nowMs);
    const topic = this.#topics.get(message.topicName) ?? this.#newTopic(message.topicName, nowMs);
    if (topic === undefined) {
      this.leftOut++;
      return undefined;
    }
    const others = this.#payloadBytes - topic.payload.length;
    const { payloadBytes, allPayloadBytes } = this.#limits;
    const most =
      others + Math.min(message.payload.length, payloadBytes) > allPayloadBytes ? FEW_BYTES : payloadBytes;
    topic.onMessage(message, nowMs, wallMs, most);
    this.#payloadBytes = others + topic.payload.length;
    return topic;
  }

  /** A message for which somebody else has no room. */
  leaveOut(nowMs: number): void {
    this.count++;
    this.leftOut++;
    this.#seconds.add(nowMs);
  }

  #newTopic(topicName: string, nowMs: number): LiveTopic | undefined {
    const { topics, nameCharacters } = this.#limits;
    if (this.#topics.size === topics || this.#nameCharacters + topicName.length > nameCharacters)
      return undefined;
    const topic = new LiveTopic(topicName, nowMs);
    this.#topics.set(topicName, topic);
    this.#nameCharacters += topicName.length;
    this.#sorted = undefined;
    return topic;
  }
}
