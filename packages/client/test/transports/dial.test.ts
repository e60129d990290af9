import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect as connectNet } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import type { DialSocket } from '../../src/transports/connect-socket.ts';
import type { NodeTransportOptions } from '../../src/transports/open-node-transport.ts';
import { openNodeTransport } from '../../src/transports/open-node-transport.ts';
import type { ServerAddress } from '../../src/transports/server-address.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { authority } from './certificates.ts';
import { RecordingListener } from './recording-listener.ts';
import type { TestServer } from './wire.ts';
import { listenTcp, listenTls, listenWebSocket } from './wire.ts';

const servers: TestServer[] = [];
const transports: Transport[] = [];

afterEach(async () => {
  for (const transport of transports.splice(0)) transport.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function open(
  address: ServerAddress,
  options: NodeTransportOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<Transport> {
  const listener = new RecordingListener();
  const transport = await openNodeTransport(options)(address, listener, signal);
  listener.opened = true;
  transports.push(transport);
  return transport;
}

/** Connects after a while, as through a proxy, and counts. */
function slowDial(): { readonly dial: DialSocket; readonly dialled: string[] } {
  const dialled: string[] = [];
  return {
    dialled,
    dial: ({ host, port }) =>
      new Promise((resolve, reject) => {
        dialled.push(`${host}:${port}`);
        const socket = connectNet({ host, port });
        socket.on('error', reject).on('connect', () => resolve(socket));
      }),
  };
}

test('The application connects the socket on which TCP, TLS and WebSocket stand', async () => {
  const kinds = [await listenTcp(), await listenTls(), await listenWebSocket()];
  servers.push(...kinds);
  const { dial, dialled } = slowDial();
  for (const { address, accept } of kinds) {
    await open(address, { dial, tls: { ca: authority() } });
    await accept();
  }
  expect(dialled).toEqual(kinds.map(({ address }) => `${address.host}:${address.port}`));
});

test('A socket that is only about to be connected is waited for', async () => {
  const server = await listenTcp();
  servers.push(server);
  const sockets: Socket[] = [];
  const dial: DialSocket = ({ host, port }) => {
    const socket = connectNet({ host, port, localAddress: '127.0.0.1' });
    sockets.push(socket);
    return socket;
  };
  await open(server.address, { dial });
  await server.accept();
  expect(sockets.map(({ connecting }) => connecting)).toEqual([false]);
});

test('Why the application could not connect is the cause of the failure', async () => {
  const cause = new Error('the proxy is closed on Sundays');
  const address: ServerAddress = { scheme: 'mqtt', host: 'x', port: 1, path: '', href: 'mqtt://x:1' };
  for (const dial of [() => Promise.reject(cause), failing(cause)]) {
    await expect(open(address, { dial })).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: 'cannot connect to mqtt://x:1: the proxy is closed on Sundays',
      cause,
    });
  }
});

function failing(error: Error): DialSocket {
  return () => {
    throw error;
  };
}

const DYING: readonly [string, (socket: Socket, server: TestServer) => void][] = [
  ['by the application', (socket) => socket.destroy()],
  [
    'by the server',
    (socket, { sockets }) => {
      for (const each of sockets) each.end();
      socket.resume();
    },
  ],
];

test.each(DYING)('A socket that has been closed is no connection: %s', async (_who, closeSocket) => {
  const server = await listenTcp();
  servers.push(server);
  const { dial } = slowDial();
  const dead: DialSocket = async (address, signal) => {
    const socket = await dial(address, signal);
    await server.accept();
    const closed = once(socket, 'close');
    closeSocket(socket, server);
    await closed;
    return socket;
  };
  await expect(open(server.address, { dial: dead })).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: `cannot connect to ${server.address.href}: expected a socket that is open, got one that was closed`,
  });
});

test('What is written leaves where the application has corked the socket', async () => {
  const server = await listenTcp();
  servers.push(server);
  const { dial } = slowDial();
  const corked: DialSocket = async (address, signal) => {
    const socket = await dial(address, signal);
    socket.cork();
    return socket;
  };
  const transport = await open(server.address, { dial: corked });
  transport.write(Uint8Array.of(1, 2, 3));
  expect([...(await (await server.accept()).receive(3))]).toEqual([1, 2, 3]);
});

test('A socket that comes after the attempt was given up is closed', async () => {
  const server = await listenTcp();
  servers.push(server);
  const controller = new AbortController();
  let socket: Socket | undefined;
  const { dial } = slowDial();
  const late: DialSocket = async (address, signal) => {
    socket = await dial(address, signal);
    controller.abort(new Error('given up'));
    return socket;
  };
  await expect(open(server.address, { dial: late }, controller.signal)).rejects.toThrow('given up');
  expect(socket?.destroyed).toBe(true);
});

test('The key log has the secrets of a connection', async () => {
  const server = await listenTls();
  servers.push(server);
  const lines: string[] = [];
  const onKeylog = (line: Uint8Array): void => {
    lines.push(new TextDecoder().decode(line));
  };
  await open(server.address, { tls: { ca: authority(), onKeylog } });
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('')).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET [\da-f]+ [\da-f]+$/m);
});

test('The library for WebSockets is loaded by the first of them', () => {
  const path = fileURLToPath(new URL('../../src/transports/node-websocket-transport.ts', import.meta.url));
  const imports = readFileSync(path, 'utf8').match(/^import (?!type).* from 'ws'/gm);
  expect(imports).toBeNull();
});
