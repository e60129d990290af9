import type { DeliveryState } from '@martlet/protocol';
import type { ShareOwner, SubscriptionRecord, WillRecord } from '../../../core/ports/store.ts';
import type { QoS } from '../../../core/publish/message.ts';
import { ByteSource, ByteSourceError } from '../bytes/byte-source.ts';
import { RecordError } from './record-error.ts';
import { MessageFlag, PushFlag, RecordOp, SessionFlag, SubscriptionFlag, WillFlag } from './record-op.ts';
import type { RecordVisitor } from './record-visitor.ts';

const NO_IDENTIFIERS: readonly number[] = Object.freeze([]);
const LAST_DELIVERY_STATE = 4;

/**
 * Shows the records of a batch's meta area, in order. Strings and bytes are the visitor's to keep.
 *
 * @throws {RecordError} at the first record that is short or unknown; the visitor has seen those before it. What the
 * visitor throws passes through.
 */
export function readRecords(meta: Uint8Array, visitor: RecordVisitor): void {
  const reader = new RecordReader(meta);
  while (reader.hasMore) reader.readOne(visitor);
}

class RecordReader {
  readonly #source: ByteSource;
  #start: number;
  #ownerId: number;
  #messageId: number;

  constructor(meta: Uint8Array) {
    this.#source = new ByteSource(meta);
    this.#start = 0;
    this.#ownerId = 0;
    this.#messageId = 0;
  }

  get hasMore(): boolean {
    return this.#source.at < this.#source.end;
  }

  readOne(visitor: RecordVisitor): void {
    this.#start = this.#source.at;
    try {
      this.#read(visitor);
    } catch (error) {
      if (!(error instanceof ByteSourceError)) throw error;
      const text = `record at byte ${this.#start} of the meta area: ${error.message}`;
      throw new RecordError(text, { offset: this.#start, cause: error });
    }
  }

  #read(visitor: RecordVisitor): void {
    const source = this.#source;
    const op = source.readU8() as RecordOp;
    switch (op) {
      case RecordOp.Push:
        this.#push(visitor);
        return;
      case RecordOp.Sent: {
        const ownerId = this.#owner();
        const oldKey = source.readZigzag();
        const newKey = oldKey + source.readZigzag();
        visitor.sent(ownerId, oldKey, newKey, this.#packetId(), this.#state());
        return;
      }
      case RecordOp.Done:
        visitor.done(this.#owner(), source.readZigzag());
        return;
      case RecordOp.Message:
        this.#showMessage(visitor);
        return;
      case RecordOp.Expiry:
        visitor.expiry(this.#message(), this.#time());
        return;
      case RecordOp.ClockMoved:
        visitor.clockMoved(source.readZigzag());
        return;
      case RecordOp.Clock:
        visitor.clock(this.#time());
        return;
      case RecordOp.Session:
        this.#session(visitor);
        return;
      case RecordOp.SessionGone:
        visitor.sessionGone(this.#owner());
        return;
      case RecordOp.Subscription:
        visitor.subscription(this.#owner(), this.#subscription());
        return;
      case RecordOp.SubscriptionGone:
        visitor.subscriptionGone(this.#owner(), source.readText());
        return;
      case RecordOp.Received:
        visitor.received(this.#owner(), this.#packetId());
        return;
      case RecordOp.ReceivedGone:
        visitor.receivedGone(this.#owner(), this.#packetId());
        return;
      case RecordOp.Share:
        visitor.share(this.#owner(), this.#share());
        return;
      case RecordOp.QueueGone:
        visitor.queueGone(this.#owner());
        return;
      case RecordOp.Retained:
        visitor.retained(this.#message(), source.readText());
        return;
      case RecordOp.RetainedGone:
        visitor.retainedGone(source.readText());
        return;
      default:
        this.#unknown(op satisfies never, 'a record this version knows');
    }
  }

  #push(visitor: RecordVisitor): void {
    const source = this.#source;
    const ownerId = this.#owner();
    const key = source.readZigzag();
    const messageId = this.#message();
    const flags = source.readU8();
    const qos = this.#qos(flags);
    if (flags > 0x1f) this.#unknown(flags, 'flags of a push record');
    const identifiers = (flags & PushFlag.Identifiers) === 0 ? NO_IDENTIFIERS : this.#identifiers();
    const share = (flags & PushFlag.Share) === 0 ? null : this.#share();
    visitor.push(ownerId, key, messageId, qos, (flags & PushFlag.Retain) !== 0, identifiers, share);
  }

  #showMessage(visitor: RecordVisitor): void {
    const source = this.#source;
    const messageId = this.#message();
    const offset = source.readVarint();
    const length = source.readVarint();
    const crc = source.readU32();
    const payloadLength = source.readVarint();
    const costBytes = source.readVarint();
    const flags = source.readU8();
    if (flags > 7) this.#unknown(flags, 'flags of a message record');
    visitor.message(
      messageId,
      offset,
      length,
      crc,
      payloadLength,
      costBytes,
      this.#qos(flags),
      (flags & MessageFlag.Retain) !== 0,
      this.#time(),
    );
  }

  #session(visitor: RecordVisitor): void {
    const source = this.#source;
    const ownerId = this.#owner();
    const clientId = source.readText();
    const sessionExpiryInterval = source.readVarint();
    const flags = source.readU8();
    if (flags > 3) this.#unknown(flags, 'flags of a session record');
    const disconnectedAtWallMs = (flags & SessionFlag.Disconnected) === 0 ? undefined : this.#time();
    const will = (flags & SessionFlag.Will) === 0 ? undefined : this.#will();
    visitor.session(ownerId, { clientId, sessionExpiryInterval, disconnectedAtWallMs, will });
  }

  #will(): WillRecord {
    const source = this.#source;
    const topicName = source.readText();
    const payload = source.readBytes(source.readVarint());
    const flags = source.readU8();
    if (flags > 0xf) this.#unknown(flags, 'flags of a will');
    const properties = source.readBytes(source.readVarint());
    const messageExpiryInterval = (flags & WillFlag.Expires) === 0 ? undefined : source.readVarint();
    return {
      topicName,
      payload,
      qos: this.#qos(flags),
      retain: (flags & WillFlag.Retain) !== 0,
      properties,
      messageExpiryInterval,
      willDelayInterval: source.readVarint(),
    };
  }

  #subscription(): SubscriptionRecord {
    const source = this.#source;
    const topicFilter = source.readText();
    const options = source.readU8();
    const retainHandling = options >> SubscriptionFlag.RetainHandlingShift;
    if (retainHandling > 2) this.#unknown(options, 'subscription options');
    return {
      topicFilter,
      qos: this.#qos(options),
      noLocal: (options & SubscriptionFlag.NoLocal) !== 0,
      retainAsPublished: (options & SubscriptionFlag.RetainAsPublished) !== 0,
      retainHandling: retainHandling as 0 | 1 | 2,
      subscriptionIdentifier: source.readVarint(),
    };
  }

  #share(): ShareOwner {
    return {
      kind: 'share',
      shareName: this.#source.readText(),
      topicFilter: this.#source.readText(),
    };
  }

  #identifiers(): readonly number[] {
    const count = this.#source.readVarint();
    const identifiers: number[] = [];
    for (let i = 0; i < count; i++) identifiers.push(this.#source.readVarint());
    return identifiers;
  }

  #owner(): number {
    this.#ownerId += this.#source.readZigzag();
    if (this.#ownerId < 0) this.#unknown(this.#ownerId, 'the identifier of an owner');
    return this.#ownerId;
  }

  #message(): number {
    this.#messageId += this.#source.readZigzag();
    if (this.#messageId < 0) this.#unknown(this.#messageId, 'the identifier of a message');
    return this.#messageId;
  }

  #packetId(): number {
    const packetId = this.#source.readVarint();
    if (packetId > 0xffff) this.#unknown(packetId, 'a packet identifier');
    return packetId;
  }

  #state(): DeliveryState {
    const state = this.#source.readU8();
    if (state > LAST_DELIVERY_STATE) this.#unknown(state, 'the state of a delivery');
    return state as DeliveryState;
  }

  #qos(flags: number): QoS {
    const qos = flags & 3;
    if (qos === 3) this.#unknown(flags, 'flags with a QoS of 0, 1 or 2');
    return qos as QoS;
  }

  /** A time in ms; see `RecordWriter`. */
  #time(): number {
    const value = this.#source.readVarint();
    if (value === 0) return Number.POSITIVE_INFINITY;
    return value % 2 === 0 ? -value / 2 : (value - 1) / 2;
  }

  #unknown(value: number, expected: string): never {
    throw new RecordError(
      `record at byte ${this.#start} of the meta area: expected ${expected}, got ${value}; it was written by a newer version`,
      { offset: this.#start },
    );
  }
}
