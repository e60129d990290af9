import { encodeForwardableProperties } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentFields } from '../../../../src/stores/disk/tools/export/content-fields.ts';
import { LineFields } from '../../../../src/stores/disk/tools/import/line-fields.ts';

/** Through JSON and back. */
function again(payload: Uint8Array, properties: Uint8Array): [payload: Uint8Array, properties: Uint8Array] {
  const text = JSON.stringify(contentFields(payload, properties));
  const fields = new LineFields(JSON.parse(text), 'the line');
  const read: [Uint8Array, Uint8Array] = [fields.bytes('payload'), fields.properties()];
  fields.end();
  return read;
}

const NONE = new Uint8Array(0);

describe('The content of a message in an export', () => {
  test('is text where it is UTF-8, and comes back byte by byte', () => {
    const text = fc.string({ unit: 'binary' }).map((each) => new Uint8Array(Buffer.from(each)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), text), (payload) => {
        expect(again(payload, NONE)[0]).toEqual(payload);
      }),
    );
    expect(contentFields(Buffer.from('\ufeffä\0\n'), NONE)).toEqual({ payload: '\ufeffä\0\n' });
    expect(contentFields(Uint8Array.of(0xc3), NONE)).toEqual({ payloadBase64: 'ww==' });
  });

  test('has its properties by name, in the order in which they came', () => {
    const properties = encodeForwardableProperties({
      userProperties: [
        ['b', '1'],
        ['a', '2'],
      ],
      correlationData: new Uint8Array(Buffer.from('id-7')),
      responseTopic: 'answers/7',
      payloadFormatIndicator: 0,
    });
    expect(JSON.stringify(contentFields(NONE, properties))).toBe(
      '{"payload":"","properties":{"userProperties":[["b","1"],["a","2"]],"correlationData":"id-7","responseTopic":"answers/7","payloadFormatIndicator":0}}',
    );
    expect(again(NONE, properties)[1]).toEqual(properties);
  });

  test('has properties as bytes where no object says them exactly', () => {
    const first = encodeForwardableProperties({ userProperties: [['a', '1']] });
    const second = encodeForwardableProperties({ contentType: 'x' });
    const mixed = new Uint8Array(Buffer.concat([first, second, first]));
    expect(contentFields(NONE, mixed)).toEqual({
      payload: '',
      propertiesBase64: Buffer.from(mixed).toString('base64'),
    });
    expect(again(NONE, mixed)[1]).toEqual(mixed);
  });
});
