import type { LoadOptions } from '@martlet/broker/config';
import {
  configurationYaml,
  parseConfiguration,
  shownConfiguration,
  shownValues,
} from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { FILE } from './parsed.ts';

const TEXT = `
listeners:
  - { name: '007', port: 1, path: null, pathMode: '0600', protocolVersions: [3.1, 5.0], mountPoint: 'a: b/' }
  - { protocol: websocket, tls: { psk: { file: keys } } }
authentication:
  methods: [psk, { type: jwt, secretFile: s }]
  flapping: {}
authorization: { groups: { 'x y': [yes, 'true', '~'] }, rules: [{ deny: publish, topics: ['#', '$SYS/#'] }] }
rates: { users: { 'ann: b': { connections: null } } }
bridges: [{ name: b, addresses: h, localPassword: very secret }]
log: { destinations: [{ type: file, path: log }] }
`;

function shown(text: string, given: boolean, origins = false, options: LoadOptions = {}): string {
  const { configuration, source } = parseConfiguration(text, FILE, options);
  return configurationYaml(configuration, source, { given, origins });
}

describe('A configuration as YAML', () => {
  test.each([
    ['everything', false],
    ['what was given', true],
  ])('says the same when it is read again: %s', (_what, given) => {
    const { configuration } = parseConfiguration(TEXT, FILE);
    const again = parseConfiguration(shown(TEXT, given), FILE).configuration;
    const bridges = configuration.bridges.map((bridge) => ({ ...bridge, localPassword: '(secret)' }));
    expect(again).toEqual({ ...configuration, bridges });
  });

  test('has every key, and no secret', () => {
    const text = shown(TEXT, false);
    expect(text).toMatch(/^profile: martlet$/m);
    expect(text).toMatch(/^ {4}pathMode: '0600'$/m);
    expect(text).not.toContain('very secret');
  });

  test('has what was given, with the place that it comes from', () => {
    const text = 'limits:\n  connections: 5\nlog: { types: error, destinations: none }\n';
    const options = {
      env: { MARTLET_USER: 'ann' },
      overrides: [
        { key: ['limits', 'sessions'], value: 6, from: { kind: 'flag', flag: '--limit' } as const },
      ],
    };
    expect(shown(text, true, true, options)).toBe(`limits:
  connections: 5 # ${FILE}:2
  sessions: 6 # --limit
log:
  destinations:
    - type: none # ${FILE}:3
  types:
    - error # ${FILE}:3
user: ann # MARTLET_USER
`);
  });

  test('of which nothing was given is empty', () => {
    expect(shown('{}', true)).toBe('{}\n');
  });

  test('may say of all that is left out that it is a default', () => {
    expect(shown('{}', false, true)).toMatch(/^ {2}connections: 100000 # default$/m);
  });
});

test('Values one by one have their keys and origins', () => {
  const { configuration, source } = parseConfiguration('listeners:\n  - port: 7\n', FILE);
  expect(shownValues(configuration, source, true)).toEqual([
    { key: 'listeners[0].port', value: 7, origin: `${FILE}:2` },
  ]);
  const all = shownValues(configuration, source);
  expect(all).toContainEqual({ key: 'limits.connections', value: 100_000, origin: 'default' });
  expect(all).toContainEqual({ key: 'rates.users', value: {}, origin: 'default' });
  expect(shownConfiguration(configuration, source)).toMatchObject({
    listeners: [{ pathMode: '0660', port: 7 }],
  });
});
