/** What `--help` says of a command: all of it from the command's own description and flags. */
import type { Command } from './command.ts';
import type { Flag } from './flags/flag.ts';

/** Room for the flags, before what they do. */
const FLAG_COLUMNS = 34;
/** Longer lines are hard to read, however wide the terminal is. */
const MOST_COLUMNS = 100;
/** A narrower terminal breaks them itself. */
const LEAST_COLUMNS = 60;
const USAGE_MARGIN = '       ';
const OTHER_GROUP = 'Options';

/**
 * @param programName `martlet pub` or `mosquitto_pub`
 * @param terminalColumns its width; undefined or 0 where there is none
 */
export function helpText(command: Command, programName: string, terminalColumns?: number): string {
  const columns = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, terminalColumns || MOST_COLUMNS));
  const usage = brokenLines(`Usage: ${programName} ${command.usage}`, columns - USAGE_MARGIN.length);
  const parts = [usage.join(`\n${USAGE_MARGIN}`), `${command.summary}.`];
  for (const [group, flags] of flagsByGroup(command)) {
    parts.push(`${group}:\n${flags.map((flag) => flagLine(flag, columns)).join('\n')}`);
  }
  if (command.examples.length > 0)
    parts.push(`Examples:\n${exampleLines(command, programName, columns).join('\n')}`);
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

function flagLine(flag: Flag, columns: number): string {
  const value = flag.kind === 'switch' ? '' : ` <${flag.placeholder}>`;
  const again = flag.kind === 'list' || flag.kind === 'words' ? ' (repeatable)' : '';
  return twoColumns(`${flag.names.join(', ')}${value}`, `${flag.text}${again}`, FLAG_COLUMNS, columns);
}

/** Their lines are not broken: they are there to be copied. */
function exampleLines({ examples }: Command, programName: string, columns: number): readonly string[] {
  const lines = examples.map(({ line }) => `${programName} ${line}`.trimEnd());
  const longest = Math.max(...lines.map(({ length }) => length));
  const longestText = Math.max(...examples.map(({ text }) => text.length));
  // Beside each other where that fits on a line, else below.
  const isBelow = longest > 60 || longest + longestText + 4 > columns;
  return lines.map((line, index) => {
    const { text } = examples[index]!;
    return isBelow ? `  ${line}\n      ${text}` : `  ${line.padEnd(longest)}  ${text}`;
  });
}

/** The left side with the right one beside it, or below it if the left one is too long; broken between words. */
export function twoColumns(
  left: string,
  right: string,
  leftColumns: number,
  columns: number = MOST_COLUMNS,
): string {
  const lines = brokenLines(right, columns - leftColumns);
  const margin = ' '.repeat(leftColumns);
  const start = `  ${left}`;
  const first = start.length + 2 > leftColumns ? `${start}\n${margin}` : start.padEnd(leftColumns);
  return `${first}${lines.join(`\n${margin}`)}`;
}

/** Broken between words; a word that is longer stays as it is. */
function brokenLines(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
