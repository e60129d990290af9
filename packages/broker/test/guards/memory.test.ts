/**
 * What clients cost when they do nothing. The heap is measured after a full collection, over many clients, against
 * bounds about twice what was measured: what they catch is a table or buffer made for everyone.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ConnectPacket, Packet } from '@martlet/protocol';
import { encodePacket, ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import type { Transport, TransportSink } from '../../src/core/ports/transport.ts';
import { connectPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const CLIENTS = 10_000;

/** A transport that takes everything and holds nothing, so that only the broker's memory is measured. */
const NOWHERE: Transport = {
  peer: 'nowhere',
  write: () => true,
  writeAll: () => true,
  pause: () => {},
  resume: () => {},
  end: () => {},
  destroy: () => {},
};

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Attaches clients that send these packets. */
function connectAll(
  world: World,
  packetsOf: (i: number) => readonly Packet[],
  version: ProtocolVersion,
): TransportSink[] {
  return Array.from({ length: CLIENTS }, (_, i) => {
    const sink = world.core.attach(NOWHERE, { listener: 'test', kind: 'stream' });
    if (sink === null) throw new Error('refused');
    for (const packet of packetsOf(i)) {
      const bytes = encodePacket(packet, version);
      sink.receive(bytes, 0, bytes.length);
    }
    world.turn();
    return sink;
  });
}

function subscribing(i: number, version: ProtocolVersion, connect: Partial<ConnectPacket> = {}): Packet[] {
  return [
    connectPacket({ clientId: `client-${i}`, protocolVersion: version, keepAlive: 60, ...connect }),
    {
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        {
          topicFilter: `site/${i}/state`,
          qos: 0,
          noLocal: false,
          retainAsPublished: false,
          retainHandling: 0,
        },
      ],
      properties: {},
    },
  ];
}

describe('10,000 clients that have connected and subscribed', () => {
  it.each([ProtocolVersion.V311, ProtocolVersion.V5])('take less than 4 KB each, version %i', (version) => {
    const world = new World();
    const before = heapBytes();
    const sinks = connectAll(world, (i) => subscribing(i, version), version);
    const bytesEach = (heapBytes() - before) / CLIENTS;
    expect(world.core.gauges.connections).toBe(sinks.length);
    expect(world.core.gauges.subscriptions).toBe(CLIENTS);
    expect(bytesEach).toBeLessThan(4096);
  });

  it('leave less than 1.5 KB each when only their sessions remain, and nothing when these are gone', () => {
    const version = ProtocolVersion.V5;
    const world = new World();
    const before = heapBytes();
    const properties = { sessionExpiryInterval: 60 };
    const sinks = connectAll(world, (i) => subscribing(i, version, { properties }), version);
    for (const sink of sinks.splice(0)) sink.onClosed(null);
    world.turn();
    expect(world.core.gauges.sessions).toBe(CLIENTS);
    world.events.length = 0;
    expect((heapBytes() - before) / CLIENTS).toBeLessThan(1536);
    world.advance(61_000);
    expect(world.core.gauges.sessions).toBe(0);
    world.events.length = 0;
    expect((heapBytes() - before) / CLIENTS).toBeLessThan(256);
  });
});
