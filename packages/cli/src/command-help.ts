/** What `--help` says of a command: all of it from the command's own description and flags. */
import type { Command } from './command.ts';
import type { Flag } from './flags/flag.ts';

/** Room for the flags, before what they do. */
const FLAG_COLUMNS = 34;
const LINE_COLUMNS = 100;
const OTHER_GROUP = 'Options';

/** @param programName `martlet pub` or `mosquitto_pub` */
export function helpText(command: Command, programName: string): string {
  const parts = [`Usage: ${programName} ${command.usage}`, `${command.summary}.`];
  for (const [group, flags] of flagsByGroup(command)) {
    parts.push(`${group}:\n${flags.map(flagLine).join('\n')}`);
  }
  if (command.examples.length > 0) parts.push(`Examples:\n${exampleLines(command, programName).join('\n')}`);
  return `${parts.join('\n\n')}\n`;
}

function flagsByGroup({ flags }: Command): ReadonlyMap<string, Flag[]> {
  const groups = new Map<string, Flag[]>();
  const help: Flag = { kind: 'switch', names: ['--help'], text: 'print this' };
  const version: Flag = { kind: 'switch', names: ['--version'], text: 'print the version' };
  for (const flag of [...Object.values(flags), help, version]) {
    const group = flag.group ?? OTHER_GROUP;
    const others = groups.get(group);
    if (others === undefined) groups.set(group, [flag]);
    else others.push(flag);
  }
  return groups;
}

function flagLine(flag: Flag): string {
  const value = flag.kind === 'switch' ? '' : ` <${flag.placeholder}>`;
  const again = flag.kind === 'list' || flag.kind === 'words' ? ' (repeatable)' : '';
  return twoColumns(`${flag.names.join(', ')}${value}`, `${flag.text}${again}`, FLAG_COLUMNS);
}

function exampleLines({ examples }: Command, programName: string): readonly string[] {
  const lines = examples.map(({ line }) => `${programName} ${line}`.trimEnd());
  const longest = Math.max(...lines.map(({ length }) => length));
  // Beside each other where that fits on a line, else below.
  return lines.map((line, index) => {
    const { text } = examples[index]!;
    return longest > 60 ? `  ${line}\n      ${text}` : `  ${line.padEnd(longest)}  ${text}`;
  });
}

/** The left side with the right one beside it, or below it if the left one is too long; broken between words. */
export function twoColumns(left: string, right: string, leftColumns: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of right.split(' ')) {
    if (line !== '' && leftColumns + line.length + 1 + word.length > LINE_COLUMNS) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  const margin = ' '.repeat(leftColumns);
  const start = `  ${left}`;
  const first = start.length + 2 > leftColumns ? `${start}\n${margin}` : start.padEnd(leftColumns);
  return `${first}${lines.join(`\n${margin}`)}`;
}
