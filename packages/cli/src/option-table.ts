/**
 * Options of a command, as one table: the flags, the help, the checks and the type of what they give all come from it.
 */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';

interface RowBasis {
  readonly flags: string;
  /** One line for `--help`. */
  readonly text: string;
}

interface NumberRow extends RowBasis {
  readonly kind: 'number';
  /** Null: there is none unless it is given. */
  readonly default: number | null;
  readonly minimum: number;
  readonly maximum: number;
}

interface TextRow extends RowBasis {
  readonly kind: 'text';
  /** Null: there is none unless it is given. */
  readonly default: string | null;
  /** A regular expression that it has to match, and what that asks for in words. */
  readonly pattern?: string;
  readonly expected?: string;
}

/** Undefined unless it is given. */
export interface OptionalTextRow extends TextRow {
  readonly default: null;
}

interface ChoiceRow extends RowBasis {
  readonly kind: 'choice';
  readonly default: string;
  readonly choices: readonly string[];
}

/** On unless its `--no-…` is given. */
interface SwitchRow extends RowBasis {
  readonly kind: 'switch';
}

/** Off unless it is given. */
export interface FlagRow extends RowBasis {
  readonly kind: 'flag';
}

/** Counts how often it is given. */
interface CountRow extends RowBasis {
  readonly kind: 'count';
}

/** Collects what it is given, in order. */
interface ListRow extends RowBasis {
  readonly kind: 'list';
}

export type OptionRow = NumberRow | TextRow | ChoiceRow | SwitchRow | FlagRow | CountRow | ListRow;
/** Rows by the names under which their values are handed on: the flags' own, in camel case. */
export type OptionTable = Readonly<Record<string, OptionRow>>;

type ValueOf<Row> = Row extends { readonly kind: 'number' | 'count' }
  ? Row extends { readonly default: null }
    ? number | undefined
    : number
  : Row extends { readonly kind: 'switch' }
    ? boolean
    : Row extends { readonly kind: 'flag' }
      ? boolean | undefined
      : Row extends { readonly kind: 'list' }
        ? readonly string[] | undefined
        : Row extends { readonly choices: readonly (infer Choice)[] }
          ? Choice
          : Row extends { readonly default: null }
            ? string | undefined
            : string;

/** What a command is handed. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: ValueOf<Table[Name]>;
};

export function addOptions(command: Command, table: OptionTable): void {
  for (const row of Object.values(table)) command.addOption(optionOf(row));
}

function optionOf(row: OptionRow): Option {
  const option = new Option(row.flags, row.text);
  switch (row.kind) {
    case 'number':
      option.argParser((value) => parseWholeNumber(value, row));
      return row.default === null ? option : option.default(row.default);
    case 'text':
      option.argParser((value) => checkText(value, row));
      return row.default === null ? option : option.default(row.default);
    case 'choice':
      return option.choices(row.choices).default(row.default);
    case 'switch':
    case 'flag':
      return option;
    case 'count':
      return option.argParser((_value, count: number) => count + 1).default(0, 'none');
    case 'list':
      return option.argParser((value, list: readonly string[] | undefined) => [...(list ?? []), value]);
  }
}

function parseWholeNumber(value: string, { minimum, maximum }: NumberRow): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw new InvalidArgumentError(`Expected a whole number from ${minimum} to ${maximum}.`);
}

function checkText(value: string, { pattern, expected }: TextRow): string {
  if (value === '') throw new InvalidArgumentError(`Expected ${expected ?? 'some text'}.`);
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
    throw new InvalidArgumentError(`Expected ${expected}.`);
  return value;
}
