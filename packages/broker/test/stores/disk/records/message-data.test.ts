import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Message } from '../../../../src/core/publish/message.ts';
import { TopicTable } from '../../../../src/core/topics/topic-table.ts';
import { ByteSink } from '../../../../src/stores/disk/byte-sink.ts';
import { readMessageData, writeMessageData } from '../../../../src/stores/disk/records/message-data.ts';
import { RecordError } from '../../../../src/stores/disk/records/record-error.ts';

const topics = new TopicTable();

function written(topicName: string, properties: Uint8Array, payload: Uint8Array): Uint8Array {
  const sink = new ByteSink(1);
  writeMessageData(sink, new Message(topics.internName(topicName)!, payload, 1, false, properties, 0));
  return sink.bytes;
}

describe('A message in a data area', () => {
  test('is its topic name, its properties and its payload', () => {
    const data = written('a/b', Uint8Array.of(1, 1), Buffer.from('hello'));
    expect(Buffer.from(data).toString('hex')).toBe(`0300${'612f62'}02${'0101'}${'68656c6c6f'}`);
    expect(readMessageData(data, 2, true, 17)).toEqual({
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
        const message = readMessageData(data, 0, false, 1);
        data.fill(0xff);
        expect([message.topicName, message.properties, message.payload]).toEqual([name, properties, payload]);
      }),
    );
  });

  test('is recognised when its lengths do not fit', () => {
    const data = written('abc', Uint8Array.of(1, 1), Buffer.from(''));
    for (let length = 0; length < data.length; length++) {
      expect(() => readMessageData(data.subarray(0, length), 0, false, 1), `${length}`).toThrow(RecordError);
    }
    expect(readMessageData(data, 0, false, 1).payload.length).toBe(0);
  });
});
