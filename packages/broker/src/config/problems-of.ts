/** What zod found, in our words: what was expected by the row of the key, what came, and what was probably meant. */
import type { z } from 'zod';
import { nearestName } from '../core/options/nearest-name.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import { expectedText, shownValue } from './expected-text.ts';
import type { KeyPath } from './key-path.ts';
import { keyText, valueAt } from './key-path.ts';
import type { AnyRow, AnyTable } from './row.ts';
import { configurationRow, keysOfVariant, rowAt } from './row-at.ts';
import type { Source } from './source.ts';

type Issue = z.core.$ZodIssue;

/** @param input what was checked */
export function problemsOf(
  issues: readonly Issue[],
  input: unknown,
  source: Source,
): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  for (const issue of issues) {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys.slice(0, MAXIMUM_PROBLEMS))
        problems.push(unknownKey([...path, key], input, source));
    else problems.push(badValue(path, issue, input, source));
    if (problems.length >= MAXIMUM_PROBLEMS) return problems.slice(0, MAXIMUM_PROBLEMS);
  }
  return problems;
}

/** Who has mended so many can ask again. */
const MAXIMUM_PROBLEMS = 1000;

function unknownKey(path: KeyPath, input: unknown, source: Source): ConfigurationProblem {
  const name = String(path.at(-1));
  const above = path.slice(0, -1);
  const row = rowAt(above, input);
  const keys = keysOf(row, valueAt(input, above));
  const hint = keyHint(name, keys);
  return {
    ...source.placeOfKey(path),
    key: keyText(path),
    severity: 'error',
    code: 'unknown-key',
    text: `unknown key${hint}`,
  };
}

function keysOf(row: AnyRow | undefined, value: unknown): readonly string[] {
  if (row?.kind === 'section') return Object.keys(row.keys);
  if (row?.kind === 'variants') return ['type', ...Object.keys(keysOfVariant(row, value) ?? {})];
  if (row?.kind === 'list') return keysOf(row.of, value);
  return [];
}

/** The nearest key that is known here; else where a key of this name belongs; else all, if they are few. */
function keyHint(name: string, keys: readonly string[]): string {
  const near = nearestName(name, keys);
  if (near !== undefined) return `; did you mean ${near}?`;
  const elsewhere = placesOf(name, configurationRow().keys, '');
  if (elsewhere.length > 0) return `; it belongs to ${elsewhere.slice(0, 3).join(' or ')}`;
  if (keys.length === 0) return '; there are no keys here';
  return keys.length > 20 ? '; docs/configuration.md has them all' : `; expected ${keys.join(', ')}`;
}

/** Where keys of the name are, such as `listeners[].port`. */
function placesOf(name: string, keys: AnyTable, prefix: string): readonly string[] {
  return Object.entries(keys).flatMap(([key, row]) => {
    const here = key === name ? [`${prefix}${key}`] : [];
    return [...here, ...placesBelow(name, row, `${prefix}${key}`)];
  });
}

function placesBelow(name: string, row: AnyRow, prefix: string): readonly string[] {
  switch (row.kind) {
    case 'section':
      return placesOf(name, row.keys, `${prefix}.`);
    case 'list':
      return placesBelow(name, row.of, `${prefix}[]`);
    case 'variants':
      return Object.values(row.variants).flatMap(({ keys }) => placesOf(name, keys, `${prefix}.`));
    default:
      return [];
  }
}

function badValue(path: KeyPath, issue: Issue, input: unknown, source: Source): ConfigurationProblem {
  const row = rowAt(path, input);
  const given = givenPath(path, input);
  const value = valueAt(input, given);
  const problem = { ...source.placeOf(given), key: keyText(given), severity: 'error' } as const;
  if (issue.code === 'invalid_key')
    return { ...problem, code: 'bad-value', text: 'expected a name without control characters' };
  if (value === undefined) {
    const expected = row === undefined ? '' : `: expected ${expectedText(row)}`;
    return { ...problem, code: 'missing-key', text: `must be given${expected}` };
  }
  if (row === undefined) return { ...problem, code: 'bad-value', text: issue.message };
  const got = mayBeSecret(row) ? 'something else' : shownValue(value);
  return {
    ...problem,
    code: 'bad-value',
    text: `expected ${expectedText(row, value)}, got ${got}${valueHint(row, value)}`,
  };
}

/** An address may have a password in it. */
function mayBeSecret(row: AnyRow): boolean {
  return row.kind === 'text' && (row.secret === true || row.form === 'url');
}

/** Where the value stands: a word alone may stand for a list of it, or for a section with this type. */
function givenPath(path: KeyPath, input: unknown): KeyPath {
  for (let length = path.length; length > 0; length--) {
    const value = valueAt(input, path.slice(0, length));
    if (value === undefined) continue;
    return typeof value === 'object' ? path : path.slice(0, length);
  }
  return path;
}

function valueHint(row: AnyRow, value: unknown): string {
  if (row.kind === 'text' && typeof value === 'number') return '; put it in quotes to make it text';
  if (row.kind === 'switch' && typeof value === 'string' && /^(yes|no|on|off)$/i.test(value))
    return `; did you mean ${/^(yes|on)$/i.test(value) ? 'true' : 'false'}?`;
  if (row.kind !== 'choice' || typeof value !== 'string') return '';
  const near = nearestName(value, row.choices.map(String));
  return near === undefined ? '' : `; did you mean ${near}?`;
}
