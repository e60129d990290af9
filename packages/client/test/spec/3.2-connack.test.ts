import type { ConnackProperties, Packet } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import {
  CONNACK,
  connect,
  disconnected,
  publish,
  reconnecting,
  sent,
  V5,
  V311,
  VERSIONS,
  Wire,
} from './exchange.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe.each(VERSIONS)('CONNACK for a client in version %i', (protocolVersion) => {
  const early: [string, Packet][] = [
    ['PUBLISH', publish('t')],
    ['SUBACK', { type: 'suback', packetId: 1, reasonCodes: [0], properties: {} }],
    ['PUBREL', { type: 'pubrel', packetId: 1, reasonCode: 0, properties: {} }],
    ['PINGRESP', { type: 'pingresp' }],
  ];
  test.each(early)(
    '[MQTT-3.2.0-1] v5 v3.1.1 comes before %s, or the client closes',
    async (_name, packet) => {
      connect(world, { protocolVersion });
      const server = await world.accepting();
      server.take('connect');
      server.send(packet);
      await world.settle();
      expect(server.ended).toBeDefined();
      expect(sent(server).filter((packet) => packet !== 'disconnect')).toEqual([]);
    },
  );

  test('[MQTT-3.2.0-2] v5 comes once, or the client closes', async () => {
    connect(world, { protocolVersion });
    const server = await world.accept();
    server.send(CONNACK);
    await world.settle();
    expect(server.ended).toBeDefined();
  });

  test('[MQTT-4.13.2-1] v5 [MQTT-4.8.0-1] v3.1.1 that refuses closes the connection, and nothing more is sent on it', async () => {
    const client = connect(world, { protocolVersion });
    client.publish('t', '', { qos: 1 });
    const server = await world.accepting();
    server.take('connect');
    server.send({ ...CONNACK, reasonCode: ReasonCode.ServerUnavailable });
    await world.settle();
    expect(server.ended).toBeDefined();
    expect(server.takeAll()).toEqual([]);
    expect(client.state).toBe('waiting');
  });
});

describe('CONNACK for a client in version 5', () => {
  /** A client that is online, and a server that has said this about itself. */
  async function online(properties: ConnackProperties) {
    const client = connect(world);
    return { client, server: await world.accept({ properties }) };
  }
  const notSupported = expect.objectContaining({ code: 'NOT_SUPPORTED_BY_SERVER' });

  test('[MQTT-3.2.2-11] v5 with a Maximum QoS has nothing published above it, now and from the queue', async () => {
    const client = connect(world);
    const early = client.publish('t', 'early', { qos: 2 });
    const refused = expect(early).rejects.toThrow(notSupported);
    const server = await world.accept({ properties: { maximumQos: 1 } });
    await refused;
    expect(() => client.publish('t', '', { qos: 2 })).toThrow(notSupported);
    client.publish('t', '', { qos: 1 });
    await world.settle();
    expect(server.takeAll()).toMatchObject([{ type: 'publish', qos: 1 }]);
  });

  test('[MQTT-3.2.2-14] v5 with Retain Available 0 has nothing published with RETAIN, now and from the queue', async () => {
    const client = connect(world);
    const refused = expect(client.publish('t', '', { retain: true })).rejects.toThrow(notSupported);
    const server = await world.accept({ properties: { retainAvailable: false } });
    await refused;
    expect(() => client.publish('t', '', { retain: true })).toThrow(notSupported);
    client.publish('t', '');
    await world.settle();
    expect(server.takeAll()).toMatchObject([{ type: 'publish', retain: false }]);
  });

  describe('[MQTT-3.2.2-15] v5 with a Maximum Packet Size gets no packet above it:', () => {
    const tooLarge = expect.objectContaining({ code: 'PACKET_TOO_LARGE' });

    test('PUBLISH at the limit leaves, and one byte more is refused', async () => {
      const { client, server } = await online({ maximumPacketSize: 20 });
      // Fixed header 2, topic name 3, packet identifier 2, property length 1.
      client.publish('t', '123456789012', { qos: 1 });
      expect(() => client.publish('t', '1234567890123', { qos: 1 })).toThrow(tooLarge);
      await world.settle();
      expect(sent(server)).toEqual(['publish 1']);
    });

    test('PUBLISH that waited for the connection is refused', async () => {
      const client = connect(world);
      const refused = expect(client.publish('t', 'x'.repeat(20))).rejects.toThrow(tooLarge);
      const server = await world.accept({ properties: { maximumPacketSize: 20 } });
      await refused;
      expect(sent(server)).toEqual([]);
    });

    test('SUBSCRIBE is refused', async () => {
      const { client, server } = await online({ maximumPacketSize: 30 });
      client.subscribe('a', {}, () => {});
      // Fixed header 2, packet identifier 2, properties 3, topic filter 21 and its length, options 1.
      await expect(client.subscribe('a'.repeat(21))).rejects.toThrow(tooLarge);
      await world.settle();
      expect(sent(server)).toEqual(['subscribe 1']);
    });

    test('SUBSCRIBE and UNSUBSCRIBE of many filters are several', async () => {
      const properties = { maximumPacketSize: 64, subscriptionIdentifiersAvailable: false };
      const wire = new Wire(world, { cleanStart: false });
      const filters = Array.from({ length: 10 }, (_, i) => `a/long/topic/filter/${i}`);
      const subscriptions = filters.map((filter) => wire.client.subscribe(filter, {}, () => {}));
      await wire.send({ ...CONNACK, properties });
      const subscribes = packetsIn(wire.take());
      expect(subscribes.map(({ type, bytes }) => [type, bytes <= 64])).toEqual(Array(5).fill([8, true]));
      for (const { packetId } of subscribes) {
        await wire.send({ type: 'suback', packetId, reasonCodes: [0, 0], properties: {} });
      }
      const granted = await Promise.all(subscriptions);
      wire.lose();
      for (const subscription of granted) void subscription.unsubscribe();
      await wire.reopened();
      await wire.send({ ...CONNACK, sessionPresent: true, properties });
      const unsubscribes = packetsIn(wire.take());
      expect(unsubscribes.map(({ type, bytes }) => [type, bytes <= 64])).toEqual(Array(5).fill([10, true]));
    });
  });

  test('[MQTT-3.2.2-18] v5 without Topic Alias Maximum, or with 0, gets no alias', async () => {
    for (const properties of [{}, { topicAliasMaximum: 0 }]) {
      const { client, server } = await online(properties);
      for (let i = 0; i < 5; i++) client.publish('a/long/topic/name', '');
      await world.settle();
      for (const packet of server.takeAll()) {
        expect(packet).toMatchObject({ topicName: 'a/long/topic/name', properties: {} });
        expect(packet).not.toHaveProperty('properties.topicAlias');
      }
      await client.close();
    }
  });

  test('[MQTT-3.2.2-17] [MQTT-3.3.2-9] [MQTT-3.3.2-8] v5 with a Topic Alias Maximum gets aliases from 1 up to it, and no other', async () => {
    const { client, server } = await online({ topicAliasMaximum: 3 });
    for (let i = 0; i < 200; i++) client.publish(`name/${i % 7}`, String(i % 7));
    await world.settle();
    const topics = new Map<number, string>();
    for (const packet of server.takeAll()) {
      if (packet.type !== 'publish') throw new Error(packet.type);
      const { topicAlias } = packet.properties;
      if (topicAlias !== undefined && packet.topicName !== '') topics.set(topicAlias, packet.topicName);
      const topicName = packet.topicName || topics.get(topicAlias!);
      expect(topicName).toBe(`name/${new TextDecoder().decode(packet.payload)}`);
    }
    expect([...topics.keys()].sort()).toEqual([1, 2, 3]);
  });

  test('[MQTT-3.3.2-7] v5 begins with no alias: those of the connection before are not used', async () => {
    const { client, server } = await online({ topicAliasMaximum: 5 });
    for (let i = 0; i < 3; i++) client.publish('name', '');
    await world.settle();
    expect(server.takeAll().at(-1)).toMatchObject({ topicName: '', properties: { topicAlias: 1 } });
    server.cut();
    await reconnecting(world);
    const next = await world.accept({ sessionPresent: true, properties: { topicAliasMaximum: 5 } });
    client.publish('name', '');
    await world.settle();
    expect(next.take('publish')).toMatchObject({ topicName: 'name' });
  });
});

describe('What the client said about itself in CONNECT', () => {
  test('[MQTT-3.1.2-24] v5 Maximum Packet Size: a packet at the limit is taken, a larger one ends the connection with 0x95', async () => {
    const client = connect(world, { maximumPacketSize: 20 });
    const server = await world.accept();
    expect(server.connect.properties.maximumPacketSize).toBe(20);
    const dropped: number[] = [];
    client.on('dropped', ({ message }) => dropped.push(message.payload.length));
    server.send(publish('t', { payload: new Uint8Array(14) }));
    await world.settle();
    expect(dropped).toEqual([14]);
    server.send(publish('t', { payload: new Uint8Array(15) }));
    expect(await disconnected(world, server)).toBe(ReasonCode.PacketTooLarge);
    expect(dropped).toEqual([14]);
  });

  test('[MQTT-4.8.0-2] v3.1.1 a packet above the limit of the client ends the connection', async () => {
    connect(world, { protocolVersion: V311, maximumPacketSize: 20 });
    const server = await world.accept();
    server.send(publish('t', { payload: new Uint8Array(15) }));
    await world.settle();
    expect(server.ended).toBeUndefined();
    server.send(publish('t', { payload: new Uint8Array(16) }));
    await world.settle();
    expect(server.ended).toBeDefined();
    expect(sent(server)).toEqual([]);
  });

  test('[MQTT-3.3.4-9] v5 Receive Maximum: it is told to the server, and one message more than it waits to be read', async () => {
    const client = connect(world, { receiveMaximum: 2 });
    const server = await world.accept();
    expect(server.connect.properties.receiveMaximum).toBe(2);
    client.subscribe('t', { acknowledge: 'manual' }, () => {});
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
    server.send(publish('t', { qos: 1, packetId: 1 }), publish('t', { qos: 2, packetId: 2 }));
    await world.settle();
    expect(server.ended).toBeUndefined();
    expect(server.isPaused).toBe(false);
    server.send(publish('t', { qos: 1, packetId: 3 }));
    await world.settle();
    expect(server.isPaused).toBe(true);
    expect(server.ended).toBeUndefined();
  });

  test('[MQTT-3.3.2-10] [MQTT-3.1.2-26] v5 Topic Alias Maximum: each alias up to it is taken, and a larger one or one that was not set ends the connection with 0x94', async () => {
    for (const [alias, topicName] of [
      [4, 't'],
      [3, ''],
    ] as const) {
      const client = connect(world, { topicAliasMaximum: 3 });
      const server = await world.accept();
      expect(server.connect.properties.topicAliasMaximum).toBe(3);
      const dropped: string[] = [];
      client.on('dropped', ({ message }) => dropped.push(message.topicName));
      const aliased = (name: string, topicAlias: number): void =>
        server.send(publish(name, { properties: { topicAlias } }));
      for (let i = 1; i < 3; i++) aliased(`t${i}`, i);
      if (alias === 4) aliased('t3', 3);
      for (let i = 1; i < 3; i++) aliased('', i);
      // An alias may be given to another name.
      aliased('u', 1);
      aliased('', 1);
      await world.settle();
      expect(dropped).toEqual(['t1', 't2', ...(alias === 4 ? ['t3'] : []), 't1', 't2', 'u', 'u']);
      aliased(topicName, alias);
      expect(await disconnected(world, server)).toBe(ReasonCode.TopicAliasInvalid);
      await client.close();
    }
  });

  describe('Request Problem Information 0:', () => {
    const reasonString = 'because';
    const userProperties = [['n', 'v']] as const;
    const told: [string, Packet][] = [
      ['PUBACK', { type: 'puback', packetId: 1, reasonCode: 0, properties: { reasonString } }],
      ['PUBREC', { type: 'pubrec', packetId: 1, reasonCode: 0x80, properties: { userProperties } }],
      ['SUBACK', { type: 'suback', packetId: 1, reasonCodes: [0], properties: { reasonString } }],
      ['UNSUBACK', { type: 'unsuback', packetId: 1, reasonCodes: [0], properties: { userProperties } }],
    ];
    test.each(told)(
      '[MQTT-3.1.2-29] v5 a Reason String or a User Property in %s is a breach of the protocol',
      async (_name, packet) => {
        connect(world, { requestProblemInformation: false });
        const server = await world.accept();
        expect(server.connect.properties.requestProblemInformation).toBe(false);
        server.send(packet);
        expect(await disconnected(world, server)).toBe(ReasonCode.ProtocolError);
      },
    );

    test('[MQTT-3.1.2-29] v5 PUBLISH, CONNACK and DISCONNECT may have them', async () => {
      const client = connect(world, { requestProblemInformation: false });
      const server = await world.accept({ properties: { reasonString, userProperties } });
      expect(client.server?.reasonString).toBe(reasonString);
      server.send(publish('t', { qos: 1, packetId: 1, properties: { userProperties } }));
      await world.settle();
      expect(sent(server)).toEqual(['puback 1']);
      const { ServerShuttingDown } = ReasonCode;
      server.send({ type: 'disconnect', reasonCode: ServerShuttingDown, properties: { reasonString } });
      await world.settle();
      expect(sent(server)).toEqual([]);
    });

    test('[MQTT-3.1.2-29] v5 who asks for them gets them', async () => {
      const client = connect(world);
      const server = await world.accept();
      const publication = client.publish('t', '', { qos: 1 });
      await world.settle();
      const { packetId } = server.take('publish');
      server.send({ type: 'puback', packetId, reasonCode: 0, properties: { reasonString } });
      expect(await publication).toMatchObject({ reasonString });
    });
  });

  test('[MQTT-3.3.2-7] v5 an alias of the connection before is not known', async () => {
    connect(world);
    const server = await world.accept();
    server.send(publish('t', { properties: { topicAlias: 1 } }));
    await world.settle();
    server.cut();
    await reconnecting(world);
    const next = await world.accept({ sessionPresent: true });
    next.send(publish('', { properties: { topicAlias: 1 } }));
    expect(await disconnected(world, next)).toBe(ReasonCode.TopicAliasInvalid);
  });

  test('[MQTT-3.2.2-2] v5 Clean Start: a session at the server is a breach of the protocol', async () => {
    connect(world, { protocolVersion: V5, cleanStart: true });
    const server = await world.accept({ sessionPresent: true });
    expect(server.ended).toBeDefined();
  });
});

/** Packets with a packet identifier in what was written: each with its type and its length. */
function packetsIn(bytes: readonly number[]): { type: number; packetId: number; bytes: number }[] {
  const packets: { type: number; packetId: number; bytes: number }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes[at + 1]!;
    packets.push({
      type: bytes[at]! >> 4,
      packetId: (bytes[at + 2]! << 8) | bytes[at + 3]!,
      bytes: end - at,
    });
    at = end;
  }
  return packets;
}
