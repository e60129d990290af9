// What docs/guides/configuring.md shows is what the broker reads, and what its commands say.

import { readFileSync } from 'node:fs';
import { parseConfiguration } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { errorLines, FILE, parsed } from './parsed.ts';

const guide = readFileSync(new URL('../../../../docs/guides/configuring.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);
const variables = [...guide.matchAll(/^\| `([^`]+)` \| `(MARTLET_[^=`]+)=([^`]+)` \|$/gm)].map(
  ([, key, variable, value]) => [key!, variable!, value!] as const,
);

describe('The guide to configuring', () => {
  test.each(examples)('has examples that are in order: %#', (text) => {
    expect(errorLines(text)).toEqual([]);
    const notices = parseConfiguration(text, FILE).notices.map(({ code }) => code);
    expect(notices).toEqual(text.includes('bridges:') ? ['later'] : []);
  });

  test('has examples', () => {
    expect(examples.length).toBeGreaterThan(5);
    expect(variables.length).toBeGreaterThan(3);
  });

  test.each(variables)('has variables of the keys that it says: %s', (key, variable, value) => {
    const plain = value.replaceAll("'", '');
    const { source } = parseConfiguration('{}', FILE, { env: { [variable]: plain } });
    const path = key.split(/[.[\]]+/).filter((part) => part !== '');
    const numbered = path.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    expect(source.originOf(numbered)).toEqual({ kind: 'environment', variable });
  });

  test('says who may connect when nothing is said', () => {
    expect(parsed('{}').authentication.anonymous).toBe(true);
    expect(parsed(examples[0]!).authentication.anonymous).toBe(false);
    expect(parsed(examples[0]!).authorization.default).toBe('deny');
    expect(parsed('{}').authorization.default).toBe('allow');
  });
});
