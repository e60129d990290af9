import { describe, expect, test } from 'vitest';
import { CsvRecords } from '../../src/messages/csv-input.ts';
import { CsvColumns } from '../../src/messages/csv-input-columns.ts';
import { InputLines } from '../../src/messages/input-lines.ts';
import type { InputDefaults } from '../../src/messages/input-message.ts';
import { messageFromJson } from '../../src/messages/ndjson-input.ts';

const NONE: InputDefaults = { topicName: undefined, options: {} };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Every way of cutting a text in two, and one with a cut after each character. */
function cuts(text: string): readonly string[][] {
  const inTwo = Array.from({ length: text.length + 1 }, (_, at) => [text.slice(0, at), text.slice(at)]);
  return [...inTwo, [...text]];
}

describe('Lines of input', () => {
  test('are the same however their bytes are cut', () => {
    const text = 'a\n\nlong line\r\n\0x\nlast';
    for (const parts of cuts(text)) {
      const lines = new InputLines();
      const all = parts.flatMap((part) => [...lines.push(bytes(part))]);
      const last = lines.end();
      const texts = [...all, ...(last === undefined ? [] : [last])].map((line) =>
        new TextDecoder().decode(line),
      );
      expect(texts).toEqual(['a', '', 'long line\r', '\0x', 'last']);
    }
  });

  test('need no end of the last one, and have none after it', () => {
    const lines = new InputLines();
    expect(lines.push(bytes('a\n'))).toHaveLength(1);
    expect(lines.end()).toBeUndefined();
  });

  test('may be as long as the limit and no longer, in whatever parts they come', () => {
    const lines = new InputLines(4);
    expect(lines.push(bytes('1234\n'))).toHaveLength(1);
    lines.push(bytes('12'));
    expect(lines.push(bytes('34\n'))).toHaveLength(1);
    lines.push(bytes('12'));
    expect(() => lines.push(bytes('345'))).toThrow('expected lines of at most 4 bytes');
  });
});

describe('A message from JSON', () => {
  test('has what the line says, and what was given where it says nothing', () => {
    const properties =
      '{"content-type":"t","correlation-data":"é","message-expiry-interval":5,"payload-format-indicator":1,"response-topic":"r","topic-alias":3,"subscription-identifier":2,"user-properties":{"a":"1","b":["2","3"]}}';
    const line = `{"tst":"x","topic":"a/b","qos":2,"retain":1,"payloadlen":2,"mid":9,"dup":false,"properties":${properties},"payload":"hi"}`;
    expect(messageFromJson(line, NONE)).toEqual({
      topicName: 'a/b',
      payload: 'hi',
      options: {
        qos: 2,
        retain: true,
        contentType: 't',
        correlationData: bytes('é'),
        messageExpiryInterval: 5,
        payloadFormatIndicator: 1,
        responseTopic: 'r',
        userProperties: [
          ['a', '1'],
          ['b', '2'],
          ['b', '3'],
        ],
      },
    });
    const defaults: InputDefaults = { topicName: 'd', options: { qos: 1, retain: true, contentType: 'c' } };
    expect(messageFromJson('{}', defaults)).toEqual({
      topicName: 'd',
      payload: '',
      options: { qos: 1, retain: true, contentType: 'c' },
    });
  });

  test('has text as it is, other values as JSON, and bytes in base64', () => {
    const payloadOf = (rest: string) => messageFromJson(`{"topic":"a",${rest}}`, NONE).payload;
    expect(payloadOf('"payload":"{}"')).toBe('{}');
    expect(payloadOf('"payload":{"a":[1,null]}')).toBe('{"a":[1,null]}');
    expect(payloadOf('"payload":21.5')).toBe('21.5');
    expect(payloadOf('"payload":null')).toBe('');
    expect([...payloadOf('"payload_base64":"/wA="')]).toEqual([255, 0]);
  });

  test('has user properties in each way they are written', () => {
    const propertiesOf = (written: string) =>
      messageFromJson(`{"topic":"a","properties":{"user-properties":${written}}}`, NONE).options
        .userProperties;
    const expected = [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ];
    expect(propertiesOf('[{"a":"1"},{"b":"2"},{"a":"3"}]')).toEqual(expected);
    expect(propertiesOf('[["a","1"],["b","2"],["a","3"]]')).toEqual(expected);
  });

  test.each([
    ['nonsense', "expected a JSON object, got 'nonsense'"],
    ['[1]', 'expected a JSON object such as'],
    ['{"payload":"x"}', 'expected a topic (or -t'],
    ['{"topic":"a/#"}', 'contains a wildcard'],
    ['{"topic":5}', "topic: expected text, got '5'"],
    ['{"topic":"a","qos":3}', "qos: expected 0, 1 or 2, got '3'"],
    ['{"topic":"a","qos":true}', "qos: expected 0, 1 or 2, got 'true'"],
    ['{"topic":"a","retain":"yes"}', "retain: expected true or false, or 1 or 0, got 'yes'"],
    ['{"topic":"a","payload":"x","payload_base64":"eA=="}', 'got both'],
    ['{"topic":"a","payload_base64":"x"}', "payload_base64: expected base64, got 'x'"],
    ['{"topic":"a","paylod":"x"}', "got 'paylod'; did you mean payload?"],
    ['{"topic":"a","properties":[]}', "properties: expected an object, got '[]'"],
    ['{"topic":"a","properties":{"contenttype":"x"}}', 'did you mean content-type?'],
    ['{"topic":"a","properties":{"content-type":{}}}', "content-type: expected text or a number, got '{}'"],
    ['{"topic":"a","properties":{"payload-format-indicator":2}}', 'from 0 to 1'],
    ['{"topic":"a","properties":{"user-properties":{"a":1}}}', 'user-properties: expected [{'],
  ])('is refused when the line is %s', (line, message) => {
    expect(() => messageFromJson(line, NONE)).toThrow(message);
  });
});

describe('Records of CSV', () => {
  function recordsOf(...parts: readonly string[]) {
    const records = new CsvRecords();
    const all = parts.flatMap((part) => [...records.push(part)]);
    const last = records.end();
    return last === undefined ? all : [...all, last];
  }

  test('are the same however their text is cut', () => {
    const text = 'a,b\r\n"x, ""y""\nz",2\n\n,\n"",""\nlast,"end"';
    for (const parts of cuts(text)) {
      expect(recordsOf(...parts)).toEqual([
        { fields: ['a', 'b'], line: 1 },
        { fields: ['x, "y"\nz', '2'], line: 2 },
        { fields: ['', ''], line: 5 },
        { fields: ['', ''], line: 6 },
        { fields: ['last', 'end'], line: 7 },
      ]);
    }
  });

  test('are refused where marks are not as they must be', () => {
    expect(() => recordsOf('a\n"b')).toThrow('expected a closing quotation mark for that of line 2');
    expect(() => recordsOf('a"b')).toThrow('line 1: expected a quotation mark at the beginning');
    expect(() => recordsOf('"a"b')).toThrow(
      "line 1: expected a comma after the closing quotation mark, got 'b'",
    );
  });
});

describe('A message from CSV', () => {
  test('has what its fields say; an empty one leaves what was given, but an empty payload is one', () => {
    const names = ['\u{feff}topic', 'payload', 'qos', 'retain', 'tst', 'content-type', 'user-properties'];
    const columns = new CsvColumns(names, NONE);
    expect(columns.messageFrom(['a', 'x', '1', 'true', 'now', 't', '[["k","v"]]'])).toEqual({
      topicName: 'a',
      payload: 'x',
      options: { qos: 1, retain: true, contentType: 't', userProperties: [['k', 'v']] },
    });
    const defaults: InputDefaults = { topicName: 'd', options: { qos: 2, retain: true } };
    const withDefaults = new CsvColumns(names, defaults);
    const message = { topicName: 'd', payload: '', options: { qos: 2, retain: true } };
    expect(withDefaults.messageFrom(['', '', '', '', '', '', ''])).toEqual(message);
    expect(withDefaults.messageFrom(['', '', '0', 'false', '', '', ''])).toEqual({
      ...message,
      options: { qos: 0, retain: false },
    });
    const bytesIn = new CsvColumns(['topic', 'payload_base64'], NONE);
    expect([...bytesIn.messageFrom(['a', '/w=='])['payload']]).toEqual([255]);
  });

  test.each([
    [['topic', 'paylod'], [], "got 'paylod'; did you mean payload?"],
    [['topic', 'topic'], [], 'expected the column topic once'],
    [['topic', 'payload'], ['a'], 'expected 2 fields as in the first line, got 1'],
    [['topic', 'qos'], ['a', 'x'], "qos: expected 0, 1 or 2, got 'x'"],
    [['topic', 'payload', 'payload_base64'], ['a', 'x', 'eA=='], 'got both'],
    [['topic', 'user-properties'], ['a', 'k=v'], "user-properties: expected JSON, got 'k=v'"],
    [['topic', 'message-expiry-interval'], ['a', 'x'], 'from 0 to 4294967295'],
  ])('is refused with the columns %j and the fields %j', (names, fields, message) => {
    expect(() => new CsvColumns(names, NONE).messageFrom(fields)).toThrow(message);
  });
});
