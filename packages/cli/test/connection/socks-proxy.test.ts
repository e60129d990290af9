import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { connectThroughProxy, parseProxyUrl } from '../../src/connection/socks-proxy.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/**
 * A proxy that answers each thing it is sent with the next answer, and keeps what it was sent. What is empty is no answer, and
 * null the end.
 */
async function proxy(...answers: readonly (readonly number[] | null)[]) {
  const sent: number[][] = [];
  const left = [...answers];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      sent.push([...bytes]);
      const answer = left.shift();
      if (answer === null) socket.end();
      else if (answer !== undefined) for (const byte of answer) socket.write(Uint8Array.of(byte));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { sent, url: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function connect(url: string, host: string, port: number, signal?: AbortSignal): Promise<Socket> {
  const socket = await connectThroughProxy(
    parseProxyUrl(`socks5h://${url}`),
    host,
    port,
    signal ?? new AbortController().signal,
  );
  sockets.push(socket);
  return socket;
}

const ACCEPTED = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
const text = (value: string): number[] => [...Buffer.from(value)];

describe('A SOCKS5 proxy', () => {
  test('is asked to connect to a name, which it looks up itself, and then carries the bytes', async () => {
    const { sent, url } = await proxy([5, 0], [...ACCEPTED, ...text('hi')], text('pong'));
    const socket = await connect(url, 'broker.example', 1883);
    socket.write('ping');
    let received = '';
    for await (const bytes of socket) {
      received += String(bytes);
      if (received === 'hipong') break;
    }
    expect(sent).toEqual([[5, 1, 0], [5, 1, 0, 3, 14, ...text('broker.example'), 7, 91], text('ping')]);
  });

  test.each([
    ['10.1.2.3', [1, 10, 1, 2, 3]],
    ['::1', [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ['fe80::1:2', [4, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2]],
    ['::ffff:1.2.3.4', [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]],
  ])('is given the address %s as one', async (host, bytes) => {
    const { sent, url } = await proxy([5, 0], ACCEPTED);
    await connect(url, host, 1);
    expect(sent[1]).toEqual([5, 1, 0, ...bytes, 0, 1]);
  });

  test('is told who connects if it asks', async () => {
    const { sent, url } = await proxy([5, 2], [1, 0], [5, 0, 0, 3, 1, 120, 0, 80]);
    await connect(`ann:p%40ss@${url}`, 'h', 1);
    expect(sent[0]).toEqual([5, 2, 0, 2]);
    expect(sent[1]).toEqual([1, 3, ...text('ann'), 4, ...text('p@ss')]);
  });

  test.each<readonly [string, readonly (readonly number[] | null)[], string]>([
    [
      'refuses the password',
      [
        [5, 2],
        [1, 1],
      ],
      'the proxy refused the user name and the password',
    ],
    ['wants another proof', [[5, 255]], 'the proxy wants another way to say who connects'],
    ['is none', [text('HTTP/1.1 400 Bad Request')], 'expected a SOCKS5 proxy, got something else'],
    [
      'does not reach the server',
      [
        [5, 0],
        [5, 5, 0, 1],
      ],
      'the proxy refused: the server refused the connection',
    ],
    [
      'fails in its own way',
      [
        [5, 0],
        [5, 99, 0, 1],
      ],
      'the proxy refused: with the code 99',
    ],
    ['closes', [[5, 0], null], 'the proxy closed the connection'],
  ])('that %s is told of', async (_, answers, message) => {
    const { url } = await proxy(...answers);
    await expect(connect(`ann:secret@${url}`, 'h', 1)).rejects.toThrow(message);
  });

  test('that cannot be reached is told of in place of the server', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as { port: number };
    await new Promise((resolve) => gone.close(resolve));
    const attempt = connect(`127.0.0.1:${port}`, 'h', 1);
    await expect(attempt).rejects.toThrow(
      `the proxy 127.0.0.1:${port} cannot be reached: connect ECONNREFUSED`,
    );
    await expect(attempt).rejects.not.toHaveProperty('code');
  });

  test('is left when the attempt is given up', async () => {
    const { url } = await proxy([]);
    const controller = new AbortController();
    const attempt = connect(url, 'h', 1, controller.signal);
    controller.abort(new Error('given up'));
    await expect(attempt).rejects.toThrow('given up');
  });

  test('is named by a URL', () => {
    expect(parseProxyUrl('socks5h://u:p@h:80')).toEqual({
      host: 'h',
      port: 80,
      username: 'u',
      password: 'p',
    });
    expect(parseProxyUrl('socks5h://[::1]')).toMatchObject({ host: '::1', port: 1080, username: undefined });
    for (const wrong of ['http://user:secret@h', 'socks5h://', 'h:1080', 'socks5://h', 'socks5h://h:99999']) {
      expect(() => parseProxyUrl(wrong)).toThrow('expected socks5h://');
      expect(() => parseProxyUrl(wrong)).not.toThrow('secret');
    }
  });
});
