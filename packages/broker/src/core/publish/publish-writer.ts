/**
 * Writes PUBLISH packets: the one place where an outgoing PUBLISH gets its bytes, for every version.
 *
 * `measure` fixes the shape of a packet, so that its length can be checked against the receiver's Maximum Packet Size
 * before anything is written; `writeHead` writes everything before the payload. The state lives in fields, not in
 * arguments or results, because this runs per message.
 */
import { variableByteIntegerLength, writeVariableByteInteger } from '@martlet/protocol';

/** How PUBLISH looks on the wire: 3.1 and 3.1.1 are alike. */
export const WireForm = { V3: 0, V5: 1 } as const;
export type WireForm = (typeof WireForm)[keyof typeof WireForm];

const NO_TOPIC: Uint8Array = new Uint8Array(0);
const MESSAGE_EXPIRY_INTERVAL = 0x02;
const SUBSCRIPTION_IDENTIFIER = 0x0b;
const TOPIC_ALIAS = 0x23;

export class PublishWriter {
  /** The whole packet, in bytes, after `measure`. */
  packetLength: number;
  /** What comes before the payload. */
  headLength: number;
  #form: WireForm;
  #topic: Uint8Array;
  #qos: number;
  #properties: Uint8Array;
  #expirySeconds: number;
  #identifiers: readonly number[];
  #alias: number;
  #payloadLength: number;
  #propertyLength: number;
  #remainingLength: number;

  constructor() {
    this.packetLength = 0;
    this.headLength = 0;
    this.#form = WireForm.V3;
    this.#topic = NO_TOPIC;
    this.#qos = 0;
    this.#properties = this.#topic;
    this.#expirySeconds = -1;
    this.#identifiers = [];
    this.#alias = 0;
    this.#payloadLength = 0;
    this.#propertyLength = 0;
    this.#remainingLength = 0;
  }

  /**
   * @param topic UTF-8 bytes
   * @param expirySeconds what is left of the Message Expiry Interval, or -1 for none
   */
  measure(
    form: WireForm,
    topic: Uint8Array,
    qos: number,
    properties: Uint8Array,
    expirySeconds: number,
    identifiers: readonly number[],
    payloadLength: number,
  ): void {
    this.#form = form;
    this.#topic = topic;
    this.#qos = qos;
    this.#properties = properties;
    this.#expirySeconds = expirySeconds;
    this.#identifiers = identifiers;
    this.#alias = 0;
    this.#payloadLength = payloadLength;
    this.#sum();
  }

  get hasAlias(): boolean {
    return this.#alias !== 0;
  }

  /** After `measure`: the receiver knows the topic by this alias, so its name is left out. */
  replaceTopic(alias: number): void {
    this.#alias = alias;
    this.#topic = NO_TOPIC;
    this.#sum();
  }

  /** After `measure`: this packet tells the receiver the alias beside the name. */
  introduceAlias(alias: number): void {
    this.#alias = alias;
    this.#sum();
  }

  #sum(): void {
    const identifiers = this.#identifiers;
    let length = 2 + this.#topic.length + (this.#qos > 0 ? 2 : 0);
    if (this.#form === WireForm.V5) {
      let propertyLength =
        this.#properties.length + (this.#expirySeconds >= 0 ? 5 : 0) + (this.#alias > 0 ? 3 : 0);
      for (let i = 0; i < identifiers.length; i++)
        propertyLength += 1 + variableByteIntegerLength(identifiers[i]!);
      this.#propertyLength = propertyLength;
      length += variableByteIntegerLength(propertyLength) + propertyLength;
    }
    this.#remainingLength = length + this.#payloadLength;
    this.headLength = 1 + variableByteIntegerLength(this.#remainingLength) + length;
    this.packetLength = this.headLength + this.#payloadLength;
  }

  /** Writes what was measured, `headLength` bytes at `at`; returns where the packet identifier stands (0 for QoS 0). */
  writeHead(bytes: Uint8Array, at: number, firstByte: number, packetId: number): number {
    bytes[at] = firstByte;
    let next = writeVariableByteInteger(this.#remainingLength, bytes, at + 1);
    const topic = this.#topic;
    bytes[next] = topic.length >> 8;
    bytes[next + 1] = topic.length & 0xff;
    bytes.set(topic, next + 2);
    next += 2 + topic.length;
    let packetIdAt = 0;
    if (this.#qos > 0) {
      packetIdAt = next;
      bytes[next] = packetId >> 8;
      bytes[next + 1] = packetId & 0xff;
      next += 2;
    }
    if (this.#form === WireForm.V5) this.#writeProperties(bytes, next);
    return packetIdAt;
  }

  #writeProperties(bytes: Uint8Array, at: number): void {
    let next = writeVariableByteInteger(this.#propertyLength, bytes, at);
    if (this.#expirySeconds >= 0) {
      const seconds = this.#expirySeconds;
      bytes[next] = MESSAGE_EXPIRY_INTERVAL;
      bytes[next + 1] = seconds >>> 24;
      bytes[next + 2] = (seconds >>> 16) & 0xff;
      bytes[next + 3] = (seconds >>> 8) & 0xff;
      bytes[next + 4] = seconds & 0xff;
      next += 5;
    }
    if (this.#alias > 0) {
      bytes[next] = TOPIC_ALIAS;
      bytes[next + 1] = this.#alias >> 8;
      bytes[next + 2] = this.#alias & 0xff;
      next += 3;
    }
    bytes.set(this.#properties, next); // [MQTT-3.3.2-17] [MQTT-3.3.2-18]
    next += this.#properties.length;
    for (let i = 0; i < this.#identifiers.length; i++) {
      bytes[next] = SUBSCRIPTION_IDENTIFIER; // [MQTT-3.3.4-3] [MQTT-3.3.4-4]
      next = writeVariableByteInteger(this.#identifiers[i]!, bytes, next + 1);
    }
  }
}
