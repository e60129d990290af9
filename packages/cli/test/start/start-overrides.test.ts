import type { ConfigurationOverride } from '@martlet/broker/config';
import { configurationFrom } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import type { StartOptions } from '../../src/start/start-options.ts';
import type { PlacedListener } from '../../src/start/start-overrides.ts';
import { concernsListeners, startOverrides } from '../../src/start/start-overrides.ts';

const DEFAULTS: StartOptions = {
  config: undefined,
  daemon: undefined,
  port: 1883,
  host: '127.0.0.1',
  wsPort: 8080,
  wsPath: '/mqtt',
  wsOrigin: undefined,
  ws: true,
  socket: undefined,
  snPort: undefined,
  snHost: '127.0.0.1',
  dataDir: undefined,
  durability: 'disk',
  topicDurability: undefined,
  limit: undefined,
  fullQueue: 'drop-oldest',
  queueQos0: undefined,
  willGraceMs: 30_000,
  control: undefined,
  pidFile: undefined,
  logFormat: 'text',
  verbose: 0,
};

function overridesFor(
  options: Partial<StartOptions>,
  listeners?: readonly PlacedListener[],
  env: Readonly<Record<string, string>> = {},
): readonly ConfigurationOverride[] {
  const given = new Set(Object.keys(options) as (keyof StartOptions)[]);
  return startOverrides({ ...DEFAULTS, ...options }, given, listeners, env);
}

function configured(options: Partial<StartOptions>) {
  return configurationFrom({}, { overrides: overridesFor(options) }).configuration;
}

const PLACES: readonly PlacedListener[] = [
  { protocol: 'websocket', path: null, socketActivation: null },
  { protocol: 'mqtt', path: '/run/x.sock', socketActivation: null },
  { protocol: 'mqtt', path: null, socketActivation: null },
];

describe('Without a configuration file', () => {
  test('no flag says nothing', () => {
    expect(overridesFor({})).toEqual([]);
    expect(concernsListeners(new Set())).toBe(false);
  });

  test('flags say where the two listeners are, and add a third', () => {
    const { listeners } = configured({
      port: 1884,
      wsPort: 8081,
      wsPath: '/ws',
      host: '::1',
      socket: '/run/m.sock',
    });
    expect(listeners).toMatchObject([
      { protocol: 'mqtt', host: '::1', port: 1884, name: 'tcp:1884' },
      { protocol: 'websocket', host: '::1', port: 8081, webSocket: { path: '/ws' } },
      { protocol: 'mqtt', path: '/run/m.sock' },
    ]);
  });

  test('--sn-port adds a listener for MQTT-SN, of this machine alone unless --sn-host says otherwise', () => {
    expect(configured({ snPort: 1883, socket: '/run/m.sock' }).listeners).toMatchObject([
      { protocol: 'mqtt' },
      { protocol: 'websocket' },
      { path: '/run/m.sock' },
      { protocol: 'mqtt-sn', name: 'sn:1883', host: '127.0.0.1', port: 1883 },
    ]);
    expect(configured({ host: '0.0.0.0', snPort: 1883 }).listeners[2]).toMatchObject({ host: '127.0.0.1' });
    const open = configured({ snPort: 1884, snHost: '*' });
    expect(open.listeners[2]).toMatchObject({ host: '*', port: 1884 });
    expect(open.authentication.anonymous).toBe(true);
    expect(() => configured({ snHost: '*' })).toThrow(
      "option '--sn-host': expected --sn-port with it, got none",
    );
  });

  test('--no-ws leaves one, and says nothing of its port', () => {
    const { listeners } = configured({ ws: false, wsPort: 1, socket: '/run/m.sock', host: '127.0.0.2' });
    expect(listeners.map(({ name, host }) => `${name} ${host}`)).toEqual([
      'tcp:1883 127.0.0.2',
      'unix:/run/m.sock 127.0.0.1',
    ]);
  });

  test('--host for all networks lets everyone in, unless the environment says who may come', () => {
    expect(configured({ host: '0.0.0.0' }).authentication.anonymous).toBe(true);
    const said = overridesFor({ host: '0.0.0.0' }, undefined, { MARTLET_AUTHENTICATION__ANONYMOUS: 'false' });
    expect(said.map(({ key }) => key[0])).toEqual(['listeners', 'listeners']);
  });

  test('other flags have their keys', () => {
    const configuration = configured({
      dataDir: '/srv/mqtt',
      durability: 'os',
      topicDurability: ['a/#=memory'],
      limit: ['connections=5'],
      fullQueue: 'drop-newest',
      queueQos0: true,
      willGraceMs: 5,
      logFormat: 'json',
      verbose: 7,
      control: 'none',
      pidFile: '/run/m.pid',
    });
    expect(configuration).toMatchObject({
      store: {
        directory: '/srv/mqtt',
        durability: 'os',
        topicDurability: [{ topicFilter: 'a/#', durability: 'memory' }],
      },
      limits: { connections: 5 },
      behaviour: { fullQueue: 'drop-newest', queueQos0: true, willGraceMs: 5 },
      log: { format: 'json' },
      control: { socket: 'none' },
      pidFile: '/run/m.pid',
    });
    expect(configuration.log.types).toContain('debug');
  });

  test('a directory in which nothing would be kept is refused', () => {
    expect(() => overridesFor({ dataDir: '/x', durability: 'memory' })).toThrow(
      "option '--data-dir': with --durability memory nothing is kept there; leave one of the two out",
    );
  });
});

describe('With a configuration file', () => {
  test('flags are about its first listener of their kind', () => {
    const keys = overridesFor({ port: 1, host: '::1', wsPort: 2, socket: '/s' }, PLACES).map(
      ({ key }) => key,
    );
    expect(keys).toEqual([
      ['listeners', 2, 'port'],
      ['listeners', 2, 'host'],
      ['listeners', 0, 'port'],
      ['listeners', 3],
    ]);
  });

  test('flags for MQTT-SN are about its listener for that, or add one', () => {
    const sensors: PlacedListener = { protocol: 'mqtt-sn', path: null, socketActivation: null };
    const keys = (listeners: readonly PlacedListener[]) =>
      overridesFor({ snPort: 5, snHost: '::' }, listeners).map(({ key, value }) => [key.join('.'), value]);
    expect(keys([...PLACES, sensors])).toEqual([
      ['listeners.3.port', 5],
      ['listeners.3.host', '::'],
    ]);
    expect(keys(PLACES)).toEqual([['listeners.3', { protocol: 'mqtt-sn', port: 5, host: '::' }]]);
    expect(concernsListeners(new Set(['snPort']))).toBe(true);
  });

  test('--host says nothing of who may come', () => {
    expect(overridesFor({ host: '0.0.0.0' }, PLACES)).toHaveLength(1);
  });

  test.each([
    [
      { port: 1 },
      [],
      "option '--port': expected a listener of protocol mqtt on a port in the configuration file, found none",
    ],
    [
      { ws: false },
      PLACES,
      "option '--no-ws': take the listener of protocol websocket out of the configuration file",
    ],
  ])('%j is refused where it has nothing to say', (options, listeners, text) => {
    expect(() => overridesFor(options, listeners)).toThrow(text);
  });
});
