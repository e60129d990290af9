import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import {
  acknowledgement,
  connect,
  keeping,
  publish,
  reconnect,
  sent,
  subscribed,
  VERSIONS,
} from './exchange.ts';

describe.each(VERSIONS)('A packet identifier of a client in version %i', (protocolVersion) => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('[MQTT-2.2.1-3] v5 [MQTT-2.3.1-1] [MQTT-2.3.1-2] v3.1.1 is not 0 and not in use, for messages and requests alike', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    client.publish('t', '', { qos: 1 });
    client.publish('t', '', { qos: 2 });
    const first = client.subscribe('a');
    client.subscribe('b');
    await world.settle();
    const packets = sent(server);
    expect(packets).toHaveLength(4);
    const identifiers = packets.map((packet) => Number(packet.split(' ')[1]));
    expect(new Set(identifiers).size).toBe(identifiers.length);
    expect(identifiers).not.toContain(0);
    server.send({ type: 'suback', packetId: identifiers[2]!, reasonCodes: [0], properties: {} });
    void (await first).unsubscribe();
    await world.settle();
    const { packetId } = server.take('unsubscribe');
    expect([identifiers[0], identifiers[1], identifiers[3], 0]).not.toContain(packetId);
  });

  test('[MQTT-2.3.1-3] v3.1.1 stays with a packet that is sent again', async () => {
    for (const qos of [1, 2] as const) {
      const client = connect(world, keeping(protocolVersion));
      let server = await world.accept();
      client.publish('t', '', { qos });
      await world.settle();
      expect(sent(server)).toEqual(['publish 1']);
      server = await reconnect(world, server);
      expect(sent(server)).toEqual(['publish 1']);
      if (qos === 1) continue;
      server.send(acknowledgement('pubrec', 1));
      await world.settle();
      expect(sent(server)).toEqual(['pubrel 1']);
      server = await reconnect(world, server);
      expect(sent(server)).toEqual(['pubrel 1']);
    }
  });

  test('[MQTT-2.3.1-3] v3.1.1 [MQTT-2.2.1-3] v5 is given again after its last acknowledgement, and not before', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    client.publish('t', '', { qos: 1 });
    client.publish('t', '', { qos: 2 });
    await world.settle();
    expect(sent(server)).toEqual(['publish 1', 'publish 2']);
    server.send(acknowledgement('pubrec', 2));
    await world.settle();
    expect(sent(server)).toEqual(['pubrel 2']);
    // 70,000 messages, which are more than there are identifiers.
    const used = new Set<number>();
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 700; i++) client.publish('t', '', { qos: 1 });
      await Promise.resolve();
      for (const packet of server.takeAll()) {
        if (packet.type !== 'publish') continue;
        used.add(packet.packetId);
        server.send(acknowledgement('puback', packet.packetId));
      }
    }
    expect(used.size).toBeLessThan(65_534);
    expect([used.has(0), used.has(1), used.has(2)]).toEqual([false, false, false]);
    server.send(acknowledgement('puback', 1), acknowledgement('pubcomp', 2));
    await world.settle();
    expect(client.gauges.inFlight).toBe(0);
  });

  test('[MQTT-2.2.1-2] v5 [MQTT-2.3.1-5] v3.1.1 is not in a PUBLISH of QoS 0', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    client.publish('t', 'x');
    await world.settle();
    // The server decodes the packet: with an identifier the payload would be longer.
    expect(server.take('publish')).toMatchObject({ packetId: 0, payload: new Uint8Array([0x78]) });
  });

  test('[MQTT-2.2.1-5] v5 [MQTT-2.3.1-6] v3.1.1 is that of PUBLISH through the whole exchange, in both directions', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    await subscribed(world, client, server, '#');
    server.send(publish('t', { qos: 1, packetId: 7 }), publish('t', { qos: 2, packetId: 8 }));
    await world.settle();
    expect(sent(server)).toEqual(['puback 7', 'pubrec 8']);
    server.send(acknowledgement('pubrel', 8));
    await world.settle();
    expect(sent(server)).toEqual(['pubcomp 8']);
    client.publish('t', '', { qos: 2 });
    await world.settle();
    const { packetId } = server.take('publish');
    server.send(acknowledgement('pubrec', packetId));
    await world.settle();
    expect(sent(server)).toEqual([`pubrel ${packetId}`]);
  });
});
