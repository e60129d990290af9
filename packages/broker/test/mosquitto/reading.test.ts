import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareNames } from '../../src/mosquitto/reading/configuration-files.ts';
import { readInteger } from '../../src/mosquitto/reading/option-value.ts';
import { MosquittoFiles } from './mosquitto-files.ts';

let files: MosquittoFiles;
beforeEach(() => {
  files = new MosquittoFiles();
});
afterEach(() => files.remove());

describe('A line of a mosquitto.conf', () => {
  test.each([
    ['spaces before the name', '   sys_interval 5\n'],
    ['several spaces behind it', 'sys_interval    5\n'],
    ['spaces at its end', 'sys_interval 5   \n'],
    ['an end as on Windows', 'sys_interval 5\r\n'],
    ['no end', 'sys_interval 5'],
    ['a comment before it', '# of any Bytes\nsys_interval 5\n'],
    ['an empty line and one of spaces before it', '\n   \nsys_interval 5\n'],
  ])('may have %s', async (_what, text) => {
    expect((await files.configuration(text)).behaviour.sysInterval).toBe(5);
  });

  test('that is a comment may be written in anything', async () => {
    const comment = Uint8Array.of(0x23, 0xff, 0xfe, 0x0a);
    expect(await files.errors(comment)).toEqual([]);
  });

  test.each([
    [' # comment\n', '1: #: unknown option; a comment needs its # in the first column'],
    ['\tsys_interval 5\n', '1: \tsys_interval: expected spaces around the name, got a tab'],
    ['sys_interval\t5\n', '1: sys_interval\t5: expected spaces around the name, got a tab'],
    [
      '\u{feff}sys_interval 5\n',
      '1: \u{feff}sys_interval: expected a file without a byte order mark, got one',
    ],
    ['sys_intervall 5\n', '1: sys_intervall: unknown option; did you mean sys_interval?'],
    ['Sys_interval 5\n', '1: Sys_interval: unknown option; did you mean sys_interval?'],
    ['quite_another_thing 5\n', '1: quite_another_thing: unknown option'],
    ['sys_interval=5\n', '1: sys_interval=5: unknown option; did you mean sys_interval?'],
    ['sys_interval\n', '1: sys_interval: expected a value, got nothing'],
    ['auto_id_prefix a\0b\n', '1: : expected text, got a character U+0000'],
  ])('%j is told as it is', async (text, line) => {
    expect(await files.errorLines(text)).toEqual([line]);
  });

  test('that is no UTF-8 is told by its number', async () => {
    const bytes = Buffer.concat([Buffer.from('\nauto_id_prefix '), Buffer.from([0xff, 0x0a])]);
    expect(await files.errorLines(bytes)).toEqual(['2: : expected UTF-8, got bytes that are none']);
  });

  test('may have a value of 65,535 bytes, and no more', async () => {
    expect(await files.errorLines(`user ${'a'.repeat(65_535)}\n`)).toEqual([]);
    const [line] = await files.errorLines(`user ${'a'.repeat(65_536)}\n`);
    expect(line).toContain('expected at most 65535 bytes');
  });

  test('is told with all others that are wrong', async () => {
    const lines = await files.errorLines('foo 1\nallow_anonymous maybe\nmax_qos 3\n');
    expect(lines.map((line) => line.slice(0, 1))).toEqual(['1', '2', '3']);
  });
});

describe('A value', () => {
  test.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
    ['true whatever follows', true],
  ])('of a switch may be %s', async (text, value) => {
    expect((await files.configuration(`queue_qos0_messages ${text}\n`)).behaviour.queueQos0).toBe(value);
  });

  test.each(['yes', 'no', 'TRUE', 'on', '2', '-1', 'true\t'])('of a switch may not be %j', async (text) => {
    expect(await files.errors(`queue_qos0_messages ${text}\n`)).toHaveLength(1);
  });

  test.each([
    ['10', 10, ''],
    ['0x10', 16, ''],
    ['010', 8, ''],
    ['+7', 7, ''],
    ['-7', -7, ''],
    ['0', 0, ''],
    ['10abc', 10, 'abc'],
    ['08', 0, '8'],
    ['abc', 0, 'abc'],
    ['0x', 0, 'x'],
    ['5 6', 5, '6'],
  ])('that is a number, %s, is read as C does', (text, number, rest) => {
    expect(readInteger(text)).toEqual({ number, rest });
  });

  test('that is a number with something behind it is taken, and told', async () => {
    const { configuration, notices } = await files.load('max_queued_messages 10abc\n');
    expect(configuration.limits.queuedMessages).toBe(10);
    expect(notices).toMatchObject([{ line: 1, code: 'odd-value', severity: 'notice' }]);
  });
});

describe('An option that stands there twice', () => {
  test.each([
    ['persistence_file a', 'persistence_file b'],
    ['user a', 'user b'],
    ['pid_file a', 'pid_file b'],
    ['auto_id_prefix a', 'auto_id_prefix b'],
    ['log_timestamp_format a', 'log_timestamp_format b'],
  ])('is an error for %s', async (one, other) => {
    expect(await files.errorLines(`${one}\n${other}\n`)).toEqual([
      `2: ${other.split(' ')[0]}: stands in line 1 already; leave one`,
    ]);
  });

  test.each(['acl_file', 'password_file', 'psk_file'])('counts the second time for %s', async (name) => {
    const { notices } = await files.load(`${name} one\n${name} two\n`);
    expect(notices.some(({ code, line }) => code === 'duplicate-option' && line === 2)).toBe(true);
  });
});

describe('include_dir', () => {
  test('reads *.conf letter by letter, capital letters first', () => {
    const names = [
      'b',
      'B',
      'a',
      'A',
      '01',
      '00',
      'Ab',
      'a.b',
      'zz',
      'A_',
      '_a',
      'a b',
      'aB',
      'ab',
      'a1',
      'a-b',
    ];
    const sorted = names.map((name) => `${name}.conf`).sort(compareNames);
    // As Mosquitto 2.0.11 opened their listeners.
    expect(sorted.map((name) => name.replace('.conf', ''))).toEqual(
      '00|01|A|Ab|A_|a b|a-b|a.b|a|a1|aB|ab|B|b|zz|_a'.split('|'),
    );
  });

  test('reads files at its place, and each of them begins with the default listener', async () => {
    files.write('conf.d/b.conf', 'max_qos 1\nlistener 1885\nmax_connections 7\n');
    files.write('conf.d/a.conf', 'sys_interval 9\n');
    files.write('conf.d/readme.txt', 'nonsense\n');
    const directory = join(files.directory, 'conf.d');
    const text = `listener 1884\ninclude_dir ${directory}\nmax_connections 3\n`;
    const { configuration, files: read } = await files.load(text);
    expect(configuration.behaviour.sysInterval).toBe(9);
    expect(
      configuration.listeners.map(({ port, maximumConnections, maximumQos }) => [
        port,
        maximumConnections,
        maximumQos,
      ]),
    ).toEqual([
      [1884, 3, 2],
      [1885, 7, 2],
      [1883, null, 1],
    ]);
    expect(read).toEqual([files.main, directory, join(directory, 'a.conf'), join(directory, 'b.conf')]);
  });

  test('counts in the main file only', async () => {
    files.write('deeper/x.conf', 'nonsense\n');
    files.write('conf.d/a.conf', `include_dir ${join(files.directory, 'deeper')}\n`);
    const { notices } = await files.load(`include_dir ${join(files.directory, 'conf.d')}\n`);
    expect(notices).toMatchObject([{ line: 1, key: 'include_dir', code: 'without-effect' }]);
  });

  test('tells of an error in an included file with that file', async () => {
    const path = files.write('conf.d/a.conf', '\nnonsense 1\n');
    expect(await files.errors(`include_dir ${join(files.directory, 'conf.d')}\n`)).toMatchObject([
      { file: path, line: 2, key: 'nonsense' },
    ]);
  });

  test('must be a directory, and what is read in it must be files', async () => {
    expect(await files.errors('include_dir /nowhere/at/all\n')).toMatchObject([
      { line: 1, code: 'unreadable' },
    ]);
    mkdirSync(join(files.directory, 'conf.d', 'x.conf'), { recursive: true });
    expect(await files.errors(`include_dir ${join(files.directory, 'conf.d')}\n`)).toMatchObject([
      { file: join(files.directory, 'conf.d', 'x.conf'), code: 'unreadable' },
    ]);
  });
});
