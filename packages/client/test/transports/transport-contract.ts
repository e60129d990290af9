import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { Transport } from '../../src/transports/transport.ts';
import { RecordingListener } from './recording-listener.ts';
import type { Peer, PeerReader, TestServer, Wire } from './wire.ts';

interface Connected {
  readonly server: TestServer;
  readonly peer: PeerReader;
  readonly listener: RecordingListener;
  readonly transport: Transport;
}

/** `length` bytes, none of them like its neighbours, and different for each `seed`. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff;
  return bytes;
}

/** A few rounds of the event loop: what was going to happen on loopback has happened. */
async function rounds(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What the port Transport promises, for every way of connecting. */
export function describeTransport(wire: Wire): void {
  describe(`A transport over ${wire.name}`, () => {
    const servers: TestServer[] = [];
    const connected: Connected[] = [];

    afterEach(async () => {
      for (const { transport, listener } of connected) {
        transport.destroy();
        await listener.closed();
      }
      await rounds();
      for (const { listener } of connected.splice(0)) {
        expect(listener.offences).toEqual([]);
        expect(listener.errors).toHaveLength(1);
      }
      for (const server of servers.splice(0)) await server.close();
    });

    async function listen(onPeer?: (peer: Peer) => void): Promise<TestServer> {
      const server = await wire.listen(onPeer);
      servers.push(server);
      return server;
    }

    async function connect(
      onPeer?: (peer: Peer) => void,
      options?: { readonly lingerMs?: number },
    ): Promise<Connected> {
      const server = await listen(onPeer);
      const listener = new RecordingListener();
      const { signal } = new AbortController();
      const open = wire.open(options);
      // Promises upon promises, as where the application brings an opener of its own.
      const wrapped = async (): Promise<Transport> => await open(server.address, listener, signal);
      const wrappedAgain = async (): Promise<Transport> => await wrapped();
      const transport = await wrappedAgain();
      listener.opened = true;
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      const all = { server, peer: await server.accept(), listener, transport };
      connected.push(all);
      return all;
    }

    /** Writes until the transport has enough; returns what was written. */
    function fill(transport: Transport, listener: RecordingListener): readonly Buffer[] {
      const sent: Buffer[] = [];
      for (let i = 0; i < 10_000; i++) {
        const block = pattern(64 * 1024, i);
        sent.push(Buffer.from(block));
        if (!listener.call(() => transport.write(block))) return sent;
      }
      throw new Error('the transport never had enough');
    }

    test('carries bytes both ways, in order', async () => {
      const { peer, listener, transport } = await connect();
      const bytes = pattern(300_000);
      for (let i = 0; i < bytes.length; i += 1000) {
        listener.call(() => transport.write(bytes.subarray(i, i + 1000)));
        peer.peer.send(bytes.subarray(i, i + 1000));
      }
      expect((await peer.receive(bytes.length)).equals(bytes)).toBe(true);
      await listener.until(() => listener.length === bytes.length);
      expect(listener.bytes.equals(bytes)).toBe(true);
    });

    test('leaves what it writes as it is', async () => {
      const { peer, listener, transport } = await connect();
      const bytes = pattern(100_000);
      listener.call(() => transport.write(bytes));
      await peer.receive(bytes.length);
      expect(bytes.equals(pattern(100_000))).toBe(true);
    });

    test('writes nothing for nothing', async () => {
      const { peer, listener, transport } = await connect();
      expect(listener.call(() => transport.write(new Uint8Array(0)))).toBe(true);
      expect(listener.call(() => transport.write(Buffer.from('x')))).toBe(true);
      expect((await peer.receive(1)).toString()).toBe('x');
    });

    test('tells nothing before its opener is done, though the server speaks first', async () => {
      const { listener } = await connect((peer) => peer.send(Buffer.from('hello')));
      await listener.until(() => listener.bytes.toString() === 'hello');
    });

    test('tells what a server says that closes at once, and then its end', async () => {
      const { listener } = await connect((peer) => {
        peer.send(Buffer.from('bye'));
        peer.end();
      });
      expect(await listener.closed()).toBe(undefined);
      expect(listener.bytes.toString()).toBe('bye');
    });

    test('says when it has enough, and once when more may be written', async () => {
      const { peer, listener, transport } = await connect();
      peer.peer.socket.pause();
      const sent: Buffer[] = [];
      do {
        // What it had enough of may still have left, until the kernel has enough as well.
        listener.drains = 0;
        sent.push(...fill(transport, listener));
        expect(listener.call(() => transport.write(Buffer.from('over')))).toBe(false);
        sent.push(Buffer.from('over'));
        await rounds();
      } while (listener.drains > 0);
      peer.peer.socket.resume();
      await listener.until(() => listener.drains === 1);
      expect(listener.call(() => transport.write(Buffer.from('after')))).toBe(true);
      const all = Buffer.concat([...sent, Buffer.from('after')]);
      expect((await peer.receive(all.length)).equals(all)).toBe(true);
      await rounds();
      expect(listener.drains).toBe(1);
    });

    test('tells how much has left, before all of a large write has', async () => {
      const { peer, listener, transport } = await connect();
      peer.peer.socket.pause();
      listener.call(() => transport.write(new Uint8Array(33_554_432)));
      await rounds();
      const before = transport.sentBytes!;
      peer.peer.socket.resume();
      await peer.receive(8_388_608);
      expect(transport.sentBytes! - before).toBeGreaterThan(1_000_000);
    });

    test('writes all that waits before it ends', async () => {
      const { peer, listener, transport } = await connect(undefined, { lingerMs: 1 });
      peer.peer.socket.pause();
      const all = Buffer.concat(fill(transport, listener));
      listener.call(() => transport.end());
      listener.call(() => transport.end());
      listener.call(() => transport.write(Buffer.from('not any more')));
      await rounds();
      peer.peer.socket.resume();
      expect(await listener.closed()).toBe(undefined);
      await peer.closed;
      expect(peer.received.equals(all)).toBe(true);
      expect(listener.drains).toBe(0);
    });

    test('hands nothing on after its end was asked for', async () => {
      const { peer, listener, transport } = await connect();
      listener.onChunk = () => transport.end();
      peer.peer.send(Buffer.from('last'));
      peer.peer.send(pattern(1000));
      await listener.until(() => listener.chunks === 1);
      peer.peer.send(pattern(1000));
      expect(await listener.closed()).toBe(undefined);
      expect(listener.chunks).toBe(1);
    });

    test('can be ended and destroyed in every order, as often as one likes', async () => {
      const { listener, transport } = await connect();
      listener.call(() => transport.end());
      listener.call(() => transport.destroy());
      listener.call(() => transport.destroy());
      expect(await listener.closed()).toBe(undefined);
      listener.call(() => transport.end());
      listener.call(() => transport.destroy());
      expect(listener.call(() => transport.write(Buffer.from('x')))).toBe(true);
    });

    test('is destroyed at once, without an error, though much waits to leave', async () => {
      const { peer, listener, transport } = await connect();
      peer.peer.socket.pause();
      fill(transport, listener);
      listener.call(() => transport.destroy());
      expect(listener.errors).toHaveLength(0);
      expect(await listener.closed()).toBe(undefined);
    });

    test('closes when the server closes in order', async () => {
      const { peer, listener } = await connect();
      peer.peer.end();
      expect(await listener.closed()).toBe(undefined);
    });

    test.runIf(wire.resets)('says that the connection broke', async () => {
      const { listener, server } = await connect();
      for (const socket of server.sockets) socket.resetAndDestroy();
      const error = await listener.closed();
      expect(error).toMatchObject({ name: 'ClientError', code: 'CONNECTION_LOST' });
      expect(error!.message).toContain(`the connection to ${server.address.href} broke: `);
    });

    test.runIf(wire.lingers)('does not wait for ever for a server that does not close', async () => {
      const { peer, listener, transport } = await connect(undefined, { lingerMs: 1 });
      peer.peer.socket.pause();
      peer.peer.socket.allowHalfOpen = true;
      listener.call(() => transport.end());
      expect(await listener.closed()).toBe(undefined);
    });

    test.runIf(wire.lingers)('closes when the server closes, though much waits to leave', async () => {
      const { peer, listener, transport } = await connect(undefined, { lingerMs: 1 });
      peer.peer.socket.pause();
      fill(transport, listener);
      peer.peer.end();
      await listener.closed();
    });

    test.runIf(wire.pauses)('hands nothing on while it is paused, and holds the server back', async () => {
      const { peer, listener, transport } = await connect();
      const bytes = pattern(16 * 1024 * 1024);
      for (const action of ['pause', 'resume', 'pause'] as const) listener.call(() => transport[action]!());
      listener.paused = true;
      for (let i = 0; i < bytes.length; i += 65_536) peer.peer.send(bytes.subarray(i, i + 65_536));
      for (let i = 1; i <= 20; i++) {
        listener.call(() => transport.write(Buffer.from('.')));
        await peer.receive(i);
      }
      expect(peer.peer.socket.writableLength).toBeGreaterThan(0);
      listener.paused = false;
      listener.call(() => transport.resume!());
      await listener.until(() => listener.length === bytes.length);
      expect(listener.bytes.equals(bytes)).toBe(true);
    });

    test.runIf(wire.pauses)(
      'can be paused and resumed after each chunk, and again before it began',
      async () => {
        const { peer, listener, transport } = await connect();
        for (const action of ['pause', 'pause', 'resume', 'pause', 'resume', 'resume'] as const)
          listener.call(() => transport[action]!());
        listener.onChunk = () => {
          listener.call(() => transport.pause!());
          listener.paused = true;
          setImmediate(() => {
            listener.paused = false;
            listener.call(() => transport.resume!());
          });
        };
        const bytes = pattern(5000);
        // Corked, so that many messages of a WebSocket come with one read.
        peer.peer.socket.cork();
        for (let i = 0; i < bytes.length; i += 100) peer.peer.send(bytes.subarray(i, i + 100));
        peer.peer.socket.uncork();
        await listener.until(() => listener.length === bytes.length);
        expect(listener.bytes.equals(bytes)).toBe(true);
      },
    );

    test.runIf(wire.pauses)('ends while it is paused', async () => {
      const { peer, listener, transport } = await connect(undefined, { lingerMs: 600_000 });
      listener.call(() => transport.pause!());
      peer.peer.send(pattern(1_000_000));
      listener.call(() => transport.end());
      expect(await listener.closed()).toBe(undefined);
      expect(listener.chunks).toBe(0);
    });

    test('opens nothing for a signal that was aborted before', async () => {
      const server = await listen();
      const reason = new Error('changed my mind');
      const opening = wire.open()(server.address, new RecordingListener(), AbortSignal.abort(reason));
      await expect(opening).rejects.toBe(reason);
      await rounds();
      expect(server.sockets.size).toBe(0);
    });

    test('leaves nothing open when it is aborted while it connects', async () => {
      const server = await listen();
      const controller = new AbortController();
      const reason = new Error('too slow');
      const opening = wire.open()(server.address, new RecordingListener(), controller.signal);
      controller.abort(reason);
      await expect(opening).rejects.toBe(reason);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      await rounds();
      while (server.sockets.size > 0) await rounds(1);
    });

    test('says what it could not reach', async () => {
      const server = await wire.listen();
      await server.close();
      const { signal } = new AbortController();
      const opening = wire.open()(server.address, new RecordingListener(), signal);
      await expect(opening).rejects.toMatchObject({ name: 'ClientError', code: 'CONNECTION_FAILED' });
      await expect(opening).rejects.toThrow(`cannot connect to ${server.address.href}: `);
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    });
  });
}
