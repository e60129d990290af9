import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  chosenConfigurationFile,
  defaultConfigurationFiles,
  isMosquittoFile,
  loadConfigurationFile,
} from '../../src/start/configuration-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-file-'));
afterAll(() => rmSync(directory, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const surroundings = { env: {}, currentDirectory: directory, homeDirectory: '/home/ann' };

describe('The configuration file', () => {
  test('is looked for here, at home and in /etc', () => {
    expect(defaultConfigurationFiles(surroundings)).toEqual([
      join(directory, 'martlet.yaml'),
      '/home/ann/.config/martlet/martlet.yaml',
      '/etc/martlet/martlet.yaml',
    ]);
    const env = { XDG_CONFIG_HOME: '/config' };
    expect(defaultConfigurationFiles({ ...surroundings, env })[1]).toBe('/config/martlet/martlet.yaml');
  });

  test('is the one that was named, or the first that is there', () => {
    expect(chosenConfigurationFile('other.yaml', surroundings)).toBe('other.yaml');
    const path = written('martlet.yaml', '{}\n');
    expect(chosenConfigurationFile(undefined, surroundings)).toBe(path);
    rmSync(path);
  });

  test.each([
    ['a.conf', 'listeners: []', true],
    ['a.yaml', 'listener 1883', false],
    ['a.json', '{}', false],
    ['a', '# a comment\nlistener 1883 0.0.0.0\n', true],
    ['b', 'allow_anonymous true\n', true],
    ['c', 'listeners:\n  - port: 1883\n', false],
    ['d', 'limits: {}\n', false],
    ['e', '{"limits": {}}\n', false],
    ['f', '', false],
  ])('%s with %j in it is in the language of Mosquitto: %s', (name, text, expected) => {
    expect(isMosquittoFile(written(name, text))).toBe(expected);
  });

  test('that is no regular file is opened without waiting for a writer, and looked into no further', () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(isMosquittoFile(pipe)).toBe(false);
    expect(isMosquittoFile('/dev/zero')).toBe(false);
    expect(isMosquittoFile(directory)).toBe(false);
    expect(isMosquittoFile(join(directory, 'nowhere'))).toBe(false);
  });

  test('of any size is told apart by its beginning', () => {
    const path = written('long', `listener 1883\n${'#'.repeat(100_000)}\n`);
    truncateSync(path, 3 * 2 ** 30);
    expect(isMosquittoFile(path)).toBe(true);
    rmSync(path);
  });

  test('is loaded in its language, with flags over it', async () => {
    const override = {
      key: ['limits', 'connections'],
      value: 7,
      from: { kind: 'flag', flag: '--limit' },
    } as const;
    const options = { overrides: [override] };
    const ours = await loadConfigurationFile(written('o.yaml', 'listeners: [{ port: 1884 }]\n'), options);
    const theirs = await loadConfigurationFile(written('m.conf', 'listener 1884\n'), options);
    for (const { configuration } of [ours, theirs]) {
      expect(configuration.listeners.map(({ port }) => port)).toEqual([1884]);
      expect(configuration.limits.connections).toBe(7);
    }
    expect(ours.configuration.profile).toBe('martlet');
    expect(theirs.configuration.profile).toBe('mosquitto');
  });
});
