import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/config/configuration-error.ts';
import type { ListenerConfiguration } from '../../src/config/listener-configuration.ts';
import type { Origin, Transport } from '../../src/core/ports/transport.ts';
import type { ConfiguredListener, ListenerServices } from '../../src/listeners/open-listener.ts';
import { checkListenerFiles, openListener } from '../../src/listeners/open-listener.ts';
import { listenerConfiguration, tlsConfiguration } from './made-configuration.ts';
import { RecordingSink } from './recording-sink.ts';
import { HAS_OPENSSL, MadeAuthority } from './tls/made-authority.ts';
import { dial } from './tls/tls-rig.ts';
import { readHeaders, upgradeRequest } from './wire.ts';

class Rig {
  listener!: ConfiguredListener;
  readonly lines: string[] = [];
  readonly origins: Origin[] = [];
  readonly sinks: RecordingSink[] = [];

  async open(configuration: ListenerConfiguration, more: Partial<ListenerServices> = {}): Promise<this> {
    const accept = (transport: Transport, origin: Origin): RecordingSink => {
      const sink = new RecordingSink(transport);
      sink.onReceive = (bytes) => sink.call(() => transport.write(bytes));
      this.sinks.push(sink);
      this.origins.push(origin);
      return sink;
    };
    const log = { write: (_: string, code: string, text: string) => void this.lines.push(`${code} ${text}`) };
    this.listener = await openListener(configuration, { accept, log, lingerMs: 100, ...more });
    rigs.push(this);
    return this;
  }

  get port(): number {
    const { address } = this.listener;
    return address.kind === 'tcp' ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const { transport } of this.sinks) transport.destroy();
    await this.listener.close();
  }

  async prepare(next: ListenerConfiguration): Promise<void> {
    const apply = await this.listener.prepare(next);
    if (apply === null) throw new Error('expected that the socket stays');
    apply();
  }

  /** The next that comes in, by what it sends first. */
  async came(text: string): Promise<RecordingSink> {
    for (;;) {
      const sink = this.sinks.find(({ bytes }) => bytes.toString().startsWith(text));
      if (sink !== undefined) return sink;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

async function echo(socket: Socket, text: string): Promise<void> {
  socket.write(text);
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve('its end')));
  const got = await Promise.race([once(socket, 'data').then(String), closed]);
  if (got !== text) throw new Error(`expected an echo of ${text}, got ${got}`);
}

describe('A listener of the configuration', () => {
  test('gives its connections its name and its policy', async () => {
    const rig = await new Rig().open(
      listenerConfiguration({
        mountPoint: 'site/',
        maximumQos: 1,
        protocolVersions: ['3.1.1', '5.0'],
        durability: 'os',
      }),
    );
    (await dial(rig.port)).write('x');
    await rig.came('x');
    expect(rig.listener.name).toBe('tested');
    expect(rig.origins[0]).toMatchObject({
      listener: 'tested',
      kind: 'stream',
      durability: 'os',
      policy: { mountPoint: 'site/', maximumQos: 1, protocolVersions: [4, 5], retainAvailable: true },
    });
  });

  test('has another policy after a reload, for those that come from then on, on the same socket', async () => {
    const before = listenerConfiguration({ mountPoint: 'a/' });
    const rig = await new Rig().open(before);
    const { port } = rig;
    const old = await dial(port);
    await echo(old, 'old');
    await rig.prepare({ ...before, mountPoint: 'b/', maximumConnections: 2 });
    const next = await dial(port);
    await echo(next, 'next');
    expect(rig.origins.map(({ policy }) => policy?.mountPoint)).toEqual(['a/', 'b/']);
    await echo(old, 'still here');
    const third = await dial(port);
    third.resume();
    await new Promise((resolve) => third.once('close', resolve));
    expect(rig.listener.refusals['maximum-connections']).toBe(1);
  });

  test('must be opened anew where its address or its kind is another', async () => {
    const before = listenerConfiguration();
    const rig = await new Rig().open(before);
    for (const change of [
      { port: 1 },
      { host: '::1' },
      { path: '/tmp/x' },
      { protocol: 'websocket' },
      { family: 'ipv4' },
      { interface: 'lo' },
      { socketActivation: 3 },
    ] as const)
      expect(await rig.listener.prepare({ ...before, ...change })).toBeNull();
    expect(await rig.listener.prepare({ ...before, pathMode: 0o600 })).not.toBeNull();
  });

  test('expects PROXY headers after a reload, and none after another', async () => {
    const before = listenerConfiguration();
    const rig = await new Rig().open(before);
    await rig.prepare({ ...before, proxyProtocol: 'v1', trustedProxies: ['127.0.0.0/8'] });
    const proxied = await dial(rig.port);
    proxied.write('PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\nproxied');
    expect((await rig.came('proxied')).transport.peer).toBe('192.0.2.1:5');
    await rig.prepare(before);
    await echo(await dial(rig.port), 'plain');
  });

  test('has another path, other origins and other limits for WebSockets after a reload', async () => {
    const before = listenerConfiguration({ protocol: 'websocket' });
    const rig = await new Rig().open(before);
    const status = async (path: string, origin: string): Promise<number> => {
      const socket = await dial(rig.port);
      socket.write(upgradeRequest(path, { Origin: origin }));
      return (await readHeaders(socket)).status;
    };
    expect(await status('/mqtt', 'https://a.example')).toBe(403);
    await rig.prepare({
      ...before,
      webSocket: { ...before.webSocket, path: '/ws', origins: ['https://a.example'] },
    });
    expect(await status('/ws', 'https://a.example')).toBe(101);
    expect(await status('/ws', 'http://localhost')).toBe(403);
    expect(await status('/mqtt', 'https://a.example')).toBe(404);
    await rig.prepare({ ...before, webSocket: { ...before.webSocket, maximumHttpConnections: 0 } });
    const refused = await dial(rig.port);
    refused.resume();
    await new Promise((resolve) => refused.once('close', resolve));
    expect(rig.listener.refusals['too-many-http-connections']).toBe(1);
  });

  test('says which activated socket is missing', async () => {
    await expect(
      new Rig().open(listenerConfiguration({ socketActivation: 'mqtt.socket' }), {
        activatedSocket: () => undefined,
      }),
    ).rejects.toThrow(
      'cannot listen on the activated socket "mqtt.socket": systemd has handed over none of this name',
    );
    await expect(new Rig().open(listenerConfiguration({ socketActivation: 0 }))).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
    });
  });
});

describe.skipIf(!HAS_OPENSSL)('Certificates that change while a listener listens', () => {
  let authority: MadeAuthority;
  let certificateFile: string;
  let keyFile: string;
  let before: ListenerConfiguration;

  beforeAll(() => {
    authority = new MadeAuthority('Test CA');
    certificateFile = `${authority.directory}/live.pem`;
    keyFile = `${authority.directory}/live.key`;
    before = listenerConfiguration({ tls: tlsConfiguration({ certificates: [certificateOf()] }) });
  });
  afterAll(() => authority?.remove());

  const certificateOf = () => ({ certificateFile, keyFile, keyPassphraseFile: null, serverNames: [] });

  function install(name: string): void {
    const made = authority.certify(name, { subjectAltName: 'DNS:localhost' });
    copyFileSync(made.certificateFile, certificateFile);
    copyFileSync(made.keyFile, keyFile);
  }

  async function secured(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const client = connectTls({ port, ca: authority.certificate, servername: 'localhost', ...options });
    client.on('error', () => {});
    await once(client, 'secureConnect');
    return client;
  }

  test('are shown from then on, and the connections that are there stay', async () => {
    install('first');
    const rig = await new Rig().open(before);
    expect(rig.listener.files).toEqual([certificateFile, keyFile]);
    const old = await secured(rig.port, { maxVersion: 'TLSv1.2' });
    await echo(old, 'old');
    install('second');
    await rig.prepare(before);
    const next = await secured(rig.port, { maxVersion: 'TLSv1.2', session: old.getSession()! });
    expect(next.getPeerCertificate().subject.CN).toBe('second');
    expect(next.isSessionReused()).toBe(false);
    await echo(next, 'next');
    await echo(old, 'still here');
    expect(old.getPeerCertificate().subject.CN).toBe('first');
    old.destroy();
    next.destroy();
  });

  test('do not end a handshake that is under way', async () => {
    install('first');
    const rig = await new Rig().open(before);
    const socket = await dial(rig.port);
    install('second');
    await rig.prepare(before);
    const client = await secured(rig.port, { socket });
    expect(client.getPeerCertificate().subject.CN).toBe('first');
    await echo(client, 'through');
    client.destroy();
  });

  test('stay as they were while those on the disk cannot be used, and every fault is told', async () => {
    install('first');
    const rig = await new Rig().open(before);
    const other = authority.certify('other');
    copyFileSync(other.keyFile, keyFile);
    await expect(rig.listener.prepare(before)).rejects.toThrow(
      `${keyFile}: the private key is not that of the certificate in ${certificateFile}`,
    );
    writeFileSync(certificateFile, 'nothing');
    const broken = tlsConfiguration({
      certificates: [certificateOf()],
      clientCertificates: 'require',
      caFile: `${authority.directory}/none.pem`,
      crlFiles: [keyFile],
    });
    const error = await rig.listener.prepare({ ...before, tls: broken }).catch((caught) => caught);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(
      (error as ConfigurationError).problems.map(
        ({ file, code, key, text }) => `${code} ${file.split('/').at(-1)}: ${key}: ${text}`,
      ),
    ).toEqual([
      'bad-certificate live.pem: : expected a certificate in PEM, found none',
      'file-unreadable none.pem: caFile: expected a file that is there: there is none of this name',
      'bad-crl live.key: : expected a certificate revocation list in PEM, found none',
    ]);
    const directory = tlsConfiguration({
      certificates: [{ ...certificateOf(), keyFile: authority.directory }],
    });
    await expect(rig.listener.prepare({ ...before, tls: directory })).rejects.toThrow(
      'certificates[0].keyFile: expected a file, got a directory',
    );
    await expect(
      rig.listener.prepare({ ...before, tls: tlsConfiguration({ clientCertificates: 'require' }) }),
    ).rejects.toThrow('tls of the listener tested: expected either certificates or psk, and not both');
    const client = await secured(rig.port);
    expect(client.getPeerCertificate().subject.CN).toBe('first');
    client.destroy();
  });

  test('may be new authorities and revocation lists, and client certificates may become required', async () => {
    install('first');
    const rig = await new Rig().open(before);
    const client = authority.certify('client');
    const mine = { cert: client.certificate, key: client.key };
    await echo(await secured(rig.port), 'without');
    const required = tlsConfiguration({
      certificates: [certificateOf()],
      clientCertificates: 'require',
      caFile: authority.certificateFile,
    });
    await rig.prepare({ ...before, tls: required });
    await echo(await secured(rig.port, mine), 'certified');
    expect((await rig.came('certified')).transport.security?.certificate?.commonName).toBe('client');
    authority.revoke(client);
    const list = authority.revocationList('revoked');
    await rig.prepare({ ...before, tls: { ...required, crlFiles: [list] } });
    await expect(secured(rig.port, mine).then((socket) => echo(socket, 'revoked'))).rejects.toThrow();
    const stranger = new MadeAuthority('New CA');
    const other = stranger.certify('other');
    await rig.prepare({ ...before, tls: { ...required, caFile: stranger.certificateFile } });
    await echo(await secured(rig.port, { cert: other.certificate, key: other.key }), 'other CA');
    stranger.remove();
  });

  test('may give way to keys that are shared, to nothing, and come back', async () => {
    install('first');
    const rig = await new Rig().open(listenerConfiguration());
    await echo(await dial(rig.port), 'plain');
    const file = authority.file('psk', 'a:00ff\n');
    await rig.prepare({ ...before, tls: tlsConfiguration({ psk: { file, hint: null } }) });
    const keyed = { pskCallback: () => ({ identity: 'a', psk: Buffer.from('00ff', 'hex') }), ciphers: 'PSK' };
    const noNames = { checkServerIdentity: () => undefined, maxVersion: 'TLSv1.2' } as const;
    await echo(await secured(rig.port, { ...keyed, ...noNames }), 'psk');
    await rig.prepare(before);
    await echo(await secured(rig.port), 'tls');
    await rig.prepare(listenerConfiguration());
    await echo(await dial(rig.port), 'plain again');
  });

  test('are warned of from 30 days before their end, at the limit and one past it', async () => {
    install('dated');
    const endMs = Date.now() + 100 * 86_400_000;
    const day = 86_400_000;
    const codes = async (wallMs: number) =>
      (await checkListenerFiles(before, () => wallMs)).map(({ level, code }) => `${level} ${code}`);
    expect(await codes(endMs - 30 * day - 60_000)).toEqual([]);
    expect(await codes(endMs - 30 * day + 60_000)).toEqual(['warning certificate-expires']);
    expect(await codes(endMs + 60_000)).toEqual(['error certificate-expired']);
    expect(await codes(Date.now() - 3 * day)).toEqual(['error certificate-not-yet-valid']);
    const rig = await new Rig().open(before, { wallMs: () => endMs + day });
    expect(rig.lines).toEqual([
      expect.stringMatching(/^certificate-expired tested: .*live\.pem: the certificate CN=dated expired on /),
    ]);
    await echo(await secured(rig.port), 'it still serves');
  });

  test('have keys with a passphrase, which is in a file', async () => {
    const made = authority.certify('secret', { subjectAltName: 'DNS:localhost' });
    const { createPrivateKey } = await import('node:crypto');
    const encrypted = createPrivateKey(made.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'open',
    });
    const certificate = {
      certificateFile: made.certificateFile,
      keyFile: authority.file('encrypted.key', String(encrypted)),
      serverNames: [],
    };
    const configured = (keyPassphraseFile: string | null) =>
      listenerConfiguration({
        tls: tlsConfiguration({ certificates: [{ ...certificate, keyPassphraseFile }] }),
      });
    const rig = await new Rig().open(configured(authority.file('passphrase', 'open\n')));
    await echo(await secured(rig.port), 'decrypted');
    await expect(rig.listener.prepare(configured(authority.file('wrong', 'shut\n')))).rejects.toThrow(
      'the passphrase is wrong',
    );
    await expect(rig.listener.prepare(configured(null))).rejects.toThrow(
      'it needs a passphrase: keyPassphraseFile',
    );
  });
});
