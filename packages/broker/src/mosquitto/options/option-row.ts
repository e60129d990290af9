/**
 * The options of `mosquitto.conf`, as tables: a row for each option that Mosquitto 2.0 or 2.1 knows. Reading a file, the report of
 * `martlet config migrate` and the table in docs/guides/from-mosquitto.md come from them.
 */

/**
 * Where an option counts.
 *
 * `security` options belong to all listeners, or with `per_listener_settings true` to the `listener` line above them. A
 * `listener` option before the first `listener` line belongs to the default listener (see `DefaultListener`).
 */
export type OptionScope = 'global' | 'security' | 'listener' | 'bridge';

/** What the rest of the line must be. */
export type OptionValueType =
  | { readonly type: 'boolean' }
  /** A C `long` as `strtol` with base 0 reads it: decimal, 0x… or 0…; what follows the digits is ignored. */
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number; readonly raises?: true }
  /** The rest of the line. */
  | { readonly type: 'text' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** Read where it is used: what it may be is said there. */
  | { readonly type: 'own' }
  /** Anything, or nothing: the option has no effect. */
  | { readonly type: 'ignored' };

/** What becomes of an option in Martlet. */
export type OptionFate =
  /** It does here what it does in Mosquitto. */
  | 'works'
  /** It is accepted, and a notice says what stands in its place. */
  | 'replaced'
  /** Who relies on it would be deceived: the file is refused, and told why. */
  | 'refused';

export interface OptionRow {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly scope: OptionScope;
  readonly value: OptionValueType;
  /** Mosquitto's, as it documents it; empty: none. */
  readonly default: string;
  /** The version that has it first, where that is not 2.0 or older. */
  readonly since?: '2.1';
  /** What a second one does: an error, the last one counts, or they are added up. @default 'error' of texts, else 'last' */
  readonly repeated?: 'error' | 'last' | 'list';
  readonly fate: OptionFate;
  /** Where it stands in martlet.yaml; empty: nowhere. */
  readonly key: string;
  /** What it does, what replaces it, or why it is refused. One sentence without a full stop. */
  readonly text: string;
  /** Its value is never shown. */
  readonly secret?: true;
  /** What Mosquitto would have in its place, where it calls the option deprecated. */
  readonly deprecated?: string;
  /** Without a value it is passed over with a notice, as by Mosquitto; other options need one. */
  readonly passesEmpty?: true;
}

export const BOOLEAN: Readonly<OptionValueType> = { type: 'boolean' };
export const TEXT: Readonly<OptionValueType> = { type: 'text' };
export const OWN: Readonly<OptionValueType> = { type: 'own' };
export const IGNORED: Readonly<OptionValueType> = { type: 'ignored' };

const LARGEST_INT = 2_147_483_647;

/** A number from `minimum` on; a smaller one is refused. */
export function integer(minimum: number, maximum: number = LARGEST_INT): OptionValueType {
  return { type: 'integer', minimum, maximum };
}

/** A number; one below `minimum` counts as `minimum`, as Mosquitto has it for this option. */
export function raisedInteger(minimum: number, maximum: number = LARGEST_INT): OptionValueType {
  return { type: 'integer', minimum, maximum, raises: true };
}

/** What a second line with the option does. */
export function repetitionOf({ repeated, value }: OptionRow): 'error' | 'last' | 'list' {
  return repeated ?? (value.type === 'text' ? 'error' : 'last');
}
