import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { TestAuthorizer } from '../rights/test-authorizer.ts';
import { publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

describe('Keep Alive', () => {
  it('[MQTT-3.1.2-22] [MQTT-3.2.2-22] v5 [MQTT-3.1.2-24] v3.1.1 ends a connection on which nothing has come for 1.5 times its length', () => {
    for (const protocolVersion of VERSIONS) {
      for (const keepAlive of [1, 10, 65_535]) {
        const world = new World();
        const client = world.connect({ protocolVersion, keepAlive });
        expect(client.connack!.properties.serverKeepAlive).toBeUndefined();
        world.advance(keepAlive * 1500 - 1);
        expect(client.closed).toBe(false);
        world.advance(1);
        expect(client.closed).toBe(true);
        expect(client.take()).toMatchObject(
          protocolVersion === V5 ? [{ type: 'disconnect', reasonCode: ReasonCode.KeepAliveTimeout }] : [],
        );
        expect(world.eventsOf('clientDisconnected')).toMatchObject([
          { reasonCode: ReasonCode.KeepAliveTimeout },
        ]);
      }
    }
  });

  it('[MQTT-3.1.2-22] v5 [MQTT-3.1.2-24] v3.1.1 begins anew with every packet from the client, whatever it is', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      const client = world.connect({ protocolVersion, keepAlive: 10 });
      const packets = [
        { type: 'pingreq' as const },
        publishPacket('t', 'x'),
        publishPacket('t', 'x', { qos: 1, packetId: 7 }),
        { type: 'unsubscribe' as const, packetId: 8, topicFilters: ['t'], properties: {} },
      ];
      for (const packet of packets) {
        world.advance(14_999);
        client.send(packet);
      }
      world.advance(14_999);
      expect(client.closed).toBe(false);
      world.advance(1);
      expect(client.closed).toBe(true);
    }
  });

  it('[MQTT-3.1.2-22] v5 [MQTT-3.1.2-24] v3.1.1 is not kept up by what the broker sends', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      const client = world.connect({ protocolVersion, keepAlive: 10 });
      client.subscribe('t');
      const publisher = world.connect();
      for (let second = 0; second < 15; second++) {
        publisher.publish('t', 'x');
        expect(client.closed).toBe(false);
        world.advance(1000);
      }
      expect(client.closed).toBe(true);
    }
  });

  it('of 0 never ends a connection', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      const client = world.connect({ protocolVersion, keepAlive: 0 });
      world.advance(365 * 24 * 3600 * 1000);
      client.send({ type: 'pingreq' });
      expect(client.take()).toEqual([{ type: 'pingresp' }]);
    }
  });

  it('leaves a session that is kept, and ends one that is not', () => {
    const world = new World();
    const connect = { clientId: 'c', cleanStart: false, keepAlive: 10 };
    const kept = { ...connect, properties: { sessionExpiryInterval: 100 } };
    world.connect(kept);
    world.advance(15_000);
    expect(world.connect(kept).connack!.sessionPresent).toBe(true);
    world.connect(connect);
    world.advance(15_000);
    expect(world.connect(connect).connack!.sessionPresent).toBe(false);
  });
});

describe('Server Keep Alive', () => {
  const limits = { maximumKeepAlive: 60 };

  it('is told to a client that asks for more than the limit or for none, and holds', () => {
    for (const [asked, told] of [
      [61, 60],
      [65_535, 60],
      [0, 60],
      [60, undefined],
      [1, undefined],
    ] as const) {
      const world = new World({ limits });
      const client = world.connect({ keepAlive: asked });
      expect(client.connack!.properties.serverKeepAlive).toBe(told);
      const ms = (told ?? asked) * 1500;
      world.advance(ms - 1);
      expect(client.closed).toBe(false);
      world.advance(1);
      expect(client.closed).toBe(true);
    }
  });

  it('cannot be told before MQTT 5.0: the client is refused', () => {
    for (const protocolVersion of [V31, V311]) {
      const world = new World({ limits });
      for (const keepAlive of [0, 61]) {
        const client = world.connecting({ protocolVersion, keepAlive });
        expect(client.writes).toEqual([Uint8Array.of(0x20, 2, 0, 2)]);
        expect(client.closed).toBe(true);
      }
      expect(world.connect({ protocolVersion, keepAlive: 60 }).closed).toBe(false);
    }
  });
});

describe('a client that does not read', () => {
  it('[MQTT-3.1.2-22] v5 [MQTT-3.1.2-24] v3.1.1 is closed all the same, with a limited time for what was written', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World({ limits: { closeTimeoutMs: 2000 } });
      const stuck = world.connect({ protocolVersion, keepAlive: 10 });
      stuck.subscribe('t');
      stuck.stalled = true;
      world.connect().publish('t', 'x');
      world.advance(15_000 + 1999);
      expect(stuck.closed).toBe(false);
      world.advance(1);
      expect(stuck.closed).toBe(true);
      expect(world.core.gauges.connections).toBe(1);
    }
  });

  it('gets what was written, and why it was ended, if it reads again in time', () => {
    const world = new World({ limits: { closeTimeoutMs: 2000 } });
    const slow = world.connect({ keepAlive: 10 });
    slow.subscribe('t');
    slow.stalled = true;
    world.connect().publish('t', 'x');
    world.advance(15_000 + 1999);
    slow.unstall();
    expect(slow.take()).toMatchObject([
      { type: 'publish', topicName: 't' },
      { type: 'disconnect', reasonCode: ReasonCode.KeepAliveTimeout },
    ]);
    expect(slow.closed).toBe(true);
  });
});

describe('Keep Alive while an authoriser thinks', () => {
  it('does not run, because what the client sends is not read', () => {
    const authorizer = new TestAuthorizer();
    authorizer.rule = () => 'late';
    const world = new World({ authorizer });
    const client = world.connect({ keepAlive: 10 });
    client.publish('t', 'x', { qos: 1 });
    world.advance(60_000);
    expect(client.closed).toBe(false);
    authorizer.answer({ allowed: true });
    world.turn();
    client.takeOne('puback');
    world.advance(14_999);
    expect(client.closed).toBe(false);
    world.advance(20_000);
    expect(client.closed).toBe(true);
  });
});
