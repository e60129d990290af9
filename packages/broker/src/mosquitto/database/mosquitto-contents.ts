/**
 * What Mosquitto kept, whichever of its two formats it is in. Messages are named by their number in the database, and
 * their payloads are read when they are asked for.
 */

/** Interval of a session that never expires, in seconds. */
export const NEVER_EXPIRES = 0xffff_ffff;

export interface MosquittoWill {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  /** As on the wire, without their length and without the two intervals. */
  readonly properties: Uint8Array;
  /** Seconds. */
  readonly messageExpiryInterval: number | undefined;
  /** Seconds. */
  readonly willDelayInterval: number;
}

export interface MosquittoSession {
  readonly clientId: string;
  /** Seconds; {@link NEVER_EXPIRES}: never. */
  readonly sessionExpiryInterval: number;
  /** Seconds since 1970; 0: the client was connected when the database was written, or its session never expires. */
  readonly expiresAtSeconds: number;
  readonly will: MosquittoWill | undefined;
}

export interface MosquittoSubscription {
  readonly clientId: string;
  /** With its `$share/name/` if shared. */
  readonly topicFilter: string;
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: number;
  /** 0: none. */
  readonly subscriptionIdentifier: number;
}

export interface MosquittoMessage {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  /** Seconds since 1970; 0: never. */
  readonly expiresAtSeconds: number;
  /** As on the wire, without their length. */
  readonly properties: Uint8Array;
  readonly publisherClientId: string;
}

/** How far the exchange of a message with a client has come: Mosquitto's own numbers. */
export const MessageState = {
  Invalid: 0,
  PublishQos0: 1,
  PublishQos1: 2,
  WaitForPuback: 3,
  PublishQos2: 4,
  WaitForPubrec: 5,
  ResendPubrel: 6,
  WaitForPubrel: 7,
  ResendPubcomp: 8,
  WaitForPubcomp: 9,
  SendPubrec: 10,
  Queued: 11,
} as const;

/** A message on its way between the broker and a client. */
export interface MosquittoDelivery {
  readonly clientId: string;
  readonly messageId: bigint;
  /** To the client, or from it. */
  readonly outgoing: boolean;
  /** 0 while it is queued. */
  readonly packetId: number;
  readonly qos: number;
  readonly retain: boolean;
  readonly state: number;
  readonly subscriptionIdentifier: number;
}

export interface MosquittoContents {
  /** Such as `mosquitto.db, version 6`. */
  readonly format: string;
  readonly sessions: readonly MosquittoSession[];
  readonly subscriptions: readonly MosquittoSubscription[];
  /** Messages by their numbers, oldest first. */
  readonly messageIds: readonly bigint[];
  readonly retained: readonly bigint[];
  /** In the order in which they are to be delivered. */
  readonly deliveries: readonly MosquittoDelivery[];
  /** What could not be read, if that was asked for: a sentence each. */
  readonly lost: readonly string[];
  /** @throws {MosquittoDatabaseError} when it cannot be read */
  readMessage(messageId: bigint): MosquittoMessage | undefined;
  close(): void;
}
