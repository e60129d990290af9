import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

describe('the send quota of the broker', () => {
  it('[MQTT-4.9.0-1] v5 begins at the Receive Maximum of the client, within a limit of its own', () => {
    for (const [receiveMaximum, inFlightMessages, quota] of [
      [1, 1000, 1],
      [7, 1000, 7],
      [50, 20, 20],
      [undefined, 20, 20],
    ] as const) {
      const world = new World({ limits: { inFlightMessages } });
      const connect = {
        clientId: 's',
        cleanStart: false,
        properties: {
          sessionExpiryInterval: 100,
          ...(receiveMaximum === undefined ? undefined : { receiveMaximum }),
        },
      };
      let subscriber = world.connect(connect);
      subscriber.subscribe('t', 2);
      const publisher = world.connect();
      for (let i = 0; i < 60; i++) publisher.publish('t', String(i), { qos: i % 2 === 0 ? 1 : 2 });
      expect(subscriber.takePublishes()).toHaveLength(quota);
      // Every connection begins anew.
      subscriber.drop();
      subscriber = world.connect(connect);
      expect(subscriber.takePublishes()).toHaveLength(quota);
    }
  });

  it('[MQTT-4.9.0-2] v5 falls by one with each PUBLISH, rises by one with each end of an exchange, and holds PUBLISH at 0', () => {
    const world = new World();
    const subscriber = world.connect({ properties: { receiveMaximum: 4 } });
    subscriber.subscribe('t', 1);
    const publisher = world.connect();
    publisher.send(
      ...Array.from({ length: 20 }, (_, i) => publishPacket('t', String(i), { qos: 1, packetId: i + 1 })),
    );
    const open = subscriber.takePublishes();
    expect(open).toHaveLength(4);
    const texts = open.map(({ payload }) => new TextDecoder().decode(payload));
    while (open.length > 0) {
      const { packetId } = open.shift()!;
      subscriber.send(acknowledgement('puback', packetId));
      // An identifier that is not in use is no quota.
      subscriber.send(acknowledgement('puback', packetId === 1 ? 999 : packetId + 1000));
      const more = subscriber.takePublishes();
      expect(more.length).toBe(texts.length < 20 ? 1 : 0);
      open.push(...more);
      texts.push(...more.map(({ payload }) => new TextDecoder().decode(payload)));
    }
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  });

  it('[MQTT-4.9.0-3] v5 at 0 stops neither acknowledgements, nor QoS 0, nor any answer', () => {
    const world = new World();
    const subscriber = world.connect({ properties: { receiveMaximum: 1 } });
    subscriber.subscribe('t', 1);
    const publisher = world.connect();
    publisher.publish('t', 'a', { qos: 1 });
    publisher.publish('t', 'b', { qos: 1 });
    publisher.publish('t', 'c');
    expect(subscriber.takeTexts()).toEqual(['a', 'c']);
    subscriber.send({ type: 'pingreq' });
    expect(subscriber.take()).toEqual([{ type: 'pingresp' }]);
    subscriber.publish('u', 'x', { qos: 1, packetId: 4 });
    subscriber.publish('u', 'x', { qos: 2, packetId: 5 });
    subscriber.send(acknowledgement('pubrel', 5));
    expect(subscriber.take().map(({ type }) => type)).toEqual(['puback', 'pubrec', 'pubcomp']);
    expect(subscriber.subscribe('v')).toEqual([0]);
    expect(subscriber.unsubscribe('v')).toEqual([0]);
  });

  it('lets all 65,535 packet identifiers be in flight, each once, and uses one again when it is free', () => {
    const world = new World({ limits: { inFlightMessages: 65_535, receiveMaximum: 65_535 } });
    const subscriber = world.connect({ properties: { sessionExpiryInterval: 100, receiveMaximum: 65_535 } });
    subscriber.subscribe('t', 1);
    const publisher = world.connect();
    for (let sent = 0; sent < 65_600; sent += 6560) {
      publisher.send(
        ...Array.from({ length: 6560 }, (_, i) => publishPacket('t', '', { qos: 1, packetId: i + 1 })),
      );
    }
    const inFlight = subscriber.takePublishes().map(({ packetId }) => packetId);
    expect(inFlight).toHaveLength(65_535);
    expect(new Set(inFlight).size).toBe(65_535);
    for (const packetId of [500, 65_535, 1]) {
      subscriber.send(acknowledgement('puback', packetId));
      expect(subscriber.takePublishes().map((packet) => packet.packetId)).toEqual([packetId]);
    }
  });

  it('[MQTT-2.2.1-3] [MQTT-2.2.1-4] v5 [MQTT-2.3.1-1] [MQTT-2.3.1-4] v3.1.1 gives no identifier twice, and none is 0, when they have gone round', () => {
    for (const protocolVersion of [ProtocolVersion.V311, ProtocolVersion.V5]) {
      const world = new World();
      const subscriber = world.connect({ protocolVersion });
      subscriber.subscribe('t', 1);
      const publisher = world.connect();
      publisher.publish('t', 'stays', { qos: 1 });
      const [stays] = subscriber.takePublishes();
      for (let sent = 0; sent < 66_000; sent += 600) {
        publisher.send(
          ...Array.from({ length: 600 }, (_, i) => publishPacket('t', '', { qos: 1, packetId: i + 1 })),
        );
        const ids = subscriber.takePublishes().map(({ packetId }) => packetId);
        expect(ids).toHaveLength(600);
        expect(new Set([0, stays!.packetId, ...ids]).size).toBe(602);
        subscriber.send(...ids.map((packetId) => acknowledgement('puback', packetId)));
      }
    }
  });

  it('rises, and an identifier is free, only after the commit that forgets the exchange', () => {
    const store = new MemoryStore({ commits: 'manual' });
    const world = new World({ store });
    const commit = (): void => {
      while (store.commitUnderWay) {
        store.finishCommit();
        world.turn();
      }
    };
    const subscriber = world.connecting({
      clientId: 's',
      properties: { sessionExpiryInterval: 100, receiveMaximum: 1 },
    });
    commit();
    subscriber.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: 't', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    commit();
    const publisher = world.connect();
    for (const payload of ['a', 'b']) publisher.publish('t', payload, { qos: 1 });
    commit();
    const [first] = subscriber.takePublishes();
    subscriber.take();
    subscriber.send(acknowledgement('puback', first!.packetId));
    expect(subscriber.take()).toEqual([]);
    commit();
    expect(subscriber.takeTexts()).toEqual(['b']);
  });

  it('is not raised by what was acknowledged on an earlier connection', () => {
    const world = new World();
    const connect = {
      clientId: 's',
      cleanStart: false,
      properties: { sessionExpiryInterval: 100, receiveMaximum: 2 },
    };
    const before = world.connect(connect);
    before.subscribe('t', 2);
    const publisher = world.connect();
    for (let i = 0; i < 6; i++) publisher.publish('t', String(i), { qos: 2 });
    for (const { packetId } of before.takePublishes()) before.send(acknowledgement('pubrec', packetId));
    before.drop();
    const after = world.connect(connect);
    // Two PUBREL: their PUBLISH packets are still open, so there is no room for another.
    const packets = after.take();
    expect(packets.map(({ type }) => type)).toEqual(['pubrel', 'pubrel']);
    after.send(acknowledgement('pubcomp', 1));
    expect(after.takeTexts()).toEqual(['2']);
    after.send(acknowledgement('pubcomp', 2));
    expect(after.takeTexts()).toEqual(['3']);
  });
});
