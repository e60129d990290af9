// The tables themselves: whatever a row says about its values holds for its own default.

import { HABITS, LIMITS } from '@martlet/broker';
import { describe, expect, test } from 'vitest';
import { HABITS_ELSEWHERE } from '../../src/config/behaviour-configuration.ts';
import { expectedText } from '../../src/config/expected-text.ts';
import { valueAt } from '../../src/config/key-path.ts';
import type { AnyRow } from '../../src/config/row.ts';
import { configurationRow } from '../../src/config/row-at.ts';
import { parsed } from './parsed.ts';

function rowsOf(row: AnyRow, path: string): readonly (readonly [path: string, row: AnyRow])[] {
  const own = [[path, row] as const];
  switch (row.kind) {
    case 'section':
      return [...own, ...Object.entries(row.keys).flatMap(([name, each]) => rowsOf(each, `${path}.${name}`))];
    case 'list':
    case 'map':
      return [...own, ...rowsOf(row.of, `${path}[]`)];
    case 'variants':
      return [
        ...own,
        ...Object.entries(row.variants).flatMap(([type, { keys }]) =>
          Object.entries(keys).flatMap(([name, each]) => rowsOf(each, `${path}(${type}).${name}`)),
        ),
      ];
    default:
      return own;
  }
}

const rows = rowsOf(configurationRow(), '');

test('There are some hundred rows', () => {
  expect(rows.length).toBeGreaterThan(250);
});

describe.each(rows)('The row %s', (_path, row) => {
  test('says what it is and what it expects, in one line', () => {
    for (const text of [row.text, expectedText(row)]) expect(text).toMatch(/^\S.*\S$/);
    expect(row.text).not.toMatch(/\.$/);
  });

  test('has a default that it allows itself', () => {
    const { default: usual } = row;
    if (row.kind === 'number') {
      expect(row.minimum).toBeLessThan(row.maximum);
      if (typeof usual === 'number') {
        expect(usual).toBeGreaterThanOrEqual(row.minimum);
        expect(usual).toBeLessThanOrEqual(row.maximum);
        expect(row.fractions === true || Number.isInteger(usual)).toBe(true);
      }
    }
    if (row.kind === 'choice') {
      expect(row.choices.length).toBeGreaterThan(1);
      if (usual !== undefined && usual !== null) expect(row.choices).toContain(usual);
    }
    if (row.kind === 'text' && row.pattern !== undefined && typeof usual === 'string')
      expect(usual).toMatch(new RegExp(row.pattern));
    expect(row.optional === true && usual !== undefined).toBe(false);
  });
});

test('Every limit and every habit of the broker is a key', () => {
  const configuration = parsed('{}');
  expect(Object.keys(configuration.limits)).toEqual(Object.keys(LIMITS));
  const elsewhere: Readonly<Record<string, string>> = HABITS_ELSEWHERE;
  for (const name of Object.keys(HABITS)) {
    const path = elsewhere[name]?.split('.') ?? ['behaviour', name];
    expect(valueAt(configuration, path)).not.toBeUndefined();
  }
});
