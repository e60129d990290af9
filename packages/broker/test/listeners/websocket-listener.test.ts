import { once } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Accept } from '../../src/core/ports/transport.ts';
import type { Listener } from '../../src/listeners/listener.ts';
import type { WebSocketListenerOptions } from '../../src/listeners/websocket-listener.ts';
import { listenWebSocket } from '../../src/listeners/websocket-listener.ts';
import { RecordingSink } from './recording-sink.ts';
import { pattern } from './transport-contract.ts';
import { clientFrame, Opcode, ServerFrames } from './websocket-frames.ts';
import type { Response } from './wire.ts';
import { dialSocket, dialWebSocket, noLog, Peer, readHeaders, upgradeRequest } from './wire.ts';

/** A CONNECT, a QoS 1 PUBLISH and a PINGREQ, as each version writes them. */
const PACKETS = {
  v5: Buffer.from('101000044d5154540502003c000003616263320b0003612f62000100686921c000', 'hex'),
  'v3.1.1': Buffer.from('100f00044d5154540402003c0003616263320a0003612f62000168692ec000', 'hex'),
} as const;

const listeners: Listener[] = [];

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

interface Rig {
  readonly listener: Listener;
  readonly sinks: readonly RecordingSink[];
  url(path?: string): string;
  /** A client by hand, and the sink of its connection. */
  connect(headers?: Readonly<Record<string, string>>): Promise<{ peer: Peer; sink: RecordingSink }>;
  /** Sends a request as text and returns what the server answers until it closes. */
  request(text: string): Promise<Response & { readonly body: string }>;
}

async function listen(
  options: WebSocketListenerOptions = {},
  makeSink: (...offered: Parameters<Accept>) => RecordingSink = (transport) => new RecordingSink(transport),
): Promise<Rig> {
  const sinks: RecordingSink[] = [];
  const accept: Accept = (transport, origin) => {
    const sink = makeSink(transport, origin);
    sinks.push(sink);
    return sink;
  };
  const listener = await listenWebSocket({ port: 0, lingerMs: 100, ...options }, accept, noLog);
  listeners.push(listener);
  const port = listener.address.kind === 'tcp' ? listener.address.port : 0;
  return {
    listener,
    sinks,
    url: (path = '/mqtt') => `ws://127.0.0.1:${port}${path}`,
    connect: async (headers) => {
      const peer = new Peer(await dialWebSocket(listener, headers), true);
      return { peer, sink: sinks.at(-1)! };
    },
    request: async (text) => {
      const socket = await dialSocket(listener);
      socket.write(text);
      const response = await readHeaders(socket);
      const chunks = [response.rest];
      socket.on('data', (bytes) => chunks.push(bytes));
      socket.resume();
      await new Promise((resolve) => socket.once('end', resolve));
      socket.destroy();
      return { ...response, body: Buffer.concat(chunks).toString() };
    },
  };
}

const get = (path: string, method = 'GET', host = 'localhost:8080'): string =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

/** Resolves when the server has closed or reset a connection. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const onGone = () => {
      socket.destroy();
      resolve();
    };
    socket
      .on('error', () => {})
      .once('end', onGone)
      .once('close', onGone)
      .resume();
  });
}

/** The code of the close frame that the server sends. */
async function closeCode(peer: Peer): Promise<number | undefined> {
  let code: number | undefined;
  const frames = new ServerFrames();
  peer.socket.on('data', (bytes) => {
    for (const { opcode, payload } of frames.push(bytes))
      if (opcode === Opcode.Close) code = payload.readUInt16BE(0);
  });
  await peer.closed;
  return code;
}

async function textFrameCloses(packets: Buffer): Promise<void> {
  const { peer, sink } = await (await listen()).connect();
  peer.send(packets);
  await sink.until(() => sink.bytes.length === packets.length);
  const code = closeCode(peer);
  peer.socket.write(clientFrame(Opcode.Text, packets));
  peer.send(packets);
  await sink.closed();
  expect(await code).toBe(1003);
  expect(sink.bytes.equals(packets)).toBe(true);
  expect(sink.causes).toEqual(['websocket-text-frame']);
}

async function sendsBinaryFramesOnly(packets: Buffer): Promise<void> {
  const { peer, sink } = await (await listen()).connect();
  const opcodes: number[] = [];
  const frames = new ServerFrames();
  let bytes = 0;
  const received = new Promise<void>((resolve) => {
    peer.socket.on('data', (chunk) => {
      for (const { opcode, payload } of frames.push(chunk)) {
        opcodes.push(opcode);
        bytes += payload.length;
      }
      if (bytes === packets.length * 3) resolve();
    });
  });
  sink.call((transport) => transport.write(packets));
  sink.call((transport) => transport.writeAll([packets.subarray(0, 5), packets.subarray(5), packets]));
  await received;
  expect(opcodes).toEqual([Opcode.Binary, Opcode.Binary]);
  peer.end();
}

/** However the stream is cut into messages, fragments and segments, and whatever pings come between: it arrives whole. */
async function framesMeanNothing(packets: Buffer): Promise<void> {
  const rig = await listen();
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          message: fc.nat({ max: 60 }),
          fragments: fc.array(fc.nat({ max: 20 }), { maxLength: 4 }),
          ping: fc.boolean(),
        }),
        { minLength: 1, maxLength: 20 },
      ),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 }),
      async (cuts, segments) => {
        const stream = Buffer.concat(Array.from({ length: 10 }, () => packets));
        const wire: Buffer[] = [];
        let at = 0;
        for (let i = 0; at < stream.length; i++) {
          const { message, fragments, ping } = cuts[i % cuts.length]!;
          const payload = stream.subarray(at, at + message + (i >= cuts.length ? 1 : 0));
          at += payload.length;
          let from = 0;
          for (const [j, length] of fragments.entries()) {
            wire.push(
              clientFrame(
                j === 0 ? Opcode.Binary : Opcode.Continuation,
                payload.subarray(from, from + length),
                false,
              ),
            );
            if (ping) wire.push(clientFrame(Opcode.Ping, Buffer.from('?')));
            from += length;
          }
          wire.push(
            clientFrame(fragments.length === 0 ? Opcode.Binary : Opcode.Continuation, payload.subarray(from)),
          );
        }
        const { peer, sink } = await rig.connect();
        const all = Buffer.concat(wire);
        for (let from = 0, i = 0; from < all.length; i++) {
          const length = segments[i % segments.length]!;
          peer.socket.write(all.subarray(from, from + length));
          from += length;
          if (i % 8 === 0) await new Promise(setImmediate);
        }
        await sink.until(() => sink.bytes.length >= stream.length || sink.isClosed);
        expect(sink.bytes.equals(stream)).toBe(true);
        expect(sink.offences).toEqual([]);
        peer.end();
        await sink.closed();
      },
    ),
    { numRuns: 40 },
  );
}

describe('MQTT over WebSocket', () => {
  test('[MQTT-6.0.0-1] v5 a text frame closes the connection', () => textFrameCloses(PACKETS.v5));
  test('[MQTT-6.0.0-1] v3.1.1 a text frame closes the connection', () => textFrameCloses(PACKETS['v3.1.1']));

  test('[MQTT-6.0.0-1] v5 what is sent travels in binary frames', () => sendsBinaryFramesOnly(PACKETS.v5));
  test('[MQTT-6.0.0-1] v3.1.1 what is sent travels in binary frames', () =>
    sendsBinaryFramesOnly(PACKETS['v3.1.1']));

  test('[MQTT-6.0.0-2] v5 packets may share a frame or spread over several', () =>
    framesMeanNothing(PACKETS.v5));
  test('[MQTT-6.0.0-2] v3.1.1 packets may share a frame or spread over several', () =>
    framesMeanNothing(PACKETS['v3.1.1']));

  const answersMqtt = async () => {
    const rig = await listen();
    for (const offered of ['mqtt', 'mqttv3.1, mqtt', 'foo,mqtt , bar'])
      expect(await answered(rig, offered)).toBe('mqtt');
  };
  test('[MQTT-6.0.0-4] v5 the subprotocol answered is mqtt', answersMqtt);
  test('[MQTT-6.0.0-4] v3.1.1 the subprotocol answered is mqtt', answersMqtt);

  test('sends what is written together in one message, and what is large as it is', async () => {
    const { peer, sink } = await (await listen()).connect();
    const frames = new ServerFrames();
    const lengths: number[] = [];
    const received = new Promise<void>((resolve) => {
      peer.socket.on('data', (bytes) => {
        for (const { payload } of frames.push(bytes)) lengths.push(payload.length);
        if (lengths.includes(7)) resolve();
      });
    });
    sink.call((transport) => transport.writeAll([pattern(10), pattern(20), pattern(30)]));
    sink.call((transport) => transport.writeAll([pattern(10), pattern(100_000)]));
    sink.call((transport) => transport.write(pattern(7)));
    await received;
    expect(lengths).toEqual([60, 10, 100_000, 7]);
    peer.end();
  });

  test('answers clients from before MQTT 3.1.1 with the name they offer', async () => {
    expect(await answered(await listen(), 'mqttv3.1')).toBe('mqttv3.1');
  });

  const refusesOthers = async () => {
    const rig = await listen();
    for (const offered of ['foo', 'MQTT', 'mqttv5']) {
      const { status, body } = await rig.request(
        upgradeRequest('/mqtt', { 'Sec-WebSocket-Protocol': offered }),
      );
      expect(status).toBe(400);
      expect(body).toBe('Offer one of these subprotocols: mqtt, mqttv3.1.\n');
    }
    const none = upgradeRequest('/mqtt').replace(/Sec-WebSocket-Protocol: mqtt\r\n/, '');
    expect((await rig.request(none)).status).toBe(400);
    expect(rig.sinks).toEqual([]);
  };
  test('[MQTT-6.0.0-3] v5 a client that offers no MQTT is refused, and told what to offer', refusesOthers);
  test(
    '[MQTT-6.0.0-3] v3.1.1 a client that offers no MQTT is refused, and told what to offer',
    refusesOthers,
  );

  test('takes clients of a WebSocket library', async () => {
    const rig = await listen();
    const client = new WebSocket(rig.url('/mqtt?token=x'), ['mqtt']);
    await new Promise((resolve) => client.once('open', resolve));
    expect([client.protocol, client.extensions]).toEqual(['mqtt', '']);
    const message = new Promise<Buffer>((resolve) => client.once('message', resolve));
    const sink = rig.sinks[0]!;
    client.send(PACKETS.v5);
    await sink.until(() => sink.bytes.length > 0);
    sink.transport.write(sink.bytes);
    expect((await message).equals(PACKETS.v5)).toBe(true);
    const closed = new Promise<number>((resolve) => client.once('close', resolve));
    sink.transport.end();
    expect(await closed).toBe(1000);
    await sink.closed();
    expect(sink.causes).toEqual([null]);
  });

  test('gives every connection its peer and its origin', async () => {
    const origins: unknown[] = [];
    const rig = await listen({}, (transport, origin) => {
      origins.push(origin, transport.peer);
      return new RecordingSink(transport);
    });
    await rig.connect();
    expect(origins).toEqual([
      { listener: rig.listener.name, kind: 'websocket' },
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ]);
    expect(rig.listener.name).toMatch(/^websocket:\d+$/);
  });
});

async function answered(rig: Rig, offered: string): Promise<string | undefined> {
  const socket = await dialSocket(rig.listener);
  socket.write(upgradeRequest('/mqtt', { 'Sec-WebSocket-Protocol': offered }));
  const { headers } = await readHeaders(socket);
  socket.destroy();
  return /^Sec-WebSocket-Protocol: (.*)$/im.exec(headers)?.[1];
}

describe('The limits of a WebSocket', () => {
  test('a message that is larger than allowed closes the connection', async () => {
    const { peer, sink } = await (await listen({ maximumMessageBytes: 1000 })).connect();
    const code = closeCode(peer);
    peer.send(pattern(1000));
    await sink.until(() => sink.bytes.length === 1000);
    peer.send(pattern(1001));
    await sink.closed();
    expect(await code).toBe(1009);
    expect(sink.bytes.length).toBe(1000);
    expect(sink.causes).toEqual(['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH']);
  });

  class WarySink extends RecordingSink {
    maximumMessageBytes = 200_000;
  }

  test('an unfinished message gathers no more than the core allows', async () => {
    const rig = await listen({}, (transport) => new WarySink(transport));
    const { peer, sink } = await rig.connect();
    peer.send(pattern(150_000));
    await sink.until(() => sink.bytes.length === 150_000);
    const code = closeCode(peer);
    const frame = clientFrame(Opcode.Binary, pattern(8_000_000));
    peer.socket.write(frame.subarray(0, 7_999_000));
    await sink.closed();
    expect(await code).toBe(1009);
    expect(sink.bytes.length).toBe(150_000);
    expect(sink.causes).toEqual(['websocket-message-too-big']);
  });

  test('pings between messages are not counted as part of one', async () => {
    const rig = await listen({}, (transport) => new WarySink(transport));
    const { peer, sink } = await rig.connect();
    const pings = Buffer.concat(Array.from({ length: 20 }, () => clientFrame(Opcode.Ping, pattern(125))));
    const frames = new ServerFrames();
    let pongs = 0;
    for (let sent = 0; sent < 100 * pings.length; sent += pings.length) {
      peer.socket.write(pings);
      const answered = pongs + 20;
      while (pongs < answered) {
        const [bytes] = (await once(peer.socket, 'data')) as [Buffer];
        pongs += frames.push(bytes).filter(({ opcode }) => opcode === Opcode.Pong).length;
      }
    }
    peer.send(Buffer.from('still here'));
    await sink.until(() => sink.bytes.length > 0 || sink.isClosed);
    expect(sink.bytes.toString()).toBe('still here');
    peer.end();
  });

  test('a ping is answered', async () => {
    const { peer } = await (await listen()).connect();
    const frames = new ServerFrames();
    const pong = new Promise<string>((resolve) => {
      peer.socket.on('data', (bytes) => {
        for (const { opcode, payload } of frames.push(bytes))
          if (opcode === Opcode.Pong) resolve(payload.toString());
      });
    });
    peer.socket.write(clientFrame(Opcode.Ping, Buffer.from('are you there')));
    expect(await pong).toBe('are you there');
    peer.end();
  });

  test('pings whose answers nobody reads end the connection', async () => {
    const { peer, sink } = await (await listen()).connect();
    peer.pause();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => clientFrame(Opcode.Ping, pattern(125))));
    const flood = () => {
      if (sink.isClosed) return;
      peer.socket.write(pings);
      setImmediate(flood);
    };
    flood();
    await sink.closed();
  });

  test.each([
    ['is not masked', Buffer.of(0x82, 0x01, 0x00)],
    [
      'has a reserved bit',
      Buffer.concat([Buffer.of(0xc2), clientFrame(Opcode.Binary, pattern(1)).subarray(1)]),
    ],
    ['has an unknown opcode', clientFrame(5, pattern(1))],
    ['continues nothing', clientFrame(Opcode.Continuation, pattern(1))],
  ])('a frame that %s closes the connection', async (_what, frame) => {
    const { peer, sink } = await (await listen()).connect();
    const code = closeCode(peer);
    peer.socket.write(frame);
    await sink.closed();
    expect(await code).toBe(1002);
    expect(sink.causes[0]).toMatch(/^WS_ERR_/);
  });
});

describe('The HTTP port around it', () => {
  test('shows a page that says what this is and how to connect', async () => {
    const { status, headers, body } = await (await listen()).request(get('/'));
    expect(status).toBe(200);
    expect(headers).toContain('text/html');
    expect(body).toContain('ws://localhost:8080/mqtt');
    expect(body).toContain('MQTT broker');
  });

  test('shows nothing of a host that is none', async () => {
    const rig = await listen();
    for (const host of ['"><script>', 'a b', 'x:80:90', 'user@host'])
      expect((await rig.request(get('/', 'GET', host))).body).toContain('ws://this-host/mqtt');
    expect((await rig.request(get('/', 'GET', '[::1]:8080'))).body).toContain('ws://[::1]:8080/mqtt');
  });

  test.each([
    ['GET', '/mqtt', 426],
    ['GET', '/mqtt?x=y', 426],
    ['GET', '/nothing', 404],
    ['GET', '//', 404],
    ['GET', '/mqtt/', 404],
    ['POST', '/', 405],
    ['HEAD', '/', 200],
    ['GET', '/?x', 200],
  ])('%s %s is answered with %i', async (method, path, status) => {
    const response = await (await listen()).request(get(path, method));
    expect(response.status).toBe(status);
    expect(response.body === '').toBe(method === 'HEAD');
    if (status === 426) expect(response.headers).toMatch(/^Upgrade: websocket$/m);
  });

  test('refuses upgrades elsewhere, and to other protocols', async () => {
    const rig = await listen();
    expect((await rig.request(upgradeRequest('/other'))).status).toBe(404);
    expect((await rig.request(upgradeRequest('/mqtt', { Upgrade: 'h2c' }))).status).toBe(426);
    expect((await rig.request(upgradeRequest('/mqtt', { 'Sec-WebSocket-Version': '7' }))).status).toBe(400);
    expect(rig.sinks).toEqual([]);
  });

  test('lets connect the pages it is told to, and clients that are no pages', async () => {
    const rig = await listen({ origins: ['https://example.org'] });
    await rig.connect({ Origin: 'https://example.org' });
    await rig.connect();
    for (const Origin of ['https://example.com', 'http://example.org', 'null'])
      expect((await rig.request(upgradeRequest('/mqtt', { Origin }))).status).toBe(403);
    expect(rig.sinks).toHaveLength(2);
    const local = await listen();
    await local.connect({ Origin: 'http://localhost:5173' });
    const refused = await local.request(upgradeRequest('/mqtt', { Origin: 'https://example.com' }));
    expect(refused.status).toBe(403);
  });

  test('has no patience with requests that do not come', async () => {
    const rig = await listen({ headersTimeoutMs: 50 });
    const silent = await dialSocket(rig.listener);
    const slow = await dialSocket(rig.listener);
    slow.write('GET / HTTP/1.1\r\nHost:');
    await Promise.all([gone(silent), gone(slow)]);
  });

  test('does not close WebSockets for that', async () => {
    const rig = await listen({ headersTimeoutMs: 20 });
    const { peer, sink } = await rig.connect();
    const slow = await dialSocket(rig.listener);
    await gone(slow);
    peer.send(Buffer.from('x'));
    await sink.until(() => sink.bytes.length === 1 || sink.isClosed);
    expect(sink.bytes.toString()).toBe('x');
    peer.end();
  });

  test('refuses headers without end', async () => {
    const rig = await listen();
    const response = await rig.request(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(response.status).toBe(431);
  });

  test('has room for so many HTTP connections, besides the WebSockets', async () => {
    const lines: string[] = [];
    const listener = await listenWebSocket(
      { port: 0, maximumHttpConnections: 2, lingerMs: 100 },
      (transport) => new RecordingSink(transport),
      { write: (_level, code, text) => lines.push(`${code} ${text}`) },
    );
    listeners.push(listener);
    const webSockets: Socket[] = [];
    for (let i = 0; i < 5; i++) webSockets.push(await dialWebSocket(listener));
    const idle = [await dialSocket(listener), await dialSocket(listener)];
    const refused = await dialSocket(listener);
    await gone(refused);
    expect(lines).toEqual([
      expect.stringMatching(
        /^too-many-http-connections websocket:\d+: closed the connection from 127\.0\.0\.1:\d+: as many /,
      ),
    ]);
    expect(listener.refusals['too-many-http-connections']).toBe(1);
    idle[0]!.destroy();
    for (const socket of webSockets) expect(socket.destroyed).toBe(false);
    for (const socket of [...webSockets, ...idle]) socket.destroy();
  });

  test('says in one line what to do when the port is in use', async () => {
    const { listener } = await listen();
    const { port } = listener.address as { port: number };
    await expect(listen({ port, choice: '--ws-port' })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      message: `port ${port} is already in use: another broker is running there? Stop it or use --ws-port`,
    });
  });

  test('tells when the file descriptors are used up', async () => {
    const lines: string[] = [];
    const log = { write: (_level: string, code: string, text: string) => lines.push(`${code} ${text}`) };
    const listener = await listenWebSocket({ port: 0, descriptors: 3 }, () => null, log);
    listeners.push(listener);
    const socket = await dialSocket(listener);
    socket.write(get('/'));
    await readHeaders(socket);
    socket.destroy();
    expect(lines).toEqual([expect.stringMatching(/^accept-failed websocket:\d+: EMFILE/)]);
  });

  test('closes at once for those who only asked', async () => {
    const { listener } = await listen();
    const socket = await dialSocket(listener);
    await Promise.all([gone(socket), listener.close()]);
  });
});
