/**
 * An application message on its way to the server. The host derives its own from this one and is told each stage by the
 * methods at the end; they are called at most once each, and never after `onFailed`.
 */
import type { AcknowledgementProperties, PublishProperties, Qos, ReasonCode } from '@martlet/protocol';
import type { ClientError } from '../ports/client-error.ts';

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

/** What a message counts beside its payload and topic name, in bytes. */
const OVERHEAD_BYTES = 200;

export class OutgoingMessage {
  readonly topicName: string;
  /** Not copied: it must not be changed before the message is acknowledged. */
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly properties: PublishProperties;
  /** Wall clock, milliseconds; Infinity for a message that does not expire. */
  readonly expiresMs: number;
  place: Place;
  packetId: number;
  /** Of its record in the store; 0 when it has none. */
  key: number;
  /** Of the keeper: it may be sent when this is safe. */
  revision: number;
  /** On the present connection it has been written. */
  written: boolean;
  /** How often its PUBLISH has been written in this session: from the second time on it is a duplicate. */
  transmissions: number;
  /** How many connections the server closed while this message was the only one under way. */
  suspicion: number;
  previous: OutgoingMessage | null;
  next: OutgoingMessage | null;

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
    this.place = Place.None;
    this.packetId = 0;
    this.key = 0;
    this.revision = 0;
    this.written = false;
    this.transmissions = 0;
    this.suspicion = 0;
    this.previous = null;
    this.next = null;
  }

  /** What it counts against the limit of the queue. */
  get bytes(): number {
    return this.payload.length + this.topicName.length + OVERHEAD_BYTES;
  }

  /** It is as safe as the session's store makes it. */
  onStored(): void {}
  /** It has been handed to the transport for the first time. */
  onSent(): void {}
  /** PUBACK, PUBCOMP or a refusing PUBREC has come; at QoS 0, it was sent. */
  onAcknowledged(_reasonCode: ReasonCode, _properties: AcknowledgementProperties): void {}
  /** It will not be delivered, for this reason. */
  onFailed(_error: ClientError): void {}
}
