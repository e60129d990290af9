import { parseConfiguration } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { errorLines, FILE, parsed } from './parsed.ts';

const flag = (key: readonly (string | number)[], value: unknown) =>
  ({ key, value, from: { kind: 'flag', flag: '--limit' } }) as const;

describe('Of default, file, environment and flag the last that is given counts', () => {
  const key = ['limits', 'queuedMessages'];
  const file = 'limits: { queuedMessages: 1 }';
  const env = { MARTLET_LIMITS__QUEUED_MESSAGES: '2' };
  const overrides = [flag(key, 3)];

  test.each([
    [{}, '{}', 100_000, { kind: 'default' }],
    [{}, file, 1, { kind: 'file', file: FILE, line: 1, column: 27 }],
    [{ env }, '{}', 2, { kind: 'environment', variable: 'MARTLET_LIMITS__QUEUED_MESSAGES' }],
    [{ env }, file, 2, { kind: 'environment', variable: 'MARTLET_LIMITS__QUEUED_MESSAGES' }],
    [{ overrides }, '{}', 3, { kind: 'flag', flag: '--limit' }],
    [{ overrides }, file, 3, { kind: 'flag', flag: '--limit' }],
    [{ env, overrides }, '{}', 3, { kind: 'flag', flag: '--limit' }],
    [{ env, overrides }, file, 3, { kind: 'flag', flag: '--limit' }],
    [{ overrides: [flag(key, 3), flag(key, 4)] }, file, 4, { kind: 'flag', flag: '--limit' }],
  ])('with %j over %s: %s', (options, text, value, origin) => {
    const { configuration, source } = parseConfiguration(text, FILE, options);
    expect(configuration.limits.queuedMessages).toBe(value);
    expect(source.originOf(key)).toEqual(origin);
  });
});

describe('A variable of the environment', () => {
  test.each([
    ['MARTLET_LISTENERS__0__PORT', '1999', (c) => c.listeners[0]?.port, 1999],
    ['MARTLET_LISTENERS__1__WEB_SOCKET__PATH', '/ws', (c) => c.listeners[1]?.webSocket.path, '/ws'],
    ['MARTLET_LISTENERS', '[{"port":7}]', (c) => c.listeners.map(({ port }) => port), [7]],
    ['MARTLET_LISTENERS__0__PATH_MODE', '0600', (c) => c.listeners[0]?.pathMode, 0o600],
    ['MARTLET_LISTENERS__0__PROTOCOL_VERSIONS', '5.0', (c) => c.listeners[0]?.protocolVersions, ['5.0']],
    ['MARTLET_LISTENERS__0__SOCKET_ACTIVATION', '3', (c) => c.listeners[0]?.socketActivation, 3],
    ['MARTLET_LIMITS__CONNECT_TIMEOUT_MS', '5s', (c) => c.limits.connectTimeoutMs, 5000],
    ['MARTLET_LIMITS__MAXIMUM_PACKET_SIZE', '1MiB', (c) => c.limits.maximumPacketSize, 1_048_576],
    ['MARTLET_BEHAVIOUR__QUEUE_QOS0', 'true', (c) => c.behaviour.queueQos0, true],
    ['MARTLET_BEHAVIOUR__QUEUEQOS0', 'true', (c) => c.behaviour.queueQos0, true],
    ['MARTLET_STORE__DIRECTORY', 'false', (c) => c.store.directory, false],
    ['MARTLET_STORE__DIRECTORY', 'data', (c) => c.store.directory, '/etc/martlet/data'],
    ['MARTLET_USER', '1000', (c) => c.user, '1000'],
    ['MARTLET_PID_FILE', 'null', (c) => c.pidFile, null],
    ['MARTLET_LOG__TYPES', 'error', (c) => c.log.types, ['error']],
    ['MARTLET_LOG__TYPES', '["error","debug"]', (c) => c.log.types, ['error', 'debug']],
    ['MARTLET_LOG__TYPES__0', 'debug', (c) => c.log.types, ['debug']],
    ['MARTLET_LOG__DESTINATIONS', 'none', (c) => c.log.destinations, [{ type: 'none' }]],
    ['MARTLET_DYNAMIC_SECURITY__FILE', '/a', (c) => c.dynamicSecurity?.file, '/a'],
    ['MARTLET_RATES__USERS__Ann__CONNECTIONS', '4', (c) => c.rates.users, { Ann: { connections: 4 } }],
    ['MARTLET_AUTHORIZATION__GROUPS', '{"a":["b"]}', (c) => c.authorization.groups, { a: ['b'] }],
  ] satisfies [string, string, (configuration: ReturnType<typeof parsed>) => unknown, unknown][])(
    '%s=%s is read by the type of its key',
    (name, value, read, expected) => {
      expect(read(parsed('{}', { env: { [name]: value } }))).toEqual(expected);
    },
  );

  test('goes into what the file has', () => {
    const text = 'authentication: { methods: [{ type: passwordFile, file: a }] }';
    const env = {
      MARTLET_AUTHENTICATION__METHODS__0__FILE: '/b',
      MARTLET_AUTHENTICATION__METHODS__1: '{"type":"psk"}',
    };
    expect(parsed(text, { env }).authentication.methods).toEqual([
      { type: 'passwordFile', file: '/b', skipBadLines: false },
      { type: 'psk' },
    ]);
  });

  test('may give a section whole, and another one a key of it', () => {
    const env = {
      MARTLET_DYNAMIC_SECURITY__INITIAL_PASSWORD_FILE: '/pw',
      MARTLET_DYNAMIC_SECURITY: '{"file":"/a"}',
    };
    expect(parsed('{}', { env }).dynamicSecurity).toEqual({ file: '/a', initialPasswordFile: '/pw' });
  });

  test.each([
    [
      { MARTLET_LIMITS__QUEUED_MESAGES: '5' },
      'MARTLET_LIMITS__QUEUED_MESAGES: expected the name of a key of the configuration after MARTLET_, got none that is known; did you mean MARTLET_LIMITS__QUEUED_MESSAGES?',
    ],
    [
      { MARTLET_LIMIT__CONNECTIONS: '5' },
      'MARTLET_LIMIT__CONNECTIONS: expected the name of a key of the configuration after MARTLET_, got none that is known; did you mean MARTLET_LIMITS?',
    ],
    [
      { MARTLET_LISTENERS__X__PORT: '5' },
      'MARTLET_LISTENERS__X__PORT: expected the name of a key of the configuration after MARTLET_, got none that is known: an index from 0 on is expected after MARTLET_LISTENERS',
    ],
    [
      { MARTLET_LISTENERS__5__PORT: '5' },
      'MARTLET_LISTENERS__5__PORT: listeners[5].port: expected an index from 0 to 2 below listeners, got 5',
    ],
    [
      { MARTLET_LIMITS__CONNECTIONS: 'x' },
      "MARTLET_LIMITS__CONNECTIONS: limits.connections: expected a whole number from 1 to 1000000000 (connections), got 'x'",
    ],
    [{ MARTLET_LISTENERS: '[{' }, 'MARTLET_LISTENERS: listeners: expected JSON: a list'],
    [{ MARTLET_LIMITS: 'x' }, 'MARTLET_LIMITS: limits: expected JSON: a section with keys'],
    [
      { MARTLET_USER__NAME: 'x' },
      'MARTLET_USER__NAME: expected the name of a key of the configuration after MARTLET_, got none that is known: there are no keys below MARTLET_USER',
    ],
    [
      { MARTLET_RATES__USERS____proto____CONNECTIONS: '1' },
      'MARTLET_RATES__USERS____proto____CONNECTIONS: expected the name of a key of the configuration after MARTLET_, got none that is known',
    ],
  ])('that is wrong is told by its name: %j', (env, line) => {
    expect(errorLines('{}', { env: env as Record<string, string> })).toEqual([line]);
  });

  test('of another program, or of a command, is not looked at', () => {
    expect(errorLines('{}', { env: { MARTLET: 'x', PATH: '/bin', MARTLET_PASSWORD: 'secret' } })).toEqual([]);
  });

  test('of Kubernetes, for services whose names begin as ours do, is not looked at', () => {
    const env = {
      MARTLET_SERVICE_HOST: '10.0.0.7',
      MARTLET_SERVICE_PORT: '1883',
      MARTLET_SERVICE_PORT_MQTT: '1883',
      MARTLET_PORT: 'tcp://10.0.0.7:1883',
      MARTLET_PORT_1883_TCP: 'tcp://10.0.0.7:1883',
      MARTLET_PORT_1883_TCP_PROTO: 'tcp',
      MARTLET_PORT_1883_TCP_PORT: '1883',
      MARTLET_PORT_1883_TCP_ADDR: '10.0.0.7',
      MARTLET_EDGE_SERVICE_HOST: '10.0.0.8',
      MARTLET_EDGE_PORT: 'tcp://10.0.0.8:1883',
    };
    expect(errorLines('{}', { env })).toEqual([]);
    expect(errorLines('{}', { env: { MARTLET_PORT: '1884' } })).toHaveLength(1);
  });

  test('that is wrong is told together with what is wrong in the file, and its value is not shown', () => {
    const env = { MARTLET_BRIDGES__0__REMOTE_PASSWORD: 'se\0cret', MARTLET_FOO: 'secret' };
    const lines = errorLines('bridges: [{ name: 5 }]', { env });
    expect(lines).toHaveLength(4);
    expect(lines.join('\n')).not.toContain('cret');
  });
});

test('A flag that cannot be put anywhere is told by its name', () => {
  expect(errorLines('user: ann', { overrides: [flag(['user', 'name'], 1)] })).toEqual([
    '--limit: user.name: expected a section or a list at user, got string',
  ]);
});

test('A flag may put a key back to its default', () => {
  const overrides = [flag(['limits'], undefined)];
  expect(parsed('limits: { connections: 5 }', { overrides }).limits.connections).toBe(100_000);
});
