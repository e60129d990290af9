import { crc32 } from 'node:zlib';
import { DeliveryState, encodeForwardableProperties, utf8ByteLength } from '@martlet/protocol';
import { Durability } from '../../../../src/core/ports/durability.ts';
import type { SessionRecord, SubscriptionRecord } from '../../../../src/core/ports/store.ts';
import type { QoS } from '../../../../src/core/publish/message.ts';
import { Message } from '../../../../src/core/publish/message.ts';
import { Topic } from '../../../../src/core/topics/topic.ts';
import type { LogFiles } from '../../../../src/stores/disk/files/log-files.ts';
import { SegmentLog } from '../../../../src/stores/disk/log/segment-log.ts';
import { writeMessageData } from '../../../../src/stores/disk/records/message-data.ts';
import { RecordWriter } from '../../../../src/stores/disk/records/record-writer.ts';

const NEVER = Number.POSITIVE_INFINITY;

export interface MessageOptions {
  readonly topicName?: string;
  readonly payload?: Uint8Array | string;
  readonly properties?: Uint8Array;
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly expiresAtWallMs?: number;
}

/** A log that a test writes records into, as a broker would. */
export class WrittenStore {
  readonly writer: RecordWriter;
  readonly log: SegmentLog;
  #messageIds: number;

  private constructor(log: SegmentLog) {
    this.log = log;
    this.writer = new RecordWriter(log.gathering.meta);
    this.#messageIds = 0;
  }

  static async open(files: LogFiles, segmentBytes: number = 1 << 20): Promise<WrittenStore> {
    const log = await SegmentLog.open(files, {
      segmentBytes,
      storeId: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
      onReplay: () => undefined,
      onMoved: () => undefined,
      onNote: () => undefined,
    });
    return new WrittenStore(log);
  }

  /** Writes a message and its record; returns its identifier. With a known one: it has moved. */
  message(options: MessageOptions = {}, knownId: number = 0): number {
    const messageId = knownId === 0 ? ++this.#messageIds : knownId;
    const { topicName = 'a/b', payload = 'hello', properties = new Uint8Array(0) } = options;
    const { qos = 1, retain = false, expiresAtWallMs = NEVER } = options;
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const topic = new Topic(topicName, utf8ByteLength(topicName), 0, 0);
    const message = new Message(topic, bytes, qos, retain, properties, expiresAtWallMs);
    const { data } = this.log.gathering;
    const start = data.length;
    writeMessageData(data, message);
    const length = data.length - start;
    const crc = crc32(data.slice(start, data.length));
    this.writer.message(
      messageId,
      start,
      length,
      crc,
      bytes.length,
      message.bytes,
      qos,
      retain,
      expiresAtWallMs,
    );
    return messageId;
  }

  push(ownerId: number, key: number, messageId: number, qos: QoS = 1): void {
    this.writer.push(ownerId, key, messageId, qos, false, [], null);
  }

  async commit(durability: Durability = Durability.Disk): Promise<void> {
    await this.log.commit(durability);
    this.writer.begin(this.log.gathering.meta);
  }

  /** Commits and stops in order. */
  async close(): Promise<void> {
    await this.log.close();
  }
}

export function session(clientId: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return {
    clientId,
    sessionExpiryInterval: 3600,
    disconnectedAtWallMs: undefined,
    will: undefined,
    ...more,
  };
}

export function subscription(
  topicFilter: string,
  more: Partial<SubscriptionRecord> = {},
): SubscriptionRecord {
  return {
    topicFilter,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: 0,
    ...more,
  };
}

const BINARY: Readonly<Uint8Array> = Uint8Array.of(0xff, 0, 0xfe, 0x80);
export const MESSAGE_PROPERTIES: Readonly<Uint8Array> = encodeForwardableProperties({
  payloadFormatIndicator: 1,
  contentType: 'text/plain',
  correlationData: BINARY as Uint8Array,
  userProperties: [
    ['unit', '°C'],
    ['unit', 'K'],
  ],
});

const DISCONNECTED_AT_WALL_MS = Date.UTC(2026, 10, 20, 12, 0, 0, 123);

/**
 * One of everything: both directions of QoS 2, wills, expiry, shared groups, identifiers, a message for two sessions and a
 * topic; and what is not there any more. Commits often, so that small segments become many.
 */
export async function writeExample(store: WrittenStore): Promise<void> {
  const { writer } = store;
  writer.session(1, session('connected', { sessionExpiryInterval: 0xffff_ffff }));
  writer.subscription(1, subscription('a/#', { qos: 2, noLocal: true, subscriptionIdentifier: 7 }));
  writer.subscription(1, subscription('$share/g/jobs/+', { retainHandling: 2, retainAsPublished: true }));
  writer.received(1, 65_535);
  writer.received(1, 9);
  writer.received(1, 10);
  writer.receivedGone(1, 10);
  await store.commit();
  writer.session(
    2,
    session('absent \u{1f4a1}', {
      disconnectedAtWallMs: DISCONNECTED_AT_WALL_MS,
      will: {
        topicName: 'wills/absent',
        payload: BINARY as Uint8Array,
        qos: 2,
        retain: true,
        properties: MESSAGE_PROPERTIES as Uint8Array,
        messageExpiryInterval: 60,
        willDelayInterval: 5,
      },
    }),
  );
  writer.subscription(2, subscription('b'));
  writer.subscriptionGone(2, 'b');
  writer.session(3, session('gone'));
  writer.push(3, 0, store.message(), 1, false, [], null);
  writer.sessionGone(3);
  await store.commit();
  writer.share(4, { kind: 'share', shareName: 'g', topicFilter: 'jobs/+' });
  const job = store.message({ topicName: 'jobs/1', payload: '{"n":1}\n' });
  store.push(4, 0, job);
  store.push(4, 1, store.message({ topicName: 'jobs/2', payload: BINARY as Uint8Array }));
  await store.commit();
  const shared = store.message({
    topicName: 'a/shared',
    qos: 2,
    retain: true,
    properties: MESSAGE_PROPERTIES as Uint8Array,
    expiresAtWallMs: DISCONNECTED_AT_WALL_MS + 1000,
  });
  writer.expiry(shared, DISCONNECTED_AT_WALL_MS - 1000);
  writer.clockMoved(3000);
  writer.clock(Date.UTC(2026, 0, 31));
  writer.retained(shared, 'a/shared');
  writer.retained(store.message({ topicName: 'no/more' }), 'no/more');
  writer.retainedGone('no/more');
  await store.commit();
  writer.push(1, 0, shared, 2, true, [7, 300], null);
  writer.push(2, 0, shared, 0, false, [], null);
  writer.push(1, 1, job, 1, false, [], { kind: 'share', shareName: 'g', topicFilter: 'jobs/+' });
  writer.sent(1, 1, 100, 65_535, DeliveryState.AwaitingPuback);
  await store.commit();
  for (let key = 2; key < 6; key++) {
    writer.push(1, key, store.message({ payload: `${key}`.repeat(50) }), 2, false, [], null);
    await store.commit();
  }
  writer.sent(1, 2, 101, 1, DeliveryState.AwaitingPubrec);
  writer.sent(1, 101, 101, 1, DeliveryState.AwaitingPubcomp);
  writer.sent(1, 0, 99, 2, DeliveryState.AwaitingPubrec);
  writer.done(1, 3);
  store.push(2, -1, store.message({ payload: '', topicName: 'in/front' }));
  await store.commit();
}
