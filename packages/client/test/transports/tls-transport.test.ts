import type { Server, TlsOptions as ServerTlsOptions, TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { openNodeTransport } from '../../src/transports/open-node-transport.ts';
import type { ServerAddress } from '../../src/transports/server-address.ts';
import type { TlsOptions } from '../../src/transports/tls-options.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { authority, clientPair, serverPair } from './certificates.ts';
import { RecordingListener } from './recording-listener.ts';
import type { TestServer } from './wire.ts';
import { listenTcp, listenTls, listenWebSocket } from './wire.ts';

const servers: TestServer[] = [];
const transports: Transport[] = [];

afterEach(async () => {
  for (const transport of transports.splice(0)) transport.destroy();
  for (const server of servers.splice(0)) await server.close();
});

/** A server over TLS; the sockets of those who came through. */
async function listen(options?: ServerTlsOptions): Promise<{ server: TestServer; accepted: TLSSocket[] }> {
  const accepted: TLSSocket[] = [];
  const server = await listenTls(({ socket }) => accepted.push(socket as TLSSocket), options);
  servers.push(server);
  return { server, accepted };
}

async function connect(
  address: ServerAddress,
  tls: TlsOptions,
  listener: RecordingListener = new RecordingListener(),
): Promise<RecordingListener> {
  const transport = await openNodeTransport({ tls })(address, listener, new AbortController().signal);
  listener.opened = true;
  transports.push(transport);
  return listener;
}

const ca = authority();

describe('A server over TLS', () => {
  test('is trusted if one of `ca` has signed its certificate, by name and by address', async () => {
    const { server } = await listen();
    await connect(server.address, { ca });
    await connect({ ...server.address, host: '127.0.0.1' }, { ca: [ca] });
  });

  test('is told the host as SNI, but no address', async () => {
    const { server, accepted } = await listen();
    await connect(server.address, { ca });
    await connect({ ...server.address, host: '127.0.0.1' }, { ca });
    await connect({ ...server.address, host: '127.0.0.1' }, { ca, servername: 'broker.test' });
    await connect(server.address, { ca, servername: '' });
    for (let i = 0; i < 4; i++) await server.accept();
    expect(accepted.map(({ servername }) => servername)).toEqual(['localhost', false, 'broker.test', false]);
  });

  test('is not trusted if nobody known has signed its certificate', async () => {
    const { server } = await listen();
    await expect(connect(server.address, {})).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      kind: 'environment',
      message: expect.stringContaining('give the one who has as tls.ca'),
      cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    });
    await connect(server.address, { rejectUnauthorized: false });
  });

  test('is not trusted under a name that its certificate has not', async () => {
    const { server } = await listen();
    await expect(connect(server.address, { ca, servername: 'elsewhere.test' })).rejects.toThrow(
      /the certificate is not for localhost; connect by a name that it has, or give that as tls.servername/,
    );
    const seen: string[] = [];
    const checkServerIdentity = (host: string): undefined => {
      seen.push(host);
    };
    await connect(server.address, { ca, servername: 'elsewhere.test', checkServerIdentity });
    expect(seen).toEqual(['elsewhere.test']);
  });

  test('is refused by a check of the application', async () => {
    const { server } = await listen();
    const checkServerIdentity = () => new Error('not the pinned certificate');
    await expect(connect(server.address, { ca, checkServerIdentity })).rejects.toThrow(
      `cannot connect to ${server.address.href}: not the pinned certificate`,
    );
  });

  test('that is not one is told from a network that fails', async () => {
    const server = await listenTcp(({ send }) => send(Buffer.from('no TLS here at all')));
    servers.push(server);
    const address = { ...server.address, scheme: 'mqtts' } as const;
    await expect(connect(address, { ca })).rejects.toThrow(/does not speak TLS; is this the port for TLS\?/);

    const closing = await listenTcp(({ end }) => end());
    servers.push(closing);
    await expect(connect({ ...closing.address, scheme: 'mqtts' }, { ca })).rejects.toThrow(
      /does it speak TLS on this port, and does it want a client certificate\?/,
    );
  });

  test('that says nothing keeps nobody who gives up', async () => {
    const server = await listenTcp();
    servers.push(server);
    const controller = new AbortController();
    const opening = openNodeTransport()(
      { ...server.address, scheme: 'mqtts' },
      new RecordingListener(),
      controller.signal,
    );
    const { closed } = await server.accept();
    controller.abort();
    await expect(opening).rejects.toBe(controller.signal.reason);
    await closed;
  });
});

describe('A client over TLS', () => {
  const mutual = { ca, requestCert: true, rejectUnauthorized: true } as const;

  test('proves itself by a certificate', async () => {
    const { server, accepted } = await listen(mutual);
    await connect(server.address, { ca, ...clientPair() });
    await server.accept();
    expect(accepted[0]!.getPeerCertificate().subject.CN).toBe('client');
  });

  test('is told that the server wants a certificate', async () => {
    // Since TLS 1.3 the server says so when the client already is through.
    const { server } = await listen(mutual);
    const listener = await connect(server.address, { ca });
    expect(await listener.closed()).toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining(
        'the server wants a client certificate that it trusts: tls.cert and tls.key',
      ),
    });
    await expect(connect(server.address, { ca, maxVersion: 'TLSv1.2' })).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining('client certificate'),
    });
    expect(listener.offences).toEqual([]);
    const overWebSocket = await listenWebSocket(undefined, { secure: true, tls: mutual });
    servers.push(overWebSocket);
    await expect(connect(overWebSocket.address, { ca })).rejects.toThrow(/tls.cert and tls.key/);
    await connect(overWebSocket.address, { ca, ...clientPair() });
  });

  test('offers protocols by ALPN', async () => {
    const { server, accepted } = await listen({ ALPNProtocols: ['mqtt'] });
    await connect(server.address, { ca, ALPNProtocols: ['other', 'mqtt'] });
    await server.accept();
    expect(accepted[0]!.alpnProtocol).toBe('mqtt');
    await expect(connect(server.address, { ca, ALPNProtocols: ['other'] })).rejects.toThrow(
      /the server speaks none of tls.ALPNProtocols/,
    );
  });

  test('keeps to versions and ciphers', async () => {
    const { server, accepted } = await listen();
    await connect(server.address, { ca, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    await server.accept();
    expect(accepted[0]!.getProtocol()).toBe('TLSv1.2');
    expect(accepted[0]!.getCipher().name).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
    const { server: old } = await listen({ maxVersion: 'TLSv1.2' });
    await expect(connect(old.address, { ca, minVersion: 'TLSv1.3' })).rejects.toThrow(
      /no TLS version or cipher in common/,
    );
  });

  test.each<[string, TlsOptions]>([
    ['a certificate that is none', { ca: 'none', cert: 'none' }],
    ['a key that does not fit', { cert: clientPair().cert, key: serverPair().key }],
    ['an unknown cipher', { ciphers: 'NONE-SUCH' }],
    ['an unknown version', { minVersion: 'TLSv9' as 'TLSv1.3' }],
    ['bytes that are no PKCS #12', { pfx: Buffer.from('none') }],
  ])('refuses %s at the call', (_what, tls) => {
    expect(() => openNodeTransport({ tls })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/^tls: expected .+, got /),
      }),
    );
  });

  test('does not show a private key in an error', () => {
    const key = `${clientPair().key.slice(0, 60)}broken`;
    expect(() => openNodeTransport({ tls: { cert: clientPair().cert, key } })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(key.slice(30)) }),
    );
  });

  test('uses TLS for wss as well', async () => {
    const server = await listenWebSocket(undefined, { secure: true });
    servers.push(server);
    await connect(server.address, { ca });
    await expect(connect(server.address, {})).rejects.toThrow(/give the one who has as tls.ca/);
  });
});

describe('A key that client and server share', () => {
  const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
  const withKeys: ServerTlsOptions = {
    key: undefined,
    cert: undefined,
    ciphers: 'PSK',
    pskCallback: (_socket: Server | unknown, identity: string) => (identity === 'sensor-1' ? key : null),
  } as ServerTlsOptions;

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('proves both in %s, without certificates', async (version) => {
    const { server, accepted } = await listen(withKeys);
    await connect(server.address, { psk: { identity: 'sensor-1', key }, maxVersion: version });
    await server.accept();
    expect(accepted[0]!.getProtocol()).toBe(version);
  });

  test('is refused where it is another, or for another', async () => {
    const { server, accepted } = await listen(withKeys);
    const other = { identity: 'sensor-1', key: Buffer.alloc(16) };
    const stranger = { identity: 'sensor-2', key };
    for (const psk of [other, stranger]) {
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        await expect(connect(server.address, { psk, maxVersion })).rejects.toThrow(/tls.psk/);
      }
    }
    expect(accepted).toEqual([]);
  });

  test('does not make a client trust a certificate', async () => {
    const { server } = await listen();
    const psk = { identity: 'sensor-1', key };
    const ciphers = 'PSK:DEFAULT';
    await expect(connect(server.address, { psk, ciphers })).rejects.toThrow(/tls.ca/);
    await expect(connect(server.address, { psk, ciphers, ca, servername: 'elsewhere.test' })).rejects.toThrow(
      /the certificate is not for localhost/,
    );
    await connect(server.address, { psk, ciphers, ca });
  });
});
