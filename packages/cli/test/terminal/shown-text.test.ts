import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf, shownTail, shownText } from '../../src/terminal/shown-text.ts';

describe('text as a terminal may show it', () => {
  test.each([
    ['plain', 10, 'plain'],
    ['exactly', 7, 'exactly'],
    ['a bit too long', 7, 'a bit …'],
    ['漢字漢字', 8, '漢字漢字'],
    ['漢字漢字', 7, '漢字漢…'],
    ['漢字漢字', 6, '漢字…'],
    ['e\u0301te\u0301', 3, 'e\u0301te\u0301'],
    ['a\tb\r\n', 20, 'a\\tb\\r\\n'],
    ['\u001b[2J', 20, '\\u001b[2J'],
    ['\u009b1m\u007f', 20, '\\u009b1m\\u007f'],
    ['\u202egnp.exe', 20, '\\u202egnp.exe'],
    ['a\ud800b', 20, 'a\\ud800b'],
    ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 20, '\u{1f468}\u{1f469}\u{1f467}'],
    ['\u2764\ufe0f\u00ad', 20, '\u2764'],
    ['\u0301a', 20, 'a'],
    ['', 5, ''],
    ['anything', 0, ''],
    ['anything', 1, '…'],
  ])('%j in %i columns is %j', (text, columns, shown) => {
    expect(shownText(text, columns)).toBe(shown);
  });

  test.each([
    ['home/kitchen', 12, 'home/kitchen'],
    ['home/kitchen', 8, '…kitchen'],
    ['home/kitchen', 1, '…'],
    ['a/漢字', 4, '…字'],
    ['漢字漢字', 6, '…漢字'],
    ['abcdef\u001b', 8, '…f\\u001b'],
    ['abcdef\u001b', 4, '…'],
    ['ends in …', 20, 'ends in …'],
  ])('the end of %j in %i columns is %j', (text, columns, shown) => {
    expect(shownTail(text, columns)).toBe(shown);
  });

  test('an escape is not cut in two', () => {
    expect(shownText('ab\u001bcd', 7)).toBe('ab…');
  });

  test('says that there was more, even where all that is here has room', () => {
    expect(shownText('abc', 5, true)).toBe('abc…');
    expect(shownText('abc', 3, true)).toBe('ab…');
  });

  test('a letter keeps two marks, and a heap of them ends the text', () => {
    expect(shownText(`a${'\u0301'.repeat(5)}b`, 10)).toBe('a\u0301\u0301b');
    const heap = `a${'\u200d'.repeat(1_000_000)}b`;
    expect(shownText(heap, 10)).toBe('a…');
  });

  test('nothing commands the terminal, and nothing is wider than its room', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.integer({ min: 0, max: 40 }),
        fc.boolean(),
        (text, columns, hasMore) => {
          const shown = shownText(text, columns, hasMore);
          expect(columnsOf(shown)).toBeLessThanOrEqual(columns);
          expect(columnsOf(shownTail(text, columns))).toBeLessThanOrEqual(columns);
          expect(shown).not.toMatch(
            /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/u,
          );
          expect(Buffer.from(shown).toString()).toBe(shown);
        },
      ),
      { numRuns: 500 },
    );
  });
});
