import { describe, expect, test } from 'vitest';
import { errorLines, problemsOf } from './parsed.ts';

const TLS = 'certificates: [{ certificateFile: server.pem, keyFile: server.key }]';

describe('A wrong value is told with file, line, key, what was expected and what came:', () => {
  test.each([
    [
      'limits:\n  queuedMesages: 5',
      'martlet.yaml:2:3: limits.queuedMesages: unknown key; did you mean queuedMessages?',
    ],
    ['port: 1883', 'martlet.yaml:1:1: port: unknown key; it belongs to listeners[].port'],
    [
      'limits: { connections: many }',
      "martlet.yaml:1:24: limits.connections: expected a whole number from 1 to 1000000000 (connections), got 'many'",
    ],
    [
      'limits: { connectTimeoutMs: 2 hours }',
      "martlet.yaml:1:29: limits.connectTimeoutMs: expected a whole number from 10 to 3600000 (ms), or a time such as 30s or 5m, at most 1 h, got '2 hours'",
    ],
    [
      'limits: { maximumPacketSize: 1GiB }',
      "martlet.yaml:1:30: limits.maximumPacketSize: expected a whole number from 256 to 268435460 (bytes), or a size such as 64KiB or 16MiB, at most 268,435,460 bytes, got '1GiB'",
    ],
    [
      'store: { durability: dsik }',
      "martlet.yaml:1:22: store.durability: expected disk, os or memory, got 'dsik'; did you mean disk?",
    ],
    [
      'reload: { watch: yes }',
      "martlet.yaml:1:18: reload.watch: expected true or false, got 'yes'; did you mean true?",
    ],
    ['reload: { watch: }', 'martlet.yaml:1:18: reload.watch: expected true or false, got nothing'],
    [
      'user: 1000',
      'martlet.yaml:1:7: user: expected text without control characters, or null, got 1000; put it in quotes to make it text',
    ],
    ['limits: 5', 'martlet.yaml:1:9: limits: expected a section with keys, got 5'],
    ['listeners: { port: 1883 }', 'martlet.yaml:1:12: listeners: expected a list, got a section with keys'],
    [
      'listeners: [{ path: /run/m.sock, pathMode: 660 }]',
      "martlet.yaml:1:44: listeners[0].pathMode: expected permission bits in octal, in quotes, such as '0660', got 660",
    ],
    [
      'listeners: [{ protocolVersions: [4] }]',
      'martlet.yaml:1:34: listeners[0].protocolVersions[0]: expected 3.1, 3.1.1 or 5.0, got 4',
    ],
    [
      'listeners: [{ protocolVersions: [] }]',
      'martlet.yaml:1:33: listeners[0].protocolVersions: expected a list of at least 1, got an empty list',
    ],
    [
      "listeners: [{ mountPoint: 'a/#' }]",
      "martlet.yaml:1:27: listeners[0].mountPoint: expected a topic without wildcards, or null, got 'a/#'",
    ],
    [
      'listeners: [{ proxyProtocol: any, trustedProxies: 10.0.0.0/40 }]',
      "martlet.yaml:1:51: listeners[0].trustedProxies: expected an address or a block of them such as 10.0.0.0/8, got '10.0.0.0/40'",
    ],
    [
      'authentication: { methods: [{ type: passwordFile }] }',
      'martlet.yaml:1:29: authentication.methods[0].file: must be given: expected a path',
    ],
    [
      'authentication: { methods: [{ type: pasword, file: x }] }',
      "martlet.yaml:1:37: authentication.methods[0].type: expected passwordFile, certificate, psk, jwt, http, scram or dynamicSecurity, got 'pasword'",
    ],
    [
      'authentication: { methods: [{ file: x }] }',
      'martlet.yaml:1:29: authentication.methods[0].type: must be given: expected passwordFile, certificate, psk, jwt, http, scram or dynamicSecurity',
    ],
    [
      'log: { destinations: stder }',
      "martlet.yaml:1:22: log.destinations: expected stderr, stdout, file, syslog, topic or none, got 'stder'; did you mean stderr?",
    ],
    [
      'log: { destinations: [{ type: stderr, path: x }] }',
      'martlet.yaml:1:39: log.destinations[0].path: unknown key; it belongs to listeners[].path or listeners[].webSocket.path or log.destinations[].path',
    ],
    [
      "authorization: { rules: [{ allow: publish, topics: ['$share/g/a', 'a/#/b'] }] }",
      "martlet.yaml:1:53: authorization.rules[0].topics[0]: expected a topic filter such as sensors/# (not of a shared subscription), got '$share/g/a'",
    ],
    [
      'authentication: { methods: [{ type: http, url: "http://user:pw@h/" }] }',
      'martlet.yaml:1:48: authentication.methods[0].url: expected an address of http or https, without user and password in it, got something else',
    ],
    [
      'behaviour: { sysInterval: -1 }',
      'martlet.yaml:1:27: behaviour.sysInterval: expected a number from 0 on (s), or a time such as 30s or 5m, got -1',
    ],
    [
      'rates: { perClient: { connections: 1 } }',
      'martlet.yaml:1:23: rates.perClient.connections: unknown key; it belongs to listeners[].rates.connections or limits.connections or rates.perUser.connections',
    ],
    [
      'bridges: [{ name: b, addresses: h, remotePassword: 5 }]',
      'martlet.yaml:1:52: bridges[0].remotePassword: expected text without control characters, or null, got something else; put it in quotes to make it text',
    ],
  ])('%s', (text, line) => {
    expect(errorLines(text)[0]).toBe(line);
  });
});

describe('Keys that contradict each other are told:', () => {
  test.each([
    [
      'listeners: [{}, {}]',
      "listeners[1].port: expected another one than listeners[0] has, got '127.0.0.1:1883' again",
    ],
    [
      'listeners: [{ name: a }, { name: a, port: 2 }]',
      "listeners[1].name: expected another one than listeners[0] has, got 'a' again",
    ],
    [
      'listeners: [{ path: /a, interface: eth0 }]',
      'listeners[0].interface: expected one place to listen, got path too',
    ],
    [
      'listeners: [{ pathOwner: ann }]',
      'listeners[0].pathOwner: expected it with path, the Unix socket that it is about',
    ],
    [
      'listeners: [{ proxyProtocolRequireTls: true }]',
      'listeners[0].proxyProtocolRequireTls: expected it with proxyProtocol v2 or any, whose header tells of TLS, got none',
    ],
    [
      'listeners: [{ trustedProxies: 10.0.0.1 }]',
      'listeners[0].trustedProxies: expected it with proxyProtocol v1, v2 or any, got none',
    ],
    [
      'listeners: [{ usernameFrom: certificate-cn }]',
      'listeners[0].usernameFrom: expected tls.clientCertificates request or require with it, got none',
    ],
    ['listeners: [{ usernameFrom: psk }]', 'listeners[0].usernameFrom: expected tls.psk with it, got none'],
    [
      'listeners: [{ tls: {} }]',
      'listeners[0].tls: expected certificates of the server, or psk, got neither',
    ],
    [
      `listeners: [{ tls: { ${TLS}, clientCertificates: require } }]`,
      'listeners[0].tls.clientCertificates: expected caFile or caDirectory with require: who certifies clients',
    ],
    [
      `listeners: [{ tls: { ${TLS}, crlFiles: a } }]`,
      'listeners[0].tls.crlFiles: expected clientCertificates request or require with it, got none: nobody is asked for a certificate',
    ],
    [
      `listeners: [{ tls: { ${TLS}, psk: { file: a } } }]`,
      'listeners[0].tls.psk: expected certificates or psk, got both',
    ],
    [
      'listeners: [{ tls: { psk: { file: a }, clientCertificates: require, caFile: c } }]',
      'listeners[0].tls.clientCertificates: expected none with psk: clients have a key, and no certificate',
    ],
    ['listeners: [{ tls: }]', 'listeners[0].tls: expected certificates of the server, or psk, got neither'],
    ['dynamicSecurity:', 'dynamicSecurity.file: must be given: expected a path'],
    [
      'authentication: { methods: jwt }',
      'authentication.methods[0]: expected keyFile, secretFile or jwksUrl, got none: what tokens are checked with',
    ],
    [
      'authentication: { methods: [{ type: jwt, keyFile: k, algorithms: HS256 }] }',
      'authentication.methods[0].algorithms: expected secretFile with HS256: a public key is no secret',
    ],
    [
      'authentication: { methods: [{ type: jwt, secretFile: k, algorithms: [ES256] }] }',
      'authentication.methods[0].secretFile: expected HS256, HS384 or HS512 among the algorithms, which alone use it',
    ],
    [
      'authentication: { methods: [{ type: http, url: "https://h", keyFile: k }] }',
      'authentication.methods[0].keyFile: expected certificateFile with it, got none',
    ],
    [
      'authentication: { methods: dynamicSecurity }',
      'authentication.methods[0]: expected the section dynamicSecurity with its file, got none',
    ],
    [
      'authorization: { methods: dynamicSecurity }',
      'authorization.methods[0]: expected the section dynamicSecurity with its file, got none',
    ],
    [
      'authentication: { failures: { delayMs: 9s } }',
      'authentication.failures.maximumDelayMs: expected at least delayMs, 9000, got 5000',
    ],
    [
      'authorization: { rules: [{ topics: a }] }',
      'authorization.rules[0]: expected either allow or deny, got neither',
    ],
    [
      'authorization: { rules: [{ allow: publish, deny: receive, topics: a }] }',
      'authorization.rules[0]: expected either allow or deny, got both',
    ],
    [
      'authorization: { rules: [{ allow: publish, topics: a, who: { listeners: tcp:1833 } }] }',
      "authorization.rules[0].who.listeners[0]: expected the name of a listener, got 'tcp:1833'; did you mean tcp:1883?",
    ],
    [
      'log: { destinations: [stderr, none] }',
      'log.destinations[1]: expected none alone, got others beside it',
    ],
    [
      'bridges: [{ name: a, addresses: h }, { name: a, addresses: "h:70000" }]',
      "bridges[1].name: expected another one than bridges[0] has, got 'a' again",
    ],
    [
      'bridges: [{ name: a, addresses: ["::1"] }]',
      "bridges[0].addresses[0]: expected host, host:port or [IPv6]:port, got '::1'",
    ],
    [
      'bridges: [{ name: a, addresses: h, topics: [{ localPrefix: x }] }]',
      'bridges[0].topics[0]: expected pattern, or else localPrefix and remotePrefix, got neither',
    ],
    [
      'bridges: [{ name: a, addresses: h, restartBaseSeconds: 40 }]',
      'bridges[0].restartCapSeconds: expected at least restartBaseSeconds, 40, got 30',
    ],
    [
      'bridges: [{ name: a, addresses: h, tls: { certificateFile: c } }]',
      'bridges[0].tls: expected certificateFile and keyFile together, got one of them',
    ],
    [
      'bridges: [{ name: a, addresses: h, remotePassword: x, remotePasswordFile: y }]',
      'bridges[0].remotePassword: expected it or remotePasswordFile, got both',
    ],
    ['queues: [{ topicFilter: a, whenFull: drop-oldest, messages: 5 }]', 'queues'],
    [
      'behaviour: { connackOrder: [receiveMax] }',
      'behaviour.connackOrder: unknown CONNACK property receiveMax: did you mean receiveMaximum?',
    ],
  ])('%s', (text, line) => {
    expect(errorLines(text)[0]?.replace(/^martlet.yaml:1:\d+: /, '')).toMatch(
      new RegExp(`^${escaped(line)}`),
    );
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

test('Everything that is wrong is told, by line', () => {
  const lines = problemsOf(`limits: { connections: 0 }
listeners:
  - prot: 1883
  - { port: x, maximumQos: 3 }
log:
  tipes: []
`).map(({ line, key }) => `${line} ${key}`);
  expect(lines).toEqual([
    '1 limits.connections',
    '3 listeners[0].prot',
    '4 listeners[1].port',
    '4 listeners[1].maximumQos',
    '6 log.tipes',
  ]);
});

test('Contradictions are told together with wrong values, but for what may follow from those', () => {
  const text = `limits: { conections: 5 }
listeners: [{ trustedProxies: 10.0.0.1 }]
authorization: { rules: [{ topics: a }, { allow: publish, topics: a, who: { listeners: x } }] }
log: { destinations: [none, stderr] }`;
  expect(problemsOf(text).map(({ line, key }) => `${line} ${key}`)).toEqual([
    '1 limits.conections',
    '2 listeners[0].trustedProxies',
    '3 authorization.rules[0]',
    '3 authorization.rules[1].who.listeners[0]',
    '4 log.destinations[0]',
  ]);
  const other = `listeners: [{ name: a, prot: 1 }, { trustedProxies: 10.0.0.1 }]
authorization: { rules: [{ allow: publish, topics: a, who: { listeners: a } }] }
dynamicSecurity: { fle: x }
authentication: { methods: dynamicSecurity }`;
  expect(problemsOf(other).map(({ line, key }) => `${line} ${key}`)).toEqual([
    '1 listeners[0].prot',
    '3 dynamicSecurity.file',
    '3 dynamicSecurity.fle',
  ]);
});

test('The message of the error is the first problem, and how many more there are', () => {
  expect(errorLines('a: 1\nb: 2')).toHaveLength(2);
});
