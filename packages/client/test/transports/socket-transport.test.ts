import type { Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import { SocketTransport } from '../../src/transports/socket-transport.ts';
import { RecordingListener } from './recording-listener.ts';

const { server } = parseServerUrl('mqtt://h');

/** A transport over a stream that echoes, in place of a socket. */
function over(stream: PassThrough | Writable): { transport: SocketTransport; listener: RecordingListener } {
  const listener = new RecordingListener();
  const transport = new SocketTransport(stream as unknown as Socket, server, listener, { lingerMs: 600_000 });
  return { transport, listener };
}

test('A socket that has bytes already when it connects hands them on when its opener is done', async () => {
  const stream = new PassThrough();
  stream.write('early');
  // As in the event that tells of the connection: Node.js then runs the stream's own ticks before promises.
  const opening = new Promise<ReturnType<typeof over>>((resolve) => {
    setImmediate(() => {
      const opened = over(stream);
      opened.transport.resume();
      resolve(opened);
    });
  });
  const { listener } = await opening.then((opened) => opened);
  listener.opened = true;
  await listener.until(() => listener.bytes.toString() === 'early');
  expect(listener.offences).toEqual([]);
});

test('A socket that breaks before its opener is done says so afterwards', async () => {
  const stream = new PassThrough();
  const { listener } = over(stream);
  stream.destroy(new Error('reset'));
  for (let i = 0; i < 10; i++) await Promise.resolve();
  listener.opened = true;
  expect(await listener.closed()).toMatchObject({ code: 'CONNECTION_LOST' });
  expect(listener.offences).toEqual([]);
});

test.each(['end', 'destroy'] as const)('A socket that breaks after %s has not failed', async (how) => {
  const stream = new PassThrough({ emitClose: true, autoDestroy: false });
  const { transport, listener } = over(stream);
  listener.opened = true;
  stream.removeAllListeners('end');
  transport[how]();
  await new Promise((resolve) => setImmediate(resolve));
  stream.emit('error', new Error('reset'));
  stream.destroy();
  expect(await listener.closed()).toBe(undefined);
});

describe('What is written', () => {
  /** A socket that counts what it hands to the system, and never has done with it. */
  class CountingSocket extends Writable {
    readonly calls: number[] = [];

    override _write(chunk: Uint8Array): void {
      this.calls.push(chunk.length);
    }

    override _writev(chunks: { readonly chunk: Uint8Array }[]): void {
      this.calls.push(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
    }

    resume(): void {}
  }

  test('in one turn leaves in one call', async () => {
    const socket = new CountingSocket();
    const { transport } = over(socket);
    expect(transport.write(new Uint8Array(30))).toBe(true);
    expect(transport.write(new Uint8Array(40))).toBe(true);
    expect(socket.calls).toEqual([]);
    await new Promise(process.nextTick);
    expect(socket.calls).toEqual([70]);
    transport.destroy();
  });

  test('with a large payload leaves in one call, at once', () => {
    const socket = new CountingSocket();
    const { transport } = over(socket);
    expect(transport.write(new Uint8Array(30))).toBe(true);
    expect(transport.write(new Uint8Array(65_536))).toBe(false);
    expect(socket.calls).toEqual([65_566]);
    transport.destroy();
  });

  test('before it is destroyed leaves', () => {
    const socket = new CountingSocket();
    const { transport } = over(socket);
    transport.write(new Uint8Array(4));
    transport.destroy();
    expect(socket.calls).toEqual([4]);
  });
});
