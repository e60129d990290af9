import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ControlRequest } from '../../src/server/control/control-message.ts';
import { ControlError, MAXIMUM_REQUEST_LENGTH } from '../../src/server/control/control-message.ts';
import type { ControlSocket } from '../../src/server/control/control-socket.ts';
import { openControlSocket } from '../../src/server/control/control-socket.ts';

let directory: string;
let path: string;
let control: ControlSocket;
let asked: ControlRequest[];

async function answer(request: ControlRequest): Promise<unknown> {
  asked.push(request);
  switch (request.request) {
    case 'echo':
      return request.parameters;
    case 'slow':
      await new Promise((resolve) => setImmediate(resolve));
      return 'slow';
    case 'nothing':
      return undefined;
    case 'much':
      return 'x'.repeat(1_000_000);
    case 'bug':
      throw new TypeError('x is not a function');
    default:
      throw new ControlError('unknown-request', `no such request: ${request.request}`);
  }
}

beforeEach(async () => {
  asked = [];
  directory = mkdtempSync(join(tmpdir(), 'martlet-control-'));
  path = join(directory, 'a.sock');
  control = await openControlSocket(path, answer);
});

afterEach(async () => {
  await control.close();
  rmSync(directory, { recursive: true });
});

class Peer {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.socket = connect(path);
    this.socket.on('error', () => {});
    this.#lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  async line(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    return done === true ? 'closed' : JSON.parse(value);
  }

  ask(request: unknown): Promise<unknown> {
    this.socket.write(`${typeof request === 'string' ? request : JSON.stringify(request)}\n`);
    return this.line();
  }
}

describe('The control socket', () => {
  test('can be opened by its user alone, and is gone when it is closed', async () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await control.close();
    expect(existsSync(path)).toBe(false);
  });

  test('answers requests in their order, with their identifiers', async () => {
    const peer = new Peer();
    peer.socket.write(
      '{"version":1,"id":1,"request":"slow"}\n{"version":1,"id":"b","request":"echo","client":"c"}\n',
    );
    expect(await peer.line()).toEqual({ version: 1, id: 1, ok: true, result: 'slow' });
    expect(await peer.line()).toEqual({ version: 1, id: 'b', ok: true, result: { client: 'c' } });
    expect(await peer.ask({ version: 1, request: 'nothing' })).toEqual({
      version: 1,
      id: null,
      ok: true,
      result: null,
    });
    peer.socket.destroy();
  });

  test('takes a request that comes byte by byte, cut through a character', async () => {
    const peer = new Peer();
    const bytes = Buffer.from('{"version":1,"request":"echo","client":"ä"}\n');
    for (const byte of bytes) peer.socket.write(Uint8Array.of(byte));
    expect(await peer.line()).toMatchObject({ ok: true, result: { client: 'ä' } });
    peer.socket.destroy();
  });

  test('answers what was asked before the other side has ended', async () => {
    const peer = new Peer();
    peer.socket.end('{"version":1,"id":1,"request":"slow"}\n{"version":1,"id":2,"request":"slow"}\n');
    expect(await peer.line()).toMatchObject({ id: 1 });
    expect(await peer.line()).toMatchObject({ id: 2 });
    expect(await peer.line()).toBe('closed');
  });

  test.each([
    ['', 'bad-request', /expected one JSON object/],
    ['GET / HTTP/1.1', 'bad-request', /expected one JSON object/],
    ['[]', 'bad-request', /expected a JSON object, got an array/],
    ['null', 'bad-request', /got null/],
    ['"status"', 'bad-request', /got a string/],
    ['{}', 'other-version', /version 1 of the control socket, got none/],
    ['{"version":2,"request":"echo"}', 'other-version', /got 2/],
    ['{"version":1}', 'bad-request', /request: expected its name, got nothing/],
    ['{"version":1,"request":7}', 'bad-request', /got a number/],
    ['{"version":1,"request":"frob"}', 'unknown-request', /frob/],
    ['{"version":1,"request":"__proto__"}', 'unknown-request', /__proto__/],
    ['{"version":1,"request":"bug"}', 'internal-error', /x is not a function/],
  ])('answers %j with an error, and goes on', async (line, code, text) => {
    const peer = new Peer();
    expect(await peer.ask(line)).toMatchObject({
      ok: false,
      error: { code, text: expect.stringMatching(text) },
    });
    expect(await peer.ask({ version: 1, request: 'echo' })).toMatchObject({ ok: true });
    peer.socket.destroy();
  });

  test('takes a request of the largest size, and closes the connection at one byte more', async () => {
    const frame = '{"version":1,"request":"echo","x":""}\n';
    const largest = 'x'.repeat(MAXIMUM_REQUEST_LENGTH - frame.length);
    const peer = new Peer();
    expect(await peer.ask({ version: 1, request: 'echo', x: largest })).toMatchObject({ ok: true });
    expect(await peer.ask({ version: 1, request: 'echo', x: `${largest}x` })).toMatchObject({
      ok: false,
      error: { code: 'bad-request', text: `a request has at most ${MAXIMUM_REQUEST_LENGTH} characters` },
    });
    expect(await peer.line()).toBe('closed');
    expect(asked).toHaveLength(1);
  });

  test('closes a connection that never ends its line', async () => {
    const peer = new Peer();
    const closed = once(peer.socket, 'close');
    peer.socket.write(Buffer.alloc(4 * MAXIMUM_REQUEST_LENGTH, 0x78));
    expect(await peer.line()).toMatchObject({ error: { code: 'bad-request' } });
    expect(await peer.line()).toBe('closed');
    peer.socket.destroy();
    await closed;
    expect(asked).toEqual([]);
  });

  test('answers no more to one that does not read its answers, and goes on when it does', async () => {
    const peer = new Peer();
    peer.socket.pause();
    const count = 100;
    peer.socket.write('{"version":1,"request":"much"}\n'.repeat(count));
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    const other = new Peer();
    for (let at = 0; at < 50; at++) await other.ask({ version: 1, request: 'echo' });
    expect(asked.filter(({ request }) => request === 'much').length).toBeLessThan(10);
    peer.socket.resume();
    for (let at = 0; at < count; at++) expect(await peer.line()).toMatchObject({ ok: true });
    for (const { socket } of [peer, other]) socket.destroy();
  });

  test('has no more connections than a bound, and takes others when those have gone', async () => {
    const peers = Array.from({ length: 32 }, () => new Peer());
    for (const peer of peers)
      expect(await peer.ask({ version: 1, request: 'echo' })).toMatchObject({ ok: true });
    expect(await new Peer().line()).toBe('closed');
    for (const { socket } of peers) socket.destroy();
    await expect
      .poll(async () => {
        const peer = new Peer();
        const line = await peer.ask({ version: 1, request: 'echo' });
        peer.socket.destroy();
        return line;
      })
      .toMatchObject({ ok: true });
  });

  test('takes the place of a socket that a killed broker left, and not of one that answers', async () => {
    const stale = join(directory, 'b.sock');
    const server = createServer().listen(stale);
    await once(server, 'listening');
    await expect(openControlSocket(stale, answer)).rejects.toThrow(
      `the control socket ${stale} cannot be opened: a broker listens there already; set control.socket to another path, or to none`,
    );
    server.close();
    await once(server, 'close');
    const second = await openControlSocket(stale, answer);
    await second.close();
  });

  test('tells of a directory that is not there', async () => {
    await expect(openControlSocket(join(directory, 'no', 'a.sock'), answer)).rejects.toThrow(
      /cannot be opened: (ENOENT|EACCES); set control.socket/,
    );
  });
});
