import { ConfigurationError } from '@martlet/broker/config';
import { MOSQUITTO_OPTIONS } from '@martlet/broker/mosquitto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { MosquittoFiles } from './mosquitto-files.ts';

let files: MosquittoFiles;
beforeEach(() => {
  files = new MosquittoFiles();
});
afterEach(() => files.remove());

const SEEDS = Array.from({ length: 30 }, (_, seed) => seed);

/** Options with values that may fit, in any order, with noise in them. */
function shuffledFile(random: SeededRandom): Buffer {
  const values = [
    'true',
    'false',
    '1',
    '-1',
    '99999999999',
    'a',
    '',
    'listener',
    '0 /x',
    '1883',
    '"" x',
    '%c',
    '#',
    '\t',
  ];
  const lines = Array.from({ length: 1 + random.below(30) }, () => {
    const { name, aliases = [] } = MOSQUITTO_OPTIONS[random.below(MOSQUITTO_OPTIONS.length)]!;
    const names = [name.replace('*', 'x'), ...aliases.map((alias) => alias.replace('*', 'y'))];
    // What is read from disk, or from another directory, is another test's.
    const shown = names[random.below(names.length)]!.replace('include_dir', 'include_dirs');
    return `${shown} ${values[random.below(values.length)]}`;
  });
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  for (let noise = random.below(4); noise > 0; noise--) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

describe('A hostile mosquitto.conf', () => {
  test.each(SEEDS)(
    'of seed %i is taken, or refused with a place for everything that is wrong',
    async (seed) => {
      const random = new SeededRandom(seed);
      for (let count = 0; count < 8; count++) {
        const bytes = random.chance(0.2) ? random.bytes(200) : shuffledFile(random);
        try {
          const { configuration } = await files.load(Buffer.from(bytes));
          expect(configuration.profile).toBe('mosquitto');
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
          for (const { text, file, severity } of (error as ConfigurationError).problems) {
            expect(severity).toBe('error');
            expect(file).toBe(files.main);
            expect(text.length).toBeLessThan(400);
            expect(text).not.toMatch(/undefined|NaN|\[object/);
          }
        }
      }
    },
  );

  test('of a name or value of any length is refused in a short line', async () => {
    const [name] = await files.errors(`${'x'.repeat(1_000_000)} 1\n`);
    expect(name!.key.length + name!.text.length).toBeLessThan(200);
    const [value] = await files.errors(`protocol ${'x'.repeat(60_000)}\n`);
    expect(value!.text.length).toBeLessThan(200);
  });

  test('of more than 16 MiB is refused', async () => {
    expect(await files.errors(Buffer.alloc(16 * 1024 * 1024 + 1, '#'))).toMatchObject([
      { code: 'unreadable' },
    ]);
  });

  test('of a directory, or of no file, is refused', async () => {
    await expect(files.load('include_dir .\n')).resolves.toBeDefined();
    const { loadMosquittoConfiguration } = await import('@martlet/broker/mosquitto');
    for (const path of [files.directory, `${files.directory}/nothing`, '/dev/null/x']) {
      const loading = loadMosquittoConfiguration(path, files.surroundings());
      await expect(loading).rejects.toThrow(ConfigurationError);
    }
  });

  test('with tens of thousands of listeners is refused for being too long', async () => {
    const text = Array.from({ length: 20_000 }, (_, port) => `listener ${port + 1} 127.0.0.1`).join('\n');
    expect(await files.errors(text)).not.toEqual([]);
  });
});
