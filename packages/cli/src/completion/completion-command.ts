/** `martlet completion`: what a shell needs to complete the commands, their flags, and the values of these. */
import type { Command, CommandIo, CommandRow } from '../command.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { choice } from '../flags/value-parsers.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** @param rows all commands */
export function completionOf(rows: readonly CommandRow[]): Command {
  return {
    name: 'completion',
    summary: 'Print what bash, zsh or fish needs to complete commands and flags',
    usage: '{bash | zsh | fish}',
    flags: {},
    words: SHELLS,
    examples: [
      { line: 'bash > ~/.local/share/bash-completion/completions/martlet', text: 'for bash' },
      { line: 'zsh > ~/.zfunc/_martlet', text: 'for zsh, where ~/.zfunc is in fpath' },
      { line: 'fish > ~/.config/fish/completions/martlet.fish', text: 'for fish' },
    ],
    run: (words, io) => printScript(rows, words, io),
  };
}

async function printScript(
  rows: readonly CommandRow[],
  words: readonly string[],
  io: CommandIo,
): Promise<number> {
  const { positionals } = parseFlags({}, words, {
    positionals: { name: 'shell: bash, zsh or fish', minimum: 1, maximum: 1 },
  });
  const shell = choice(...SHELLS)(positionals[0]!);
  const { completedCommands } = await import('./completed-command.ts');
  const { completionScript } = await import('./completion-script.ts');
  io.stdout.write(completionScript(shell, await completedCommands(rows)));
  return 0;
}
