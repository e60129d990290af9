import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TcpListenerOptions } from '../../../src/listeners/tcp-listener.ts';
import type { TlsOptions } from '../../../src/listeners/tls/tls-options.ts';
import type { MadeCertificate } from './made-authority.ts';
import { HAS_OPENSSL, MadeAuthority } from './made-authority.ts';
import { dial, opensslEcho, TlsRig } from './tls-rig.ts';

describe.skipIf(!HAS_OPENSSL)(`A listener with TLS${HAS_OPENSSL ? '' : ' (skipped: needs openssl)'}`, () => {
  let authority: MadeAuthority;
  let other: MadeAuthority;
  let server: MadeCertificate;
  const rigs: TlsRig[] = [];

  beforeAll(() => {
    authority = new MadeAuthority('Test CA');
    other = new MadeAuthority('Other CA');
    server = authority.certify('localhost', { subjectAltName: 'DNS:localhost' });
  });
  afterAll(() => {
    authority?.remove();
    other?.remove();
  });
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });

  async function open(tls: TlsOptions, options: TcpListenerOptions = {}): Promise<TlsRig> {
    const rig = await TlsRig.open({ tls: { certificates: [server], ...tls }, ...options });
    rigs.push(rig);
    return rig;
  }

  /** What a client trusts. */
  const trusting = (certificate: MadeCertificate = authority) => ({ ca: certificate.certificate });
  const withCertificate = ({ certificate, key }: MadeCertificate) => ({
    ...trusting(),
    cert: certificate,
    key,
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s, and says so', async (version) => {
    const rig = await open({});
    await rig.echo({ ...trusting(), minVersion: version, maxVersion: version });
    expect(rig.transport.security).toMatchObject({ protocol: version, serverName: 'localhost' });
    expect(rig.transport.security?.cipher).toMatch(/AES|CHACHA/);
    expect(rig.transport.security?.certificate).toBeUndefined();
    expect(rig.transport.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(rig.listener.name).toBe(`tls:${rig.port}`);
  });

  test('reads certificates of RSA and of elliptic curves from files', async () => {
    const rsa = authority.certify('rsa', { subjectAltName: 'DNS:rsa.example', rsa: true });
    const rig = await open({
      certificates: [server, rsa].map(({ certificateFile, keyFile }) => ({ certificateFile, keyFile })),
    });
    const ofRsa = await rig.echo({ ...trusting(), servername: 'rsa.example' });
    expect(ofRsa.getPeerCertificate().subject.CN).toBe('rsa');
    const ofCurve = await rig.echo(trusting());
    expect(ofCurve.getPeerCertificate().subject.CN).toBe('localhost');
    expect(rig.listener.files).toEqual(
      [server, rsa].flatMap(({ certificateFile, keyFile }) => [certificateFile, keyFile]),
    );
  });

  test('shows the certificate of the name that is asked for, by wildcard too, and else the first', async () => {
    const wide = authority.certify('wide', { subjectAltName: 'DNS:*.example.org' });
    const exact = authority.certify('exact', { subjectAltName: 'DNS:a.example.org' });
    const named = authority.certify('named', { subjectAltName: 'DNS:nothing.example' });
    const rig = await open({
      certificates: [server, wide, exact, { ...named, serverNames: ['Broker.example', '*.inside'] }],
    });
    const shown = async (servername: string): Promise<string> => {
      const client = await rig.echo({ ...trusting(), servername, checkServerIdentity: () => undefined });
      return String(client.getPeerCertificate().subject.CN);
    };
    expect(await shown('b.example.org')).toBe('wide');
    expect(await shown('A.example.org')).toBe('exact');
    expect(await shown('a.b.example.org')).toBe('localhost');
    expect(await shown('example.org')).toBe('localhost');
    expect(await shown('broker.example')).toBe('named');
    expect(await shown('x.inside')).toBe('named');
    expect(await shown('nothing.example')).toBe('localhost');
    expect(await shown('')).toBe('localhost');
    expect(rig.transport.security?.serverName).toBeUndefined();
  });

  test('speaks no version older than minimumVersion, and says why', async () => {
    const rig = await open({ minimumVersion: '1.3' });
    await expect(rig.echo({ ...trusting(), maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    const [line] = await rig.logged('tls-handshake-failed');
    expect(line).toMatch(
      /^notice tls-handshake-failed tls:\d+: closed the connection from 127\.0\.0\.1:\d+: the client speaks only versions of TLS older than `minimumVersion`$/,
    );
    expect(rig.listener.refusals['tls-handshake-failed']).toBe(1);
    expect(rig.sinks).toHaveLength(0);
  });

  test('agrees on the ciphers of its options only', async () => {
    const rig = await open({
      ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384',
      cipherSuites: 'TLS_AES_256_GCM_SHA384',
    });
    const old = await rig.echo({ ...trusting(), maxVersion: 'TLSv1.2' });
    expect(old.getCipher().name).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
    const current = await rig.echo(trusting());
    expect(current.getCipher().name).toBe('TLS_AES_256_GCM_SHA384');
    const offer = { ...trusting(), maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;
    await expect(rig.echo(offer)).rejects.toThrow(/handshake failure/);
    expect(await rig.logged('tls-handshake-failed')).toEqual([
      expect.stringContaining('the client offers no cipher that the server allows'),
    ]);
  });

  test('has defaults for the one kind of ciphers when the other is chosen', async () => {
    const rig = await open({ ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    expect((await rig.echo(trusting())).getProtocol()).toBe('TLSv1.3');
    const more = await open({ cipherSuites: 'TLS_AES_256_GCM_SHA384' });
    expect((await more.echo({ ...trusting(), maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
  });

  test('agrees on mqtt by ALPN, refuses other protocols, and does not insist', async () => {
    const rig = await open({});
    expect((await rig.echo({ ...trusting(), ALPNProtocols: ['x', 'mqtt'] })).alpnProtocol).toBe('mqtt');
    expect((await rig.echo(trusting())).alpnProtocol).toBe(false);
    await expect(rig.echo({ ...trusting(), ALPNProtocols: ['x-amzn-mqtt-ca'] })).rejects.toThrow(
      /application protocol/,
    );
    expect(await rig.logged('tls-handshake-failed')).toEqual([
      expect.stringContaining('the client asks by ALPN for protocols that are not in `alpn`'),
    ]);
  });

  test('says in words that a client trusts another CA', async () => {
    const rig = await open({});
    await expect(rig.echo(trusting(other))).rejects.toThrow(/certificate|issuer/);
    const found = await rig.logged('tls-handshake-failed');
    expect(found[0]).toMatch(/the client (trusts another CA|closed the connection)/);
    await opensslEcho(rig.port, ['-CAfile', other.certificateFile, '-verify_return_error']);
    const text = 'the client trusts another CA than the one that signed our certificate (unknown ca)';
    await rig.until(() => rig.lines.some((line) => line.includes(text)));
  });

  describe('that asks for certificates of clients', () => {
    test('knows whose they are, as far as they are accepted', async () => {
      const client = authority.certify('sensor', {
        subject: '/C=GB/O=Example, Inc./OU=a+UID=b/CN=sensör',
        subjectAltName: 'DNS:s.example,URI:urn:dev:1,email:s@example.org,IP:192.0.2.7',
      });
      const rig = await open({ clientCertificates: 'require', caFile: authority.certificateFile });
      await rig.echo(withCertificate(client));
      const shown = spawnSync('openssl', [
        ...['x509', '-in', client.certificateFile, '-noout', '-subject', '-issuer', '-serial'],
        ...['-fingerprint', '-sha256', '-nameopt', 'RFC2253'],
      ]).stdout.toString();
      const field = (name: RegExp): string =>
        shown
          .split('\n')
          .find((line) => name.test(line))!
          .replace(/^[^=]*=/, '');
      expect(rig.transport.security?.certificate).toEqual({
        commonName: 'sensör',
        subject: field(/^subject/),
        subjectAlternativeNames: ['dns:s.example', 'uri:urn:dev:1', 'email:s@example.org', 'ip:192.0.2.7'],
        fingerprint256: field(/Fingerprint/i),
        serialNumber: field(/^serial/),
        issuer: field(/^issuer/),
      });
      expect(rig.transport.security?.certificate?.subject).toMatch(/^CN=sens\\C3\\B6r,/);
    });

    test('lets nobody in without, if it requires one, and says what is missing', async () => {
      const rig = await open({ clientCertificates: 'require', ca: authority.certificate });
      await expect(rig.echo(trusting())).rejects.toThrow();
      expect(await rig.logged('client-certificate-refused')).toEqual([
        expect.stringContaining('the client sent no certificate, and the listener requires one'),
      ]);
      expect(rig.listener.refusals['client-certificate-refused']).toBe(1);
    });

    test('lets those in who have none, if it only requests one', async () => {
      const rig = await open({ clientCertificates: 'request', ca: authority.certificate });
      await rig.echo(trusting());
      expect(rig.transport.security?.certificate).toBeUndefined();
      await rig.echo(withCertificate(authority.certify('asked')));
      expect(rig.transport.security?.certificate?.commonName).toBe('asked');
    });

    test.each([
      ['of another CA', 'it was signed by none of our CAs', () => other.certify('stranger')],
      ['that has expired', 'it has expired', () => authority.certify('old', { from: -10, to: -5 })],
      ['that is not valid yet', 'it is not valid yet', () => authority.certify('early', { from: 5, to: 10 })],
      [
        'for servers',
        'it is not for clients',
        () => authority.certify('web', { extendedKeyUsage: 'serverAuth' }),
      ],
    ] as const)('refuses one %s, requested or required', async (_kind, text, make) => {
      for (const clientCertificates of ['request', 'require'] as const) {
        const rig = await open({ clientCertificates, caFile: authority.certificateFile });
        await expect(rig.echo(withCertificate(make()))).rejects.toThrow();
        const [line] = await rig.logged('client-certificate-refused');
        expect(line).toContain(text);
        expect(rig.sinks).toHaveLength(0);
      }
    });

    test('takes CAs from a directory, and nothing else that is there', async () => {
      authority.file('notes.txt', 'no certificate');
      const rig = await open({ clientCertificates: 'require', caDirectory: authority.directory });
      await rig.echo(withCertificate(authority.certify('by-directory')));
      expect(rig.transport.security?.certificate?.commonName).toBe('by-directory');
    });

    test('refuses those that a list of its CA revokes, of several lists in one file', async () => {
      const revoking = new MadeAuthority('Revoking CA');
      const [good, bad] = [revoking.certify('good'), revoking.certify('bad')];
      revoking.revoke(bad);
      const lists = [other.revocationList('other'), revoking.revocationList('own')];
      const bundle = revoking.file('bundle.crl', spawnSync('cat', lists).stdout.toString());
      const authorities = revoking.file('all.pem', `${other.certificate}${revoking.certificate}`);
      const rig = await open({ clientCertificates: 'require', caFile: authorities, crlFiles: [bundle] });
      await rig.echo(withCertificate(good));
      await expect(rig.echo(withCertificate(bad))).rejects.toThrow();
      const [line] = await rig.logged('client-certificate-refused');
      expect(line).toContain('it is revoked (CERT_REVOKED)');
      revoking.remove();
    });

    test('wants the list of the last CA of a chain, and those of others only to look into, as Mosquitto does', async () => {
      const root = new MadeAuthority('Root CA');
      const between = new MadeAuthority('Issuing CA', root);
      const revokedBetween = new MadeAuthority('Revoked CA', root);
      const [good, bad] = [between.certify('kept'), between.certify('dropped')];
      const old = between.certify('outdated', { from: -10, to: -5 });
      const under = revokedBetween.certify('under-revoked');
      between.revoke(bad);
      root.revoke(revokedBetween);
      const lists = [between.revocationList('between'), revokedBetween.revocationList('of-revoked')];
      const caFile = root.file(
        'chain.pem',
        root.certificate + between.certificate + revokedBetween.certificate,
      );
      const crlFiles = [...lists];
      const tls = { clientCertificates: 'require', caFile, crlFiles } as const;
      const rig = await open(tls);
      await rig.echo(withCertificate(good));
      expect(rig.transport.security?.certificate?.commonName).toBe('kept');
      await rig.echo(withCertificate(under));
      const strict = await open({ ...tls, crlFiles: [...lists, root.revocationList('root')] });
      const partial = await open({ ...tls, crlFiles: lists.slice(1) });
      for (const [where, client, text] of [
        [rig, bad, 'it is revoked'],
        [rig, old, 'it has expired'],
        [rig, other.certify('unknown'), 'none of our CAs'],
        [strict, under, 'it is revoked'],
        [partial, good, 'there is no revocation list of its CA'],
      ] as const) {
        const count = where.sinks.length;
        await expect(where.echo(withCertificate(client))).rejects.toThrow();
        await where.until(() => where.lines.some((line) => line.includes(text)));
        expect(where.sinks).toHaveLength(count);
      }
      root.remove();
    });

    test('tells that a list has expired, and refuses everybody of its CA', async () => {
      const list = authority.revocationList('stale', { from: -10, to: -5 });
      const rig = await open({
        clientCertificates: 'require',
        caFile: authority.certificateFile,
        crlFiles: [list],
      });
      expect((await rig.logged('crl-expired'))[0]).toMatch(
        /^error crl-expired tls:\d+: .*stale\.crl: the revocation list expired on /,
      );
      await expect(rig.echo(withCertificate(authority.certify('late')))).rejects.toThrow();
      expect((await rig.logged('client-certificate-refused'))[0]).toContain(
        'the revocation list of its CA has expired',
      );
    });
  });

  describe('that does not check the dates of clients', () => {
    const files = () => ({
      clientCertificates: 'require' as const,
      checkClientDates: false,
      caFile: authority.certificateFile,
    });

    test('lets expired and early ones in, and those whose dates are right', async () => {
      const rig = await open(files());
      for (const [name, from, to] of [
        ['late', -10, -5],
        ['soon', 5, 10],
        ['now', -1, 1],
      ] as const) {
        await rig.echo(withCertificate(authority.certify(name, { from, to })));
        expect(rig.transport.security?.certificate?.commonName).toBe(name);
      }
    });

    test('lets an expired one in through an authority in between', async () => {
      const between = new MadeAuthority('Between CA', authority);
      const { certificate, key } = between.certify('under', { from: -10, to: -5 });
      const rig = await open(files());
      await rig.echo({ ...trusting(), cert: certificate + between.certificate, key });
      await expect(rig.echo({ ...trusting(), cert: certificate, key })).rejects.toThrow();
    });

    test('still wants it to be signed by our CA, for clients, by who may sign, and not revoked', async () => {
      const dates = { from: -10, to: -5 } as const;
      const impostor = new MadeAuthority('Test CA');
      const short = new MadeAuthority('Short CA', authority, { pathLength: 0 });
      const deeper = new MadeAuthority('Deeper CA', short);
      const revoked = authority.certify('revoked', dates);
      authority.revoke(revoked);
      const list = authority.revocationList('now');
      const own = new MadeAuthority('Own CA', undefined, dates);
      const chains: readonly (readonly [string, string, { cert: string; key: string }])[] = [
        ['of another CA', 'none of our CAs', plain(other.certify('theirs', dates))],
        ['of a CA of the same name', 'none of our CAs', plain(impostor.certify('false', dates))],
        ['signed by itself', 'none of our CAs', plain(own)],
        [
          'for servers',
          'not for clients',
          plain(authority.certify('web2', { ...dates, extendedKeyUsage: 'serverAuth' })),
        ],
        ['revoked', 'it is revoked', plain(revoked)],
        [
          'too deep',
          'longer than one of its CAs allows',
          chain(deeper.certify('deep', dates), deeper, short),
        ],
      ];
      for (const [, text, client] of chains) {
        const rig = await open({ ...files(), crlFiles: text.startsWith('longer') ? [] : [list] });
        await expect(rig.echo({ ...trusting(), ...client })).rejects.toThrow();
        const [line] = await rig.logged('client-certificate-refused');
        expect(line).toContain(text);
        expect(rig.sinks).toHaveLength(0);
      }
      impostor.remove();
      own.remove();
    });

    const plain = ({ certificate, key }: MadeCertificate) => ({ cert: certificate, key });
    const chain = ({ certificate, key }: MadeCertificate, ...between: readonly MadeCertificate[]) => ({
      cert: [certificate, ...between.map((each) => each.certificate)].join(''),
      key,
    });
  });

  describe('with keys that are shared', () => {
    const keys = () => authority.file('psk.txt', '# of the test\nsensor:00c0ffee\nother:0123456789abcdef\n');

    const key = (hex: string) => Buffer.from(hex, 'hex');
    const having = (identity: string, psk: Buffer, version: 'TLSv1.2' | 'TLSv1.3') => ({
      pskCallback: () => ({ identity, psk }),
      minVersion: version,
      maxVersion: version,
      ciphers: version === 'TLSv1.2' ? 'PSK' : 'TLS_AES_128_GCM_SHA256',
      checkServerIdentity: () => undefined,
    });

    test.each(['TLSv1.2', 'TLSv1.3'] as const)('lets in who proves to have one, over %s', async (version) => {
      const rig = await open({ certificates: [], psk: { file: keys(), hint: 'greenhouse' } });
      await rig.echo(having('sensor', key('00c0ffee'), version));
      expect(rig.transport.security).toMatchObject({ protocol: version, pskIdentity: 'sensor' });
      expect(rig.transport.security?.certificate).toBeUndefined();
      await rig.echo(having('other', key('0123456789abcdef'), version));
      expect(rig.transport.security?.pskIdentity).toBe('other');
    });

    test('may be spoken of in TLS 1.3 alone', async () => {
      const rig = await open({ certificates: [], psk: { file: keys() }, minimumVersion: '1.3' });
      await rig.echo(having('sensor', key('00c0ffee'), 'TLSv1.3'));
      expect(rig.transport.security).toMatchObject({ protocol: 'TLSv1.3', pskIdentity: 'sensor' });
      await expect(rig.echo(having('sensor', key('00c0ffee'), 'TLSv1.2'))).rejects.toThrow();
    });

    test.each(['TLSv1.2', 'TLSv1.3'] as const)('refuses others over %s, and says why', async (version) => {
      const rig = await open({ certificates: [], psk: { file: keys() } });
      await expect(rig.echo(having('nobody', key('00c0ffee'), version))).rejects.toThrow();
      await expect(rig.echo(having('sensor', key('0badc0ffee'), version))).rejects.toThrow();
      await expect(rig.echo({ ...trusting(), minVersion: version, maxVersion: version })).rejects.toThrow();
      await rig.until(() => rig.listener.refusals['tls-handshake-failed'] === 3);
      expect(rig.sinks).toHaveLength(0);
      const lines = (await rig.logged('tls-handshake-failed')).join('\n');
      expect(lines).not.toMatch(/c0ffee/i);
      expect(lines).toMatch(/identity that is not in the PSK file/);
    });

    test('takes keys that an application holds', async () => {
      const rig = await open({ certificates: [], psk: { keys: new Map([['sensor', key('00c0ffee')]]) } });
      await rig.echo(having('sensor', key('00c0ffee'), 'TLSv1.2'));
      expect(rig.transport.security?.pskIdentity).toBe('sensor');
    });

    test('resumes no session: it would not say whose it is', async () => {
      const rig = await open({ certificates: [], psk: { file: keys() } });
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const options = having('sensor', key('00c0ffee'), version);
        const session = (await rig.echo(options)).getSession();
        const again = await rig.echo({ ...options, ...(session === undefined ? {} : { session }) });
        expect(again.isSessionReused() && version === 'TLSv1.2').toBe(false);
        expect(rig.transport.security?.pskIdentity).toBe('sensor');
      }
    });

    test("serves openssl's client", async () => {
      const rig = await open({ certificates: [], psk: { file: keys() } });
      const client = ['-psk_identity', 'sensor', '-psk', '00c0ffee', '-tls1_2', '-cipher', 'PSK'];
      expect(await opensslEcho(rig.port, client)).toContain('hello');
      expect(rig.transport.security?.pskIdentity).toBe('sensor');
    });
  });

  describe('is not to be held up', () => {
    test('closes what is no TLS, and says what it may be', async () => {
      const rig = await open({});
      await rig.send(Buffer.from('101000044d5154540402003c0004746573740000', 'hex'));
      await rig.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
      await rig.send(Buffer.from('PROXY TCP4 127.0.0.1 127.0.0.1 50000 8883\r\n'));
      for (let i = 0; i < 50; i++)
        await rig.send(Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 7 + i * 13) & 255)));
      await rig.until(() => rig.listener.refusals['tls-handshake-failed'] === 53);
      const lines = await rig.logged('tls-handshake-failed');
      expect(lines.join('\n')).toContain('what came is no TLS');
      expect(lines.join('\n')).toContain('speaks HTTP without TLS');
      expect(lines.length).toBeLessThan(10);
      await rig.echo(trusting());
    });

    test('closes what does not end its handshake in time, however it drips, at the limit', async () => {
      const rig = await open({}, { handshakeTimeoutMs: 50 });
      const socket = await dial(rig.port);
      const hello = Buffer.from('16030102000100', 'hex');
      let sent = 0;
      const drip = (): void => {
        if (!socket.destroyed && sent < hello.length)
          socket.write(hello.subarray(sent, ++sent), () => setImmediate(drip));
      };
      drip();
      socket.resume();
      await once(socket, 'close');
      expect((await rig.logged('handshake-timeout'))[0]).toContain('did not end within `handshakeTimeoutMs`');
      expect(rig.listener.refusals).toMatchObject({ 'handshake-timeout': 1, 'tls-handshake-failed': 0 });
    });

    test('has so many handshakes under way, and no more: at the limit, and one past it', async () => {
      const rig = await open({}, { maximumHandshakes: 3 });
      const open3 = await Promise.all(Array.from({ length: 3 }, () => dial(rig.port)));
      await rig.send(Buffer.alloc(0));
      expect(rig.listener.refusals['too-many-handshakes']).toBe(1);
      expect((await rig.logged('too-many-handshakes'))[0]).toContain('`maximumHandshakes`');
      expect(open3.every((socket) => !socket.destroyed)).toBe(true);
      open3[0]!.destroy();
      await rig.until(() => rig.listener.refusals['tls-handshake-failed'] === 1);
      await rig.echo(trusting());
      for (const socket of open3) socket.destroy();
    });

    test('does not wait for handshakes when it closes, and reports none of them', async () => {
      const rig = await open({});
      const socket = await dial(rig.port);
      const gone = new Promise((resolve) => socket.once('close', resolve));
      await rig.until(() => true);
      await rig.listener.close();
      await gone;
      expect(Object.values(rig.listener.refusals).every((count) => count === 0)).toBe(true);
    });
  });

  test('gives the secrets of handshakes to who asked for them', async () => {
    const lines: string[] = [];
    const rig = await open({ keyLog: (line) => lines.push(String(line)) });
    await rig.echo(trusting());
    expect(lines.join('')).toMatch(/^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+$/m);
  });

  test('resumes sessions by ticket, with the certificate of the client', async () => {
    const rig = await open({ clientCertificates: 'require', caFile: authority.certificateFile });
    const client = withCertificate(authority.certify('again'));
    const first = await rig.echo({ ...client, maxVersion: 'TLSv1.2' });
    const second = await rig.echo({ ...client, maxVersion: 'TLSv1.2', session: first.getSession()! });
    expect(second.isSessionReused()).toBe(true);
    expect(rig.transport.security?.certificate?.commonName).toBe('again');
  });

  test("serves openssl's client", async () => {
    const rig = await open({});
    const shown = await opensslEcho(rig.port, ['-CAfile', authority.certificateFile, '-verify_return_error']);
    expect(shown).toContain('hello');
  });
});
