import { expect, test } from 'vitest';
import { KnownBytes } from '../../src/core/incoming/known-bytes.ts';

interface Text {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Values by their bytes, and the texts that were made, in order. */
function knownTexts(): { readonly known: KnownBytes<Text>; readonly made: string[] } {
  const made: string[] = [];
  const known = new KnownBytes<Text>((bytes) => {
    const text = new TextDecoder().decode(bytes);
    made.push(text);
    return { bytes, text };
  });
  return { known, made };
}

function find(known: KnownBytes<Text>, text: string): string {
  const bytes = new TextEncoder().encode(`<${text}>`);
  return known.find(bytes, 1, bytes.length - 1).text;
}

test('What bytes mean is made once', () => {
  const { known, made } = knownTexts();
  expect(['a', 'b', 'b', 'a', '', ''].map((text) => find(known, text))).toEqual(['a', 'b', 'b', 'a', '', '']);
  expect(made).toEqual(['a', 'b', '']);
});

test('It is made of a copy of the bytes', () => {
  const { known } = knownTexts();
  const bytes = new TextEncoder().encode('first');
  const first = known.find(bytes, 0, bytes.length);
  bytes.set(new TextEncoder().encode('other'));
  expect(known.find(bytes, 0, bytes.length).text).toBe('other');
  expect(new TextDecoder().decode(first.bytes)).toBe('first');
  expect(first.bytes.buffer.byteLength).toBe(5);
});

test('Bytes with the same hash are told apart', () => {
  const { known, made } = knownTexts();
  const alike = ['Aa', 'BB', 'Aa', 'BB'];
  expect(alike.map((text) => find(known, text))).toEqual(alike);
  expect(made).toEqual(alike);
});

test('Bytes that begin alike, or of which one begins the other, are told apart', () => {
  const { known } = knownTexts();
  const names = ['a/b', 'a/c', 'a/', 'a', 'a/b/c', 'b'];
  expect(names.map((text) => find(known, text))).toEqual(names);
  expect(names.toReversed().map((text) => find(known, text))).toEqual(names.toReversed());
});

test('No more than 4096 are remembered', () => {
  const { known, made } = knownTexts();
  for (let i = 0; i < 4096; i++) find(known, `name ${i}`);
  made.length = 0;
  expect(find(known, 'name 0')).toBe('name 0');
  expect(made).toEqual([]);
  find(known, 'one more');
  expect(find(known, 'name 1')).toBe('name 1');
  expect(made).toEqual(['one more', 'name 1']);
});

test('Long ones are not remembered', () => {
  const { known, made } = knownTexts();
  const long = 'x'.repeat(1025);
  for (const text of [long, long]) expect(find(known, text)).toBe(text);
  expect(made).toEqual([long, long]);
});

test('What the bytes cannot mean is refused each time', () => {
  const known = new KnownBytes<Text>(() => {
    throw new RangeError('none');
  });
  for (let i = 0; i < 2; i++) expect(() => find(known, 'a')).toThrow(RangeError);
});
