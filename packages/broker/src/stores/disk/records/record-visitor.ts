import type { DeliveryState } from '@martlet/protocol';
import type { SessionRecord, ShareOwner, SubscriptionRecord } from '../../../core/ports/store.ts';
import type { QoS } from '../../../core/publish/message.ts';

/**
 * The records of the log, each with what it says. `RecordWriter` writes them, `readRecords` shows them again.
 *
 * An owner is whoever a queue belongs to: a session or a shared group. Owners and messages have identifiers below 2^48
 * that are never used for another one as long as the store lives. A record may be about an owner or message whose own
 * record comes later (the older one was in a segment that is gone) or that is gone already; repeated, it changes nothing, but for `clockMoved`.
 */
export interface RecordVisitor {
  /** Adds the session, or replaces its record; what belongs to it stays. */
  session(ownerId: number, record: SessionRecord): void;
  /** The session is gone with its subscriptions, received identifiers and queue. */
  sessionGone(ownerId: number): void;

  /** Adds or replaces by topic filter. */
  subscription(ownerId: number, record: SubscriptionRecord): void;
  subscriptionGone(ownerId: number, topicFilter: string): void;

  /** The packet identifier of a QoS 2 message that was received and not yet released. */
  received(ownerId: number, packetId: number): void;
  receivedGone(ownerId: number, packetId: number): void;

  /** This owner is a shared group. */
  share(ownerId: number, share: ShareOwner): void;
  /** Everything in the queue of this owner is gone. */
  queueGone(ownerId: number): void;

  /**
   * Where a message is: `[offset, offset + length)` of the data area of the same batch, with the CRC-32 of these bytes.
   * Again for a message that moved: the newest place counts.
   *
   * @param costBytes what it costs to keep, as the core counts it
   * @param expiresAtWallMs Infinity if never
   */
  message(
    messageId: number,
    offset: number,
    length: number,
    crc: number,
    payloadLength: number,
    costBytes: number,
    qos: QoS,
    retain: boolean,
    expiresAtWallMs: number,
  ): void;
  /** The message expires at another time than its own record says. */
  expiry(messageId: number, expiresAtWallMs: number): void;
  /**
   * The wall clock has jumped: every time of expiry in the records of messages before this one counts as so much later,
   * in whole ms. Not so the times of sessions. Unlike other records it must not be shown twice.
   */
  clockMoved(byMs: number): void;
  /** When this batch was gathered, on the clock by which messages before and after this record expire. The newest counts. */
  clock(wallMs: number): void;

  /**
   * The message waits in the owner's queue. What waits is in the order of the keys: signed integers, unique for the
   * owner, those in flight included. Again with the same key: replaces.
   *
   * @param share the shared group it came through; null if none, or if the queue is that group's own
   */
  push(
    ownerId: number,
    key: number,
    messageId: number,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[],
    share: ShareOwner | null,
  ): void;
  /**
   * The entry is in flight, in the order of `newKey`. When only the state changes, both keys are the same.
   */
  sent(ownerId: number, oldKey: number, newKey: number, packetId: number, state: DeliveryState): void;
  /** The entry, waiting or in flight, is over. */
  done(ownerId: number, key: number): void;

  /** The message is what is retained for this topic name; it replaces what was. */
  retained(messageId: number, topicName: string): void;
  retainedGone(topicName: string): void;
}
