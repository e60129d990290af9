// A message that was recorded is the same when it is read from the recording.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteBuffer } from '../../src/messages/byte-buffer.ts';
import { JsonMessages } from '../../src/messages/ndjson-input.ts';
import { RecordedMessages, recordedMessagePrinter } from '../../src/record/recording-line.ts';

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.string({ unit: 'grapheme' }).map((text) => new Uint8Array(Buffer.from(text))),
);
const message = fc.record({
  topicName: fc.constantFrom('a', 'a/ü', '"\\', '{}', '$SYS/x'),
  payload: bytes,
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  properties: fc.record(
    {
      correlationData: bytes.filter(({ length }) => length > 0),
      userProperties: fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('', '"', 'ü')), {
        minLength: 1,
        maxLength: 3,
      }),
      topicAlias: fc.constant(7),
      subscriptionIdentifiers: fc.constant([1, 2]),
    },
    { requiredKeys: [] },
  ),
});

test('whatever it holds, but for what belongs to the connection that recorded it', () => {
  const print = recordedMessagePrinter();
  fc.assert(
    fc.property(message, fc.nat(), (given, atUs) => {
      const buffer = new ByteBuffer();
      print(buffer, given, atUs + 0.4, 1_700_000_000_000);
      const line = buffer.take();
      const { atUs: readUs, message: read } = new RecordedMessages().from(line);
      expect(readUs).toBe(atUs);
      expect(read.topicName).toBe(given.topicName);
      expect(Buffer.from(read.payload as string)).toEqual(Buffer.from(given.payload));
      const { qos, retain, correlationData, ...others } = read.options;
      expect({ qos, retain }).toEqual({ qos: given.qos, retain: given.retain });
      const {
        topicAlias: _,
        subscriptionIdentifiers: __,
        correlationData: data,
        ...wanted
      } = given.properties;
      expect(others).toEqual(wanted);
      expect(correlationData && Buffer.from(correlationData)).toEqual(data && Buffer.from(data));
      // `martlet pub --ndjson` reads such a line as well.
      expect(new JsonMessages({ topicName: undefined, options: {} }).messageFrom(line.toString())).toEqual(
        read,
      );
    }),
  );
});
