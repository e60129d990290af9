import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { COMMANDS as ALL } from '../../src/commands.ts';
import { bashScript } from '../../src/completion/bash-script.ts';
import type { CompletedCommand } from '../../src/completion/completed-command.ts';
import { completedCommands } from '../../src/completion/completed-command.ts';
import { fishScript } from '../../src/completion/fish-script.ts';
import { zshScript } from '../../src/completion/zsh-script.ts';

const flag = (names: readonly string[], value?: CompletedCommand['flags'][number]['value']) => ({
  names,
  text: "what it's [for]: that",
  value,
});

const COMMANDS: readonly CompletedCommand[] = [
  {
    words: ['pub'],
    summary: 'Publish',
    alias: 'mosquitto_pub',
    others: [],
    flags: [
      flag(['-t', '--topic'], 'any'),
      flag(['-V'], ['5', '311']),
      flag(['--cafile'], 'file'),
      flag(['--capath'], 'directory'),
      flag(['--will-retain']),
    ],
  },
  {
    words: ['store'],
    summary: 'Stores',
    alias: undefined,
    others: ['check', 'copy'],
    flags: [flag(['--help'])],
  },
  { words: ['store', 'check'], summary: 'Checks', alias: undefined, others: [], flags: [flag(['--json'])] },
  { words: ['store', 'copy'], summary: 'Copies', alias: undefined, others: [], flags: [flag(['--all'])] },
];

const bash = spawnSync('bash', ['--version']).status === 0;

/** What bash offers at the end of these words. */
function completions(script: string, ...words: readonly string[]): readonly string[] {
  const program = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _martlet; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', program, 'bash', ...words], {
    encoding: 'utf8',
    cwd: new URL('.', import.meta.url).pathname,
  });
  // Outside of a completion, compopt says that it is.
  expect(stderr.replaceAll(/.*compopt.*\n/g, '')).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(!bash)('bash completes', () => {
  const script = bashScript(COMMANDS);

  test.each<readonly [readonly string[], readonly string[]]>([
    [['martlet', 'p'], ['pub']],
    [
      ['martlet', ''],
      ['pub', 'store', 'help', '--help', '--version'],
    ],
    [['martlet', 'help', 's'], ['store']],
    [
      ['martlet', 'pub', '--ca'],
      ['--cafile', '--capath'],
    ],
    [
      ['martlet', 'pub', '-V', ''],
      ['5', '311'],
    ],
    [['martlet', 'pub', '-V', '3'], ['311']],
    [['martlet', 'pub', '-t', '-'], []],
    [['martlet', 'pub', '--cafile', 'completion.t'], ['completion.test.ts']],
    [['martlet', 'pub', '--capath', '../compl'], ['../completion']],
    [['/usr/bin/mosquitto_pub', '--will'], ['--will-retain']],
    [
      ['martlet', 'store', 'c'],
      ['check', 'copy'],
    ],
    [['martlet', 'store', '-'], ['--help']],
    [['martlet', 'store', 'check', '-'], ['--json']],
    [['martlet', 'store', 'copy', '--'], ['--all']],
    [['martlet', 'nonsense', '-'], []],
  ])('%j by %j', (words, expected) => {
    expect(completions(script, ...words)).toEqual(expected);
  });
});

test('Every command has its name, a line, and flags that a shell can offer', async () => {
  const commands = await completedCommands(ALL);
  const names = commands.map(({ words }) => words.join(' '));
  expect(names).toEqual(expect.arrayContaining(['pub', 'start', 'store', 'store check', 'completion']));
  expect(new Set(names).size).toBe(names.length);
  for (const { words, summary, flags } of commands) {
    expect(summary, words.join(' ')).toMatch(/^\S.*\S$/);
    for (const name of flags.flatMap((each) => each.names)) expect(name).toMatch(/^--?[A-Za-z][\w-]*$/);
  }
});

describe.skipIf(!bash)('The script of all commands', () => {
  test('is one that bash reads, and completes the flags of a connection', async () => {
    const script = bashScript(await completedCommands(ALL));
    expect(completions(script, 'martlet', 'pub', '--will-q')).toEqual(['--will-qos']);
    expect(completions(script, 'martlet', 'start', '--durability', 'd')).toEqual(['disk']);
  });
});

// Run by hand in zsh 5.9 and fish 3.6, which few machines have: here what is easily spoilt.
describe('What stands between quotes and brackets is escaped', () => {
  test('for zsh', () => {
    const script = zshScript(COMMANDS);
    expect(script).toContain(`'*--will-retain[what it'\\''s for\\: that]'`);
    expect(script).toContain('#compdef martlet mosquitto_pub');
  });

  test('for fish', () => {
    const script = fishScript(COMMANDS);
    expect(script).toContain(`-l will-retain -d 'what it\\'s [for]: that'`);
    expect(script).toContain('complete -c mosquitto_pub -s t -l topic -x');
  });
});
