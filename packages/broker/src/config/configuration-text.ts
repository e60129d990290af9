/** A configuration as YAML or JSON, for people who want to see what holds and why. Secrets are hidden. */
import { Document, isCollection, isMap, isPair, Scalar, visit } from 'yaml';
import type { Configuration } from './configuration.ts';
import type { KeyPath } from './key-path.ts';
import { keyText } from './key-path.ts';
import type { AnyRow } from './row.ts';
import { configurationRow, keysOfVariant } from './row-at.ts';
import { hidden } from './secrets.ts';
import type { Source, ValueOrigin } from './source.ts';

export interface TextOptions {
  /** Only what a file, the environment or flags say. @default false: everything that holds */
  readonly given?: boolean;
  /** Says of every value where it comes from. @default false */
  readonly origins?: boolean;
}

/** What a value is, and where it comes from. */
export interface ShownValue {
  /** Such as `limits.connections`. */
  readonly key: string;
  readonly value: unknown;
  /** Such as `martlet.yaml:12`, `MARTLET_LIMITS__CONNECTIONS`, `--limit` or `default`. */
  readonly origin: string;
}

/** Read again, it is the same configuration, but for secrets. */
export function configurationYaml(
  configuration: Configuration,
  source: Source,
  { given = false, origins = false }: TextOptions = {},
): string {
  const shown = shownConfiguration(configuration, source, given);
  const document = new Document(shown, { aliasDuplicateObjects: false });
  quoteModes(document);
  if (origins) addOrigins(document, source);
  return document.toString({ lineWidth: 0 });
}

/** The configuration as plain data: as it was checked, but for permission bits, which are text as in a file. */
export function shownConfiguration(configuration: Configuration, source: Source, given = false): unknown {
  const row = configurationRow();
  const shown = asInFile(hidden(configuration, row), row);
  return given ? (givenOnly(shown, source, []) ?? {}) : shown;
}

/** Every value by itself, in the order of docs/configuration.md. */
export function shownValues(
  configuration: Configuration,
  source: Source,
  given = false,
): readonly ShownValue[] {
  const values: ShownValue[] = [];
  const add = (value: unknown, path: KeyPath): void => {
    const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    if (typeof value !== 'object' || value === null || isEmpty)
      values.push({ key: keyText(path), value, origin: originText(source.originOf(path)) });
    else
      for (const [name, each] of Object.entries(value))
        add(each, [...path, Array.isArray(value) ? Number(name) : name]);
  };
  add(shownConfiguration(configuration, source, given), []);
  return values;
}

export function originText(origin: ValueOrigin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'file':
      return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
    case 'environment':
      return origin.variable;
    case 'flag':
      return origin.flag;
  }
}

/** Permission bits are text in a file, since YAML reads 0660 as another number. */
function asInFile(value: unknown, row: AnyRow | undefined): unknown {
  if (row === undefined || typeof value !== 'object' || value === null)
    return row?.kind === 'mode' && typeof value === 'number' ? value.toString(8).padStart(4, '0') : value;
  if (Array.isArray(value))
    return value.map((each) => asInFile(each, row.kind === 'list' ? row.of : undefined));
  const entries = Object.entries(value).map(([name, each]) => [
    name,
    asInFile(each, rowBelow(row, name, value)),
  ]);
  return Object.fromEntries(entries);
}

function rowBelow(row: AnyRow, name: string, value: object): AnyRow | undefined {
  if (row.kind === 'section') return row.keys[name];
  if (row.kind === 'map') return row.of;
  return row.kind === 'variants' ? keysOfVariant(row, value)?.[name] : undefined;
}

/** @returns undefined if nothing of it was given */
function givenOnly(value: unknown, source: Source, path: KeyPath): unknown {
  if (Array.isArray(value)) {
    if (source.originOf(path).kind === 'default') return undefined;
    return value.map((each, at) => givenOnly(each, source, [...path, at]) ?? each);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .map(([name, each]) => [name, givenOnly(each, source, [...path, name])] as const)
      .filter(([, each]) => each !== undefined);
    if (entries.length > 0) return Object.fromEntries(entries);
    return path.length > 0 && source.originOf(path).kind !== 'default' ? {} : undefined;
  }
  return source.originOf(path).kind === 'default' ? undefined : value;
}

/** YAML 1.2 would need no quotes; people, and other readers of YAML, do. */
function quoteModes(document: Document): void {
  visit(document, {
    Scalar(_key, scalar) {
      if (typeof scalar.value === 'string' && /^0[0-7]+$/.test(scalar.value))
        scalar.type = Scalar.QUOTE_SINGLE;
    },
  });
}

function addOrigins(document: Document, source: Source): void {
  visit(document, (key, node, above) => {
    if (!(node instanceof Scalar) || key === 'key') return;
    node.comment = ` ${originText(source.originOf(pathOf(key, above)))}`;
  });
}

/** The way to a value, from the nodes above it. */
function pathOf(key: number | 'key' | 'value' | null, above: readonly unknown[]): KeyPath {
  const path: (string | number)[] = [];
  for (const [at, node] of above.entries()) {
    const next = above[at + 1];
    if (isPair(node)) path.push(String((node.key as Scalar).value));
    else if (isCollection(node) && !isMap(node))
      path.push(next === undefined ? Number(key) : node.items.indexOf(next));
  }
  return path;
}
