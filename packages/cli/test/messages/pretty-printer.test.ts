import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBuffer } from '../../src/messages/byte-buffer.ts';
import { jsonTextOf, jsonTokens } from '../../src/messages/json-text.ts';
import { prettyPayload, prettyPrinter } from '../../src/messages/pretty-printer.ts';
import { indentedText } from '../../src/messages/pretty-text.ts';
import type { ReceivedMessage } from '../../src/messages/received-message.ts';
import type { TextStyle } from '../../src/text-style.ts';

const plain: TextStyle = (_style, text) => text;
const marked: TextStyle = (style, text) => `<${style}>${text}</>`;

const message = (payload: Uint8Array | string, contentType?: string): ReceivedMessage => ({
  topicName: 'a\u0007b',
  payload: Buffer.from(payload),
  qos: 0,
  retain: false,
  properties: contentType === undefined ? {} : { contentType },
});

describe('a payload for people', () => {
  test('that is JSON is indented as everybody does it', () => {
    const value = fc.jsonValue({ depthSize: 'medium' });
    fc.assert(
      fc.property(value, (json) => {
        const text = JSON.stringify(json);
        const tokens = jsonTokens(jsonTextOf(Buffer.from(text))!);
        expect(indentedText(tokens, plain)).toBe(JSON.stringify(JSON.parse(text), null, 2));
      }),
    );
  });

  test('that is JSON keeps its numbers and repeated keys, and has colours', () => {
    expect(prettyPayload(message('{"a":1.50,"a":[true,"x"]}'), marked)).toBe(
      [
        '{',
        '  <cyan>"a"</>: <yellow>1.50</>,',
        '  <cyan>"a"</>: [',
        '    <bold>true</>,',
        '    "x"',
        '  ]',
        '}',
      ].join('\n'),
    );
  });

  test('that is an empty object in another one has no key to be coloured', () => {
    expect(prettyPayload(message('{"o":{},"l":[]}'), marked)).toBe(
      '{\n  <cyan>"o"</>: {},\n  <cyan>"l"</>: []\n}',
    );
  });

  test('that is bytes in several rows begins below its topic, so that their columns are in line', () => {
    const shown = (bytes: number): string => {
      const buffer = new ByteBuffer();
      prettyPrinter(plain, true).append(buffer, message(Buffer.alloc(bytes, 0xff)), 0);
      return buffer.take().toString();
    };
    expect(shown(17)).toMatch(/^a\\u0007b\n0000 {2}ff .*\n0010 {2}ff .*\n$/);
    expect(shown(16)).toMatch(/^a\\u0007b 0000 {2}ff .*\n$/);
  });

  test('that is CBOR is shown like JSON, with what JSON lacks', () => {
    const cbor = Buffer.from('a26161820140c10102', 'hex');
    const lines = ['{', '  "a": [', '    1,', "    h''", '  ],', '  1(1): 2', '}'];
    expect(prettyPayload(message(cbor), plain)).toBe(lines.join('\n'));
  });

  test('is only taken for CBOR where that is likely, or is said', () => {
    const number = Uint8Array.of(0x18, 0x64);
    expect(prettyPayload(message(number), plain)).toBe('\\u0018d');
    expect(prettyPayload(message(number, 'application/cbor'), plain)).toBe('100');
    expect(prettyPayload(message(Uint8Array.of(0x82, 1, 0xc1, 2)), plain)).toBe('[\n  1,\n  1(2)\n]');
  });

  test('that is no text is shown in rows of sixteen bytes', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, index) => 0xf0 + index);
    expect(prettyPayload(message(bytes), plain)).toBe(
      [
        '0000  f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 fa fb fc fd fe ff  ................',
        '0010  00 01                                            ..',
      ].join('\n'),
    );
  });

  test('that is empty is said to be', () => {
    expect(prettyPayload(message(''), plain)).toBe('(empty)');
  });

  test('cannot command the terminal, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }).map(Buffer.from)), (payload) => {
        const buffer = new ByteBuffer();
        prettyPrinter(plain, true).append(buffer, message(payload), 0);
        expect(buffer.take().toString()).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/u);
      }),
    );
    expect(prettyPayload(message('"\u009b31m"'), plain)).toBe('"\\u009b31m"');
    expect(prettyPayload(message('\u001b[2J\nnext'), plain)).toBe('\\u001b[2J\nnext');
  });
});
