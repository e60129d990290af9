import type { DeliveryState } from '@martlet/protocol';
import type { SessionRecord, ShareOwner, SubscriptionRecord, WillRecord } from '../../../core/ports/store.ts';
import type { QoS } from '../../../core/publish/message.ts';
import type { ByteSink } from '../bytes/byte-sink.ts';
import { MessageFlag, PushFlag, RecordOp, SessionFlag, SubscriptionFlag, WillFlag } from './record-op.ts';
import type { RecordVisitor } from './record-visitor.ts';

/** Times further from 1970 than this, in ms (the year 128,000), are written as this. */
const FURTHEST_TIME_MS = 4e15;

/**
 * Writes records into the meta area of a batch. What each says stands in {@link RecordVisitor}, its bytes in
 * `docs/store-format.md`.
 *
 * Owner and message identifiers are written as their distance from the one before in the same batch, because one message
 * goes to many owners and many messages to one. So all records of a batch go through one writer, and `begin` is called
 * for each batch.
 */
export class RecordWriter implements RecordVisitor {
  #sink: ByteSink;
  #ownerId: number;
  #messageId: number;

  /** @param sink an empty one: the meta area of a batch */
  constructor(sink: ByteSink) {
    this.#sink = sink;
    this.#ownerId = 0;
    this.#messageId = 0;
  }

  /** From now on records go into the empty meta area of another batch. */
  begin(sink: ByteSink): void {
    this.#sink = sink;
    this.#ownerId = 0;
    this.#messageId = 0;
  }

  session(ownerId: number, record: SessionRecord): void {
    const sink = this.#sink;
    this.#owned(RecordOp.Session, ownerId);
    sink.writeText(record.clientId);
    sink.writeVarint(record.sessionExpiryInterval);
    sink.writeU8(
      (record.disconnectedAtWallMs === undefined ? 0 : SessionFlag.Disconnected) |
        (record.will === undefined ? 0 : SessionFlag.Will),
    );
    if (record.disconnectedAtWallMs !== undefined) this.#time(record.disconnectedAtWallMs);
    if (record.will !== undefined) this.#will(record.will);
  }

  sessionGone(ownerId: number): void {
    this.#owned(RecordOp.SessionGone, ownerId);
  }

  subscription(ownerId: number, record: SubscriptionRecord): void {
    this.#owned(RecordOp.Subscription, ownerId);
    this.#sink.writeText(record.topicFilter);
    this.#sink.writeU8(
      record.qos |
        (record.noLocal ? SubscriptionFlag.NoLocal : 0) |
        (record.retainAsPublished ? SubscriptionFlag.RetainAsPublished : 0) |
        (record.retainHandling << SubscriptionFlag.RetainHandlingShift),
    );
    this.#sink.writeVarint(record.subscriptionIdentifier);
  }

  subscriptionGone(ownerId: number, topicFilter: string): void {
    this.#owned(RecordOp.SubscriptionGone, ownerId);
    this.#sink.writeText(topicFilter);
  }

  received(ownerId: number, packetId: number): void {
    this.#owned(RecordOp.Received, ownerId);
    this.#sink.writeVarint(packetId);
  }

  receivedGone(ownerId: number, packetId: number): void {
    this.#owned(RecordOp.ReceivedGone, ownerId);
    this.#sink.writeVarint(packetId);
  }

  share(ownerId: number, share: ShareOwner): void {
    this.#owned(RecordOp.Share, ownerId);
    this.#sink.writeText(share.shareName);
    this.#sink.writeText(share.topicFilter);
  }

  queueGone(ownerId: number): void {
    this.#owned(RecordOp.QueueGone, ownerId);
  }

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
  ): void {
    const sink = this.#sink;
    sink.writeU8(RecordOp.Message);
    this.#message(messageId);
    sink.writeVarint(offset);
    sink.writeVarint(length);
    sink.writeU32(crc);
    sink.writeVarint(payloadLength);
    sink.writeVarint(costBytes);
    sink.writeU8(qos | (retain ? MessageFlag.Retain : 0));
    this.#time(expiresAtWallMs);
  }

  expiry(messageId: number, expiresAtWallMs: number): void {
    this.#sink.writeU8(RecordOp.Expiry);
    this.#message(messageId);
    this.#time(expiresAtWallMs);
  }

  clockMoved(byMs: number): void {
    this.#sink.writeU8(RecordOp.ClockMoved);
    this.#sink.writeZigzag(Math.round(Math.min(Math.max(byMs, -FURTHEST_TIME_MS), FURTHEST_TIME_MS)));
  }

  clock(wallMs: number): void {
    this.#sink.writeU8(RecordOp.Clock);
    this.#time(wallMs);
  }

  push(
    ownerId: number,
    key: number,
    messageId: number,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[],
    share: ShareOwner | null,
  ): void {
    const sink = this.#sink;
    const identifiers = subscriptionIdentifiers.length;
    this.#owned(RecordOp.Push, ownerId);
    sink.writeZigzag(key);
    this.#message(messageId);
    sink.writeU8(
      qos |
        (retain ? PushFlag.Retain : 0) |
        (identifiers > 0 ? PushFlag.Identifiers : 0) |
        (share === null ? 0 : PushFlag.Share),
    );
    if (identifiers > 0) {
      sink.writeVarint(identifiers);
      for (let i = 0; i < identifiers; i++) sink.writeVarint(subscriptionIdentifiers[i]!);
    }
    if (share !== null) {
      sink.writeText(share.shareName);
      sink.writeText(share.topicFilter);
    }
  }

  sent(ownerId: number, oldKey: number, newKey: number, packetId: number, state: DeliveryState): void {
    const sink = this.#sink;
    this.#owned(RecordOp.Sent, ownerId);
    sink.writeZigzag(oldKey);
    sink.writeZigzag(newKey - oldKey);
    sink.writeVarint(packetId);
    sink.writeU8(state);
  }

  done(ownerId: number, key: number): void {
    this.#owned(RecordOp.Done, ownerId);
    this.#sink.writeZigzag(key);
  }

  retained(messageId: number, topicName: string): void {
    this.#sink.writeU8(RecordOp.Retained);
    this.#message(messageId);
    this.#sink.writeText(topicName);
  }

  retainedGone(topicName: string): void {
    this.#sink.writeU8(RecordOp.RetainedGone);
    this.#sink.writeText(topicName);
  }

  #owned(op: RecordOp, ownerId: number): void {
    this.#sink.writeU8(op);
    this.#sink.writeZigzag(ownerId - this.#ownerId);
    this.#ownerId = ownerId;
  }

  #message(messageId: number): void {
    this.#sink.writeZigzag(messageId - this.#messageId);
    this.#messageId = messageId;
  }

  /** 0 for never; else one more than the zigzag of the time in whole ms. */
  #time(wallMs: number): void {
    if (wallMs === Number.POSITIVE_INFINITY) {
      this.#sink.writeVarint(0);
      return;
    }
    const ms = Math.round(Math.min(Math.max(wallMs, -FURTHEST_TIME_MS), FURTHEST_TIME_MS));
    this.#sink.writeVarint(ms < 0 ? -2 * ms : 2 * ms + 1);
  }

  #will(will: WillRecord): void {
    const sink = this.#sink;
    const expiry = will.messageExpiryInterval;
    sink.writeText(will.topicName);
    sink.writeVarint(will.payload.length);
    sink.writeBytes(will.payload, 0, will.payload.length);
    sink.writeU8(
      will.qos | (will.retain ? WillFlag.Retain : 0) | (expiry === undefined ? 0 : WillFlag.Expires),
    );
    sink.writeVarint(will.properties.length);
    sink.writeBytes(will.properties, 0, will.properties.length);
    if (expiry !== undefined) sink.writeVarint(expiry);
    sink.writeVarint(will.willDelayInterval);
  }
}
