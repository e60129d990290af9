import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, loadConfiguration, parseConfiguration } from '@martlet/broker/config';
import { afterAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { errorLines, FILE, parsed } from './parsed.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function loadError(bytes: Uint8Array | string): Promise<string> {
  const path = join(directory, 'martlet.yaml');
  writeFileSync(path, bytes);
  return messageOf(path);
}

async function messageOf(path: string): Promise<string> {
  const error = await loadConfiguration(path).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ConfigurationError);
  return (error as ConfigurationError).message.replace(`${directory}/`, '');
}

describe('A file that is none', () => {
  test.each([
    [
      'not UTF-8',
      Buffer.from('user: ann\npidFile: \xff\n', 'latin1'),
      'martlet.yaml:2: expected text in UTF-8, got bytes that are none',
    ],
    [
      'UTF-16',
      Buffer.from('\ufeffuser: ann', 'utf16le'),
      'martlet.yaml:1: expected text in UTF-8, got UTF-16',
    ],
    [
      'empty',
      '',
      'martlet.yaml: expected keys such as listeners, got an empty file; {} alone says that every default holds',
    ],
    [
      'nothing but comments',
      '# a\n\n',
      'martlet.yaml: expected keys such as listeners, got an empty file; {} alone says that every default holds',
    ],
    [
      'a list',
      '- a\n',
      'martlet.yaml:1:1: expected keys such as listeners, got a list; {} alone says that every default holds',
    ],
    [
      'a text',
      'hello',
      'martlet.yaml:1:1: expected keys such as listeners, got a value alone; {} alone says that every default holds',
    ],
    ['too large', `# ${'x'.repeat(1024 * 1024)}`, 'martlet.yaml: expected at most 1048576 bytes, got more'],
    [
      'a program',
      Buffer.from('7f454c4602010100', 'hex'),
      'martlet.yaml:1:1: expected keys such as listeners, got a value alone; {} alone says that every default holds',
    ],
  ])('is told: %s', async (_what, bytes, message) => {
    expect(await loadError(bytes)).toBe(message);
  });

  test('is told: none, a directory, a device', async () => {
    expect(await messageOf(join(directory, 'nothing'))).toBe(
      'nothing: expected a file that can be read, got none of that name',
    );
    expect(await messageOf(tmpdir())).toContain('expected a regular file, got a directory');
    expect(await messageOf('/dev/zero')).toBe('/dev/zero: expected a regular file, got something else');
  });
});

describe('YAML that is wrong is told by line:', () => {
  test.each([
    [
      'limits:\n\tconnections: 5',
      'martlet.yaml:2:1: expected spaces in front, got a tab: YAML allows none there',
    ],
    ['user: a\nuser: b', 'martlet.yaml:2:1: user: expected the key once, got it in line 1 already'],
    [
      'limits: { connections: 1, connections: 1 }',
      'martlet.yaml:1:27: limits.connections: expected the key once, got it in line 1 already',
    ],
    ['user: a\n---\nuser: b', 'martlet.yaml:2:1: expected one document, got another one after it'],
    ['user: *nobody', 'martlet.yaml:1:7: user: expected an anchor (&nobody) before the alias, got none'],
    [
      'listeners: &l [*l]',
      'martlet.yaml:1:16: listeners[0]: expected no alias within what it stands for: *l',
    ],
    [
      'user: !secret x',
      'martlet.yaml:1:7: expected no tag that begins with an exclamation mark: text with one needs quotes',
    ],
    ['? [a]\n: b', 'martlet.yaml:1:3: expected text as the name of the key'],
    [
      '__proto__: { a: 1 }',
      'martlet.yaml:1:1: expected another name than __proto__, which JavaScript has for itself',
    ],
    ['<<: 5\nuser: a', 'martlet.yaml:1:1: expected a mapping after <<, or a list of them'],
  ])('%j', (text, line) => {
    expect(errorLines(text)[0]).toBe(line);
  });

  test('what is not closed', () => {
    expect(errorLines('limits: { connections: 5')[0]).toMatch(/^martlet\.yaml:1:25: expected YAML: /);
    expect(errorLines('user: "ann')[0]).toMatch(/^martlet\.yaml:1:11: expected YAML: /);
  });
});

describe('What would grow without end is refused:', () => {
  test('aliases that multiply', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let at = 1; at < 10; at++) lines.push(`a${at}: &a${at} [${`*a${at - 1}, `.repeat(9)}*a${at - 1}]`);
    const [line] = errorLines(lines.join('\n'));
    expect(line).toContain(
      'expected at most 200000 values, got more; each alias (*name) counts all that it repeats',
    );
  });

  test.each([
    ['[', ']'],
    ['- ', ''],
    ['{a: ', '}'],
    ['[{a: ', '}]'],
  ])('nesting by %j', (open, close) => {
    for (const depth of [70, 1000, 100_000]) {
      const lines = errorLines(open.repeat(depth) + close.repeat(depth));
      expect(lines[0]).toMatch(/levels of nesting, got more/);
    }
  });

  test('keys: as many as fit are read in time that grows with them', () => {
    const users = Array.from({ length: 20_000 }, (_, at) => `u${at}: {}`).join(', ');
    expect(Object.keys(parsed(`rates: { users: { ${users} } }`).rates.users)).toHaveLength(20_000);
  });

  test('lists: an entry more than the bound is told', () => {
    const filters = (count: number) => `queues: [${'{ topicFilter: a, whenFull: reject }, '.repeat(count)}]`;
    expect(errorLines(filters(10_000))).toEqual([]);
    expect(errorLines(filters(10_001))[0]).toContain(
      'queues: expected a list of at most 10000, got a list of 10001',
    );
  });

  test('errors: a file full of them is told by the first thousand', () => {
    const wrong = Array.from({ length: 5000 }, (_, at) => `x${at}: 1`).join('\n');
    expect(errorLines(wrong)).toHaveLength(1000);
  });
});

const SEED_FILE = `
profile: martlet
listeners:
  - &a { name: tls, port: 8883, tls: { certificates: [{ certificateFile: a, keyFile: b }], minimumVersion: 1.3 } }
  - { protocol: websocket, webSocket: { origins: ['https://a.example'] } }
authentication:
  methods:
    - { type: passwordFile, file: users }
    - { type: jwt, jwksUrl: 'https://issuer.example/jwks', algorithms: [ES256] }
authorization: { rules: [{ allow: [publish], topics: ['a/%c/#'], who: { groups: [g], addresses: [10.0.0.0/8] } }] }
limits: { maximumPacketSize: 1MiB, connectTimeoutMs: 30s }
rates: { perClient: { messagesInPerSecond: 5.5 }, users: { ann: { connections: 2 } } }
log: { destinations: [{ type: file, path: log }], types: [error] }
bridges: [{ name: b, addresses: [h:1883], topics: [{ pattern: '#', qos: 1 }] }]
`;

describe('Whatever the bytes are', () => {
  test('a file is read, or refused with a ConfigurationError', () => {
    const random = new SeededRandom(60);
    const alphabet = [...'{}[]:,-#&*!|>\'"%@`\\\n\t <?0aé\0\u2028'];
    let read = 0;
    for (let round = 0; round < 1000; round++) {
      const characters = [...SEED_FILE];
      for (let change = random.next() < 0.5 ? 1 : 3; change > 0; change--) {
        const at = (random.next() * characters.length) | 0;
        const piece = alphabet[(random.next() * alphabet.length) | 0]!;
        characters.splice(
          at,
          random.next() < 0.5 ? 1 : 0,
          random.next() < 0.2 ? characters.slice(0, at / 8).join('') : piece,
        );
      }
      try {
        parseConfiguration(characters.join(''), FILE);
        read++;
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        for (const { text, line } of error.problems) {
          expect(text).not.toBe('');
          expect(line === undefined || line > 0).toBe(true);
        }
      }
    }
    expect(read).toBeGreaterThan(20);
    expect(read).toBeLessThan(950);
  });

  test('random bytes are refused with a ConfigurationError', async () => {
    const random = new SeededRandom(61);
    for (let round = 0; round < 200; round++) {
      const bytes = Uint8Array.from(
        { length: 1 + random.next() * 200 },
        () => random.next() * (round % 2 === 0 ? 256 : 128),
      );
      await loadError(Buffer.concat([Buffer.from('zz: '), bytes]));
    }
  });
});
