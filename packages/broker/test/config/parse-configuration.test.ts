import { resolveProfile } from '@martlet/broker';
import { configurationFrom, parseConfiguration, profileOptionsOf } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { FILE, parsed } from './parsed.ts';

const TLS = 'certificates: [{ certificateFile: server.pem, keyFile: server.key }]';

describe('A configuration', () => {
  test('that leaves everything out has a value for every key, and those are the library defaults', () => {
    const configuration = parsed('{}');
    expect(resolveProfile(profileOptionsOf(configuration))).toEqual(resolveProfile());
    expect(configurationFrom({}).configuration).toEqual(configuration);
    expect(JSON.parse(JSON.stringify(configuration))).toEqual(configuration);
  });

  test('without listeners listens on loopback for MQTT and WebSocket', () => {
    const { listeners } = parsed('listeners:');
    expect(listeners.map(({ name, protocol, host, port }) => [name, protocol, host, port])).toEqual([
      ['tcp:1883', 'mqtt', '127.0.0.1', 1883],
      ['websocket:8080', 'websocket', '127.0.0.1', 8080],
    ]);
  });

  test.each([
    ['{}', 'tcp:1883', 1883],
    [`{ tls: { ${TLS} } }`, 'tls:8883', 8883],
    ['{ protocol: websocket }', 'websocket:8080', 8080],
    [`{ protocol: websocket, tls: { ${TLS} } }`, 'wss:8084', 8084],
    ['{ port: 0 }', 'tcp:0', 0],
    ['{ path: /run/m.sock }', 'unix:/run/m.sock', 1883],
    ['{ socketActivation: mqtt }', 'socket:mqtt', 1883],
    ['{ name: inside, port: 1884 }', 'inside', 1884],
  ])('names the listener %s %s', (listener, name, port) => {
    expect(parsed(`listeners: [${listener}]`).listeners).toMatchObject([{ name, port }]);
  });

  test('may have keys that are shared with TLS 1.3 alone', () => {
    const tls = '{ psk: { file: keys.psk }, minimumVersion: "1.3" }';
    expect(parsed(`listeners: [{ tls: ${tls} }]`).listeners[0]?.tls?.minimumVersion).toBe('1.3');
  });

  test('gives no two listeners the same name', () => {
    const { listeners } = parsed(
      'listeners: [{}, { host: 10.0.0.7 }, { port: 0 }, { port: 0 }, { port: 0 }]',
    );
    expect(listeners.map(({ name }) => name)).toEqual([
      'tcp:1883',
      'tcp:10.0.0.7:1883',
      'tcp:0',
      'tcp:127.0.0.1:0',
      'tcp:0 (2)',
    ]);
  });

  test('speaks http/1.1 by ALPN on a secure WebSocket listener, and mqtt on others', () => {
    const { listeners } = parsed(
      `listeners: [{ protocol: websocket, tls: { ${TLS} } }, { tls: { ${TLS} } }]`,
    );
    expect(listeners.map(({ tls }) => tls?.alpn)).toEqual([['http/1.1'], ['mqtt']]);
  });

  test.each([
    ['{}', true],
    ['listeners: [{ host: localhost }, { path: /run/m.sock }]', true],
    ["listeners: [{ host: '*' }]", false],
    ['listeners: [{ host: 192.168.0.7 }, {}]', false],
    ['listeners: [{ interface: lo }]', true],
    ['listeners: [{ interface: eth0 }]', false],
    ['listeners: [{ socketActivation: 3 }]', false],
    ['authentication: { methods: [{ type: passwordFile, file: users }] }', false],
    ["authentication: { anonymous: true }\nlisteners: [{ host: '*' }]", true],
    ["listeners: [{ host: '*', authentication: { anonymous: false } }, {}]", true],
    ["listeners: [{ host: '*', authentication: { anonymous: true } }, { host: '::' }]", false],
  ])('with %s lets clients without a user name in: %s', (text, anonymous) => {
    expect(parsed(text).authentication.anonymous).toBe(anonymous);
  });

  test.each([
    ['{}', 'allow', []],
    ['authorization: { rules: [{ allow: publish, topics: a }] }', 'deny', ['rules']],
    ['authorization: { methods: [{ type: aclFile, file: acl }] }', 'deny', ['aclFile']],
    ['authorization: { default: allow, methods: token }', 'allow', ['token']],
  ])('with %s answers %s when no rule does', (text, usual, types) => {
    const { authorization } = parsed(text);
    expect(authorization.default).toBe(usual);
    expect(authorization.methods.map(({ type }) => type)).toEqual(types);
  });

  test('may have access of its own for a listener', () => {
    const text = `
authentication: { methods: [{ type: passwordFile, file: users }] }
listeners:
  - port: 1883
  - port: 1884
    authentication: { anonymous: true }
    authorization: { rules: [{ allow: [publish], topics: ['a/%u'] }] }`;
    const [first, second] = parsed(text).listeners;
    expect(first).toMatchObject({ authentication: null, authorization: null });
    expect(second).toMatchObject({
      authentication: { anonymous: true, methods: [] },
      authorization: {
        default: 'deny',
        methods: [{ type: 'rules' }],
        rules: [{ allow: ['publish'], deny: null }],
      },
    });
  });

  test('has paths relative to its own directory, and words that are no paths as they are', () => {
    const configuration = parsed(`
store: { directory: data }
dynamicSecurity: { file: ../dynsec.json }
control: { socket: none }
authentication: { methods: [{ type: passwordFile, file: users }, { type: passwordFile, file: /srv/users }] }`);
    expect(configuration.store.directory).toBe('/etc/martlet/data');
    expect(configuration.dynamicSecurity?.file).toBe('/etc/dynsec.json');
    expect(configuration.control.socket).toBe('none');
    expect(configuration.authentication.methods).toMatchObject([
      { file: '/etc/martlet/users' },
      { file: '/srv/users' },
    ]);
    expect(parsed('store: { directory: false }').store.directory).toBe(false);
  });

  test('may name versions as numbers, and one entry for a list of it', () => {
    const configuration = parsed(`
listeners: [{ protocolVersions: [5.0, 3.1], tls: { ${TLS}, minimumVersion: 1.3 } }]
log: { destinations: stdout, types: error }`);
    expect(configuration.listeners).toMatchObject([
      { protocolVersions: ['5.0', '3.1'], tls: { minimumVersion: '1.3' } },
    ]);
    expect(configuration.log).toMatchObject({ destinations: [{ type: 'stdout' }], types: ['error'] });
  });

  test.each([
    ["'0660'", 0o660],
    ['0660', 0o660],
    ['0o600', 0o600],
    ["'777'", 0o777],
  ])('reads the permission bits %s in octal', (mode, bits) => {
    expect(parsed(`listeners: [{ path: /run/m.sock, pathMode: ${mode} }]`).listeners[0]?.pathMode).toBe(bits);
  });

  test('takes over what a mapping has after <<, and aliases', () => {
    const { listeners } = parsed(`
listeners:
  - &usual { port: 1883, maximumQos: 1, retainAvailable: false }
  - { <<: *usual, name: b, port: 1884, retainAvailable: true }`);
    expect(listeners).toMatchObject([
      { port: 1883, maximumQos: 1, retainAvailable: false },
      { port: 1884, maximumQos: 1, retainAvailable: true },
    ]);
  });

  test('keeps the names that users choose, whatever they are', () => {
    const { rates, authorization } = parsed(`
rates: { users: { 007: { connections: 1 }, 'null': { connections: null } } }
authorization: { groups: { constructor: [ann], 'a b': bob } }`);
    expect(Object.entries(rates.users)).toEqual([
      ['007', { connections: 1 }],
      ['null', { connections: null }],
    ]);
    expect(Object.entries(authorization.groups)).toEqual([
      ['constructor', ['ann']],
      ['a b', ['bob']],
    ]);
  });

  test('begins with a byte order mark, or not', () => {
    expect(parsed('\ufeffpidFile: /run/m.pid').pidFile).toBe('/run/m.pid');
  });

  test('carries queues, quotas, dead letters and rates to the core', () => {
    const configuration = parsed(`
queues: [{ topicFilter: 'a/#', whenFull: keep-latest }, { topicFilter: b, whenFull: reject, messages: 5, bytes: 1KiB }]
retained: { quotas: [{ topicPrefix: a, messages: 7 }] }
deadLetters: { topicPrefix: $dead-letter, reasons: expired }
rates: { perClient: { messagesInPerSecond: 0.5, whenExceeded: drop }, users: { ann: { bytesInPerSecond: null } } }
behaviour: { queueQos0: true, connackOrder: [receiveMaximum] }
store: { topicDurability: [{ topicFilter: 'a/#', durability: os }] }`);
    const profile = resolveProfile(profileOptionsOf(configuration));
    expect(profile).toMatchObject({
      queues: [
        { topicFilter: 'a/#', whenFull: 'keep-latest' },
        { topicFilter: 'b', whenFull: 'reject', messages: 5, bytes: 1024 },
      ],
      retainedQuotas: [{ topicPrefix: 'a', messages: 7 }],
      deadLetterPrefix: '$dead-letter',
      deadLetterReasons: ['expired'],
      queueQos0: true,
      connackOrder: ['receiveMaximum'],
      topicDurability: [{ topicFilter: 'a/#', durability: 'os' }],
      rates: { perClient: { messagesInPerSecond: 0.5, whenExceeded: 'drop' } },
    });
  });

  test('knows the place of every key that was given', () => {
    const { source } = parseConfiguration('limits:\n  connections: 5\nlisteners:\n  - port: 1884\n', FILE);
    expect(source.originOf(['limits', 'connections'])).toEqual({
      kind: 'file',
      file: FILE,
      line: 2,
      column: 16,
    });
    expect(source.originOf(['limits', 'sessions'])).toEqual({ kind: 'default' });
    expect(source.placeOf(['listeners', 0, 'port'])).toEqual({ file: FILE, line: 4, column: 11 });
    expect(source.placeOf(['listeners', 0, 'tls', 'caFile'])).toMatchObject({ file: FILE, line: 4 });
    expect(source.placeOf(['log'])).toMatchObject({ file: FILE, line: 1 });
  });
});
