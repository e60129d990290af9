/** Completion for fish. */
import type { CompletedCommand, CompletedFlag } from './completed-command.ts';

export function fishScript(commands: readonly CompletedCommand[]): string {
  const roots = commands.filter(({ words }) => words.length === 1);
  const lines = [
    '# Completion of martlet for fish; made by: martlet completion fish',
    ...roots.map(
      ({ words, summary }) =>
        `complete -c martlet -n __fish_use_subcommand -f -a ${words[0]} -d ${quoted(summary)}`,
    ),
    `complete -c martlet -n __fish_use_subcommand -f -a help -d ${quoted('print what can be said of a command')}`,
    `complete -c martlet -n '__fish_seen_subcommand_from help' -f -a ${quoted(roots.map(({ words }) => words[0]).join(' '))}`,
    ...commands.flatMap((command) => linesOf(command, commands)),
  ];
  return `${lines.join('\n')}\n`;
}

function linesOf(
  { words, flags, alias, summary, others }: CompletedCommand,
  all: readonly CompletedCommand[],
): readonly string[] {
  const condition = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
  const parts = all.filter((other) => other.words.length > words.length && other.words[0] === words[0]);
  // The flags of a command with parts are those of its parts, once there is one.
  const own =
    parts.length === 0
      ? condition
      : `${condition}; and not __fish_seen_subcommand_from ${parts.map((part) => part.words[1]).join(' ')}`;
  const [before, part] = words;
  const naming =
    part === undefined
      ? []
      : [
          `complete -c martlet -n ${quoted(`__fish_seen_subcommand_from ${before}; and not __fish_seen_subcommand_from ${part}`)} -f -a ${part} -d ${quoted(summary)}`,
        ];
  return [
    ...naming,
    ...(parts.length > 0 || others.length === 0
      ? []
      : [`complete -c martlet -n ${quoted(own)} -f -a ${quoted(others.join(' '))}`]),
    ...flags.map((flag) => `complete -c martlet -n ${quoted(own)} ${flagOf(flag)}`),
    ...(alias === undefined ? [] : flags.map((flag) => `complete -c ${alias} ${flagOf(flag)}`)),
  ];
}

function flagOf({ names, text, value }: CompletedFlag): string {
  const shown = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `${name.length === 2 ? '-s' : '-o'} ${name.slice(1)}`,
  );
  const takes =
    value === undefined
      ? ''
      : value === 'file'
        ? ' -r -F'
        : value === 'directory'
          ? " -x -a '(__fish_complete_directories)'"
          : value === 'any'
            ? ' -x'
            : ` -x -a ${quoted(value.join(' '))}`;
  return `${shown.join(' ')}${takes} -d ${quoted(text)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
