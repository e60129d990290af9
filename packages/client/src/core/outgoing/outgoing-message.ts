/**
 * An application message on its way to the server. The host derives its own from this one and is told each stage by the
 * methods at the end.
 */
import type { AcknowledgementProperties, PublishProperties, Qos, ReasonCode } from '@martlet/protocol';
import { encodePublishProperties, NO_PROPERTIES } from '@martlet/protocol';

/** Where a message is. */
export const Place = {
  /** Not accepted yet, or finished. */
  None: 0,
  /** In the queue: it has no packet identifier. */
  Queued: 1,
  /** It has a packet identifier, or has been written at QoS 0. */
  InFlight: 2,
} as const;
export type Place = (typeof Place)[keyof typeof Place];

/** What a message counts beside its payload, topic name and properties, in bytes. */
const OVERHEAD_BYTES = 200;

export abstract class OutgoingMessage {
  readonly topicName: string;
  /** Not copied: it must not be changed before the message is acknowledged. */
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly properties: PublishProperties;
  /** On the clock that only grows, in milliseconds; Infinity for a message that does not expire. @internal */
  readonly expiresMs: number;
  /** What it counts against the limit of the queue. @internal */
  readonly bytes: number;
  /** @internal */
  place: Place;
  /** @internal */
  packetId: number;
  /** Of its record in the store: 0 when it has none, -1 when it gets one as soon as the store is open. @internal */
  key: number;
  /** Of the keeper: what is to be written of it may be written when this is safe. @internal */
  revision: number;
  /** On the present connection something of its exchange has been written, and the exchange has not ended. @internal */
  written: boolean;
  /** Its PUBLISH has been written in this session: the next one is a duplicate. @internal */
  wasWritten: boolean;
  /** @internal */
  suspicion: number;
  /** @internal */
  previous: OutgoingMessage | null;
  /** @internal */
  next: OutgoingMessage | null;

  /** @internal */
  constructor(
    topicName: string,
    payload: Uint8Array,
    qos: Qos,
    retain: boolean,
    properties: PublishProperties,
    expiresMs: number,
  ) {
    this.topicName = topicName;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    this.properties = properties;
    this.expiresMs = expiresMs;
    const propertyBytes = properties === NO_PROPERTIES ? 0 : encodePublishProperties(properties).length;
    this.bytes = payload.length + topicName.length + propertyBytes + OVERHEAD_BYTES;
    this.place = Place.None;
    this.packetId = 0;
    this.key = 0;
    this.revision = 0;
    this.written = false;
    this.wasWritten = false;
    this.suspicion = 0;
    this.previous = null;
    this.next = null;
  }

  /** Its record in the store is safe; not called where there is none. @internal */
  abstract onStored(): void;
  /** It has been handed to the transport; again after a reconnect. @internal */
  abstract onSent(): void;
  /** PUBREC has come, with a reason code below 0x80: what the server says to the message is in it, not in PUBCOMP. @internal */
  abstract onReceived(reasonCode: ReasonCode, properties: AcknowledgementProperties): void;
  /** PUBACK or PUBCOMP has come, with a reason code below 0x80; at QoS 0, it was handed to the transport. @internal */
  abstract onAcknowledged(reasonCode: ReasonCode, properties: AcknowledgementProperties): void;
}
