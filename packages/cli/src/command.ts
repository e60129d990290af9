/** What a command is, and what it has of the world. */
import type { Readable, Writable } from 'node:stream';
import type { FlagTable } from './flags/flag.ts';

/** A stream that people may be looking at. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  readonly rows?: number;
}

/** Everything that a command has of the process that it runs in. */
export interface CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A monotonic clock, in milliseconds. */
  nowMs(): number;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** At least 0, below 1. */
  random(): number;
  /** Aborted by the first Ctrl-C or SIGTERM, with an `Interrupted` as its reason; a second one ends the process. */
  readonly signal: AbortSignal;
  /** How the command was started: `martlet pub`, or `mosquitto_pub`. Errors begin with it. */
  readonly programName: string;
}

/** A line that shows how a command is used, and what it does. */
export interface CommandExample {
  /** Without the name of the program: `-t home/light -m on`. */
  readonly line: string;
  readonly text: string;
}

export interface Command {
  /** The word after `martlet`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** What comes after the name of the program: `[-h host] -t topic -m message`. */
  readonly usage: string;
  /** For the help and the completion of shells. */
  readonly flags: FlagTable;
  /** Words that may stand beside the flags, which shells then offer: parts of the command, names of scenarios. */
  readonly words?: readonly string[];
  readonly examples: readonly CommandExample[];
  /**
   * Does it. `--help` and `--version` have been answered before.
   * @returns the exit code
   * @throws {UsageError | CommandFailure} told in one line
   */
  readonly run: (words: readonly string[], io: CommandIo) => Promise<number>;
}

/** The heading under which `martlet --help` has a command. */
export type CommandGroup = 'Messages' | 'Broker' | 'Tools';

/** A command in the table of all, before it is loaded. */
export interface CommandRow {
  readonly name: string;
  /** One line for `martlet --help`, which loads no command. */
  readonly summary: string;
  readonly group: CommandGroup;
  /** The name under which Mosquitto has it. */
  readonly mosquittoName?: string;
  readonly load: () => Promise<Command>;
}
