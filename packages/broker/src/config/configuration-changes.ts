/** What differs between two configurations, key by key: entries of lists are found again by their names, not by their places. */
import type { Configuration } from './configuration.ts';
import type { KeyPath } from './key-path.ts';
import { keyText } from './key-path.ts';
import type { AnyRow, AnyTable } from './row.ts';
import { configurationRow } from './row-at.ts';
import { hidden } from './secrets.ts';

/** A value is undefined where the key is not there; a secret is shown as one. */
export interface ConfigurationChange {
  /** Such as `limits.queuedMessages`, or `listeners["tcp:1883"].port`. */
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** @returns nothing if both say the same; else the differences in the order of docs/configuration.md */
export function describeChanges(before: Configuration, after: Configuration): readonly ConfigurationChange[] {
  const changes: ConfigurationChange[] = [];
  compare({ before, after }, configurationRow(), [], changes);
  return changes;
}

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
}

function compare(pair: Pair, row: AnyRow | undefined, path: KeyPath, changes: ConfigurationChange[]): void {
  const { before, after } = pair;
  if (isSame(before, after)) return;
  const isSection = [before, after].every((each) => isObject(each) && !Array.isArray(each));
  if (isSection && row?.kind === 'section') compareKeys(pair, row.keys, path, changes);
  else if (isSection && row?.kind === 'map') compareNames(pair, row.of, path, changes);
  else if (isSection && row?.kind === 'variants') compareVariant(pair, row, path, changes);
  else if (
    row?.kind === 'list' &&
    row.entryKey !== undefined &&
    Array.isArray(before) &&
    Array.isArray(after)
  )
    compareEntries(before, after, row, path, changes);
  else if (row?.kind === 'list' && row.of.kind === 'section' && Array.isArray(before) && Array.isArray(after))
    compareSequence(before, after, row.of, path, changes);
  else changes.push({ key: keyText(path), before: hidden(before, row), after: hidden(after, row) });
}

function compareKeys(pair: Pair, keys: AnyTable, path: KeyPath, changes: ConfigurationChange[]): void {
  for (const [name, row] of Object.entries(keys)) compare(below(pair, name), row, [...path, name], changes);
}

function compareNames(pair: Pair, row: AnyRow, path: KeyPath, changes: ConfigurationChange[]): void {
  const names = new Set([pair.before, pair.after].flatMap((each) => Object.keys(each as object)));
  for (const name of names) compare(below(pair, name), row, [...path, name], changes);
}

function compareVariant(
  pair: Pair,
  row: AnyRow & { readonly kind: 'variants' },
  path: KeyPath,
  changes: ConfigurationChange[],
): void {
  const type = (pair.before as { readonly type: string }).type;
  if (type === (pair.after as { readonly type: string }).type)
    compareKeys(pair, row.variants[type]!.keys, path, changes);
  else changes.push({ key: keyText(path), before: hidden(pair.before, row), after: hidden(pair.after, row) });
}

/** Entries that have a name, or the like: one that came or went changes none of the others. */
function compareEntries(
  before: readonly unknown[],
  after: readonly unknown[],
  { of, entryKey }: AnyRow & { readonly kind: 'list' },
  path: KeyPath,
  changes: ConfigurationChange[],
): void {
  const earlier = byName(before, entryKey!);
  const later = byName(after, entryKey!);
  for (const name of new Set([...earlier.keys(), ...later.keys()]))
    compare({ before: earlier.get(name), after: later.get(name) }, of, [...path, name], changes);
  const staying = [...earlier.keys()].filter((name) => later.has(name));
  const order = [...later.keys()].filter((name) => earlier.has(name));
  if (!isSame(staying, order))
    changes.push({ key: `${keyText(path)} (order)`, before: staying, after: order });
}

/** The second of a name gets a number. */
function byName(entries: readonly unknown[], entryKey: string): ReadonlyMap<string, unknown> {
  const named = new Map<string, unknown>();
  for (const entry of entries) {
    const base = String((entry as Readonly<Record<string, unknown>>)[entryKey]);
    let name = base;
    for (let count = 2; named.has(name); count++) name = `${base} (${count})`;
    named.set(name, entry);
  }
  return named;
}

/** Entries without a name, such as rules: what both begin and end with stays, and the rest came or went. */
function compareSequence(
  before: readonly unknown[],
  after: readonly unknown[],
  row: AnyRow,
  path: KeyPath,
  changes: ConfigurationChange[],
): void {
  const least = Math.min(before.length, after.length);
  let start = 0;
  while (start < least && isSame(before[start], after[start])) start++;
  let end = 0;
  while (end < least - start && isSame(before.at(-1 - end), after.at(-1 - end))) end++;
  const gone = before.slice(start, before.length - end);
  const come = after.slice(start, after.length - end);
  for (let at = 0; at < Math.max(gone.length, come.length); at++) {
    const pair = { before: gone[at], after: come[at] };
    compare(pair, row, [...path, start + at], changes);
  }
}

function below({ before, after }: Pair, name: string): Pair {
  return { before: own(before, name), after: own(after, name) };
}

function own(value: unknown, name: string): unknown {
  return Object.hasOwn(value as object, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** Whether two plain values say the same, in whatever order their keys stand. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && isSame(own(a, name), own(b, name)));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
