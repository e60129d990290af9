// What a subscriber prints as NDJSON or CSV is the same message when it is read again, whatever it holds.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBuffer } from '../../src/messages/byte-buffer.ts';
import { csvPrinter } from '../../src/messages/csv-line.ts';
import { JSON_LINE_PRINTER } from '../../src/messages/json-line.ts';
import type { MessagePrinter } from '../../src/messages/message-printer.ts';
import type { ReceivedMessage } from '../../src/messages/received-message.ts';
import type { OnRecord, RecordReader } from '../../src/pub/record-source.ts';
import { CsvReader, JsonReader } from '../../src/pub/record-source.ts';

/** Text that MQTT can carry, with what CSV and JSON have to write otherwise among it. */
const text = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('"', ',', '\n', '\r', '\\', ' ', 'é', '\u2028', '😀'),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
  })
  .filter((each) => !each.includes('\0'));
const notEmpty = text.filter((each) => each !== '');
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  text.map((each) => new Uint8Array(Buffer.from(each))),
);
const properties = fc.record(
  {
    contentType: notEmpty,
    responseTopic: notEmpty,
    correlationData: bytes.filter(({ length }) => length > 0),
    payloadFormatIndicator: fc.constantFrom(0 as const, 1 as const),
    messageExpiryInterval: fc.integer({ min: 0, max: 0xffff_ffff }),
    userProperties: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const message: fc.Arbitrary<ReceivedMessage> = fc.record({
  topicName: notEmpty.filter((each) => !/[+#]/.test(each)),
  payload: bytes,
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  properties,
});

function readAgain(printer: MessagePrinter, reader: RecordReader, messages: readonly ReceivedMessage[]) {
  const buffer = new ByteBuffer();
  printer.begin(buffer);
  for (const each of messages) printer.append(buffer, each, 0);
  const printed = buffer.take();
  const read: unknown[] = [];
  const onRecord: OnRecord = (_line, make) => {
    const { topicName, payload, options } = make();
    const { qos, retain, ...others } = options;
    read.push({
      topicName,
      payload: new Uint8Array(Buffer.from(payload as string)),
      qos,
      retain,
      properties: plain(others),
    });
  };
  const middle = printed.length >> 1;
  reader.push(printed.subarray(0, middle), onRecord);
  reader.push(printed.subarray(middle), onRecord);
  reader.end(onRecord);
  return read;
}

/** Bytes as of one class, so that they compare by what they hold. */
function plain<Properties extends { readonly correlationData?: Uint8Array }>(given: Properties): Properties {
  const { correlationData } = given;
  return correlationData === undefined
    ? given
    : { ...given, correlationData: new Uint8Array(correlationData) };
}

describe('Messages that were printed are the same when they are read again', () => {
  const defaults = { topicName: undefined, options: {} };

  test('as NDJSON', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), (messages) => {
        expect(readAgain(JSON_LINE_PRINTER, new JsonReader(defaults), messages)).toEqual(messages);
      }),
    );
  });

  test('as CSV', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), (messages) => {
        expect(readAgain(csvPrinter(), new CsvReader(defaults), messages)).toEqual(messages);
      }),
    );
  });
});
