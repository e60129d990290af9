/**
 * Flags of a command as a table: what is accepted, the help, the completion and the type of what comes out are all read
 * from it.
 *
 * The rules are Mosquitto's: a flag is one exact word, and its value the next one, whatever that begins with (`-x -1`).
 * Long flags may also be written `--flag=value`. Short ones are not joined.
 *
 *     const FLAGS = {
 *       host: { kind: 'value', names: ['-h', '--host'], placeholder: 'host', parse: text(), text: 'where to connect' },
 *       debug: { kind: 'switch', names: ['-d', '--debug'], text: 'tell what is sent and received' },
 *     } satisfies FlagTable;
 *     const { values } = parseFlags(FLAGS, ['-h', 'broker.example']);
 *     values.host;   // string | undefined
 *     values.debug;  // boolean
 */

/** What a shell offers as the value: files, directories, or one of these words. */
export type FlagCompletion = 'file' | 'directory' | readonly string[];

interface FlagBasis {
  /** Each a whole word with its dashes. The first is shown in messages, all in the help. */
  readonly names: readonly string[];
  /** One line for the help, with the default if there is one. */
  readonly text: string;
  /** The heading under which the help shows it. @default 'Options' */
  readonly group?: string;
}

/** Given or not. */
export interface SwitchFlag extends FlagBasis {
  readonly kind: 'switch';
}

interface FlagWithValue extends FlagBasis {
  /** What the value is, in a word or two: `host`, `seconds`. */
  readonly placeholder: string;
  /** How Mosquitto's tools say that the value is missing. @default made of the first name and the placeholder */
  readonly missing?: string;
  readonly completes?: FlagCompletion;
  /** Its value may be no UTF-8; its words then are what `textOfBytes` makes of them. @default false: that is refused */
  readonly takesBytes?: true;
}

/** One value; of several the last counts. */
export interface ValueFlag<Value> extends FlagWithValue {
  readonly kind: 'value';
  /** @throws {UsageError} that says what was expected and what came */
  readonly parse: (text: string) => Value;
  /** How Mosquitto's tools read it, under whose names it is read so. @default as `parse` does */
  readonly mosquittoParse?: (text: string) => Value;
}

/** A value each time it is given, in order. */
export interface ListFlag<Value> extends FlagWithValue {
  readonly kind: 'list';
  /** @throws {UsageError} that says what was expected and what came */
  readonly parse: (text: string) => Value;
}

/** A value of several words each time it is given, in order. */
export interface WordsFlag<Value> extends FlagWithValue {
  readonly kind: 'words';
  /**
   * Takes what it needs from the words after the flag.
   * @throws {UsageError} if they are too few, or cannot be meant
   */
  readonly take: (words: readonly string[]) => { readonly taken: number; readonly value: Value };
}

// biome-ignore lint/suspicious/noExplicitAny: a table has flags with values of any types, and keeps each.
export type Flag = SwitchFlag | ValueFlag<any> | ListFlag<any> | WordsFlag<any>;

/** Flags by the names under which their values come out. */
export type FlagTable = Readonly<Record<string, Flag>>;

type ValueOf<Each> = Each extends SwitchFlag
  ? boolean
  : Each extends ValueFlag<infer Value>
    ? Value | undefined
    : Each extends ListFlag<infer Value> | WordsFlag<infer Value>
      ? readonly Value[]
      : never;

/** What came out. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: ValueOf<Table[Name]>;
};
