// What sub prints for programs, pub reads again as the same message.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBuffer } from '../../src/messages/byte-buffer.ts';
import { CsvRecords } from '../../src/messages/csv-input.ts';
import { CsvColumns } from '../../src/messages/csv-input-columns.ts';
import { csvPrinter } from '../../src/messages/csv-line.ts';
import type { InputMessage } from '../../src/messages/input-message.ts';
import { JSON_LINE_PRINTER, jsonLinePrinter } from '../../src/messages/json-line.ts';
import type { MessagePrinter } from '../../src/messages/message-printer.ts';
import { messageFromJson } from '../../src/messages/ndjson-input.ts';
import type { ReceivedMessage } from '../../src/messages/received-message.ts';

const AT_MS = Date.UTC(2026, 10, 20, 19, 49, 9, 559);
const NO_DEFAULTS = { topicName: undefined, options: {} };

function printed(printer: MessagePrinter, messages: readonly ReceivedMessage[]): string {
  const buffer = new ByteBuffer();
  printer.begin(buffer);
  for (const message of messages) printer.append(buffer, message, AT_MS);
  return buffer.take().toString('utf8');
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((each) => !each.includes('\0'));
const bytes = fc.uint8Array({ maxLength: 12 });
const payload = fc.oneof(
  bytes,
  fc.string({ unit: 'binary', maxLength: 20 }).map((each) => new Uint8Array(Buffer.from(each))),
);

const message: fc.Arbitrary<ReceivedMessage> = fc.record({
  topicName: text.filter((each) => each !== '' && !/[+#]/.test(each)),
  payload,
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.boolean(),
  properties: fc.record(
    {
      contentType: text.filter((each) => each !== ''),
      messageExpiryInterval: fc.nat(),
      payloadFormatIndicator: fc.constantFrom(0, 1),
      correlationData: bytes.filter(({ length }) => length > 0),
      userProperties: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: [] },
  ),
});

function expectSame(read: InputMessage, sent: ReceivedMessage): void {
  const { qos, retain, ...properties } = read.options;
  const { correlationData, ...others } = properties;
  const { correlationData: sentData, ...sentOthers } = sent.properties;
  expect(read.topicName).toBe(sent.topicName);
  expect(Buffer.from(read.payload as string)).toEqual(Buffer.from(sent.payload));
  expect({ qos, retain }).toEqual({ qos: sent.qos, retain: sent.retain });
  expect(others).toEqual(sentOthers);
  expect(correlationData && Buffer.from(correlationData)).toEqual(sentData && Buffer.from(sentData));
}

describe('a message that was printed', () => {
  test('as NDJSON is a line that pub --ndjson reads as the same message', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const line = printed(jsonLinePrinter(), [sent]);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expectSame(messageFromJson(line, NO_DEFAULTS), sent);
      }),
    );
  });

  test('as CSV is a record that pub --csv reads as the same message', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (sent) => {
        const records = new CsvRecords();
        const all = [...records.push(printed(csvPrinter(), sent))];
        const rest = records.end();
        if (rest !== undefined) all.push(rest);
        const columns = new CsvColumns(all[0]!.fields, NO_DEFAULTS);
        const read = all.slice(1).map(({ fields }) => columns.messageFrom(fields));
        expect(read).toHaveLength(sent.length);
        for (const [index, each] of read.entries()) expectSame(each, sent[index]!);
      }),
    );
  });

  test('as NDJSON has Mosquitto’s keys in their order', () => {
    const sent: ReceivedMessage = {
      topicName: 'a/b',
      payload: Buffer.from('on'),
      qos: 1,
      retain: false,
      packetId: 7,
      properties: {
        contentType: 'text/plain',
        userProperties: [
          ['a', '1'],
          ['a', '2'],
        ],
        subscriptionIdentifiers: [3],
        correlationData: Uint8Array.of(0xff),
      },
    };
    const { tst, ...others } = JSON.parse(printed(JSON_LINE_PRINTER, [sent])) as Record<string, unknown>;
    expect(new Date(tst as string).getTime()).toBe(AT_MS);
    expect(others).toEqual({
      topic: 'a/b',
      qos: 1,
      retain: false,
      payloadlen: 2,
      mid: 7,
      properties: {
        'content-type': 'text/plain',
        'user-properties': [{ a: '1' }, { a: '2' }],
        'subscription-identifier': [3],
        'correlation-data_base64': '/w==',
      },
      payload: 'on',
    });
  });
});
