/** What can be said without running a command: which there are, the version, and which one was probably meant. */

import type { CommandGroup, CommandRow } from './command.ts';
import { twoColumns } from './command-help.ts';
import { COMMANDS } from './commands.ts';
import { nearest } from './flags/nearest.ts';
import { quoted } from './flags/value-parsers.ts';
import { UsageError } from './usage-error.ts';
import { versionText } from './version-text.ts';

/** Those that `command-line.ts` has. */
const BROKER_COMMANDS: readonly Pick<CommandRow, 'name' | 'summary' | 'group'>[] = [
  { name: 'start', summary: 'Start a broker in this terminal; Ctrl+C stops it', group: 'Broker' },
  { name: 'store', summary: 'Look at, check, copy and move what a broker keeps', group: 'Broker' },
];

const GROUPS: readonly CommandGroup[] = ['Broker', 'Messages', 'Tools'];

/** Room for the names. */
const NAME_COLUMNS = 16;

/**
 * The answer to `martlet`, `martlet --help`, `martlet help` and `martlet --version`; undefined for the words of a command of the
 * broker, and for help with one.
 *
 * @throws {UsageError} for a command that there is not, with the nearest
 */
export function overviewFor(words: readonly string[]): string | undefined {
  const [first = '--help', second] = words;
  if (first === '--version' || first === '-V') return `${versionText()}\n`;
  if (first === '--help' || first === '-h' || (first === 'help' && second === undefined))
    return overviewText();
  if (first.startsWith('-')) {
    const near = nearest(first, ['--help', '--version']);
    const hint = near === undefined ? '--help lists them' : `did you mean ${near}?`;
    throw new UsageError(`expected a command before its options, got ${quoted(first)}; ${hint}`);
  }
  const name = first === 'help' ? second! : first;
  const names = [...BROKER_COMMANDS, ...COMMANDS].map((row) => row.name);
  if (names.includes(name)) return undefined;
  const near = nearest(name, [...names, 'help']);
  const hint = near === undefined ? '; martlet help lists them' : `; did you mean ${near}?`;
  throw new UsageError(`unknown command ${quoted(name)}${hint}`);
}

function overviewText(): string {
  const rows = [...BROKER_COMMANDS, ...COMMANDS];
  const parts = GROUPS.flatMap((group) => {
    const lines = rows
      .filter((row) => row.group === group)
      .map(({ name, summary }) => twoColumns(name, summary, NAME_COLUMNS));
    return lines.length === 0 ? [] : [`${group}:\n${lines.join('\n')}`];
  });
  const names = COMMANDS.flatMap(({ mosquittoName }) => mosquittoName ?? []);
  return `Usage: martlet <command> [options]

An MQTT broker and its tools.

${parts.join('\n\n')}

'martlet help <command>' and 'martlet <command> --help' say more, 'martlet --version' which version this is.
${names.length === 0 ? '' : `Some also go by Mosquitto's names: ${names.join(', ')}.\n`}`;
}
