import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StoredMessage } from '../../../../src/core/ports/store.ts';
import type { QoS } from '../../../../src/core/publish/message.ts';
import { Message } from '../../../../src/core/publish/message.ts';
import { TopicTable } from '../../../../src/core/topics/topic-table.ts';
import { ByteSink } from '../../../../src/stores/disk/bytes/byte-sink.ts';
import { TopicNames } from '../../../../src/stores/disk/reading/topic-names.ts';
import { readMessageData, writeMessageData } from '../../../../src/stores/disk/records/message-data.ts';
import { RecordError } from '../../../../src/stores/disk/records/record-error.ts';

const topics = new TopicTable();
const names = new TopicNames();

function written(topicName: string, properties: Uint8Array, payload: Uint8Array): Uint8Array {
  const sink = new ByteSink(1);
  writeMessageData(sink, new Message(topics.internName(topicName)!, payload, 1, false, properties, 0));
  return sink.bytes;
}

/** Read from the middle of other bytes, which it must not look at. */
function read(
  data: Uint8Array,
  qos: QoS,
  retain: boolean,
  expiresAtWallMs: number,
  isOwn = false,
): StoredMessage {
  const bytes = Buffer.concat([Buffer.alloc(3, 0xee), data, Buffer.alloc(300)]);
  const place = { bytes: new Uint8Array(bytes), from: 3, to: 3 + data.length, isOwn };
  const message = readMessageData(place, qos, retain, expiresAtWallMs, names);
  if (!isOwn) place.bytes.fill(0xff);
  return message;
}

describe('A message in a data area', () => {
  test('is its topic name, its properties and its payload', () => {
    const data = written('a/b', Uint8Array.of(1, 1), Buffer.from('hello'));
    expect(Buffer.from(data).toString('hex')).toBe(`0300${'612f62'}02${'0101'}${'68656c6c6f'}`);
    expect(read(data, 2, true, 17)).toEqual({
      topicName: 'a/b',
      payload: new Uint8Array(Buffer.from('hello')),
      qos: 2,
      retain: true,
      properties: Uint8Array.of(1, 1),
      expiresAtWallMs: 17,
    });
  });

  test('comes back as it was written, and owns its bytes', () => {
    const topicName = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 100 })
      .map((each) => each.replace(/[\0+#/]/g, '-'));
    const bytes = fc.uint8Array({ maxLength: 150 });
    fc.assert(
      fc.property(topicName, bytes, bytes, (name, properties, payload) => {
        const data = written(name, properties, payload);
        const message = read(data, 0, false, 1);
        expect([message.topicName, message.properties, message.payload]).toEqual([name, properties, payload]);
      }),
    );
  });

  test('keeps the bytes of a large payload that are its own', () => {
    const payload = new Uint8Array(10_000).fill(7);
    const message = read(written('a', Uint8Array.of(1, 1), payload), 1, false, 1, true);
    expect(message.payload).toEqual(payload);
    expect(message.payload.buffer.byteLength).toBeGreaterThan(payload.length);
    expect(read(written('a', new Uint8Array(0), payload), 1, false, 1).payload.buffer.byteLength).toBe(
      10_000,
    );
  });

  test('is recognised when its lengths do not fit', () => {
    const data = written('abc', Uint8Array.of(1, 1), Buffer.from(''));
    for (let length = 0; length < data.length; length++) {
      expect(() => read(data.subarray(0, length), 0, false, 1), `${length}`).toThrow(RecordError);
    }
    expect(read(data, 0, false, 1).payload.length).toBe(0);
  });
});
