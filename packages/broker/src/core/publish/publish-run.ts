/**
 * Consecutive PUBLISH packets of one read that go the same way at QoS 0, or at QoS 1, without properties, retain flag and
 * DUP: a subscriber gets them as one range of bytes. Made while packets are parsed, routed when something else comes or the read ends.
 */
import { variableByteIntegerLength, writeVariableByteInteger } from '@martlet/protocol';
import { FIXED_BOUNDS } from '../options/fixed-bounds.ts';
import type { Session } from '../session/session.ts';
import type { Topic } from '../topics/topic-table.ts';
import { WireForm } from './publish-writer.ts';
import type { Route } from './route.ts';

const NOTHING: Uint8Array = new Uint8Array(0);
const MAX_RUN: number = FIXED_BOUNDS.runMessages.value;

export class PublishRun {
  /** The way of all of them. */
  route: Route | null;
  /** The topic of the latest packet. */
  topic: Topic | null;
  publisher: Session | null;
  publisherId: string;
  qos: 0 | 1;
  /** How many packets; 0 when there is no run. */
  count: number;
  form: WireForm;
  bytes: Uint8Array;
  start: number;
  end: number;
  payloadBytes: number;
  maximumPacketLength: number;
  /** Where each packet begins, and where its payload does. */
  readonly starts: Int32Array;
  readonly payloads: Int32Array;
  readonly topics: Topic[];
  /** The same run in the other wire form, made when the first subscriber needs it. */
  #converted: Uint8Array;
  #convertedLength: number;

  constructor() {
    this.route = null;
    this.topic = null;
    this.publisher = null;
    this.publisherId = '';
    this.qos = 0;
    this.count = 0;
    this.form = WireForm.V3;
    this.bytes = NOTHING;
    this.start = 0;
    this.end = 0;
    this.payloadBytes = 0;
    this.maximumPacketLength = 0;
    this.starts = new Int32Array(MAX_RUN);
    this.payloads = new Int32Array(MAX_RUN);
    this.topics = [];
    this.#converted = NOTHING;
    this.#convertedLength = 0;
  }

  begin(
    route: Route,
    publisher: Session,
    qos: 0 | 1,
    form: WireForm,
    bytes: Uint8Array,
    start: number,
  ): void {
    this.route = route;
    this.qos = qos;
    this.publisher = publisher;
    this.publisherId = publisher.clientId;
    this.form = form;
    this.bytes = bytes;
    this.start = start;
    this.end = start;
    this.payloadBytes = 0;
    this.maximumPacketLength = 0;
    this.#convertedLength = 0;
  }

  /** True if a packet that begins at `start` can follow those that are in the run. */
  continuesAt(start: number, bytes: Uint8Array, qos: number): boolean {
    return this.end === start && this.bytes === bytes && this.qos === qos && this.count < MAX_RUN;
  }

  add(topic: Topic, start: number, payload: number, end: number): void {
    const count = this.count;
    this.topic = topic;
    this.topics[count] = topic;
    this.starts[count] = start;
    this.payloads[count] = payload;
    this.count = count + 1;
    this.end = end;
    this.payloadBytes += end - payload;
    if (end - start > this.maximumPacketLength) this.maximumPacketLength = end - start;
  }

  endOf(packet: number): number {
    return packet + 1 < this.count ? this.starts[packet + 1]! : this.end;
  }

  /** Of a QoS 1 run. */
  packetIdOf(packet: number): number {
    const at = this.payloads[packet]! - (this.form === WireForm.V5 ? 3 : 2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  /** A QoS 0 run in the form that it did not come in: one byte more or less per packet, for the empty properties. */
  converted(): Uint8Array {
    if (this.#convertedLength === 0) this.#convert();
    return this.#converted.subarray(0, this.#convertedLength);
  }

  #convert(): void {
    const toV5 = this.form === WireForm.V3;
    const capacity = this.end - this.start + this.count * 2;
    if (this.#converted.length < capacity) this.#converted = new Uint8Array(capacity * 2);
    const target = this.#converted;
    let at = 0;
    for (let i = 0; i < this.count; i++) {
      const payload = this.payloads[i]!;
      const end = this.endOf(i);
      const topicLength = this.topics[i]!.byteLength;
      const remaining = 2 + topicLength + (toV5 ? 1 : 0) + end - payload;
      target[at] = 0x30;
      at = writeVariableByteInteger(remaining, target, at + 1);
      const afterTopic = payload - (toV5 ? 0 : 1);
      target.set(this.bytes.subarray(afterTopic - topicLength - 2, afterTopic), at);
      at += topicLength + 2;
      if (toV5) target[at++] = 0;
      target.set(this.bytes.subarray(payload, end), at);
      at += end - payload;
    }
    this.#convertedLength = at;
  }

  /** The longest packet of the run in a wire form, at most one byte too high. */
  maximumLengthIn(form: WireForm): number {
    if (form === this.form || form === WireForm.V3) return this.maximumPacketLength;
    const longer = this.maximumPacketLength + 1;
    return longer + variableByteIntegerLength(longer) - variableByteIntegerLength(this.maximumPacketLength);
  }
}
