import { Durability } from '../ports/durability.ts';
import type { Topic } from '../topics/topic-table.ts';

export type QoS = 0 | 1 | 2;

/** No property bytes; shared, never written. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** What a message costs to keep besides its payload, properties and topic name: an estimate of its objects' own fields. */
export const MESSAGE_OWN_BYTES = 128;

/**
 * An application message that outlives its turn: queued, in flight, retained, or a will. Immutable once made.
 *
 * It owns its payload: whoever makes one from bytes on the wire copies them (invariant 5).
 */
export class Message {
  readonly topic: Topic;
  readonly payload: Uint8Array;
  /** As published; a subscriber gets the lower of this and what its subscription grants. */
  readonly qos: QoS;
  /** The RETAIN flag as published. */
  readonly retain: boolean;
  /** MQTT 5 properties that travel with the message, encoded, in the order they came. [MQTT-3.3.2-17] [MQTT-3.3.2-18] */
  readonly properties: Uint8Array;
  /** When it expires on the monotonic clock, in ms; Infinity if never. */
  readonly expiresAtMs: number;
  /** What was promised of it; at `Memory` a store never writes it. */
  readonly durability: Durability;
  /** The store's own handle, so that a message for many sessions is stored once; 0 until the store has seen it. */
  storeId: number;
  /** Where the store looks it up by that; the store's own too. */
  storeSlot: number;

  constructor(
    topic: Topic,
    payload: Uint8Array,
    qos: QoS,
    retain: boolean,
    properties: Uint8Array,
    expiresAtMs: number,
    durability: Durability = Durability.Disk,
  ) {
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    this.properties = properties;
    this.expiresAtMs = expiresAtMs;
    this.durability = durability;
    this.storeId = 0;
    this.storeSlot = 0;
  }

  /** What it costs to keep, in bytes: an estimate that counts the object's own fields. */
  get bytes(): number {
    return this.payload.length + this.properties.length + this.topic.bytes.length + MESSAGE_OWN_BYTES;
  }
}
