import { describe, expect, test } from 'vitest';
import { helpText } from '../src/command-help.ts';
import { COMMANDS } from '../src/commands.ts';
import { overviewFor } from '../src/overview.ts';
import { UsageError } from '../src/usage-error.ts';

describe('`martlet` without a command', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])('lists all commands for %j', (words) => {
    const text = overviewFor(words) ?? '';
    for (const name of ['start', 'store', ...COMMANDS.map((row) => row.name)])
      expect(text).toMatch(new RegExp(`^  ${name} {2,}\\S`, 'm'));
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
  });

  test('says its version', () => {
    expect(overviewFor(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('leaves the commands of the broker to those', () => {
    expect(overviewFor(['start', '--port', '1'])).toBeUndefined();
    expect(overviewFor(['help', 'store', 'check'])).toBeUndefined();
  });

  test.each([
    [['pbu'], "unknown command 'pbu'; did you mean pub?"],
    [['hlep'], "unknown command 'hlep'; did you mean help?"],
    [['help', 'strat'], "unknown command 'strat'; did you mean start?"],
    [['subscribe'], "unknown command 'subscribe'; martlet help lists them"],
    [['--versoin'], "expected a command before its options, got '--versoin'; did you mean --version?"],
    [['--port', '1'], "expected a command before its options, got '--port'; --help lists them"],
  ])('finds the nearest for %j', (words, message) => {
    expect(() => overviewFor(words)).toThrow(new UsageError(message));
  });
});

describe.each(COMMANDS.map((row) => [row.name, row] as const))('martlet %s', (name, row) => {
  test('has help that fits a terminal, with every flag and the examples', async () => {
    const command = await row.load();
    expect(command.name).toBe(name);
    const text = helpText(command, `martlet ${name}`);
    expect(text.startsWith(`Usage: martlet ${name} `)).toBe(true);
    for (const flag of Object.values(command.flags)) expect(text).toContain(flag.names.join(', '));
    for (const { line } of command.examples) expect(text).toContain(line);
    const lines = text.split('\n').filter((line) => !line.startsWith('Usage:') && !line.includes('martlet '));
    expect(lines.filter(({ length }) => length > 100)).toEqual([]);
  });

  test('has help that fits a narrow terminal, but for examples, which are there to be copied', async () => {
    const command = await row.load();
    const lines = helpText(command, `martlet ${name}`, 80).split('\n');
    const shell = command.examples.map(({ line }) => `  martlet ${name} ${line}`.trimEnd());
    expect(lines.filter((line) => line.length > 80 && !shell.includes(line))).toEqual([]);
    expect(helpText(command, `martlet ${name}`, 0)).toBe(helpText(command, `martlet ${name}`, 200));
  });

  test('has no flag twice, and keeps -h for the host', async () => {
    const { flags } = await row.load();
    const names = Object.values(flags).flatMap((flag) => flag.names);
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain('--help');
    for (const [key, flag] of Object.entries(flags)) if (flag.names.includes('-h')) expect(key).toBe('host');
  });
});
