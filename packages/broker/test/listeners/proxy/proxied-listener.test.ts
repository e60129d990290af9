import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Transport } from '../../../src/core/ports/transport.ts';
import type { NetworkListener } from '../../../src/listeners/network-listener.ts';
import type { ProxyOptions } from '../../../src/listeners/proxy/proxy-settings.ts';
import { TrustedProxies } from '../../../src/listeners/proxy/trusted-proxies.ts';
import type { TcpListenerOptions } from '../../../src/listeners/tcp-listener.ts';
import { listenTcp } from '../../../src/listeners/tcp-listener.ts';
import type { WebSocketListenerOptions } from '../../../src/listeners/websocket-listener.ts';
import { listenWebSocket } from '../../../src/listeners/websocket-listener.ts';
import { RecordingSink } from '../recording-sink.ts';
import { HAS_OPENSSL, MadeAuthority } from '../tls/made-authority.ts';
import { dial } from '../tls/tls-rig.ts';
import { clientFrame, Opcode } from '../websocket-frames.ts';
import { readHeaders, upgradeRequest } from '../wire.ts';
import { addresses4, headerV2, tlv, tlvSsl } from './made-headers.ts';

interface Rig {
  readonly listener: NetworkListener;
  readonly port: number;
  readonly lines: string[];
  readonly sinks: RecordingSink[];
}

const rigs: Rig[] = [];
afterEach(async () => {
  for (const { listener, sinks } of rigs.splice(0)) {
    for (const { transport } of sinks) transport.destroy();
    await listener.close();
  }
});

function parts() {
  const lines: string[] = [];
  const sinks: RecordingSink[] = [];
  const accept = (transport: Transport): RecordingSink => {
    const sink = new RecordingSink(transport);
    sinks.push(sink);
    return sink;
  };
  return {
    lines,
    sinks,
    accept,
    log: { write: (_: string, code: string, text: string) => lines.push(`${code} ${text}`) },
  };
}

function rigOf(listener: NetworkListener, lines: string[], sinks: RecordingSink[]): Rig {
  const { address } = listener;
  const rig = { listener, port: address.kind === 'tcp' ? address.port : 0, lines, sinks };
  rigs.push(rig);
  return rig;
}

async function open(proxyProtocol: ProxyOptions, options: TcpListenerOptions = {}): Promise<Rig> {
  const { lines, sinks, accept, log } = parts();
  const all = { port: 0, lingerMs: 100, proxyProtocol, ...options };
  return rigOf(await listenTcp(all, accept, log as never), lines, sinks);
}

async function openWebSocket(options: WebSocketListenerOptions): Promise<Rig> {
  const { lines, sinks, accept, log } = parts();
  const all = { port: 0, lingerMs: 100, proxyProtocol: {}, ...options };
  return rigOf(await listenWebSocket(all, accept, log as never), lines, sinks);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
}

const V1 = Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 50000 1883\r\n');
const V2 = headerV2(0x11, addresses4('192.0.2.7', 50007));
const WAYS = [
  ['handles', {}],
  ['net.Socket', { plainSockets: true }],
] as const;

describe.each(WAYS)('A listener behind a proxy (%s)', (_way, options) => {
  test.each([
    ['version 1', V1, '192.0.2.1:50000'],
    ['version 2', V2, '192.0.2.7:50007'],
  ])('takes the client from a header of %s, and hands on what follows it', async (_version, header, peer) => {
    const rig = await open({}, options);
    const socket = await dial(rig.port);
    socket.write(Buffer.concat([header, Buffer.from('first')]));
    await until(() => rig.sinks[0]?.bytes.toString() === 'first');
    socket.write('second');
    await until(() => rig.sinks[0]?.bytes.toString() === 'firstsecond');
    const { transport } = rig.sinks[0]!;
    expect(transport.peer).toBe(peer);
    expect(transport.proxyPeer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(transport.security).toBeUndefined();
    expect(rig.sinks[0]!.offences).toEqual([]);
  });

  test('waits for a header that comes byte by byte, cut anywhere', async () => {
    const rig = await open({}, options);
    const socket = await dial(rig.port);
    for (const byte of Buffer.concat([V2, Buffer.from('mqtt')])) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => rig.sinks[0]?.bytes.toString() === 'mqtt');
    expect(rig.sinks[0]!.transport.peer).toBe('192.0.2.7:50007');
  });

  test('can be paused by the core while it gets what followed the header', async () => {
    const { lines, log } = parts();
    let sink: RecordingSink | undefined;
    const accept = (transport: Transport): RecordingSink => {
      sink = new RecordingSink(transport);
      sink.onReceive = () => sink!.call(() => transport.pause());
      return sink;
    };
    const listener = await listenTcp({ port: 0, proxyProtocol: {}, ...options }, accept, log as never);
    const rig = rigOf(listener, lines, []);
    const socket = await dial(rig.port);
    socket.write(Buffer.concat([V1, Buffer.from('a')]));
    await until(() => sink?.bytes.toString() === 'a');
    socket.write('b');
    // Another connection's round trip shows that there was time to read it.
    const other = await dial(rig.port);
    const first = sink!;
    other.write(Buffer.concat([V1, Buffer.from('x')]));
    await until(() => sink !== first && sink!.chunks.length > 0);
    expect(first.bytes.toString()).toBe('a');
    first.onReceive = undefined;
    first.call((transport) => transport.resume());
    await until(() => first.bytes.toString() === 'ab');
    first.transport.destroy();
    sink!.transport.destroy();
  });

  test('has the proxy itself as its peer where the header says so, or nothing', async () => {
    const rig = await open({}, options);
    for (const header of [Buffer.from('PROXY UNKNOWN\r\n'), headerV2(0, Buffer.alloc(0), [], 0x20)]) {
      const socket = await dial(rig.port);
      socket.write(header);
      const count = rig.sinks.length;
      await until(() => rig.sinks.length > count);
      const { transport } = rig.sinks.at(-1)!;
      expect(transport.peer).toBe(transport.proxyPeer);
    }
  });

  test('closes what begins with something else, and says why', async () => {
    const rig = await open({}, options);
    const socket = await dial(rig.port);
    socket.write(Buffer.from('101000044d5154540402003c0004746573740000', 'hex'));
    await closed(socket);
    expect(rig.sinks).toHaveLength(0);
    expect(rig.listener.refusals['proxy-header-refused']).toBe(1);
    expect(rig.lines[0]).toMatch(
      /^proxy-header-refused tcp:\d+: closed the connection from 127\.0\.0\.1:\d+: it does not begin with a PROXY header/,
    );
  });

  test('closes a connection from elsewhere than its proxies, before it says anything', async () => {
    const rig = await open({ trustedProxies: ['192.0.2.0/24', '2001:db8::/32'] }, options);
    await closed(await dial(rig.port));
    expect(rig.listener.refusals['proxy-not-trusted']).toBe(1);
    expect(rig.lines[0]).toContain('from none of the `trustedProxies`');
    const trusting = await open({ trustedProxies: ['127.0.0.1', '::1'] }, options);
    (await dial(trusting.port)).write(V1);
    await until(() => trusting.sinks.length === 1);
  });

  test('requires that the client came over TLS, and had a certificate, if it is told to', async () => {
    const rig = await open({ version: 'v2', requireTls: true, requireCertificate: true }, options);
    const address = addresses4('192.0.2.7', 1);
    const name = tlv(0x22, 'sensor');
    for (const [header, reason] of [
      [V2, 'does not say that the client uses TLS'],
      [headerV2(0x11, address, [tlvSsl(1, 0, [tlv(0x21, 'TLSv1.3')])]), 'no verified certificate'],
      [headerV2(0x11, address, [tlvSsl(5, 1, [name])]), 'no verified certificate'],
      [headerV2(0, Buffer.alloc(0), [], 0x20), 'does not say that the client uses TLS'],
      [V1, 'of version 1, and version 2 is expected'],
    ] as const) {
      const socket = await dial(rig.port);
      socket.write(header);
      await closed(socket);
      expect(rig.lines.join('\n')).toContain(reason);
    }
    expect(rig.listener.refusals['proxy-header-refused']).toBe(5);
    expect(rig.sinks).toHaveLength(0);
    (await dial(rig.port)).write(headerV2(0x11, address, [tlvSsl(5, 0, [name])]));
    await until(() => rig.sinks.length === 1);
    expect(rig.sinks[0]!.transport.security?.certificate?.commonName).toBe('sensor');
  });

  test('closes a header that does not end in time, however it drips', async () => {
    const rig = await open({}, { ...options, tls: undefined, handshakeTimeoutMs: 50 });
    const silent = await dial(rig.port);
    const dripping = await dial(rig.port);
    let at = 0;
    const drip = (): void => {
      if (!dripping.destroyed && at < 20) dripping.write(V1.subarray(at, ++at), () => setImmediate(drip));
    };
    drip();
    await Promise.all([closed(silent), closed(dripping)]);
    expect(rig.listener.refusals['handshake-timeout']).toBe(2);
    expect(rig.sinks).toHaveLength(0);
  });

  test('closes those that have not said who they are when it closes', async () => {
    const rig = await open({}, options);
    const socket = await dial(rig.port);
    socket.write(V1.subarray(0, 9));
    const gone = closed(socket);
    await rig.listener.close();
    await gone;
    expect(rig.sinks).toHaveLength(0);
  });

  test('lets go of those that leave before they have said who they are', async () => {
    const rig = await open({}, { ...options, maximumHandshakes: 1 });
    for (let i = 0; i < 5; i++) {
      const socket = await dial(rig.port);
      socket.write(V1.subarray(0, 3));
      if (i % 2 === 0) socket.end();
      else socket.resetAndDestroy();
      await closed(socket);
      await until(() => rig.listener.pending === 0);
    }
    (await dial(rig.port)).write(V1);
    await until(() => rig.sinks.length === 1);
    expect(rig.listener.refusals['too-many-handshakes']).toBe(0);
  });
});

describe('Behind a proxy there may be', () => {
  let authority: MadeAuthority;
  beforeAll(() => {
    if (HAS_OPENSSL) authority = new MadeAuthority('Test CA');
  });
  afterAll(() => authority?.remove());

  test.skipIf(!HAS_OPENSSL)('TLS, which begins after the header', async () => {
    const server = authority.certify('localhost', { subjectAltName: 'DNS:localhost' });
    const second = authority.certify('b.example', { subjectAltName: 'DNS:b.example' });
    const rig = await open({}, { tls: { certificates: [server, second] } });
    const socket = await dial(rig.port);
    socket.write(V2);
    const secure = connectTls({ socket, ca: authority.certificate, servername: 'b.example' });
    await once(secure, 'secureConnect');
    secure.write('hello');
    await until(() => rig.sinks[0]?.bytes.toString() === 'hello');
    const { transport } = rig.sinks[0]!;
    expect(transport.peer).toBe('192.0.2.7:50007');
    expect(transport.proxyPeer).toMatch(/^127/);
    expect(transport.security).toMatchObject({ protocol: 'TLSv1.3', serverName: 'b.example' });
    secure.destroy();
  });

  test('a WebSocket', async () => {
    const rig = await openWebSocket({});
    const socket = await dial(rig.port);
    socket.write(Buffer.concat([V1, Buffer.from(upgradeRequest('/mqtt'))]));
    expect((await readHeaders(socket)).status).toBe(101);
    socket.write(clientFrame(Opcode.Binary, Buffer.from('mqtt')));
    await until(() => rig.sinks[0]?.bytes.toString() === 'mqtt');
    expect(rig.sinks[0]!.transport).toMatchObject({ peer: '192.0.2.1:50000' });
    expect(rig.sinks[0]!.transport.proxyPeer).toMatch(/^127/);
    const plain = await dial(rig.port);
    plain.write(upgradeRequest('/mqtt'));
    await closed(plain);
    expect(rig.listener.refusals['proxy-header-refused']).toBe(1);
  });

  test('pages of any origin, unless the client of the proxy is on this machine', async () => {
    const rig = await openWebSocket({});
    const statusFor = async (header: string): Promise<number> => {
      const socket = await dial(rig.port);
      socket.write(header + upgradeRequest('/mqtt', { Origin: 'https://example.org' }));
      return (await readHeaders(socket)).status;
    };
    expect(await statusFor(V1.toString())).toBe(101);
    expect(await statusFor('PROXY TCP4 127.0.0.1 127.0.0.1 5 6\r\n')).toBe(403);
    expect(await statusFor('PROXY TCP6 ::1 ::1 5 6\r\n')).toBe(403);
  });
});

describe('Trusted proxies', () => {
  test.each([
    [['10.0.0.0/8'], '10.1.2.3', true],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', true],
    [['10.0.0.0/8'], '11.1.2.3', false],
    [['2001:db8::/32'], '2001:db8:1::2', true],
    [['2001:db8::/32'], '10.1.2.3', false],
    [['192.0.2.1'], '192.0.2.1', true],
    [['192.0.2.1'], '192.0.2.2', false],
    [[], '192.0.2.2', true],
    [['192.0.2.1'], undefined, true],
  ])('%j, of %s: %s', (blocks, address, expected) => {
    expect(new TrustedProxies(blocks).has(address)).toBe(expected);
  });

  test.each(['10.0.0.0/33', 'example.org', '10.0.0.0/x', '', '::/129'])('%j is no block', (block) => {
    expect(() => new TrustedProxies([block])).toThrow(
      /expected addresses or blocks such as 10\.0\.0\.0\/8, got/,
    );
  });
});
