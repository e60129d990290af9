import { describe, expect, test } from 'vitest';
import { saslPrep } from '../../src/authentication/sasl-prep.ts';

/** Table D.1 of RFC 3454, characters that are written from right to left, up to U+07B1: NFKC takes apart the rest. */
const TABLE_D1 =
  '05BE 05C0 05C3 05D0-05EA 05F0-05F4 061B 061F 0621-063A 0640-064A 066D-066F 0671-06D5 06DD 06E5-06E6 06FA-06FE ' +
  '0700-070D 0710 0712-072C 0780-07A5 07B1';

/** Tables C.2.1 to C.9 without those of planes 1 to 16, and without U+0340 and U+0341, which NFKC replaces. */
const PROHIBITED =
  '0000-001F 007F 0080-009F 06DD 070F 180E 2028 2029 2061-2063 206A-206F FFF9-FFFC E000-F8FF FDD0-FDEF FFFE-FFFF ' +
  'D800-DFFF FFFD 2FF0-2FFB 200E 200F 202A-202E';

/** Table B.1 without U+200B, which table C.1.2 makes a space. */
const MAPPED_TO_NOTHING = '00AD 034F 1806 180B-180D 200C-200D 2060 FE00-FE0F FEFF';

const OTHER_SPACES = '00A0 1680 2000-200B 202F 205F 3000';

function charactersOf(table: string): string[] {
  return table.split(' ').flatMap((row) => {
    const [first = 0, last = first] = row.split('-').map((hex) => Number.parseInt(hex, 16));
    return Array.from({ length: last - first + 1 }, (_, index) => String.fromCharCode(first + index));
  });
}

const failures = (table: string, holds: (character: string) => boolean): string[] =>
  charactersOf(table)
    .filter((character) => !holds(character))
    .map((character) => character.charCodeAt(0).toString(16));

describe('SASLprep', () => {
  test.each([
    ['SOFT HYPHEN mapped to nothing', 'I\u00adX', 'IX'],
    ['no transformation', 'user', 'user'],
    ['case preserved', 'USER', 'USER'],
    ['NFKC of a feminine ordinal', '\u00aa', 'a'],
    ['NFKC of a Roman numeral', '\u2168', 'IX'],
    ['a prohibited character', '\u0007', undefined],
    ['right-to-left text that ends with a digit', '\u06271', undefined],
  ])('gives what RFC 4013, section 3, gives: %s', (_what, text, prepared) => {
    expect(saslPrep(text)).toBe(prepared);
  });

  test('leaves printable ASCII as it is', () => {
    const ascii = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
    expect(saslPrep(ascii)).toBe(ascii);
    expect(saslPrep('')).toBe('');
  });

  test('makes every space the plain one', () => {
    expect(failures(OTHER_SPACES, (each) => saslPrep(`a${each}b`) === 'a b')).toEqual([]);
  });

  test('drops what is commonly mapped to nothing', () => {
    expect(failures(MAPPED_TO_NOTHING, (each) => saslPrep(`a${each}b${each}`) === 'ab')).toEqual([]);
  });

  test('composes, so that two spellings are one', () => {
    expect(saslPrep('e\u0301')).toBe(saslPrep('\u00e9'));
    expect(saslPrep('\u1e9b\u0323')).toBe('\u1e69');
    expect(saslPrep('\ufb01')).toBe('fi');
  });

  test('refuses what is prohibited, alone and among others', () => {
    expect(failures(PROHIBITED, (each) => saslPrep(each) === undefined)).toEqual([]);
    expect(failures(PROHIBITED, (each) => saslPrep(`a${each}b`) === undefined)).toEqual([]);
    for (const point of [0x1d173, 0x1fffe, 0xe0001, 0xe0020, 0xe007f, 0xf0000, 0x10fffd, 0x10ffff]) {
      expect(saslPrep(String.fromCodePoint(point))).toBeUndefined();
    }
  });

  test('refuses characters that are not assigned', () => {
    expect(saslPrep('\u0378')).toBeUndefined();
    expect(saslPrep('\u{1fbfa}\u{3fffd}')).toBeUndefined();
  });

  test('lets emoji and letters pass that Unicode got after 2002', () => {
    expect(saslPrep('😀')).toBe('😀');
    expect(saslPrep('ẞ')).toBe('ẞ');
  });

  test('knows the right-to-left characters: they stand with no left-to-right one, and at both ends', () => {
    const prohibited = new Set(charactersOf(PROHIBITED));
    const isRightToLeft = (each: string) =>
      prohibited.has(each) ||
      (saslPrep(`${each}1${each}`) !== undefined &&
        saslPrep(`${each}a${each}`) === undefined &&
        saslPrep(`${each}1`) === undefined &&
        saslPrep(`1${each}`) === undefined);
    expect(failures(TABLE_D1, isRightToLeft)).toEqual([]);
    expect(saslPrep('\u0661\u066a a')).toBe('\u0661\u066a a');
  });

  test('takes a long hostile string in one pass', () => {
    const hebrew = '\u05f3'.repeat(50_000);
    expect(saslPrep(`${hebrew}a`)).toBeUndefined();
    expect(saslPrep(`${hebrew}`)).toBe(hebrew);
  });
});
