/**
 * The message that is being routed in this call: a PUBLISH as it lies in the read buffer, a will, a message of the
 * application. One object per broker, used again for each; what outlives the call takes `message()`.
 *
 * It makes each wire form of the packet at most once, for all receivers: a *template*, to which only the first byte and
 * the packet identifier are fitted. Where the packet as it came suits, it is its own template.
 */
import type { Levels } from '../levels.ts';
import type { LargeMemory } from '../output/large-memory.ts';
import { BY_REFERENCE_BYTES } from '../output/outbox.ts';
import type { Durability } from '../ports/durability.ts';
import type { Session } from '../session/session.ts';
import type { Topic } from '../topics/topic-table.ts';
import type { Message, QoS } from './message.ts';
import { Message as KeptMessage, MESSAGE_OWN_BYTES, NO_BYTES } from './message.ts';
import { PublishWriter, WireForm } from './publish-writer.ts';

/** QoS 0, neither DUP nor RETAIN. */
const PUBLISH_QOS0 = 0x30;
const NO_IDENTIFIERS: readonly number[] = [];

/** One wire form of a PUBLISH, complete but for its flags and packet identifier. */
export interface Template {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Where the packet identifier stands, from the packet's first byte; 0 for none. */
  packetIdAt: number;
  /** The payload when it goes by reference, behind `bytes`, or the whole packet; else null. */
  payload: Uint8Array | null;
  packetLength: number;
  made: boolean;
}

function emptyTemplate(): Template {
  return { bytes: NO_BYTES, start: 0, end: 0, packetIdAt: 0, payload: null, packetLength: 0, made: false };
}

export class Publication {
  topic: Topic;
  qos: QoS;
  retain: boolean;
  /** What it was published in, when `rawEnd` is not 0. */
  form: WireForm;
  bytes: Uint8Array;
  payloadStart: number;
  payloadEnd: number;
  /** Nobody else will write to `bytes`. */
  owned: boolean;
  /** MQTT 5 properties that travel with it. */
  properties: Uint8Array;
  /** Message Expiry Interval, or -1. */
  expirySeconds: number;
  /** The session it comes from; null for none. */
  publisher: Session | null;
  /** For the log and the outcome place. */
  publisherId: string;
  nowMs: number;
  #rawStart: number;
  #rawEnd: number;
  #rawPacketIdAt: number;
  readonly #memory: LargeMemory;
  readonly #levels: Levels;
  #message: Message | null;
  readonly #templates: readonly [Template, Template, Template, Template];
  readonly #writer: PublishWriter;
  #scratch: Uint8Array;
  #scratchLength: number;

  constructor(topic: Topic, memory: LargeMemory, levels: Levels) {
    this.#memory = memory;
    this.#levels = levels;
    this.topic = topic;
    this.qos = 0;
    this.retain = false;
    this.form = WireForm.V3;
    this.bytes = NO_BYTES;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.owned = false;
    this.properties = NO_BYTES;
    this.expirySeconds = -1;
    this.publisher = null;
    this.publisherId = '';
    this.nowMs = 0;
    this.#rawStart = 0;
    this.#rawEnd = 0;
    this.#rawPacketIdAt = 0;
    this.#message = null;
    this.#templates = [emptyTemplate(), emptyTemplate(), emptyTemplate(), emptyTemplate()];
    this.#writer = new PublishWriter();
    this.#scratch = new Uint8Array(1024);
    this.#scratchLength = 0;
  }

  /** Begins a message that is not on the wire, or not in a form that can be sent on. */
  begin(
    topic: Topic,
    qos: QoS,
    retain: boolean,
    publisher: Session | null,
    publisherId: string,
    nowMs: number,
  ): void {
    this.topic = topic;
    this.qos = qos;
    this.retain = retain;
    this.publisher = publisher;
    this.publisherId = publisherId;
    this.nowMs = nowMs;
    this.properties = NO_BYTES;
    this.expirySeconds = -1;
    this.#rawEnd = 0;
    this.#message = null;
    this.#scratchLength = 0;
    const templates = this.#templates;
    templates[0].made = false;
    templates[1].made = false;
    templates[2].made = false;
    templates[3].made = false;
  }

  setPayload(bytes: Uint8Array, start: number, end: number, owned: boolean): void {
    this.bytes = bytes;
    this.payloadStart = start;
    this.payloadEnd = end;
    this.owned = owned;
  }

  /** Says that `bytes[start, end)` is the packet in this form, and may be sent on as it is. */
  setRaw(form: WireForm, start: number, end: number, packetIdAt: number): void {
    this.form = form;
    this.#rawStart = start;
    this.#rawEnd = end;
    this.#rawPacketIdAt = packetIdAt === 0 ? 0 : packetIdAt - start;
  }

  /** Begins a message that was kept. */
  beginKept(message: Message, publisher: Session | null, publisherId: string, nowMs: number): void {
    this.begin(message.topic, message.qos, message.retain, publisher, publisherId, nowMs);
    this.setPayload(message.payload, 0, message.payload.length, true);
    this.properties = message.properties;
    this.expirySeconds = secondsLeft(message.expiresAtMs, nowMs);
    this.#message = message;
  }

  get payloadLength(): number {
    return this.payloadEnd - this.payloadStart;
  }

  /** What the message would cost to keep: its own `bytes`, without making it. */
  get keptBytes(): number {
    return this.payloadLength + this.properties.length + this.topic.byteLength + MESSAGE_OWN_BYTES;
  }

  /** The payload, for this call only; one large enough to go by reference is its own memory. */
  payload(): Uint8Array {
    return this.payloadLength >= BY_REFERENCE_BYTES
      ? this.message().payload
      : this.bytes.subarray(this.payloadStart, this.payloadEnd);
  }

  /** What is promised of it. Looked up when asked for, because most messages are kept nowhere. */
  get durability(): Durability {
    return this.#message?.durability ?? this.#levels.ofMessage(this.topic, this.publisher);
  }

  /** The message as it is kept, made at most once: a copy, unless its memory is its own already. */
  message(): Message {
    if (this.#message === null) {
      const whole = this.#mayRefer(this.payloadLength);
      if (whole) this.#memory.keep(this.bytes);
      this.#message = new KeptMessage(
        this.topic,
        whole
          ? this.bytes.subarray(this.payloadStart, this.payloadEnd)
          : this.bytes.slice(this.payloadStart, this.payloadEnd),
        this.qos,
        this.retain,
        this.properties.length === 0 ? NO_BYTES : this.properties.slice(),
        this.expirySeconds < 0 ? Number.POSITIVE_INFINITY : this.nowMs + this.expirySeconds * 1000,
        this.durability,
      );
    }
    return this.#message;
  }

  /** The packet for receivers of this wire form, with or without a packet identifier. */
  template(form: WireForm, withPacketId: boolean): Template {
    const template = this.#templates[(form << 1) | (withPacketId ? 1 : 0)]!;
    if (!template.made) this.#make(template, form, withPacketId);
    return template;
  }

  #make(template: Template, form: WireForm, withPacketId: boolean): void {
    template.made = true;
    const large = this.payloadLength >= BY_REFERENCE_BYTES;
    if (this.#rawEnd !== 0 && form === this.form && withPacketId === this.qos > 0) {
      if (!large) {
        template.bytes = this.bytes;
        template.start = this.#rawStart;
        template.end = this.#rawEnd;
        template.packetIdAt = this.#rawPacketIdAt;
        template.payload = null;
        template.packetLength = this.#rawEnd - this.#rawStart;
        return;
      }
      if (this.#mayRefer(this.#rawEnd - this.#rawStart) && this.bytes[this.#rawStart] === PUBLISH_QOS0) {
        template.start = 0;
        template.end = 0;
        template.packetIdAt = 0;
        template.payload = this.bytes.subarray(this.#rawStart, this.#rawEnd);
        template.packetLength = this.#rawEnd - this.#rawStart;
        return;
      }
    }
    const writer = this.#writer;
    const topic = this.topic.bytes;
    const qos = withPacketId ? 1 : 0;
    writer.measure(form, topic, qos, this.properties, this.expirySeconds, NO_IDENTIFIERS, this.payloadLength);
    const length = large ? writer.headLength : writer.packetLength;
    const start = this.#reserve(length);
    const packetIdAt = writer.writeHead(this.#scratch, start, 0, 0);
    if (!large) {
      this.#scratch.set(this.bytes.subarray(this.payloadStart, this.payloadEnd), start + writer.headLength);
    }
    template.bytes = this.#scratch;
    template.start = start;
    template.end = start + length;
    template.packetIdAt = packetIdAt === 0 ? 0 : packetIdAt - start;
    template.payload = large ? this.message().payload : null;
    template.packetLength = writer.packetLength;
  }

  /**
   * Whether a part of `bytes` may be referred to after this call: it must be nobody else's, and a small part would hold
   * the memory of the whole, which no budget counts.
   */
  #mayRefer(length: number): boolean {
    return this.owned && length >= BY_REFERENCE_BYTES && length * 2 >= this.bytes.buffer.byteLength;
  }

  /** Templates made earlier keep the scratch memory they were written to. */
  #reserve(length: number): number {
    const start = this.#scratchLength;
    if (start + length > this.#scratch.length) {
      this.#scratch = new Uint8Array(Math.max(length * 2, 1024));
      this.#scratchLength = length;
      return 0;
    }
    this.#scratchLength = start + length;
    return start;
  }
}

/** What is left of a Message Expiry Interval in whole seconds, rounded up; -1 for none. [MQTT-3.3.2-6] */
export function secondsLeft(expiresAtMs: number, nowMs: number): number {
  if (expiresAtMs === Number.POSITIVE_INFINITY) return -1;
  // A clock with fractions of a ms gives sums that differ in their last bit: 60,000.00000000001 ms are 60 s, not 61.
  return Math.max(0, Math.ceil(Math.round(expiresAtMs - nowMs) / 1000));
}
