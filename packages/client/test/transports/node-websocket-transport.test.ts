import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { NodeWebSocketOptions } from '../../src/transports/node-websocket-transport.ts';
import { openNodeTransport } from '../../src/transports/open-node-transport.ts';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import type { ServerAddress } from '../../src/transports/server-address.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { RecordingListener } from './recording-listener.ts';
import type { WebSocketServerChoices } from './wire.ts';
import { listenTcp, listenWebSocket } from './wire.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server that does with each WebSocket what the test says. */
async function serve(onWebSocket: (webSocket: WebSocket) => void): Promise<ServerAddress> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mqtt' });
  server.on('connection', (webSocket) => onWebSocket(webSocket.on('error', () => {})));
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return parseServerUrl(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`).server;
}

async function standard(choices: WebSocketServerChoices): Promise<ServerAddress> {
  const server = await listenWebSocket(undefined, choices);
  closing.push(server.close);
  return server.address;
}

interface Opened {
  readonly transport: Transport;
  readonly listener: RecordingListener;
}

async function connect(address: ServerAddress, webSocket: NodeWebSocketOptions = {}): Promise<Opened> {
  const listener = new RecordingListener();
  const open = openNodeTransport({ webSocket: { lingerMs: 100, ...webSocket } });
  const transport = await open(address, listener, new AbortController().signal);
  listener.opened = true;
  closing.push(() => {
    transport.destroy();
    expect(listener.offences).toEqual([]);
  });
  return { transport, listener };
}

describe('A WebSocket in Node.js', () => {
  test('[MQTT-6.0.0-3] v5 [MQTT-6.0.0-3] v3.1.1 asks for the subprotocol mqtt, with headers of the application, and for no compression', async () => {
    let seen: Readonly<Record<string, unknown>> = {};
    const address = await standard({
      onRequest: (headers) => {
        seen = headers;
      },
    });
    await connect(address, { headers: { authorization: 'Bearer x', Origin: 'https://page.test' } });
    expect(seen).toMatchObject({
      'sec-websocket-protocol': 'mqtt',
      authorization: 'Bearer x',
      origin: 'https://page.test',
      host: new URL(address.href).host,
    });
    expect(seen).not.toHaveProperty('sec-websocket-extensions');
  });

  test.each([
    [{ 'bad name': 'x' }, '"bad name"'],
    [{ token: 's3cret\r\n' }, '"token"'],
    [{ token: undefined as unknown as string }, '"token"'],
  ])('refuses a header that is none: %j', (headers, name) => {
    expect(() => openNodeTransport({ webSocket: { headers } })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: `webSocket.headers: expected names and values that HTTP allows, got another at ${name}`,
      }),
    );
  });

  test('is not opened where no MQTT is spoken', async () => {
    for (const subprotocol of [false, 'chat'] as const) {
      const address = await standard({ subprotocol });
      await expect(connect(address)).rejects.toMatchObject({
        code: 'CONNECTION_FAILED',
        message: expect.stringContaining(
          `expected the WebSocket subprotocol mqtt, got ${subprotocol === false ? 'none' : '"chat"'}`,
        ),
      });
    }
  });

  test.each([
    [404, 'is the path right? Many servers, Martlet among them, have MQTT at /mqtt'],
    [401, 'does it want a header (webSocket.headers)'],
    [200, 'expected a WebSocket (HTTP status 101), got HTTP status 200'],
    [301, 'got HTTP status 301'],
  ])('is not opened by the answer %i', async (status, text) => {
    const server = createServer((_request, response) =>
      response.writeHead(status, { location: '/x' }).end('no'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const address = parseServerUrl(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/?token=s3cret`);
    const opening = connect(address.server);
    await expect(opening).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    await expect(opening).rejects.toThrow(text);
    await expect(opening).rejects.not.toThrow(/s3cret/);
  });

  test('is not opened by a server that speaks something else', async () => {
    const answers = [
      'SSH-2.0-OpenSSH\r\n',
      '',
      'HTTP/1.1 101 \r\n\r\n',
      `HTTP/1.1 200 ${'x'.repeat(100_000)}`,
    ];
    for (const answer of answers) {
      const server = await listenTcp(({ socket, send, end }) => {
        socket.once('data', () => {
          send(Buffer.from(answer));
          end();
        });
      });
      closing.push(server.close);
      const address = {
        ...server.address,
        scheme: 'ws',
        href: server.address.href.replace('mqtt', 'ws'),
      } as const;
      await expect(connect(address), answer.slice(0, 20)).rejects.toMatchObject({
        code: 'CONNECTION_FAILED',
        kind: 'environment',
      });
      while (server.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('leaves nothing open when it is aborted while the server has not answered', async () => {
    const server = await listenTcp();
    closing.push(server.close);
    const address = {
      ...server.address,
      scheme: 'ws',
      href: server.address.href.replace('mqtt', 'ws'),
    } as const;
    const controller = new AbortController();
    const opening = openNodeTransport()(address, new RecordingListener(), controller.signal);
    const peer = await server.accept();
    await peer.receive(100);
    controller.abort();
    await expect(opening).rejects.toBe(controller.signal.reason);
    await peer.closed;
  });

  test('[MQTT-6.0.0-1] v5 [MQTT-6.0.0-1] v3.1.1 takes a text frame for a breach of the protocol', async () => {
    let onClosed: (code: number) => void = () => {};
    const closed = new Promise<number>((resolve) => {
      onClosed = resolve;
    });
    const address = await serve((webSocket) => {
      webSocket.once('close', (code) => onClosed(code));
      webSocket.send('text');
      webSocket.send(Buffer.from('binary'));
    });
    const { listener } = await connect(address);
    expect(await listener.closed()).toMatchObject({ code: 'PROTOCOL_BROKEN', kind: 'remote' });
    expect(listener.chunks).toBe(0);
    expect(await closed).toBe(1003);
  });

  test('[MQTT-6.0.0-2] v5 [MQTT-6.0.0-2] v3.1.1 gathers fragments, and bounds what it gathers', async () => {
    const sizes: readonly number[] = [500, 500, 1];
    const address = await serve((webSocket) => {
      for (const [i, size] of sizes.entries())
        webSocket.send(Buffer.alloc(size), { fin: i === sizes.length - 1 });
    });
    const { listener: enough } = await connect(address, { maximumMessageBytes: 1001 });
    await enough.until(() => enough.length === 1001);
    expect(enough.chunks).toBe(1);
    const { listener } = await connect(address, { maximumMessageBytes: 1000 });
    expect(await listener.closed()).toMatchObject({
      code: 'PROTOCOL_BROKEN',
      cause: { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' },
    });
    expect(listener.chunks).toBe(0);
  });

  test.each([
    [1000, undefined],
    [1001, undefined],
    [1008, 'WebSocket close code 1008 (not today)'],
    [1013, 'WebSocket close code 1013 (not today)'],
  ])('tells how the server closed: %i', async (code, text) => {
    const address = await serve((webSocket) => webSocket.close(code, 'not today'));
    const error = await (await connect(address)).listener.closed();
    if (text === undefined) expect(error).toBe(undefined);
    else expect(error).toMatchObject({ code: 'CONNECTION_LOST', message: expect.stringContaining(text) });
  });

  test.each([
    [1002, true],
    [1003, true],
    [1007, true],
    [1008, true],
    [1009, true],
    [1011, false],
    [1013, false],
  ])('tells whether the server refused what it was sent: %i', async (code, refused) => {
    const address = await serve((webSocket) => webSocket.close(code));
    expect(await (await connect(address)).listener.closed()).toMatchObject({ refused });
  });

  test('closes though the server keeps the connection open after its close frame', async () => {
    const address = await serve((webSocket) => {
      // The bytes of a close frame by hand: the library would close the connection after its own.
      (webSocket as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket.write(
        Buffer.from([0x88, 0x02, 0x03, 0xe8]),
      );
      webSocket.pause();
    });
    const { listener } = await connect(address, { lingerMs: 1 });
    expect(await listener.closed()).toBe(undefined);
  });
});
