/** What is known of a topic while its messages come: the last one, how many, how often. Time is an argument. */
import type { PublishProperties, Qos } from '@martlet/protocol';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { keptProperties } from './kept-properties.ts';
import { SECONDS, SecondCounts } from './second-counts.ts';
import { numberIn } from './value-text.ts';

/** A topic at a moment: it does not change any more. */
export interface TopicReading {
  readonly topicName: string;
  /** Of the last message; not all of it if that is longer than what is kept. */
  readonly payload: Uint8Array;
  readonly payloadLength: number;
  readonly qos: Qos;
  readonly properties: PublishProperties;
  /** As far as is known, the server keeps a message for this topic. */
  readonly isRetained: boolean;
  /** Messages since the beginning, and the bytes of their payloads. */
  readonly count: number;
  readonly bytes: number;
  /** Messages per second. */
  readonly rate: number;
  /** Since the last message. */
  readonly ageMs: number;
  /** When the last message came, in ms since 1970. */
  readonly wallMs: number;
  /** Numbers that came last, the latest at the end, or else messages in each of the last seconds. */
  readonly trend: readonly number[];
  /** The last payload is a number, and `trend` are such. */
  readonly isNumeric: boolean;
}

/** An empty payload for all who have none. */
const NOTHING: Readonly<Uint8Array> = new Uint8Array(0);

export class LiveTopic {
  readonly topicName: string;
  /** Time of the last message, on the monotonic clock. */
  lastMs: number;
  count = 0;
  bytes = 0;
  readonly #seconds: SecondCounts;
  #payload: Uint8Array = NOTHING as Uint8Array;
  #payloadLength = 0;
  #qos: Qos = 0;
  #properties: PublishProperties = {};
  #isRetained = false;
  #wallMs = 0;
  #numbers: number[] | undefined;
  #isNumeric = false;

  constructor(topicName: string, nowMs: number) {
    this.topicName = topicName;
    this.lastMs = nowMs;
    this.#seconds = new SecondCounts(nowMs);
  }

  /**
   * @param nowMs of the monotonic clock
   * @param wallMs since 1970
   * @param mostBytes of the payload that are kept
   */
  onMessage(message: ReceivedMessage, nowMs: number, wallMs: number, mostBytes: number): void {
    const { payload, qos, retain, properties } = message;
    this.lastMs = nowMs;
    this.count++;
    this.bytes += payload.length;
    this.#seconds.add(nowMs);
    // The payload is a view of what was read from the network.
    this.#payload = new Uint8Array(payload.subarray(0, mostBytes));
    this.#payloadLength = payload.length;
    this.#qos = qos;
    this.#properties = keptProperties(properties);
    // One that is not retained leaves the retained one as it is; an empty one takes it away.
    if (retain) this.#isRetained = payload.length > 0;
    this.#wallMs = wallMs;
    this.#addNumber(numberIn(payload));
  }

  rate(nowMs: number): number {
    return this.#seconds.rate(nowMs);
  }

  /** Of the last payload, what is kept. */
  get payload(): Uint8Array {
    return this.#payload;
  }

  reading(nowMs: number): TopicReading {
    const isNumeric = this.#isNumeric;
    return {
      topicName: this.topicName,
      payload: this.#payload,
      payloadLength: this.#payloadLength,
      qos: this.#qos,
      properties: this.#properties,
      isRetained: this.#isRetained,
      count: this.count,
      bytes: this.bytes,
      rate: this.rate(nowMs),
      ageMs: nowMs - this.lastMs,
      wallMs: this.#wallMs,
      trend: isNumeric ? [...this.#numbers!] : this.#seconds.series(nowMs),
      isNumeric,
    };
  }

  #addNumber(value: number | undefined): void {
    this.#isNumeric = value !== undefined;
    if (value === undefined) return;
    this.#numbers ??= [];
    if (this.#numbers.length === SECONDS) this.#numbers.shift();
    this.#numbers.push(value);
  }
}
