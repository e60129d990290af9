// The connections of a test broker keep what a transport promises.

import type { TestBroker } from '@martlet/testing';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PacketSplitter } from '../src/network/packet-splitter.ts';
import { PacketPeer } from './packet-peer.ts';

let broker: TestBroker;

beforeEach(() => {
  broker = createTestBroker();
});
afterEach(() => broker.close());

describe('A connection', () => {
  test('asks its writer to hold back above 64 KiB, and says when there is room again', async () => {
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    await broker.settled();
    expect(peer.publish('t', new Uint8Array(60_000))).toBe(true);
    expect(peer.publish('t', new Uint8Array(60_000))).toBe(false);
    expect(peer.publish('t', new Uint8Array(60_000))).toBe(false);
    expect(peer.drains).toBe(0);
    await broker.settled();
    expect(peer.drains).toBe(1);
    expect(broker.messages.map(({ payload }) => payload.length)).toEqual([60_000, 60_000, 60_000]);
    expect(peer.publish('t', 'x')).toBe(true);
  });

  test('carries a message of many reads whole, both ways', async () => {
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    peer.subscribe('t');
    const payload = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7) & 0xff);
    peer.publish('t', payload);
    await broker.settled();
    const received = peer.received.at(-1);
    if (received?.type !== 'publish') throw new Error(`expected a PUBLISH, got ${received?.type}`);
    expect(Buffer.compare(received.payload, payload)).toBe(0);
    expect(Math.max(...peer.chunks)).toBeLessThanOrEqual(65_536);
  });

  test('that is ended delivers first what was written, then ends for both', async () => {
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    for (let i = 0; i < 5; i++) peer.publish('t', `${i}`);
    peer.send({ type: 'disconnect', reasonCode: 0, properties: {} });
    peer.end();
    peer.publish('t', 'too late');
    await broker.settled();
    expect(broker.messages.map((message) => message.text())).toEqual(['0', '1', '2', '3', '4']);
    expect(peer.closedBy).toBeNull();
    expect(broker.running.gauges.connections).toBe(0);
  });

  test('that is destroyed loses what had not arrived, and ends for both', async () => {
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    await broker.settled();
    peer.publish('t', 'x');
    peer.destroy();
    peer.destroy();
    await broker.settled();
    expect(broker.messages).toEqual([]);
    expect(peer.closedBy).toBeNull();
    expect(broker.running.gauges.connections).toBe(0);
    peer.destroy();
    await broker.settled();
  });

  test('that is ended by the broker hands nothing in any more, and ends for both', async () => {
    const peer = await PacketPeer.connect(broker.clientOptions().transport, { clientId: 'a' });
    await broker.settled();
    broker.disconnectClient('a');
    peer.publish('t', 'too late');
    await broker.settled();
    expect(peer.types).toEqual(['connack', 'disconnect']);
    expect(peer.closedBy).toBeNull();
    expect(broker.messages).toEqual([]);
    expect(broker.running.gauges.connections).toBe(0);
  });

  test('that is paused delivers nothing, and all of it when it is resumed', async () => {
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    peer.subscribe('t');
    await broker.settled();
    peer.pause();
    await broker.publish('t', '1');
    await broker.publish('t', '2');
    expect(peer.texts).toEqual([]);
    peer.resume();
    await broker.settled();
    expect(peer.texts).toEqual(['1', '2']);
  });
});

describe('PacketSplitter', () => {
  const packets = [
    Uint8Array.of(0xc0, 0x00),
    Uint8Array.of(0x30, 0x80 | 0x48, 0x01, ...new Uint8Array(200)),
    Uint8Array.of(0xd0, 0x00),
  ];
  const all = Uint8Array.from(packets.flatMap((packet) => [...packet]));

  test.each([1, 2, 3, 7, 100, 300])('finds the packets again in chunks of %d bytes', (length) => {
    const splitter = new PacketSplitter();
    const found: Uint8Array[] = [];
    for (let at = 0; at < all.length; at += length)
      found.push(...splitter.push(all.subarray(at, at + length)));
    expect(found).toEqual(packets);
  });

  test('passes on as it comes what cannot be packets', () => {
    const splitter = new PacketSplitter();
    const garbage = Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 1, 2, 3);
    expect(splitter.push(Uint8Array.of(0xc0, 0x00, ...garbage))).toEqual([packets[0], garbage]);
    expect(splitter.push(packets[0]!)).toEqual([packets[0]]);
    expect(splitter.push(Uint8Array.of(9))).toEqual([Uint8Array.of(9)]);
  });
});
