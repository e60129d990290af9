import { afterEach, describe, expect, test } from 'vitest';
import type { Accept } from '../../src/core/ports/transport.ts';
import type { Listener } from '../../src/listeners/listener.ts';
import { RecordingSink } from './recording-sink.ts';
import type { Peer, Wire } from './wire.ts';

interface Connected {
  readonly peer: Peer;
  readonly sink: RecordingSink;
  readonly listener: Listener;
}

/** `length` bytes, none of them like its neighbours, and different for each `seed`. */
export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff;
  return bytes;
}

/** What the port Transport promises, for every way of connecting. */
export function describeTransport(wire: Wire): void {
  describe(`A transport over ${wire.name}`, () => {
    const listeners: Listener[] = [];
    const peers: Peer[] = [];
    const sinks: RecordingSink[] = [];

    afterEach(async () => {
      for (const peer of peers.splice(0)) peer.socket.destroy();
      for (const { transport } of sinks) transport.destroy();
      for (const listener of listeners.splice(0)) {
        await listener.close();
        expect(listener.connections).toBe(0);
      }
      for (const sink of sinks.splice(0)) {
        expect(sink.offences).toEqual([]);
        expect(sink.causes).toHaveLength(1);
      }
    });

    async function listen(accept: Accept, options?: { readonly lingerMs?: number }): Promise<Listener> {
      const listener = await wire.listen(accept, options);
      listeners.push(listener);
      return listener;
    }

    async function dial(listener: Listener): Promise<Peer> {
      const peer = await wire.dial(listener);
      peers.push(peer);
      return peer;
    }

    /** That of the connection which was the `index`-th to come in: where there is a handshake, the client may be through first. */
    async function sinkAt(index: number): Promise<RecordingSink> {
      for (;;) {
        const sink = sinks[index];
        if (sink !== undefined) return sink;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    /** A client of TLS may learn that it is refused before its handshake is done. */
    async function dialOrNot(listener: Listener): Promise<Peer | undefined> {
      return wire.takesAtOnce ? dial(listener) : dial(listener).catch(() => undefined);
    }

    /** A listener with one connection, whose ends are the peer and the sink. */
    async function connected(options?: { readonly lingerMs?: number }): Promise<Connected> {
      let onAccepted: (sink: RecordingSink) => void = () => {};
      const accepted = new Promise<RecordingSink>((resolve) => {
        onAccepted = resolve;
      });
      const listener = await listen((transport) => {
        const sink = new RecordingSink(transport);
        sinks.push(sink);
        onAccepted(sink);
        return sink;
      }, options);
      const peer = await dial(listener);
      return { peer, sink: await accepted, listener };
    }

    /** Writes until the kernel takes no more; returns what was written, and the memory still being read. */
    function fill(sink: RecordingSink): { sent: Buffer[]; held: Buffer } {
      // Where every write is taken later, one must be more than the kernel has room for.
      const blockBytes = wire.takesAtOnce ? 64 * 1024 : 12 * 1024 * 1024;
      const sent: Buffer[] = [];
      for (let i = 0; i < 10_000; i++) {
        const block = pattern(blockBytes, i);
        sent.push(Buffer.from(block));
        if (!sink.call((transport) => transport.write(block))) return { sent, held: block };
      }
      throw new Error('the kernel never had enough');
    }

    test('carries bytes both ways, in order', async () => {
      const { peer, sink } = await connected();
      sink.onReceive = (bytes) => sink.call((transport) => transport.write(bytes));
      const bytes = pattern(100_000);
      for (let i = 0; i < bytes.length; i += 1000) peer.send(bytes.subarray(i, i + 1000));
      expect((await peer.receive(bytes.length)).equals(bytes)).toBe(true);
      expect(sink.bytes.equals(bytes)).toBe(true);
    });

    test('knows its peer and its listener', async () => {
      const { sink, listener } = await connected();
      const { address } = listener;
      expect(sink.transport.peer).toMatch(
        address.kind === 'unix' ? /^unix:\/.*mqtt\.sock$/ : /^127\.0\.0\.1:\d+$/,
      );
      expect(listener.connections).toBe(1);
    });

    test('is done with memory whose write returned true', async () => {
      const { peer, sink } = await connected();
      const memory = Buffer.alloc(100);
      for (let i = 0; i < 100; i++) {
        memory.fill(i);
        const { drains } = sink;
        const taken = sink.call((transport) => transport.write(memory));
        if (wire.takesAtOnce) expect(taken).toBe(true);
        else if (!taken) await sink.until(() => sink.drains > drains);
      }
      const received = await peer.receive(10_000);
      for (let i = 0; i < 100; i++)
        expect(received.subarray(i * 100, i * 100 + 100).every((b) => b === i)).toBe(true);
    });

    test('returns false when the kernel has enough, and tells when the memory is free', async () => {
      const { peer, sink } = await connected();
      peer.pause();
      const { sent, held } = fill(sink);
      sink.onDrain = () => {
        held.fill(0);
        sink.onDrain = undefined;
        sink.drains = 0;
        sink.call((transport) => transport.write(Buffer.from('after')));
      };
      expect(sink.drains).toBe(0);
      peer.resume();
      const all = Buffer.concat([...sent, Buffer.from('after')]);
      expect((await peer.receive(all.length)).equals(all)).toBe(true);
      expect(sink.onDrain).toBeUndefined();
      if (wire.takesAtOnce) expect(sink.drains).toBe(0);
    });

    test('drains again and again for a reader that is slow', async () => {
      const { peer, sink } = await connected();
      peer.pause();
      const sent = fill(sink).sent;
      sink.onDrain = () => {
        if (sink.drains < 5) sent.push(...fill(sink).sent);
      };
      peer.resume();
      await sink.until(() => sink.drains === 5);
      const all = Buffer.concat(sent);
      expect((await peer.receive(all.length)).equals(all)).toBe(true);
    });

    test('writes pieces in their order, few or thousands, small or large', async () => {
      const { peer, sink } = await connected();
      const lists = [
        [pattern(3, 1), pattern(5, 2)],
        Array.from({ length: 3000 }, (_, i) => pattern(7, i)),
        [pattern(10, 3), pattern(200_000, 4), pattern(1, 5)],
      ];
      let free = true;
      for (const pieces of lists) {
        if (!free) await sink.until(() => sink.drains > 0);
        sink.drains = 0;
        free = sink.call((transport) => transport.writeAll(pieces));
      }
      const all = Buffer.concat(lists.flat());
      expect((await peer.receive(all.length)).equals(all)).toBe(true);
    });

    test('writes nothing for nothing', async () => {
      const { peer, sink } = await connected();
      expect(sink.call((transport) => transport.write(new Uint8Array(0)))).toBe(true);
      expect(sink.call((transport) => transport.writeAll([]))).toBe(true);
      sink.call((transport) => transport.write(Buffer.from('x')));
      expect((await peer.receive(1)).toString()).toBe('x');
    });

    test('hands in nothing while it is paused, and everything afterwards', async () => {
      const { peer, sink, listener } = await connected();
      sink.onReceive = () => sink.call((transport) => transport.pause());
      peer.send(Buffer.from('first'));
      await sink.until(() => sink.chunks.length === 1);
      peer.send(Buffer.from('second'));
      // Another connection's round trip shows that there was time to read it.
      const other = await dial(listener);
      const otherSink = await sinkAt(1);
      other.send(Buffer.from('x'));
      await otherSink.until(() => otherSink.chunks.length === 1);
      expect(sink.bytes.toString()).toBe('first');
      sink.onReceive = undefined;
      sink.call((transport) => transport.resume());
      await sink.until(() => sink.bytes.length === 11);
      expect(sink.bytes.toString()).toBe('firstsecond');
    });

    test('can be paused and resumed at every read', async () => {
      const { peer, sink } = await connected();
      let paused = false;
      let early = 0;
      sink.onReceive = () => {
        if (paused) early++;
        paused = true;
        sink.call((transport) => transport.pause());
        setImmediate(() => {
          paused = false;
          sink.call((transport) => transport.resume());
        });
      };
      const bytes = pattern(300_000);
      for (let i = 0; i < bytes.length; i += 1000) peer.send(bytes.subarray(i, i + 1000));
      await sink.until(() => sink.bytes.length >= bytes.length);
      expect(sink.bytes.equals(bytes)).toBe(true);
      expect(early).toBe(0);
    });

    test('ends after everything written has left', async () => {
      const { peer, sink } = await connected();
      peer.pause();
      const { sent } = fill(sink);
      sink.call((transport) => transport.end());
      peer.resume();
      const all = Buffer.concat(sent);
      expect((await peer.receive(all.length)).equals(all)).toBe(true);
      await Promise.all([peer.closed, sink.closed()]);
      expect(peer.bytes.length).toBe(all.length);
      expect(sink.causes).toEqual([null]);
      expect(sink.drains).toBe(0);
    });

    test('ends after everything written has left, also when the peer has stopped sending', async () => {
      const { peer, sink } = await connected();
      peer.pause();
      const { sent } = fill(sink);
      sink.call((transport) => transport.end());
      peer.socket.end();
      // The peer's FIN is read before the peer reads: another round trip takes longer.
      const other = await dial(listeners[0]!);
      const otherSink = await sinkAt(1);
      other.send(Buffer.from('x'));
      await otherSink.until(() => otherSink.chunks.length === 1);
      peer.resume();
      const all = Buffer.concat(sent);
      expect((await peer.receive(all.length)).equals(all)).toBe(true);
      await Promise.all([peer.closed, sink.closed()]);
      expect(sink.causes).toEqual([null]);
    });

    test('hands in nothing after end, and takes nothing more', async () => {
      const { peer, sink } = await connected();
      sink.onReceive = () => {
        sink.call((transport) => transport.write(Buffer.from('bye')));
        sink.call((transport) => transport.end());
        peer.send(Buffer.from('too late'));
        expect(sink.call((transport) => transport.write(Buffer.from('too late')))).toBe(true);
        expect(sink.call((transport) => transport.writeAll([Buffer.from('too late')]))).toBe(true);
      };
      peer.send(Buffer.from('hello'));
      await Promise.all([peer.closed, sink.closed()]);
      expect(sink.bytes.toString()).toBe('hello');
      expect(peer.bytes.toString()).toBe('bye');
      expect(sink.causes).toEqual([null]);
    });

    test('ends a connection that is paused', async () => {
      const { peer, sink } = await connected();
      sink.call((transport) => transport.pause());
      peer.send(pattern(10_000));
      sink.call((transport) => transport.end());
      await Promise.all([peer.closed, sink.closed()]);
      expect(sink.causes).toEqual([null]);
    });

    test('is destroyed when the peer does not close in time', async () => {
      const { peer, sink } = await connected({ lingerMs: 20 });
      peer.answersClose = false;
      sink.call((transport) => transport.end());
      await sink.closed();
      expect(sink.causes).toEqual(['linger-timeout']);
    });

    test('is destroyed when the peer does not read in time what must leave before the end', async () => {
      const { peer, sink } = await connected({ lingerMs: 20 });
      peer.pause();
      fill(sink);
      sink.call((transport) => transport.end());
      await sink.closed();
      expect(sink.causes).toEqual(['linger-timeout']);
    });

    test('tells when the peer has closed', async () => {
      const { peer, sink } = await connected();
      peer.send(Buffer.from('last words'));
      peer.end();
      await Promise.all([peer.closed, sink.closed()]);
      expect(sink.bytes.toString()).toBe('last words');
      expect(sink.causes).toEqual([null]);
    });

    test('sends what it holds to a peer that has only stopped sending', async () => {
      const { peer, sink } = await connected();
      peer.pause();
      const { sent } = fill(sink);
      peer.socket.end();
      peer.resume();
      const all = Buffer.concat(sent);
      expect((await peer.receive(all.length)).equals(all)).toBe(true);
      await sink.closed();
      expect(sink.causes).toEqual([null]);
    });

    test('is destroyed when a peer has stopped sending and does not read in time', async () => {
      const { peer, sink } = await connected({ lingerMs: 20 });
      peer.pause();
      fill(sink);
      peer.socket.end();
      await sink.closed();
      expect(sink.causes).toEqual(['linger-timeout']);
    });

    test('tells when the peer has reset the connection', async () => {
      const { peer, sink } = await connected();
      // A round trip: a handshake may have left something that the peer has not read yet.
      sink.onReceive = (bytes) => sink.call((transport) => transport.write(bytes));
      peer.send(Buffer.from('x'));
      await peer.receive(1);
      peer.reset();
      await sink.closed();
      expect(sink.causes).toEqual([wire.resets ? 'ECONNRESET' : null]);
    });

    test('tells when the peer resets while it is written to', async () => {
      const { peer, sink } = await connected();
      peer.pause();
      fill(sink);
      peer.reset();
      await sink.closed();
      expect(sink.causes[0]).toMatch(/^(ECONNRESET|EPIPE)$/);
      expect(sink.drains).toBe(0);
    });

    test('tells when a write finds that the peer is gone', async () => {
      const { peer, sink } = await connected();
      sink.call((transport) => transport.pause());
      peer.socket.destroy();
      await peer.closed;
      // The kernel may take the first writes: it learns only from their answers that nobody is there.
      const write = () => {
        if (sink.isClosed) return;
        sink.call((transport) => transport.write(pattern(1000)));
        setImmediate(write);
      };
      write();
      await sink.closed();
      // Null where reading ahead saw the peer's FIN first.
      expect(['ECONNRESET', 'EPIPE', null]).toContain(sink.causes[0]);
    });

    test('is destroyed at once, and says so once, later', async () => {
      const { peer, sink } = await connected();
      sink.call((transport) => {
        transport.destroy();
        transport.destroy();
        transport.end();
        transport.pause();
        transport.resume();
        expect(transport.write(Buffer.from('x'))).toBe(true);
      });
      expect(sink.causes).toEqual([]);
      await Promise.all([peer.closed, sink.closed()]);
      expect(sink.causes).toEqual([null]);
      expect(peer.bytes.length).toBe(0);
    });

    test('is destroyed while it writes', async () => {
      const { peer, sink } = await connected();
      peer.pause();
      fill(sink);
      sink.call((transport) => transport.destroy());
      await sink.closed();
      expect(sink.causes).toEqual([null]);
      expect(sink.drains).toBe(0);
    });

    test('is destroyed while it ends', async () => {
      const { peer, sink } = await connected();
      peer.answersClose = false;
      sink.call((transport) => {
        transport.end();
        transport.destroy();
      });
      await sink.closed();
      expect(sink.causes).toEqual([null]);
    });

    test('can be destroyed from what it hands in, and hands in no more', async () => {
      const { peer, sink } = await connected();
      sink.onReceive = () => sink.call((transport) => transport.destroy());
      peer.send(pattern(100));
      peer.send(pattern(100));
      await sink.closed();
      expect(sink.chunks).toHaveLength(1);
    });

    test('is closed by its listener when it is refused', async () => {
      const listener = await listen(() => null);
      const peer = await dialOrNot(listener);
      await peer?.closed;
      expect(peer?.bytes.length ?? 0).toBe(0);
    });

    test('can be ended and destroyed while it is offered', async () => {
      for (const [index, act] of (['end', 'destroy'] as const).entries()) {
        const listener = await listen((transport) => {
          const sink = new RecordingSink(transport);
          sinks.push(sink);
          sink.call(() => transport[act]());
          return sink;
        });
        const peer = await dialOrNot(listener);
        const sink = await sinkAt(index);
        await Promise.all([peer?.closed, sink.closed()]);
      }
    });

    test('delays the closing of its listener until it is closed', async () => {
      const { peer, sink, listener } = await connected();
      const order: string[] = [];
      const closing = listener.close().then(() => order.push('listener'));
      const closed = sink.closed().then(() => order.push('connection'));
      await expect(wire.dial(listener)).rejects.toThrow();
      sink.call((transport) => transport.end());
      await Promise.all([closing, closed, peer.closed]);
      expect(order).toEqual(['connection', 'listener']);
      listeners.length = 0;
    });

    test('is destroyed by a closing listener when nobody ends it', async () => {
      const { sink, listener } = await connected({ lingerMs: 20 });
      await listener.close();
      expect(sink.causes).toEqual(['linger-timeout']);
      expect(listener.connections).toBe(0);
      listeners.length = 0;
    });
  });
}
