// The guide explains the whole language of -F, and nothing that is not in it.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseFormat } from '../../src/messages/format-pieces.ts';

const GUIDE = readFileSync(new URL('../../../../docs/guides/command-line.md', import.meta.url), 'utf8');
const SECTION = GUIDE.slice(GUIDE.indexOf('### The formats of -F'));

/** What stands in code in the table and in the text. */
const CODE = [...SECTION.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

function isAccepted(format: string): boolean {
  try {
    parseFormat(format);
    return true;
  } catch {
    return false;
  }
}

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\\'];

describe('the guide to formats', () => {
  test.each(['%', '\\'])('has every letter that may follow %s', (sign) => {
    const accepted = LETTERS.map((letter) => `${sign}${letter}`).filter(isAccepted);
    expect(accepted.length).toBeGreaterThan(5);
    expect(CODE).toEqual(expect.arrayContaining(accepted));
  });

  test('has no format that is refused', () => {
    const formats = CODE.filter((code) => /^[%@\\]./.test(code));
    expect(formats.filter((format) => !isAccepted(format))).toEqual([]);
  });
});
