/** Reads the words of a command line by a table of flags. */
import { UsageError } from '../usage-error.ts';
import { hasStrayBytes } from './bytes-in-text.ts';
import type { Flag, FlagTable, FlagValues } from './flag.ts';
import { HelpRequest } from './help-request.ts';
import { nearest } from './nearest.ts';
import { quoted } from './value-parsers.ts';

/** What may stand beside the flags. */
export interface PositionalWords {
  /** What they are, for messages: `file`, `host`. */
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  /** They may be no UTF-8; see `takesBytes` of a flag. @default false: those are refused */
  readonly takesBytes?: true;
}

export interface ParseOptions {
  /** @default 'none' */
  readonly positionals?: 'none' | PositionalWords;
  /** False: there may be fewer or more positional words, since others are still to come. @default true */
  readonly checksCount?: boolean;
  /** Values are read as Mosquitto's tools do. @default false */
  readonly asMosquitto?: boolean;
}

/** A flag as it was typed. */
export interface GivenFlag {
  /** Its name in the table. */
  readonly key: string;
  /** The flag and its values. */
  readonly words: readonly string[];
}

export interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  readonly positionals: readonly string[];
  /** Every flag in the order in which it was typed. */
  readonly given: readonly GivenFlag[];
}

/**
 * After the word `--` everything is positional, where that is allowed; `-` alone always is.
 *
 * @throws {UsageError} for a flag that the table lacks, with the nearest that it has; a value that is missing or wrong; words
 *   that are too many or too few
 * @throws {HelpRequest} for `--help` and `--version`
 */
export function parseFlags<Table extends FlagTable>(
  table: Table,
  words: readonly string[],
  { positionals: allowed = 'none', checksCount = true, asMosquitto = false }: ParseOptions = {},
): ParsedFlags<Table> {
  const byName = flagsByName(table);
  const values = emptyValues(table);
  const positionals: string[] = [];
  const given: GivenFlag[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at]!;
    if (allowed !== 'none' && word === '--') {
      positionals.push(...words.slice(at + 1));
      break;
    }
    const found = byName.get(word) ?? splitAtEquals(byName, word);
    if (found === undefined) {
      if (word === '--help' || word === '--version')
        throw new HelpRequest(word === '--help' ? 'help' : 'version');
      if (allowed === 'none' || (word.startsWith('-') && word !== '-')) throw unknownWord(word, byName);
      positionals.push(word);
      at++;
    } else {
      const end = at + 1 + takeValue(found, words.slice(at + 1, at + 1 + MOST_WORDS), values, asMosquitto);
      given.push({ key: found.key, words: words.slice(at, end) });
      at = end;
    }
  }
  if (allowed !== 'none') checkPositionals(positionals, allowed, checksCount);
  return { values: values as FlagValues<Table>, positionals, given };
}

/** A flag takes no more words than this: the command, the property, and the two of a user property. */
const MOST_WORDS = 8;

interface FoundFlag {
  readonly key: string;
  readonly flag: Flag;
  readonly name: string;
  /** Of `--flag=value`. */
  readonly joined?: string;
}

function flagsByName(table: FlagTable): ReadonlyMap<string, FoundFlag> {
  const byName = new Map<string, FoundFlag>();
  for (const [key, flag] of Object.entries(table)) {
    for (const name of flag.names) byName.set(name, { key, flag, name });
  }
  return byName;
}

function splitAtEquals(byName: ReadonlyMap<string, FoundFlag>, word: string): FoundFlag | undefined {
  const [, name, joined] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  const found = name === undefined ? undefined : byName.get(name);
  if (found === undefined) return undefined;
  if (found.flag.kind === 'switch')
    throw new UsageError(`${name}: expected no value, got ${quoted(joined!)}`, `Unknown option '${word}'.`);
  return { ...found, joined: joined! };
}

function emptyValues(table: FlagTable): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, { kind }] of Object.entries(table)) {
    values[key] = kind === 'switch' ? false : kind === 'value' ? undefined : [];
  }
  return values;
}

/** @returns how many of the words belong to the flag */
function takeValue(
  found: FoundFlag,
  next: readonly string[],
  values: Record<string, unknown>,
  asMosquitto: boolean,
): number {
  const { key, flag, joined } = found;
  if (flag.kind === 'switch') {
    values[key] = true;
    return 0;
  }
  const words = joined === undefined ? next : [joined, ...next];
  if (words.length === 0) throw missingValue(found);
  if (flag.takesBytes !== true && hasStrayBytes(words[0]!)) throw noText(found, words[0]!);
  if (flag.kind === 'words') {
    const { taken, value } = named(found, () => flag.take(words));
    (values[key] as unknown[]).push(value);
    return joined === undefined ? taken : taken - 1;
  }
  const theirs = asMosquitto && flag.kind === 'value' ? flag.mosquittoParse : undefined;
  const parse: (text: string) => unknown = theirs ?? flag.parse;
  const value = named(found, () => parse(words[0]!));
  if (flag.kind === 'value') values[key] = value;
  else (values[key] as unknown[]).push(value);
  return joined === undefined ? 1 : 0;
}

/** What is wrong with a value is said with the flag's name in front. */
function named<Value>({ name }: FoundFlag, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw error instanceof UsageError ? error.at(name) : error;
  }
}

function noText({ name }: FoundFlag, given: string): UsageError {
  return new UsageError(
    `${name}: expected text in UTF-8, got ${quoted(given)}`,
    `Malformed UTF-8 in ${name} argument.`,
  );
}

function missingValue({ flag, name }: FoundFlag): UsageError {
  if (flag.kind === 'switch') return new UsageError(`${name}: expected no value`);
  return new UsageError(
    `${name}: expected a value after it (${flag.placeholder}), got none`,
    flag.missing ?? `${flag.names[0]} argument given but no ${flag.placeholder} specified.`,
  );
}

function unknownWord(word: string, byName: ReadonlyMap<string, FoundFlag>): UsageError {
  const mosquitto = `Unknown option ${quoted(word)}.`;
  if (!word.startsWith('-')) {
    const isUrl = /^[a-z+]+:\/\//i.test(word) && byName.has('-L');
    return new UsageError(
      `expected options only, got ${quoted(word)}${isUrl ? '; a URL stands behind -L' : ''}`,
      mosquitto,
    );
  }
  const shown = word.replace(/=.*$/s, '');
  const near = nearest(shown, [...byName.keys(), '--help', '--version']);
  const hint = near === undefined ? '; --help lists what there is' : `; did you mean ${near}?`;
  return new UsageError(`unknown option ${quoted(shown)}${hint}`, mosquitto);
}

function checkPositionals(
  positionals: readonly string[],
  { name, minimum, maximum, takesBytes }: PositionalWords,
  checksCount: boolean,
): void {
  const noUtf8 = takesBytes === true ? undefined : positionals.find(hasStrayBytes);
  if (noUtf8 !== undefined) throw new UsageError(`expected words in UTF-8, got ${quoted(noUtf8)}`);
  if (!checksCount) return;
  if (positionals.length < minimum) {
    const some = minimum === 1 ? `a ${name}` : `${minimum} of ${name}`;
    throw new UsageError(`expected ${some}, got ${positionals.length === 0 ? 'none' : positionals.length}`);
  }
  if (positionals.length > maximum) {
    const more = quoted(positionals[maximum]!);
    throw new UsageError(
      maximum === 0
        ? `expected options only, got ${more}`
        : `expected no more than ${maximum} of ${name}, got ${more} too`,
    );
  }
}
