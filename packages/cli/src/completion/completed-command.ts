/** The commands as a shell sees them: names, flags, and what may stand behind those. */
import type { Option, Command as Program } from 'commander';
import type { CommandRow } from '../command.ts';
import type { Flag, FlagCompletion } from '../flags/flag.ts';

export interface CompletedFlag {
  readonly names: readonly string[];
  readonly text: string;
  /** Undefined: it takes no value. `any`: one of which nothing is known. */
  readonly value: FlagCompletion | 'any' | undefined;
}

export interface CompletedCommand {
  /** The words after `martlet`: `pub`, `store check`. */
  readonly words: readonly string[];
  readonly summary: string;
  /** The name of Mosquitto's for it. */
  readonly alias: string | undefined;
  readonly flags: readonly CompletedFlag[];
  /** Words that may stand beside the flags; empty: the names of files. */
  readonly others: readonly string[];
}

/** Loads all commands. @param rows those beside the broker's */
export async function completedCommands(rows: readonly CommandRow[]): Promise<readonly CompletedCommand[]> {
  const ours = rows.map(async ({ name, summary, mosquittoName, load }) => {
    const { flags, words: others = [] } = await load();
    const all = [...Object.values(flags).map(completedFlag), HELP];
    return { words: [name], summary, alias: mosquittoName, flags: all, others };
  });
  return [...(await ofBroker()), ...(await Promise.all(ours))].sort((one, other) =>
    one.words.join(' ') < other.words.join(' ') ? -1 : 1,
  );
}

const HELP: Readonly<CompletedFlag> = {
  names: ['--help'],
  text: 'print what can be said here',
  value: undefined,
};

function completedFlag(flag: Flag): CompletedFlag {
  const value = flag.kind === 'switch' ? undefined : (flag.completes ?? 'any');
  return { names: flag.names, text: flag.text, value };
}

/** `start`, `store` and its parts. */
async function ofBroker(): Promise<readonly CompletedCommand[]> {
  const { createProgram } = await import('../command-line.ts');
  const program = createProgram(() => {});
  return program.commands.flatMap((command) =>
    command.name() === 'help'
      ? []
      : [describe([], command), ...command.commands.map((part) => describe([command.name()], part))],
  );
}

function describe(before: readonly string[], program: Program): CompletedCommand {
  return {
    words: [...before, program.name()],
    summary: program.description(),
    alias: undefined,
    flags: [...program.options.map(ofCommander), HELP],
    others: program.commands.map((part) => part.name()),
  };
}

function ofCommander(option: Option): CompletedFlag {
  const names = [option.short, option.long].filter((name) => typeof name === 'string');
  const takesValue = option.required || option.optional;
  return {
    names,
    text: option.description,
    value: takesValue
      ? (option.argChoices ?? (/dir|path|file/i.test(option.flags) ? 'file' : 'any'))
      : undefined,
  };
}
