import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONNECTION_FLAGS } from '../../src/connection/connection-flags.ts';
import { parseConnectedFlags } from '../../src/connection/parse-connected-flags.ts';
import type { FlagTable } from '../../src/flags/flag.ts';
import { text } from '../../src/flags/value-parsers.ts';
import { testIo } from '../command-io.ts';

const FLAGS = {
  ...CONNECTION_FLAGS,
  topics: { kind: 'list', names: ['-t', '--topic'], placeholder: 'topic', parse: text(), text: '' },
  pairs: {
    kind: 'words',
    names: ['-D'],
    placeholder: 'words',
    text: '',
    take: (words: readonly string[]) => ({ taken: 3, value: words.slice(0, 3).join(' ') }),
  },
} as const satisfies FlagTable;

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'martlet-options-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Writes the default options file, and reads words as `martlet pub` would. */
async function parse(file: string | undefined, ...words: readonly string[]) {
  if (file !== undefined) writeFileSync(join(home, 'mosquitto_pub'), file);
  return parseConnectedFlags(FLAGS, words, testIo({ XDG_CONFIG_HOME: home }), {
    optionsFile: 'mosquitto_pub',
  });
}

describe('An options file', () => {
  test('has a flag on each line, and all behind the first space is its value', async () => {
    const { values } = await parse(
      '# comment\n\n-h broker.example\r\n  --port 1884\n-u ann smith \n-c\n-i x\n-t   a b\n-D publish content-type text/plain\n',
    );
    expect(values).toMatchObject({
      host: 'broker.example',
      port: 1884,
      username: 'ann smith ',
      keepSession: true,
      topics: ['  a b'],
      pairs: ['publish content-type text/plain'],
    });
  });

  test('may be written in columns', async () => {
    const { values } = await parse('-p    1884\n--keepalive 30 \n-c \r\n-i x\r\n');
    expect(values).toMatchObject({ port: 1884, keepAlive: 30, keepSession: true, clientId: 'x' });
  });

  test('counts less than what is typed, and adds to what is given several times', async () => {
    const { values } = await parse('-h file\n-t file\n', '-h', 'typed', '-t', 'typed');
    expect(values).toMatchObject({ host: 'typed', topics: ['file', 'typed'] });
  });

  test('may be missing in its usual place, and not where it is named', async () => {
    expect((await parse(undefined)).values.host).toBeUndefined();
    await expect(parse(undefined, '-o', join(home, 'none'))).rejects.toThrow('there is no such file');
    writeFileSync(join(home, 'other'), '-h other\n');
    expect((await parse('-h usual\n', '-o', join(home, 'other'))).values.host).toBe('other');
  });

  test('is in ~/.config where the environment says nothing', async () => {
    mkdirSync(join(home, '.config'));
    writeFileSync(join(home, '.config/mosquitto_pub'), '-h mine\n');
    for (const env of [{ HOME: home }, { HOME: home, XDG_CONFIG_HOME: '' }]) {
      const { values } = await parseConnectedFlags(FLAGS, [], testIo(env), { optionsFile: 'mosquitto_pub' });
      expect(values.host).toBe('mine');
    }
  });

  test.each([
    ['-h x\n--hots y\n', ":2: unknown option '--hots'; did you mean --host?"],
    ['-p\n', ':1: -p: expected a value after it (port), got none'],
    ['-p 99999\n', ':1: -p: expected a whole number from 1 to 65535'],
    ['-h x\nword\n', ":2: expected options only, got 'word'"],
    ['--help\n', ':1: expected an option, got --help'],
    ['\n-i\tx\n', ":2: expected a space between an option and its value, got a tab after '-i'"],
  ])('with a fault is refused with its line: %j', async (file, message) => {
    await expect(parse(file)).rejects.toThrow(`${join(home, 'mosquitto_pub')}${message}`);
  });

  test('may hold a value that is no UTF-8, where any bytes are taken', async () => {
    const path = join(home, 'latin1');
    writeFileSync(path, Buffer.from('-P gr\xfcn\n', 'latin1'));
    const { values } = await parse(undefined, '-o', path);
    expect(values.password).toEqual(Uint8Array.of(0x67, 0x72, 0xfc, 0x6e));
    writeFileSync(path, Buffer.from('-h a\n-u gr\xfcn\n', 'latin1'));
    await expect(parse(undefined, '-o', path)).rejects.toThrow(`${path}:2: -u: expected text in UTF-8`);
  });

  test('has numbers as Mosquitto reads them under its names', async () => {
    writeFileSync(join(home, 'mosquitto_pub'), '-p 1884x\n-k 60s\n-M 70000\n');
    const io = testIo({ XDG_CONFIG_HOME: home }, 'mosquitto_pub');
    const { values } = await parseConnectedFlags(FLAGS, [], io, { optionsFile: 'mosquitto_pub' });
    expect(values).toMatchObject({ port: 1884, keepAlive: 60, maximumInFlight: 65_535 });
    await expect(parseConnectedFlags(FLAGS, ['-k', '3'], io)).rejects.toMatchObject({
      mosquittoText: 'Invalid keepalive given, it must be between 5 and 65535 inclusive.',
    });
  });

  test('that cannot be read is told of', async () => {
    mkdirSync(join(home, 'mosquitto_pub'));
    await expect(parse(undefined)).rejects.toThrow('that is a directory; name a file');
  });

  test('does not hide what is wrong with the words that were typed', async () => {
    await expect(parse('--nonsense\n', '--hots', 'x')).rejects.toThrow("unknown option '--hots'");
  });
});

describe('A profile', () => {
  const save = ['-h', 'saved', '-P', 'a secret', '-t', 'not/kept', '-d', '--save-profile', 'work'];

  test('keeps how to connect, in a file that only its owner can read', async () => {
    await parse(undefined, ...save);
    const path = join(home, 'martlet/profiles/work');
    expect(readFileSync(path, 'utf8')).toBe('-h saved\n-P a secret\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'martlet/profiles')).mode & 0o777).toBe(0o700);
    const { values } = await parse(undefined, '--profile', 'work');
    expect(values).toMatchObject({ host: 'saved', password: 'a secret', debug: false, topics: [] });
  });

  test('keeps a password that is no UTF-8', async () => {
    await parse(undefined, '-h', 'a', '-P', 'gr\udcfcn', '--save-profile', 'work');
    const { values } = await parse(undefined, '--profile', 'work');
    expect(values.password).toEqual(Uint8Array.of(0x67, 0x72, 0xfc, 0x6e));
  });

  test('is closed to others when it is saved again', async () => {
    await parse(undefined, ...save);
    const path = join(home, 'martlet/profiles/work');
    chmodSync(path, 0o644);
    await parse(undefined, '-h', 'new', '--save-profile=work');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe('-h new\n');
  });

  test('counts more than the options file and less than what is typed', async () => {
    await parse(undefined, '-h', 'profile', '-p', '1', '-k', '5', '--save-profile', 'work');
    const { values } = await parse('-h file\n-p 2\n-i file\n', '--profile', 'work', '-p', '3');
    expect(values).toMatchObject({ host: 'profile', port: 3, keepAlive: 5, clientId: 'file' });
  });

  test('keeps where files are, from whatever directory it is read', async () => {
    const files = ['--cafile', 'my ca.pem', '--key=my key.pem', '--capath', '/etc/ssl', '--unix', 'socket'];
    await parse(undefined, ...files, '--password-file', '../password', '--save-profile', 'work');
    const { values } = await parse(undefined, '--profile', 'work');
    expect(values).toMatchObject({
      cafile: resolve('my ca.pem'),
      key: resolve('my key.pem'),
      capath: '/etc/ssl',
      unix: resolve('socket'),
      passwordFile: resolve('../password'),
    });
  });

  test('keeps no topic of a URL', async () => {
    await parse(undefined, '-L', 'mqtt://ann:sec@ret@localhost:1885/a/b', '--save-profile', 'work');
    const { values } = await parse(undefined, '--profile', 'work');
    expect(values.url).toMatchObject({ host: 'localhost', port: 1885, password: 'sec@ret', topic: '' });
    await parse(undefined, '--url=ws://localhost', '--save-profile', 'work');
    expect((await parse(undefined, '--profile', 'work')).values.url).toMatchObject({ scheme: 'ws' });
  });

  test('says nothing of the password where what is typed does', async () => {
    await parse(undefined, '-h', 'a', '-u', 'ann', '--password-file', 'x', '--save-profile', 'work');
    const ofFile = { passwordFile: resolve('x'), username: 'ann' };
    expect((await parse(undefined, '--profile', 'work')).values).toMatchObject(ofFile);
    const typed = [['-P', 'typed'], ['--password-prompt'], ['-L', 'mqtt://bob:typed@localhost']];
    for (const words of typed) {
      const { values } = await parse(undefined, '--profile', 'work', ...words);
      expect(values).toMatchObject({ host: 'a', username: 'ann' });
      expect(values.passwordFile).toBeUndefined();
    }
    expect((await parse('-P file\n', '--profile', 'work')).values).toMatchObject({
      ...ofFile,
      password: undefined,
    });
    // What is typed twice is still refused by whoever asks for the password.
    const twice = await parse(undefined, '-P', 'a', '--password-env', 'B');
    expect(twice.values).toMatchObject({ password: 'a', passwordEnv: 'B' });
  });

  test('that is not there is told of, with the nearest or with all', async () => {
    await expect(parse(undefined, '--profile', 'x')).rejects.toThrow("got 'x'; --save-profile makes one");
    await parse(undefined, ...save);
    await expect(parse(undefined, '--profile', 'wrok')).rejects.toThrow('did you mean work?');
    await expect(parse(undefined, '--profile', 'x')).rejects.toThrow('there are work');
  });

  test.each(['../work', 'a/b', '', '.hidden', 'x'.repeat(65)])('cannot be called %j', async (name) => {
    await expect(parse(undefined, '--profile', name)).rejects.toThrow('expected');
    await expect(parse(undefined, '-h', 'a', '--save-profile', name)).rejects.toThrow('expected');
  });

  test('is refused when there is nothing to keep, or a value has several lines', async () => {
    await expect(parse(undefined, '-t', 'a', '--save-profile', 'x')).rejects.toThrow('got none');
    await expect(parse(undefined, '-u', 'a\nb', '--save-profile', 'x')).rejects.toThrow('one of several');
  });
});
