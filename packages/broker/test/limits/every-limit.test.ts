import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/options/limits.ts';

test('every limit of the table has tests named by it', () => {
  const sources = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(`${import.meta.dirname}/${name}`, 'utf8'))
    .join('\n');
  const described = [...sources.matchAll(/^(?:describe\(| {2}\[)'(\w+)'/gm)].map(([, name]) => name).sort();
  expect(described).toEqual(Object.keys(LIMITS).sort());
});
