/**
 * What the configuration may say, as tables: a row for each key. From the rows come the schema that checks a configuration, the
 * JSON Schema for editors, the documentation, and how a variable of the environment is read.
 *
 * A row with `default` may be left out; one without it must be given. `default: null` makes `null` a value too. The types hold a
 * table and its interface together: a key that one of them lacks, or whose value the other could not hold, does not compile.
 */

interface RowBasis<Value> {
  /** What it is; a part of a sentence, or several. */
  readonly text: string;
  readonly default?: Value;
  /** What stands for the default in documentation, where it depends on other keys. */
  readonly defaultText?: string;
  /** May be left out, and is not there then. */
  readonly optional?: true;
  /** Whether `null` may be written though it is no default. */
  readonly nullable?: true;
}

export interface SwitchRow<Value> extends RowBasis<Value> {
  readonly kind: 'switch';
}

/** Units in which amounts are kept. Those of time and of bytes may be written as `1h30m` and `16MiB`, too. */
export interface NumberRow<Value> extends RowBasis<Value> {
  readonly kind: 'number';
  readonly minimum: number;
  readonly maximum: number;
  /** `ms`, `s`, `bytes`, or what is counted. */
  readonly unit: string;
  /** Fractions too. @default false */
  readonly fractions?: true;
}

export interface TextRow<Value> extends RowBasis<Value> {
  readonly kind: 'text';
  /** What all of the text must match. */
  readonly pattern?: string;
  /** What the pattern, or the check, asks for. */
  readonly expected?: string;
  /** A check that no pattern can make. */
  readonly form?: TextForm;
  /** Never shown. */
  readonly secret?: true;
  /** A whole number from here on is as good: the number of a file descriptor. */
  readonly orNumberFrom?: number;
}

export type TextForm = 'topic-filter' | 'topic-name' | 'address-block' | 'url' | 'plain';

/** A file or directory; a relative one is relative to the directory of the configuration's file. */
export interface PathRow<Value> extends RowBasis<Value> {
  readonly kind: 'path';
  /** Words that are no paths. */
  readonly words?: readonly string[];
  /** Whether `false` says that there is none. */
  readonly orFalse?: true;
}

export interface ChoiceRow<Value> extends RowBasis<Value> {
  readonly kind: 'choice';
  readonly choices: readonly Exclude<Value, null>[];
}

/** Permission bits, written in octal: `'0660'`, `0o660`. */
export interface ModeRow<Value> extends RowBasis<Value> {
  readonly kind: 'mode';
}

/** Lists hold no more, unless their row says so. */
export const MAXIMUM_ENTRIES = 10_000;

/** One entry may stand for a list of it, unless the entries are lists or sections. */
export interface ListRow<Value, Item> extends RowBasis<Value> {
  readonly kind: 'list';
  readonly of: Row<Item>;
  /** @default {@link MAXIMUM_ENTRIES} */
  readonly maximumEntries?: number;
  readonly minimumEntries?: number;
  /** The key by which its sections are told apart, where their order is not all that does. */
  readonly entryKey?: string;
}

export interface SectionRow<Value, Keys> extends RowBasis<null> {
  readonly kind: 'section';
  readonly keys: Table<Keys>;
  /** True of the value `null` being the default, and allowed. */
  readonly default?: null extends Value ? null : never;
}

/** Names that the user chooses, each with a value. */
export interface MapRow<Value, Item> extends RowBasis<Value> {
  readonly kind: 'map';
  /** What the names are, such as `user`. */
  readonly of: Row<Item>;
  readonly names: string;
}

/** A section whose other keys depend on its `type`. */
export interface VariantsRow<Value extends { readonly type: string }> extends RowBasis<never> {
  readonly kind: 'variants';
  readonly variants: {
    readonly [Type in Value['type']]: Variant<Omit<Extract<Value, { readonly type: Type }>, 'type'>>;
  };
}

export interface Variant<Keys> {
  readonly text: string;
  readonly keys: Table<Keys>;
}

/** The rows that can stand for a value of the type. */
export type Row<Value> = [NonNullable<Value>] extends [boolean]
  ? SwitchRow<Value> | ChoiceRow<Value>
  : [NonNullable<Value>] extends [number]
    ? NumberRow<Value> | ChoiceRow<Value> | ModeRow<Value>
    : [NonNullable<Value>] extends [string | number]
      ? TextRow<Value> | PathRow<Value> | ChoiceRow<Value>
      : [NonNullable<Value>] extends [string | false]
        ? PathRow<Value>
        : [NonNullable<Value>] extends [readonly (infer Item)[]]
          ? ListRow<Value, Item>
          : [NonNullable<Value>] extends [{ readonly type: infer Type extends string }]
            ? VariantsRow<Extract<NonNullable<Value>, { readonly type: Type }>>
            : string extends keyof NonNullable<Value>
              ? MapRow<Value, NonNullable<Value>[keyof NonNullable<Value>]>
              : SectionRow<Value, NonNullable<Value>>;

export type Table<Keys> = { readonly [Name in keyof Keys]-?: Row<Keys[Name]> };

/** Any row, for code that walks the tables and has values of any type. */
export type AnyRow =
  | SwitchRow<unknown>
  | NumberRow<unknown>
  | TextRow<unknown>
  | PathRow<unknown>
  | (Omit<ChoiceRow<unknown>, 'choices'> & { readonly choices: readonly (string | number | boolean)[] })
  | ModeRow<unknown>
  | AnyListRow
  | AnySectionRow
  | AnyMapRow
  | AnyVariantsRow;

export type AnyTable = Readonly<Record<string, AnyRow>>;

interface AnyListRow extends RowBasis<unknown> {
  readonly kind: 'list';
  readonly of: AnyRow;
  readonly maximumEntries?: number;
  readonly minimumEntries?: number;
  readonly entryKey?: string;
}

interface AnySectionRow extends RowBasis<unknown> {
  readonly kind: 'section';
  readonly keys: AnyTable;
}

interface AnyMapRow extends RowBasis<unknown> {
  readonly kind: 'map';
  readonly of: AnyRow;
  readonly names: string;
}

interface AnyVariantsRow extends RowBasis<unknown> {
  readonly kind: 'variants';
  readonly variants: Readonly<Record<string, { readonly text: string; readonly keys: AnyTable }>>;
}
