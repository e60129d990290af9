import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectOptions } from '@martlet/client';
import { afterAll, describe, expect, test } from 'vitest';
import type { ConnectionExtras } from '../../src/connection/connect-options-for.ts';
import { connectOptionsFor } from '../../src/connection/connect-options-for.ts';
import { CONNECTION_FLAGS } from '../../src/connection/connection-flags.ts';
import { parseFlags } from '../../src/flags/parse-flags.ts';
import { UsageError } from '../../src/usage-error.ts';
import { testIo } from '../command-io.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-connect-options-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function optionsFor(
  words: readonly string[],
  extras: ConnectionExtras = {},
  env: Readonly<Record<string, string>> = {},
): Promise<ConnectOptions> {
  return connectOptionsFor(parseFlags(CONNECTION_FLAGS, words).values, testIo(env), extras);
}

/** What Mosquitto's tools would say. */
async function refusal(...words: readonly string[]): Promise<string> {
  const error: unknown = await optionsFor(words).then(
    () => 'no error',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).mosquittoText;
}

describe('A connection without flags', () => {
  test('is that of the tools of Mosquitto: MQTT 3.1.1, a session that ends with it, localhost', async () => {
    expect(await optionsFor([])).toEqual({
      servers: ['mqtt://localhost'],
      clientId: '',
      protocolVersion: 4,
      cleanStart: true,
      keepAlive: 60,
      sessionExpiryInterval: 0,
    });
  });

  test('has the version that the command wants, unless something else is said', async () => {
    expect(await optionsFor([], { protocolVersion: 5 })).toMatchObject({ protocolVersion: 5 });
    expect(await optionsFor(['-V', '311'], { protocolVersion: 5 })).toMatchObject({ protocolVersion: 4 });
    expect(await optionsFor(['-x', '5'])).toMatchObject({ protocolVersion: 5, sessionExpiryInterval: 5 });
  });
});

describe('A server', () => {
  test.each([
    [['-h', 'a', '-p', '1884'], 'mqtt://a:1884'],
    [['-h', '::1'], 'mqtt://[::1]'],
    [['-L', 'mqtt://b/topic'], 'mqtt://b'],
    [['-L', 'mqtt://[::1]:1884/a/b'], 'mqtt://[::1]:1884'],
    [['-L', 'mqtts://b:8884/topic'], 'mqtts://b:8884'],
    [['-L', 'ws://b/topic'], 'ws://b/mqtt'],
    [['-L', 'wss://b:444/topic'], 'wss://b:444/mqtt'],
    [['-L', 'mqtt://b:1/topic', '-h', 'c', '-p', '2'], 'mqtt://c:2'],
    [['--ws', '-p', '8080'], 'ws://localhost:8080/mqtt'],
    [['--ws', '--tls-use-os-certs'], 'wss://localhost/mqtt'],
    [['-p', '8883'], 'mqtts://localhost:8883'],
    [['-p', '8883', '--no-tls'], 'mqtt://localhost:8883'],
    [['--psk', 'ab', '--psk-identity', 'me'], 'mqtts://localhost'],
    [['--unix', '/run/a b.sock'], 'mqtt+unix:///run/a%20b.sock'],
    [['--unix', '/x', '--tls-use-os-certs'], 'mqtt+unix:///x'],
  ])('by %j is %s', async (words, url) => {
    expect((await optionsFor(words)).servers).toEqual([url]);
  });

  test.each([
    'http://x/t',
    'mqtt:/x',
    'mqtt://',
    'mqtt:///topic',
    'mqtt://x:0/t',
    'mqtt://x:65536/t',
    'mqtt://u:p@/t',
    'mqtt://[::1/t',
  ])('cannot be given as %s, of which no password is shown', (url) => {
    expect(() => parseFlags(CONNECTION_FLAGS, ['-L', url])).toThrow(UsageError);
    const secret = url.replace('://', '://ann:hunter2@');
    try {
      parseFlags(CONNECTION_FLAGS, ['-L', secret]);
    } catch (error) {
      expect((error as Error).message).not.toContain('hunter2');
    }
  });

  test.each(['', 'a b', 'a/b', 'u@h', '[::1]', 'h?x', 'h:1'])('has no host %j', (host) => {
    expect(() => parseFlags(CONNECTION_FLAGS, ['-h', host])).toThrow('expected a host name or an address');
  });
});

describe('A client', () => {
  test('has an identifier that is given, or made of a prefix and the process', async () => {
    expect((await optionsFor(['-i', 'me'])).clientId).toBe('me');
    expect((await optionsFor(['-I', 'me-'])).clientId).toBe(`me-${process.pid}`);
    // MQTT 3.1 has no empty one.
    expect((await optionsFor(['-V', '31'])).clientId).toMatch(/^martlet-\d{1,12}$/);
    expect(await refusal('-i', 'a', '-I', 'b')).toBe('-i and -I argument cannot be used together.');
  });

  test('keeps its session with -c, for ever unless -x says how long', async () => {
    expect(await optionsFor(['-c', '-i', 'me'])).toMatchObject({
      cleanStart: false,
      sessionExpiryInterval: 0xffff_ffff,
    });
    expect(await optionsFor(['-c', '-i', 'me', '-x', '60'])).toMatchObject({
      cleanStart: false,
      sessionExpiryInterval: 60,
    });
    for (const ever of ['-1', '∞', '4294967295'])
      expect(await optionsFor(['-x', ever])).toMatchObject({ sessionExpiryInterval: 0xffff_ffff });
    expect(await refusal('-c')).toBe('You must provide a client id if you are using the -c option.');
    expect(() => parseFlags(CONNECTION_FLAGS, ['-x', '4294967296'])).toThrow('expected seconds from 0');
    expect(() => parseFlags(CONNECTION_FLAGS, ['-x', '-2'])).toThrow('expected seconds from 0');
  });

  test('has the properties of CONNECT that are given, in MQTT 5 alone', async () => {
    const connectProperties = {
      receiveMaximum: 7,
      sessionExpiryInterval: 9,
      userProperties: [['a', 'b']] as const,
      authenticationMethod: 'M',
      authenticationData: Uint8Array.of(1),
    };
    const options = await optionsFor([], { protocolVersion: 5, connectProperties });
    expect(options).toMatchObject({
      receiveMaximum: 7,
      sessionExpiryInterval: 9,
      userProperties: [['a', 'b']],
    });
    expect(options.authentication?.method).toBe('M');
    expect(await options.authentication?.begin().first()).toEqual(Uint8Array.of(1));
    await expect(optionsFor(['-V', '311'], { connectProperties })).rejects.toThrow('-V 5');
    await expect(
      optionsFor(['-V', '5'], { connectProperties: { authenticationData: Uint8Array.of(1) } }),
    ).rejects.toThrow('expected authentication-method with authentication-data');
  });
});

describe('A will', () => {
  test('has the topic, payload, QoS, retain flag and properties that are given', async () => {
    const words = ['--will-topic', 'a', '--will-payload', 'gone', '--will-qos', '1', '--will-retain'];
    const { will } = await optionsFor(words, { willProperties: { willDelayInterval: 5 } });
    expect(will).toEqual({ topicName: 'a', payload: 'gone', qos: 1, retain: true, willDelayInterval: 5 });
    expect((await optionsFor(['--will-topic', 'a'])).will).toEqual({
      topicName: 'a',
      payload: '',
      qos: 0,
      retain: false,
    });
  });

  test('needs a topic without wildcards', async () => {
    expect(await refusal('--will-payload', 'x')).toBe('Will payload given, but no will topic given.');
    expect(await refusal('--will-retain')).toBe('Will retain given, but no will topic given.');
    expect(await refusal('--will-topic', 'a/#')).toBe(
      "Invalid will topic 'a/#', does it contain '+' or '#'?",
    );
    expect((await optionsFor(['--will-qos', '1'])).will).toBeUndefined();
  });
});

describe('A password', () => {
  const file = join(directory, 'password');
  writeFileSync(file, 'from a file\r\nnot this\n');

  test.each<readonly [readonly string[], string | undefined]>([
    [['-u', 'ann', '-P', 'typed'], 'typed'],
    [['-L', 'mqtt://ann:in%url@h/t'], 'in%url'],
    [['-L', 'mqtt://ann:in@url@h/t'], 'in@url'],
    [['-L', 'mqtt://ann:in-url@h/t', '-P', 'typed'], 'typed'],
    [['-u', 'ann', '--password-file', file], 'from a file'],
    [['-u', 'ann', '--password-env', 'OTHER'], 'from another variable'],
    [['-u', 'ann'], 'from the environment'],
    [['-L', 'mqtt://ann@h/t'], 'from the environment'],
    [[], undefined],
  ])('comes from where %j says', async (words, password) => {
    const env = { MARTLET_PASSWORD: 'from the environment', OTHER: 'from another variable' };
    const options = await optionsFor(words, {}, env);
    expect(options.password).toBe(password);
    expect(options.username).toBe(password === undefined ? undefined : 'ann');
  });

  test('comes from one place, which has one', async () => {
    await expect(optionsFor(['-u', 'a', '-P', 'b', '--password-file', file])).rejects.toThrow(
      'expected the password from one place, got -P and --password-file',
    );
    await expect(optionsFor(['-u', 'a', '--password-env', 'NONE'])).rejects.toThrow('got NONE, which is not');
    await expect(optionsFor(['-u', 'a', '--password-file', join(directory, 'none')])).rejects.toThrow(
      'there is no such file',
    );
    writeFileSync(join(directory, 'empty'), '\nsecond\n');
    await expect(optionsFor(['-u', 'a', '--password-file', join(directory, 'empty')])).rejects.toThrow(
      'expected a password in the first line',
    );
  });

  test('needs a user before MQTT 5', async () => {
    expect(await refusal('-P', 'x')).toBe('Problem setting username and/or password.');
    expect(await optionsFor(['-P', 'x', '-V', '5'])).toMatchObject({ password: 'x' });
  });
});

describe('TLS', () => {
  const certificates = new URL('../../../client/test/transports/certificates/', import.meta.url).pathname;
  const [ca, cert, key] = ['ca.pem', 'client.pem', 'client.key.pem'].map((name) => certificates + name) as [
    string,
    string,
    string,
  ];

  test('has the certificates, the key and the settings that are given', async () => {
    const words = ['--cafile', ca, '--cert', cert, '--key', key, '--keyform', 'pem'];
    const settings = ['--tls-version', 'tlsv1.3', '--tls-alpn', 'mqtt', '--ciphers', 'ALL'];
    const { tls } = await optionsFor([...words, ...settings]);
    expect(tls).toMatchObject({ minVersion: 'TLSv1.3', ALPNProtocols: ['mqtt'], ciphers: 'ALL' });
    expect(String(tls?.ca)).toContain('BEGIN CERTIFICATE');
    expect(String(tls?.cert)).toContain('BEGIN CERTIFICATE');
    expect(String(tls?.key)).toContain('PRIVATE KEY');
    expect(tls?.checkServerIdentity).toBeUndefined();
  });

  test('takes any name with --insecure, but not anybody', async () => {
    const { tls } = await optionsFor(['--cafile', ca, '--insecure']);
    expect(tls?.checkServerIdentity?.('x', {} as never)).toBeUndefined();
    expect(tls?.checkServerIdentity).toBeDefined();
    expect(tls).not.toHaveProperty('rejectUnauthorized');
  });

  test('trusts all files of a directory', async () => {
    const { tls } = await optionsFor(['--capath', certificates]);
    expect(tls?.ca).toHaveLength(3);
    await expect(optionsFor(['--capath', directory])).rejects.toThrow('expected files with certificates');
    await expect(optionsFor(['--cafile', key])).rejects.toThrow('expected certificates as PEM, got none');
  });

  test('trusts whom the machine trusts where nobody is named', async () => {
    writeFileSync(join(directory, 'system.pem'), '-----BEGIN CERTIFICATE-----\nours\n');
    const env = { SSL_CERT_FILE: join(directory, 'system.pem') };
    const { tls } = await optionsFor(['-L', 'mqtts://h/t'], {}, env);
    expect(Array.isArray(tls?.ca) && tls.ca.length > 0).toBe(true);
  });

  test('is none through a Unix socket, or where it is not wanted', async () => {
    expect((await optionsFor(['--unix', '/x', '--cafile', ca])).tls).toBeUndefined();
    expect((await optionsFor(['--no-tls', '--cafile', ca])).tls).toBeUndefined();
  });

  test('has a key in place of certificates', async () => {
    const { tls } = await optionsFor(['--psk', '00FFab', '--psk-identity', 'me']);
    expect(tls?.psk).toMatchObject({ identity: 'me' });
    expect([...(tls?.psk?.key ?? [])]).toEqual([0, 255, 171]);
  });

  test.each([
    [['--cert', cert], 'Both certfile and keyfile must be provided if one of them is set.'],
    [['--key', key], 'Both certfile and keyfile must be provided if one of them is set.'],
    [['--psk', 'ab'], '--psk-identity required if --psk used.'],
    [
      ['--psk', 'ab', '--psk-identity', 'a', '--cafile', ca],
      'Only one of --psk or --cafile/--capath may be used at once.',
    ],
    [['--psk', 'abc', '--psk-identity', 'a'], 'Problem setting TLS-PSK options.'],
    [['--keyform', 'pem'], 'If keyform is set, keyfile must be also specified.'],
  ])('is refused with %j', async (words, text) => {
    expect(await refusal(...words)).toBe(text);
  });

  test('has no engines', async () => {
    await expect(optionsFor(['--tls-engine', 'pkcs11'])).rejects.toThrow('Martlet has no engines of OpenSSL');
    await expect(optionsFor(['--keyform', 'engine', '--key', key, '--cert', cert])).rejects.toThrow(
      'no engines',
    );
  });

  test('that cannot be is a matter of its flags', async () => {
    await expect(optionsFor(['--cafile', ca, '--ciphers', 'NONE-SUCH', '-d'])).rejects.toThrow(
      'expected certificates and keys in PEM that fit each other',
    );
  });
});
