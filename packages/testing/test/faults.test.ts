// What goes wrong by order of the test.

import type { Packet } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import type { TestBroker } from '@martlet/testing';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PacketPeer } from './packet-peer.ts';

let broker: TestBroker;

beforeEach(() => {
  broker = createTestBroker();
});
afterEach(() => broker.close());

/** A client that is connected, its CONNACK taken out of what it has received. */
async function connected(clientId: string, keepAlive = 0): Promise<PacketPeer> {
  const peer = await PacketPeer.connect(broker.clientOptions().transport, { clientId, keepAlive });
  await broker.settled();
  expect(peer.received.splice(0)).toMatchObject([{ type: 'connack', reasonCode: ReasonCode.Success }]);
  peer.chunks.length = 0;
  return peer;
}

async function publishAll(peer: PacketPeer, ...packetIds: number[]): Promise<readonly (number | string)[]> {
  for (const packetId of packetIds) peer.publish('t', 'x', { qos: 1, packetId });
  await broker.settled();
  return peer.received.splice(0).map((packet) => (packet.type === 'puback' ? packet.packetId : packet.type));
}

describe('dropNext', () => {
  test('lets the next packet of a type vanish, and says that it has', async () => {
    const peer = await connected('a');
    const fault = broker.faults.dropNext('puback');
    expect([fault.active, fault.count]).toEqual([true, 0]);
    expect(await publishAll(peer, 1, 2)).toEqual([2]);
    expect([fault.active, fault.count]).toEqual([false, 1]);
    const pubacks = broker.packets.filter(({ packet }) => packet.type === 'puback');
    expect(pubacks.map(({ state }) => state)).toEqual(['lost', 'arrived']);
  });

  test('concerns one client, one direction and so many packets, where that is said', async () => {
    const first = await connected('a');
    const second = await connected('b');
    broker.faults.dropNext('puback', { clientId: 'b', times: 2 });
    broker.faults.dropNext('publish', { direction: 'toClient' });
    expect(await publishAll(first, 1, 2)).toEqual([1, 2]);
    expect(await publishAll(second, 1, 2, 3)).toEqual([3]);
    first.subscribe('t');
    await broker.settled();
    expect(await publishAll(second, 4)).toEqual([4]);
    expect(first.texts).toEqual([]);
    expect(await publishAll(second, 5)).toEqual([5]);
    expect(first.texts).toEqual(['x']);
  });

  test('goes on for ever if it is told to, until it is taken back', async () => {
    const peer = await connected('a');
    const fault = broker.faults.dropNext('puback', { times: Number.POSITIVE_INFINITY });
    expect(await publishAll(peer, 1, 2, 3)).toEqual([]);
    fault.remove();
    expect([fault.active, fault.count]).toEqual([false, 3]);
    expect(await publishAll(peer, 4)).toEqual([4]);
  });

  test('refuses what is no packet type, and no number of times', () => {
    expect(() => broker.faults.dropNext('pubback' as 'puback')).toThrow('got "pubback"');
    expect(() => broker.faults.dropNext('puback', { times: -1 })).toThrow(RangeError);
    expect(() => broker.faults.dropNext('puback', { times: 0 })).toThrow(RangeError);
    expect(() => broker.faults.dropNext('puback', { times: Number.NaN })).toThrow(RangeError);
  });
});

describe('replaceNext', () => {
  test('makes the broker refuse what it has accepted', async () => {
    const peer = await connected('a');
    broker.faults.replaceNext('puback', (puback) => ({ ...puback, reasonCode: ReasonCode.QuotaExceeded }));
    peer.publish('t', 'x', { qos: 1, packetId: 1 });
    await broker.settled();
    expect(peer.received).toMatchObject([
      { type: 'puback', packetId: 1, reasonCode: ReasonCode.QuotaExceeded },
    ]);
    const pubacks = broker.packets.filter(({ packet }) => packet.type === 'puback');
    expect(pubacks.map(({ state }) => state)).toEqual(['lost', 'arrived']);
  });

  test('sends several packets for one, or bytes', async () => {
    const peer = await connected('a');
    const pingresp = Uint8Array.of(0xd0, 0x00);
    broker.faults.replaceNext('puback', (puback): (Packet | Uint8Array)[] => [puback, pingresp, puback]);
    expect(await publishAll(peer, 7)).toEqual([7, 'pingresp', 7]);
  });

  test('tells the test of a mistake in it, and lets the packet pass', async () => {
    const peer = await connected('a');
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const told = new Promise((resolve) => {
      process.once('uncaughtException', resolve);
    });
    try {
      broker.faults.replaceNext('puback', () => {
        throw new Error('a mistake in the test');
      });
      expect(await publishAll(peer, 1)).toEqual([1]);
      expect(await told).toMatchObject({ message: 'a mistake in the test' });
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});

describe('corruptNext', () => {
  test('makes a packet malformed, so that who receives it ends the connection', async () => {
    const peer = await connected('a');
    broker.faults.corruptNext('publish');
    expect(await publishAll(peer, 1)).toEqual(['disconnect']);
    expect(peer.closedBy).toBeNull();
  });
});

describe('cutAfterBytes', () => {
  test('cuts the connection after exactly so many bytes, in the middle of a packet, and tells both sides', async () => {
    const peer = await connected('a');
    const reasons: string[] = [];
    broker.on('clientDisconnected', ({ reason }) => reasons.push(reason));
    peer.subscribe('t');
    await broker.settled();
    peer.chunks.length = 0;
    const fault = broker.faults.cutAfterBytes(10, { direction: 'toClient' });
    await broker.publish('t', 'x'.repeat(5));
    await broker.publish('t', 'y'.repeat(5));
    expect(peer.texts).toEqual([]); // the PUBLISH has 11 bytes
    expect(peer.chunks.reduce((sum, length) => sum + length, 0)).toBe(10);
    expect(peer.closedBy).toMatchObject({ code: 'ECONNRESET' });
    expect(reasons).toEqual([expect.stringContaining('ECONNRESET')]);
    expect([fault.active, fault.count]).toEqual([false, 1]);
  });

  test('counts from when it is ordered, for each connection by itself, as often as it is told', async () => {
    const first = await connected('a');
    const second = await connected('b');
    const fault = broker.faults.cutAfterBytes(5, { direction: 'toBroker', times: 2 });
    first.send({ type: 'pingreq' });
    second.send({ type: 'pingreq' });
    await broker.settled();
    expect([first.closedBy, second.closedBy, fault.count]).toEqual([undefined, undefined, 0]);
    for (const peer of [first, second]) {
      peer.send({ type: 'pingreq' });
      peer.send({ type: 'pingreq' });
    }
    await broker.settled();
    expect([first, second].map((peer) => peer.closedBy)).toMatchObject([
      { code: 'ECONNRESET' },
      { code: 'ECONNRESET' },
    ]);
    expect([fault.active, fault.count]).toEqual([false, 2]);
    // The third of three packets was cut in two.
    expect([first, second].map((peer) => peer.types)).toEqual([['pingresp'], ['pingresp']]);
  });

  test('of no bytes at all cuts before the next one arrives', async () => {
    const peer = await connected('a');
    broker.faults.cutAfterBytes(0);
    await broker.settled();
    expect(peer.closedBy).toBeUndefined();
    peer.send({ type: 'pingreq' });
    await broker.settled();
    expect(peer.closedBy).toMatchObject({ code: 'ECONNRESET' });
    expect(broker.packets.at(-1)).toMatchObject({ packet: { type: 'pingreq' }, state: 'lost' });
  });

  test('refuses what is no number of bytes', () => {
    expect(() => broker.faults.cutAfterBytes(-1)).toThrow('cutAfterBytes: expected a finite number');
  });
});

describe('slowReader', () => {
  test('reads no faster than it is told, and the rest at once when it is taken back', async () => {
    const peer = await connected('a');
    peer.subscribe('t');
    await broker.settled();
    peer.chunks.length = 0;
    const bytes = (): number => peer.chunks.reduce((sum, length) => sum + length, 0);
    const slow = broker.faults.slowReader({ bytesPerSecond: 100, clientId: 'a' });
    await broker.publish('t', 'x'.repeat(10_000));
    expect(bytes()).toBe(0);
    await broker.advance(1000);
    expect(bytes()).toBe(100);
    await broker.advance(10_000);
    expect(bytes()).toBe(1100);
    expect(peer.texts).toEqual([]);
    slow.remove();
    await broker.settled();
    expect(peer.texts.map((text) => text.length)).toEqual([10_000]);
  });

  test('may be as slow as a byte per second', async () => {
    const peer = await connected('a');
    broker.faults.slowReader({ bytesPerSecond: 1 });
    peer.send({ type: 'pingreq' });
    await broker.settled();
    await broker.advance(999);
    expect(peer.chunks).toEqual([]);
    await broker.advance(1);
    expect(peer.chunks).toEqual([1]);
    await broker.advance(1000);
    expect([peer.chunks, peer.types]).toEqual([[1, 1], ['pingresp']]);
  });

  test('holds the broker back, whose outbox has a limit', async () => {
    const slowBroker = createTestBroker({ limits: { outboxBytes: 100_000 } });
    const peer = await PacketPeer.connect(slowBroker.clientOptions().transport);
    peer.subscribe('t');
    await slowBroker.settled();
    slowBroker.faults.slowReader({ bytesPerSecond: 1000 });
    for (let i = 0; i < 20; i++) await slowBroker.publish('t', new Uint8Array(20_000));
    expect(slowBroker.running.outcomes.counts['outbox-full']).toBeGreaterThan(0);
    await slowBroker.close();
  });

  test('refuses a speed that is none', () => {
    expect(() => broker.faults.slowReader({ bytesPerSecond: 0 })).toThrow('bytesPerSecond');
  });
});

describe('stall', () => {
  test('lets nothing through, and all of it once it is taken back', async () => {
    const peer = await connected('a');
    const fault = broker.faults.stall();
    expect(await publishAll(peer, 1, 2)).toEqual([]);
    await broker.advance(60_000);
    expect(broker.messages).toEqual([]);
    fault.remove();
    expect(await publishAll(peer)).toEqual([1, 2]);
    expect(broker.messages.length).toBe(2);
  });

  test('of one direction lets the other through', async () => {
    const peer = await connected('a');
    using _stalled = broker.faults.stall({ direction: 'toClient' });
    expect(await publishAll(peer, 1)).toEqual([]);
    expect(broker.messages.length).toBe(1);
  });

  test('ends with the block that it stands in', async () => {
    const peer = await connected('a');
    {
      using _stalled = broker.faults.stall();
      expect(await publishAll(peer, 1)).toEqual([]);
    }
    expect(await publishAll(peer, 2)).toEqual([1, 2]);
  });

  test('makes a half-open connection: the broker finds out by its keep alive, not by the end of the client', async () => {
    const peer = await connected('a', 10);
    broker.faults.stall({ clientId: 'a' });
    peer.destroy();
    await broker.settled();
    expect(peer.closedBy).toBeNull();
    await broker.advance(14_000);
    expect(broker.clients).toMatchObject([{ clientId: 'a', connected: true }]);
    await broker.advance(2000);
    expect(broker.clients).toEqual([]);
  });
});

describe('delay', () => {
  test('keeps everything on its way for so long, in order', async () => {
    const peer = await connected('a');
    const fault = broker.faults.delay(250);
    peer.publish('t', 'x', { qos: 1, packetId: 1 });
    await broker.advance(249);
    expect(broker.messages.length).toBe(0);
    await broker.advance(1);
    expect([broker.messages.length, peer.types]).toEqual([1, []]);
    await broker.advance(250);
    expect(peer.types).toEqual(['puback']);

    peer.publish('t', 'slow', { qos: 1, packetId: 2 });
    fault.remove();
    peer.publish('t', 'not faster', { qos: 1, packetId: 3 });
    await broker.settled();
    expect(broker.messages.length).toBe(1);
    await broker.advance(250);
    expect(broker.messages.map((message) => message.text())).toEqual(['x', 'slow', 'not faster']);
  });

  test('concerns the end of a connection too', async () => {
    const peer = await connected('a');
    broker.faults.delay(100, { direction: 'toBroker' });
    peer.publish('t', 'x');
    peer.end();
    await broker.advance(99);
    expect([broker.messages.length, broker.clients.length]).toEqual([0, 1]);
    await broker.advance(1);
    expect([broker.messages.length, broker.clients.length]).toEqual([1, 0]);
    expect(peer.closedBy).toBeNull();
  });

  test('refuses a time that is none', () => {
    expect(() => broker.faults.delay(Number.NaN)).toThrow('delay: expected a finite number');
  });
});

describe('refuseConnections', () => {
  test('refuses the next ones, or all until it is taken back', async () => {
    const { transport } = broker.clientOptions();
    const twice = broker.faults.refuseConnections(2);
    await expect(PacketPeer.open(transport)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(PacketPeer.open(transport)).rejects.toThrow('the connection was refused');
    expect([twice.active, twice.count]).toEqual([false, 2]);
    await connected('a');
    const always = broker.faults.refuseConnections();
    for (let i = 0; i < 10; i++) await expect(PacketPeer.open(transport)).rejects.toThrow();
    expect(always.count).toBe(10);
    always.remove();
    await connected('b');
  });
});

describe('cut', () => {
  test('breaks the connections of one client, or all, and says how many', async () => {
    const peers = [await connected('a'), await connected('b'), await connected('c')];
    expect(broker.faults.cut({ clientId: 'b' })).toBe(1);
    await broker.settled();
    expect(peers.map(({ closedBy }) => closedBy?.message)).toEqual([
      undefined,
      'the test has cut the connection',
      undefined,
    ]);
    expect(broker.faults.cut()).toBe(2);
    await broker.settled();
    expect(broker.faults.cut()).toBe(0);
    expect(broker.running.gauges.connections).toBe(0);
  });

  test('loses what is on its way', async () => {
    const peer = await connected('a');
    peer.publish('t', 'x');
    broker.faults.cut();
    await broker.settled();
    expect(broker.messages).toEqual([]);
    expect(broker.packets.at(-1)).toMatchObject({ packet: { type: 'publish' }, state: 'lost' });
  });
});

describe('clear', () => {
  test('takes back everything that was ordered', async () => {
    const peer = await connected('a');
    const orders = [
      broker.faults.stall(),
      broker.faults.dropNext('puback'),
      broker.faults.refuseConnections(),
    ];
    expect(await publishAll(peer, 1)).toEqual([]);
    broker.faults.clear();
    expect(orders.map(({ active }) => active)).toEqual([false, false, false]);
    expect(await publishAll(peer)).toEqual([1]);
    await connected('b');
  });
});
