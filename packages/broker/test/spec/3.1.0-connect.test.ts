import type { ConnectPacket, Packet } from '@martlet/protocol';
import { encodePacket, ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { wire } from '../../../protocol/test/codec/wire-notation.ts';
import { publishPacket } from '../world/packets.ts';
import { textOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

function connectPacket(protocolVersion: ProtocolVersion, clientId = 'c'): ConnectPacket {
  return { type: 'connect', protocolVersion, clientId, cleanStart: true, keepAlive: 0, properties: {} };
}

describe('the first packet', () => {
  it('[MQTT-3.1.0-1] v5 v3.1.1 that is not CONNECT ends the connection without a word, and nothing is done about it', () => {
    const first: Packet[] = [
      publishPacket('t', 'x'),
      publishPacket('t', 'x', { qos: 1, packetId: 1 }),
      { type: 'pingreq' },
      { type: 'disconnect', reasonCode: 0, properties: {} },
      { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} },
    ];
    for (const version of VERSIONS) {
      for (const packet of first) {
        const world = new World();
        const subscriber = world.connect();
        subscriber.subscribe('#', 1);
        const client = world.open(version);
        client.send(packet, connectPacket(version));
        expect(client.closed).toBe(true);
        expect(client.take()).toEqual([]);
        expect(subscriber.take()).toEqual([]);
        expect(world.eventsOf('connectionRefused')).toMatchObject([
          { reasonCode: ReasonCode.ProtocolError, reason: 'the first packet is not CONNECT' },
        ]);
      }
    }
  });

  it('is told from CONNECT by its type alone, though it may look like one from the second byte on', () => {
    const client = new World().open(V5);
    client.sendBytes(wire('30 ["MQTT" 05]'));
    expect(client.closed).toBe(true);
    expect(client.take()).toEqual([]);
  });

  it('may come byte by byte, and with others behind it in one read', () => {
    for (const version of VERSIONS) {
      const world = new World();
      const slow = world.open(version);
      const bytes = encodePacket(connectPacket(version, 'slow'), version);
      for (const byte of bytes.subarray(0, -1)) slow.sendBytes(Uint8Array.of(byte));
      expect(slow.take()).toEqual([]);
      slow.sendBytes(bytes.slice(-1));
      expect(slow.takeOne('connack').reasonCode).toBe(ReasonCode.Success);

      const subscriber = world.connect();
      subscriber.subscribe('t');
      const eager = world.open(version);
      eager.send(connectPacket(version, 'eager'), publishPacket('t', 'at once'), { type: 'pingreq' });
      expect(eager.take().map((packet) => packet.type)).toEqual(['connack', 'pingresp']);
      expect(subscriber.takeTexts()).toEqual(['at once']);
    }
  });

  it('that never comes, or never becomes whole, ends the connection when its time is over', () => {
    const world = new World({ limits: { connectTimeoutMs: 5000 } });
    const silent = world.open();
    const stuck = world.open();
    stuck.sendBytes(encodePacket(connectPacket(V5), V5).slice(0, -1));
    world.advance(3000);
    world.advance(1999);
    expect([silent.closed, stuck.closed]).toEqual([false, false]);
    world.advance(1);
    expect([silent.closed, stuck.closed]).toEqual([true, true]);
    expect(silent.take()).toEqual([]);
    expect(world.eventsOf('connectionRefused').map((each) => each.reason)).toEqual([
      'no client was accepted within 5 s',
      'no client was accepted within 5 s',
    ]);
  });

  it('has no time limit any more once it has come', () => {
    const world = new World({ limits: { connectTimeoutMs: 5000 } });
    const client = world.connect();
    world.advance(1_000_000);
    client.send({ type: 'pingreq' });
    expect(client.takeOne('pingresp')).toBeDefined();
  });

  it('may not be larger than the limit for it, which does not hold for what comes later', () => {
    const limits = { connectPacketSize: 256 };
    const atLimit = new World({ limits }).open();
    const bytes = encodePacket(connectPacket(V5, 'x'.repeat(256 - 16)), V5);
    expect(bytes.length).toBe(256);
    atLimit.sendBytes(bytes);
    expect(atLimit.takeOne('connack').reasonCode).toBe(ReasonCode.Success);
    atLimit.subscribe('t');
    atLimit.publish('t', 'y'.repeat(1000));
    expect(textOf(atLimit.takePublishes()[0])).toHaveLength(1000);

    const past = new World({ limits }).open();
    // Its header is enough: nothing of such a packet is gathered.
    past.sendBytes(encodePacket(connectPacket(V5, 'x'.repeat(256 - 15)), V5).slice(0, 3));
    expect(past.closed).toBe(true);
    expect(past.take()).toEqual([]);
  });
});

describe('a second CONNECT', () => {
  it('[MQTT-3.1.0-2] v5 v3.1.1 ends the connection, and what came behind it is lost', () => {
    for (const version of VERSIONS) {
      const world = new World();
      const subscriber = world.connect();
      subscriber.subscribe('#');
      const client = world.connect({ protocolVersion: version, clientId: 'c' });
      client.send(connectPacket(version), publishPacket('t', 'x'));
      expect(client.closed).toBe(true);
      expect(client.take()).toMatchObject(
        version === V5 ? [{ type: 'disconnect', reasonCode: ReasonCode.ProtocolError }] : [],
      );
      expect(subscriber.take()).toEqual([]);
      expect(world.eventsOf('clientDisconnected')).toMatchObject([
        { clientId: 'c', reasonCode: ReasonCode.ProtocolError, reason: 'a second CONNECT came' },
      ]);
    }
  });

  it('[MQTT-3.1.0-2] v5 v3.1.1 in the same read as the first ends the connection behind its CONNACK', () => {
    for (const version of VERSIONS) {
      const client = new World().open(version);
      client.send(connectPacket(version, 'a'), connectPacket(version, 'b'));
      expect(client.closed).toBe(true);
      expect(client.take().map((packet) => packet.type)).toEqual(
        version === V5 ? ['connack', 'disconnect'] : ['connack'],
      );
    }
  });
});
