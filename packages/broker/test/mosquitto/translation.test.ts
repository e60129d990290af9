import { join } from 'node:path';
import { resolveProfile } from '@martlet/broker';
import { profileOptionsOf } from '@martlet/broker/config';
import { MOSQUITTO_PROFILE } from '@martlet/broker/mosquitto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MosquittoFiles } from './mosquitto-files.ts';

let files: MosquittoFiles;
beforeEach(() => {
  files = new MosquittoFiles();
});
afterEach(() => files.remove());

const places = async (text: string, more = {}): Promise<readonly string[]> =>
  (await files.configuration(text, more)).listeners.map(({ host, port, path }) => path ?? `${host} ${port}`);

describe('Without a listener', () => {
  test('only this machine can connect, and everybody on it may', async () => {
    const { configuration, isLocalOnly } = await files.load('');
    expect(isLocalOnly).toBe(true);
    expect(configuration.listeners.map(({ host, port }) => `${host} ${port}`)).toEqual([
      '127.0.0.1 1883',
      '::1 1883',
    ]);
    expect(configuration.authentication.anonymous).toBe(true);
  });

  test('the ports of -p count, on the addresses that there are', async () => {
    expect(await places('', { ports: [1884, 1885], hasIpv6Loopback: false })).toEqual([
      '127.0.0.1 1884',
      '127.0.0.1 1885',
    ]);
  });

  test.each([
    'max_topic_alias 5',
    'protocol mqtt',
    'require_certificate false',
    'max_qos 2',
    'max_connections -1',
    'tls_keyform pem',
    'allow_anonymous true',
  ])('there is none either by %s', async (line) => {
    expect((await files.load(`${line}\n`)).isLocalOnly).toBe(true);
  });

  test.each([
    ['port 1884', '* 1884'],
    ['bind_address 127.0.0.1', '127.0.0.1 1883'],
    ['max_connections 5', '* 1883'],
    ['max_qos 1', '* 1883'],
    ['socket_domain ipv4', '* 1883'],
    ['use_username_as_clientid true', '* 1883'],
    ['bind_interface lo', '* 1883'],
  ])('the default listener is made by %s', async (line, place) => {
    const { isLocalOnly, configuration } = await files.load(`${line}\n`);
    expect(isLocalOnly).toBe(false);
    expect(configuration.listeners.map(({ host, port }) => `${host} ${port}`)).toEqual([place]);
    expect(configuration.authentication.anonymous).toBe(false);
  });
});

describe('A listener', () => {
  test.each([
    ['listener 1884', '* 1884'],
    ['listener 1884 192.0.2.1', '192.0.2.1 1884'],
    ['listener 1884 ::1', '::1 1884'],
    ['listener 01884 localhost', 'localhost 1884'],
    ['listener 0 /run/m.sock', '/run/m.sock'],
    ['listener 0x10 /run/m.sock', '/run/m.sock'],
  ])('is where %s says', async (line, place) => {
    expect(await places(`${line}\n`)).toEqual([place]);
  });

  test.each([
    ['listener 70000', 'expected a port from 0 to 65535, got "70000"'],
    ['listener -7', 'expected a port from 0 to 65535, got "-7"'],
    ['listener abc', 'expected a port from 1 to 65535, or 0 and the path of a Unix socket, got "abc"'],
    ['port 0', 'expected a port from 1 to 65535, got "0"'],
    [`listener 0 /${'x'.repeat(120)}`, 'expected a path of at most 107 bytes, got one of 121'],
  ])('is refused as %s', async (line, text) => {
    const [first] = await files.errors(`${line}\n`);
    expect(first?.text).toBe(text);
  });

  test('has the options that follow it, and the default listener those before the first', async () => {
    const { listeners } = await files.configuration(
      'max_connections 1\nlistener 1884\nmax_connections 2\nmount_point a/\nlistener 1885\nmax_qos 0\n',
    );
    expect(
      listeners.map(({ port, maximumConnections, mountPoint, maximumQos }) => [
        port,
        maximumConnections,
        mountPoint,
        maximumQos,
      ]),
    ).toEqual([
      [1884, 2, 'a/', 2],
      [1885, null, null, 0],
      [1883, 1, null, 2],
    ]);
  });

  test.each([
    ['protocol websockets', { protocol: 'websocket', webSocket: { path: '*', origins: ['*'] } }],
    [
      'protocol websockets\nwebsockets_origin https://a.example\nwebsockets_origin https://b.example',
      { webSocket: { origins: ['https://a.example', 'https://b.example'] } },
    ],
    ['accept_protocol_versions 3,5', { protocolVersions: ['3.1', '5.0'] }],
    ['accept_protocol_versions 4 5', { protocolVersions: ['3.1.1', '5.0'] }],
    ['bind_interface eth7', { interface: 'eth7' }],
    ['socket_domain ipv6', { family: 'ipv6' }],
    ['max_topic_alias 7\nmax_topic_alias_broker 8', { topicAliasMaximum: 7, outboundTopicAliases: 8 }],
    ['maximum_qos 1', { maximumQos: 1 }],
    ['use_username_as_clientid true', { useUsernameAsClientId: true }],
    ['listener_auto_id_prefix x-', { clientIdPrefix: 'x-' }],
    ['auto_id_prefix y-', { clientIdPrefix: 'y-' }],
    ['allow_zero_length_clientid false', { allowEmptyClientId: false }],
    ['retain_available false', { retainAvailable: false }],
    ['enable_proxy_protocol 1', { proxyProtocol: 'v1' }],
    [
      'enable_proxy_protocol 2\nproxy_protocol_v2_require_tls true',
      { proxyProtocol: 'v2', proxyProtocolRequireTls: true },
    ],
    ['listener_allow_anonymous true', { authentication: { anonymous: true } }],
    [
      'certfile c\nkeyfile k\ncafile a\ncapath d\ncrlfile r\nrequire_certificate true\ntls_version tlsv1.3\nciphers X\nciphers_tls1.3 Y\ndisable_client_cert_date_checks true\nuse_identity_as_username true',
      {
        usernameFrom: 'certificate-cn',
        tls: {
          clientCertificates: 'require',
          minimumVersion: '1.3',
          ciphers: 'X',
          cipherSuites: 'Y',
          checkClientDates: false,
        },
        authentication: { anonymous: false, methods: [{ type: 'certificate' }] },
      },
    ],
    [
      'certfile c\nkeyfile k\ncafile a\nuse_subject_as_username true',
      { usernameFrom: 'certificate-subject', tls: { clientCertificates: 'request' } },
    ],
    ['certfile c\nkeyfile k', { tls: { clientCertificates: 'none', minimumVersion: '1.2' } }],
    [
      'psk_file p\npsk_hint h\nuse_identity_as_username true',
      { usernameFrom: 'psk', tls: { psk: { hint: 'h' } }, authentication: { methods: [{ type: 'psk' }] } },
    ],
  ])('with %j is what it says', async (lines, expected) => {
    const { listeners } = await files.configuration(`listener 1884\n${lines}\n`);
    expect(listeners).toMatchObject([expected]);
  });

  test.each([
    ['cafile a', 'cafile', 'expected certfile and keyfile for the listener, too'],
    ['certfile a', 'certfile', 'expected keyfile for the listener, too'],
    [
      'psk_hint a\ncertfile c\nkeyfile k',
      'certfile',
      'expected it not beside psk_hint in line 2: take one out',
    ],
    ['psk_hint a', 'psk_hint', 'expected a psk_file line, too: without keys nobody could connect'],
    ['tls_keyform engine', 'tls_keyform', 'engines of OpenSSL cannot be loaded here'],
    [
      'enable_proxy_protocol 2\ncertfile c\nkeyfile k',
      'certfile',
      'expected it not beside enable_proxy_protocol 2 in line 2: the proxy does TLS',
    ],
    [
      'proxy_protocol_v2_require_tls true',
      'proxy_protocol_v2_require_tls',
      'expected enable_proxy_protocol 2 for the listener, too',
    ],
    [
      'accept_protocol_versions 6',
      'accept_protocol_versions',
      'expected 3, 4 and 5 with commas between them, got "6"',
    ],
    [`auto_id_prefix ${'x'.repeat(51)}`, 'auto_id_prefix', 'expected at most 50 characters, got 51'],
  ])('is refused with %j', async (lines, key, text) => {
    expect(await files.errors(`listener 1884\n${lines}\n`)).toContainEqual(
      expect.objectContaining({ key, text }),
    );
  });

  test('of http_api is not opened, and none at all is refused', async () => {
    const text = 'listener 1883\nlistener 9883\nprotocol http_api\n';
    const { configuration, notices } = await files.load(text);
    expect(configuration.listeners).toHaveLength(1);
    expect(notices).toMatchObject([{ line: 3, code: 'replaced-option' }]);
    expect(await files.errors('listener 9883\nprotocol http_api\n')).toMatchObject([{ code: 'no-listener' }]);
  });
});

describe('Who may connect and do what', () => {
  test('is decided for all listeners alike', async () => {
    const { authentication, authorization, listeners } = await files.configuration(
      'listener 1884\npassword_file p\nacl_file a\nallow_anonymous true\n',
    );
    expect(authentication).toMatchObject({
      anonymous: true,
      methods: [{ type: 'passwordFile', file: join(files.directory, 'p') }],
      failures: { delayMs: 0, banAfter: 0 },
    });
    expect(authorization).toMatchObject({
      default: 'allow',
      methods: [{ type: 'aclFile', file: join(files.directory, 'a'), denySubscribe: false }],
    });
    expect(listeners).toMatchObject([{ authentication: null, authorization: null }]);
  });

  test('is decided for each listener with per_listener_settings', async () => {
    const { listeners } = await files.configuration(
      'per_listener_settings true\nlistener 1884\npassword_file p\nlistener 1885\nallow_anonymous true\nacl_file a\n',
    );
    expect(listeners).toMatchObject([
      {
        authentication: { anonymous: false, methods: [{ type: 'passwordFile' }] },
        authorization: { methods: [] },
      },
      { authentication: { anonymous: true, methods: [] }, authorization: { methods: [{ type: 'aclFile' }] } },
    ]);
  });

  test('needs per_listener_settings before all else', async () => {
    expect(await files.errorLines('allow_anonymous true\nper_listener_settings true\n')).toEqual([
      '2: per_listener_settings: expected it before every option about who may connect and do what; put it at the beginning',
    ]);
    expect(await files.errors('listener 1884\nper_listener_settings true\nallow_anonymous true\n')).toEqual(
      [],
    );
    expect(await files.errors('allow_anonymous true\nper_listener_settings false\n')).toEqual([]);
  });

  test('is asked of plugins in their order, then of the files', async () => {
    const { authentication, authorization, dynamicSecurity } = await files.configuration(
      [
        'password_file p',
        'plugin /usr/lib/mosquitto_password_file.so',
        'plugin_opt_password_file q',
        'auth_plugin /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so',
        'auth_opt_config_file d.json',
        'plugin_opt_password_init_file i',
        'plugin mosquitto_acl_file.so',
        'plugin_opt_acl_file a',
        '',
      ].join('\n'),
    );
    const at = (name: string): string => join(files.directory, name);
    expect(authentication.methods).toMatchObject([
      { type: 'passwordFile', file: at('q') },
      { type: 'dynamicSecurity' },
      { type: 'passwordFile', file: at('p') },
    ]);
    expect(authorization.methods).toMatchObject([
      { type: 'dynamicSecurity' },
      { type: 'aclFile', file: at('a') },
    ]);
    expect(dynamicSecurity).toEqual({ file: at('d.json'), initialPasswordFile: at('i') });
  });

  test('is asked of a plugin for one listener with plugin_use', async () => {
    const { listeners } = await files.configuration(
      'plugin_load acl mosquitto_acl_file.so\nplugin_opt_acl_file a\nlistener 1884\nplugin_use acl\nlistener 1885\n',
    );
    expect(listeners).toMatchObject([
      { authorization: { methods: [{ type: 'aclFile' }] } },
      { authorization: null },
    ]);
  });

  test.each([
    ['plugin /opt/my_plugin.so', 1, 'libraries of Mosquitto cannot be loaded here'],
    ['plugin /x/mosquitto_dynamic_securety.so', 1, 'did you mean mosquitto_dynamic_security?'],
    ['plugin mosquitto_dynamic_security.so', 1, 'expected a line plugin_opt_config_file below it, got none'],
    [
      'plugin mosquitto_acl_file.so\nplugin_opt_acl_file a\nplugin_opt_foo b',
      3,
      'the plugin above it has no such option',
    ],
    ['plugin_opt_foo b', 1, 'expected a plugin line above it'],
    ['auth_plugin_deny_special_chars true', 1, 'expected a plugin line above it'],
    ['plugin_load one', 1, 'expected a name and the path of a plugin, got one word'],
    ['plugin_use one', 1, 'expected the name of a plugin_load line above it'],
    ['clientid_prefixes dev-', 1, 'identifiers of clients are not checked by how they begin'],
  ])('is refused with %j', async (text, line, says) => {
    const errors = await files.errors(`${text}\n`);
    expect(errors).toContainEqual(expect.objectContaining({ line, text: expect.stringContaining(says) }));
  });
});

describe('Limits and habits', () => {
  test('are those of Mosquitto unless a line says otherwise', async () => {
    const { configuration } = await files.load('');
    const { durability: _, ...profile } = resolveProfile(profileOptionsOf(configuration));
    expect(profile).toEqual({ ...resolveProfile(MOSQUITTO_PROFILE), durability: undefined, ...profile });
    expect(profile).toMatchObject({
      checkRetainSource: true,
      deliverOverlapping: true,
      fullQueue: 'drop-newest',
      tellDurability: false,
      tellReasons: false,
      sysVersion: 'mosquitto version 2.1.2',
      limits: {
        inFlightMessages: 20,
        receiveMaximum: 20,
        queuedMessages: 1000,
        maximumPacketSize: 2_000_000,
        topicAliasMaximum: 10,
        outboundTopicAliases: 10,
        topicLevels: 200,
      },
    });
  });

  test.each([
    ['max_inflight_messages 5', { inFlightMessages: 5, receiveMaximum: 5 }],
    ['max_inflight_messages 0', { inFlightMessages: 65_535, receiveMaximum: 65_535 }],
    ['max_queued_messages 5', { queuedMessages: 5 }],
    ['max_queued_messages 0', { queuedMessages: 1_000_000_000 }],
    ['max_queued_messages -5', { queuedMessages: 1_000_000_000 }],
    ['max_queued_bytes 5', { queuedBytes: 5 }],
    ['max_inflight_bytes 0', { inFlightBytes: 70_368_744_177_664 }],
    ['max_keepalive 60', { maximumKeepAlive: 60 }],
    ['max_keepalive 0', { maximumKeepAlive: 65_535 }],
    ['max_packet_size 1000', { maximumPacketSize: 1000 }],
    ['max_packet_size 20', { maximumPacketSize: 256 }],
    ['global_max_clients 7', { sessions: 7 }],
    ['global_max_connections 7', { connections: 7 }],
    ['global_max_connections -1', { connections: 1_000_000_000 }],
    ['persistent_client_expiration 2h', { maximumSessionExpiryInterval: 7200 }],
    ['persistent_client_expiration 3m', { maximumSessionExpiryInterval: 7_776_000 }],
    ['persistent_client_expiration 999y', { maximumSessionExpiryInterval: 4_294_967_294 }],
    ['message_size_limit 1000', { messageSize: 1000 }],
    ['message_size_limit 0', { messageSize: 268_435_455 }],
  ])('are as %s says', async (line, limits) => {
    expect((await files.configuration(`${line}\n`)).limits).toMatchObject(limits);
  });

  test.each([
    'max_inflight_messages 65536',
    'max_packet_size 19',
    'max_keepalive 65536',
    'sys_interval 65536',
    'sys_interval -1',
    'message_size_limit 268435456',
    'message_size_limit -1',
    'persistent_client_expiration 5x',
    'persistent_client_expiration 0d',
    'persistent_client_expiration d',
    'persistent_client_expiration 1 d',
    'retain_expiry_interval 0',
    'log_facility 8',
    'upgrade_outgoing_qos 2',
    'packet_buffer_size 65536',
  ])('are refused as %s', async (line) => {
    expect(await files.errors(`${line}\n`)).toMatchObject([{ line: 1, key: line.split(' ')[0] }]);
  });

  test.each([
    ['allow_duplicate_messages false', { deliverOverlapping: false }],
    ['upgrade_outgoing_qos true', { upgradeOutgoingQos: true }],
    ['allow_duplicate_messages true', { deliverOverlapping: true }],
    ['check_retain_source false', { checkRetainSource: false }],
    ['queue_qos0_messages true', { queueQos0: true }],
    ['sys_interval 0', { sysInterval: 0 }],
  ])('follow %s', async (line, behaviour) => {
    expect((await files.configuration(`${line}\n`)).behaviour).toMatchObject(behaviour);
  });
});

describe('The store', () => {
  test('is in memory without persistence', async () => {
    expect((await files.configuration('persistence_location /srv/x\n')).store.directory).toBe(false);
  });

  test.each([
    ['persistence true\npersistence_location /srv/x/\n', {}, '/srv/x'],
    ['retained_persistence 1\npersistence_location sub\n', {}, 'sub'],
    ['persistence true\n', {}, '.'],
    [
      'persistence true\npersistence_location /srv/x\n',
      { MOSQUITTO_PERSISTENCE_LOCATION: '/srv/y' },
      '/srv/y',
    ],
    ['plugin mosquitto_persist_sqlite.so\npersistence_location /srv/x\n', {}, '/srv/x'],
  ])('is where %j says', async (text, env, directory) => {
    const { store } = await files.configuration(text, { env });
    expect(store).toMatchObject({
      directory: join(directory.startsWith('/') ? '' : files.directory, directory),
      durability: 'disk',
    });
  });

  test('tells of a database of Mosquitto that lies there', async () => {
    files.write('mosquitto.db', 'x');
    const { notices } = await files.load('persistence true\n');
    expect(notices).toMatchObject([{ code: 'database-found', file: join(files.directory, 'mosquitto.db') }]);
    files.write('00000001.log', '');
    expect((await files.load('persistence true\n')).notices).toEqual([]);
  });

  test('cannot be in two ways at once', async () => {
    expect(await files.errors('persistence true\nplugin mosquitto_persist_sqlite.so\n')).toMatchObject([
      { code: 'contradiction' },
    ]);
  });
});

describe('The log', () => {
  const log = async (text: string, more = {}): Promise<unknown> =>
    (await files.configuration(text, more)).log;

  test('is as Mosquitto has it, unless lines say otherwise', async () => {
    expect(await log('')).toEqual({
      destinations: [{ type: 'stderr' }],
      types: ['error', 'warning', 'notice', 'info'],
      format: 'mosquitto',
      timestamps: 'epoch',
      connectionMessages: true,
    });
  });

  test.each([
    ['log_dest none', { destinations: [] }],
    ['log_dest none\nlog_dest stdout', { destinations: [{ type: 'stdout' }] }],
    ['log_dest stdout\nlog_dest none', { destinations: [] }],
    [
      'log_dest stdout\nlog_dest stderr\nlog_dest stdout',
      { destinations: [{ type: 'stdout' }, { type: 'stderr' }] },
    ],
    [
      'log_dest syslog\nlog_facility 3',
      { destinations: [{ type: 'syslog', facility: 'local3', tag: 'mosquitto' }] },
    ],
    [
      'log_dest topic\nlog_dest file /var/x y.log',
      { destinations: [{ type: 'topic' }, { type: 'file', path: '/var/x y.log' }] },
    ],
    ['log_type error warning', { types: ['error'] }],
    ['log_type debug\nlog_type subscribe', { types: ['debug', 'subscribe'] }],
    ['log_type all\nlog_type none', { types: [] }],
    ['log_timestamp false', { timestamps: 'none' }],
    ['log_timestamp_format %Y', { timestamps: '%Y' }],
    ['connection_messages false', { connectionMessages: false }],
  ])('is as %j says', async (text, expected) => {
    expect(await log(`${text}\n`)).toMatchObject(expected);
  });

  test('obeys -v and -q before the file', async () => {
    expect(await log('log_type error\n', { logged: 'everything' })).toMatchObject({
      types: expect.arrayContaining(['debug', 'websockets']),
    });
    expect(await log('log_type all\n', { logged: 'nothing' })).toMatchObject({ types: [] });
  });

  test.each(['log_dest foo', 'log_dest file', 'log_type foo', 'log_dest file /a\nlog_dest file /b'])(
    'is refused as %j',
    async (text) => {
      expect(await files.errors(`${text}\n`)).toHaveLength(1);
    },
  );
});

test.each(['use_identity_as_username', 'use_subject_as_username'])(
  '%s has no effect on a plain listener, and a notice says so',
  async (option) => {
    for (const proxy of ['', 'enable_proxy_protocol 1\n']) {
      const { configuration, notices } = await files.load(`listener 1884\n${proxy}${option} true\n`);
      expect(configuration.listeners).toMatchObject([{ usernameFrom: 'connect', authentication: null }]);
      expect(notices.map(({ key, text }) => `${key}: ${text}`)).toEqual([
        `${option}: the listener has no certfile and keyfile, and no psk_hint: it is plain`,
      ]);
    }
  },
);

describe('A bridge', () => {
  const BRIDGE = 'connection b\naddress example.org\ntopic #\n';

  test('is checked and carried over, and a notice says that it does not run', async () => {
    const { configuration, notices } = await files.load(
      `${BRIDGE}topic a/# both 2 "" r/\ntopic "x y" in 1 l/ # note\nremote_username u\npassword secret\nrestart_timeout 5 40 10\nbridge_tcp_keepalive 1 2 3\ncleansession true\nbridge_insecure true\n`,
    );
    expect(configuration.bridges).toMatchObject([
      {
        name: 'b',
        addresses: ['example.org'],
        topics: [
          { pattern: '#', direction: 'out', qos: 0 },
          { pattern: 'a/#', direction: 'both', qos: 2, localPrefix: '', remotePrefix: 'r/' },
          { pattern: 'x y', direction: 'in', qos: 1, localPrefix: 'l/', remotePrefix: '' },
        ],
        remoteUsername: 'u',
        remotePassword: 'secret',
        restartBaseSeconds: 5,
        restartCapSeconds: 40,
        restartStableSeconds: 10,
        tcpKeepAlive: { idleSeconds: 1, intervalSeconds: 2, probes: 3 },
        cleanStart: true,
        tls: { checkHostname: false },
      },
    ]);
    expect(notices.some(({ text }) => text.includes('bridges do not run yet'))).toBe(true);
    expect(JSON.stringify(notices)).not.toContain('secret');
  });

  test('may wait equally long each time before it connects again', async () => {
    const { bridges } = await files.configuration(`${BRIDGE}restart_timeout 30\n`);
    expect(bridges).toMatchObject([{ restartBaseSeconds: 30, restartCapSeconds: null }]);
  });

  test.each([
    ['connection b\ntopic #\n', 'expected an address line below it, got none'],
    ['connection b\naddress a\n', 'expected a topic line below it, got none'],
    [`${BRIDGE}${BRIDGE}`, 'expected another name than that of the bridge in line 1, got "b"'],
    [`${BRIDGE}topic a out 3\n`, 'expected QoS 0, 1 or 2, got "3"'],
    [`${BRIDGE}topic a x 0\n`, 'expected out, in or both, got "x"'],
    [`${BRIDGE}topic "" out 0 "" ""\n`, 'expected a pattern, or both a local and a remote prefix'],
    [`${BRIDGE}topic "" out 0 "" x\n`, 'expected a pattern, or both a local and a remote prefix'],
    [`${BRIDGE}start_type manual\n`, 'expected automatic or lazy or once, got "manual"'],
    [`${BRIDGE}restart_timeout 50 30\n`, 'expected seconds from 1 to 3600'],
    [`${BRIDGE}bridge_identity x\n`, 'expected bridge_psk for the bridge, too'],
    [`${BRIDGE}bridge_psk aa\nbridge_identity x\nbridge_cafile y\n`, 'expected it not beside bridge_psk'],
    ['connection b\naddress a:70000\ntopic #\n', 'expected a port from 1 to 65535, got "a:70000"'],
    ['address a\n', 'expected a connection line above it'],
  ])('is refused as %j', async (text, says) => {
    expect(await files.errors(text)).toContainEqual(
      expect.objectContaining({ text: expect.stringContaining(says) }),
    );
  });

  test('has no password in what is said of it', async () => {
    const errors = await files.errors(
      `${BRIDGE}remote_password alpha1\nremote_password beta2\nbridge_psk c0ffee\n`,
    );
    expect(JSON.stringify(errors)).not.toMatch(/alpha1|beta2|c0ffee/);
    expect(errors.length).toBeGreaterThan(0);
  });
});
