import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import { acknowledgement, connect, publish, reconnect, sent } from './exchange.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe('A client', () => {
  test('[MQTT-3.3.4-7] [MQTT-4.9.0-1] [MQTT-4.9.0-2] v5 has no more QoS 1 and 2 messages under way than the Receive Maximum of the server', async () => {
    const client = connect(world);
    const server = await world.accept({ properties: { receiveMaximum: 2 } });
    for (let i = 0; i < 6; i++) client.publish('t', String(i), { qos: i % 2 === 0 ? 1 : 2 });
    await world.settle();
    expect(sent(server)).toEqual(['publish 1', 'publish 2']);
    // PUBREC leaves the message open; PUBCOMP, PUBACK and a PUBREC that refuses do not.
    server.send(acknowledgement('pubrec', 2));
    await world.settle();
    expect(sent(server)).toEqual(['pubrel 2']);
    server.send(acknowledgement('pubcomp', 2));
    await world.settle();
    const [third] = server.takeAll();
    expect(third).toMatchObject({ type: 'publish', qos: 1 });
    server.send(acknowledgement('puback', 1));
    await world.settle();
    const fourth = server.take('publish');
    expect(fourth.qos).toBe(2);
    expect(server.takeAll()).toEqual([]);
    server.send(acknowledgement('pubrec', fourth.packetId, ReasonCode.QuotaExceeded));
    await world.settle();
    expect(server.takeAll()).toMatchObject([{ type: 'publish', qos: 1 }]);
  });

  test('[MQTT-4.9.0-1] v5 is not let more through by answers that nobody waits for', async () => {
    const client = connect(world);
    const server = await world.accept({ properties: { receiveMaximum: 1 } });
    server.send(acknowledgement('puback', 5), acknowledgement('puback', 6));
    for (let i = 0; i < 3; i++) client.publish('t', '', { qos: 1 });
    await world.settle();
    expect(sent(server)).toHaveLength(1);
  });

  test('[MQTT-4.9.0-1] v5 has the whole Receive Maximum again on the next connection, that one’s own', async () => {
    const client = connect(world, { quarantineAttempts: 1000 });
    let server = await world.accept({ properties: { receiveMaximum: 1 } });
    for (let i = 0; i < 8; i++) client.publish('t', '', { qos: 1 });
    await world.settle();
    expect(sent(server)).toHaveLength(1);
    server.send(acknowledgement('puback', 1));
    server = await reconnect(world, server, { sessionPresent: true, properties: { receiveMaximum: 3 } });
    // Careful after a loss: one packet, then one more for each answer, and never more than three.
    let most = 0;
    let open: number[] = [];
    for (let i = 0; i < 12; i++) {
      for (const packet of server.takeAll()) if (packet.type === 'publish') open.push(packet.packetId);
      most = Math.max(most, open.length);
      const [first, ...others] = open;
      if (first !== undefined) server.send(acknowledgement('puback', first));
      open = others;
      await world.settle();
    }
    expect(open).toEqual([]);
    expect(most).toBeLessThanOrEqual(3);
  });

  test('[MQTT-3.3.4-8] [MQTT-4.9.0-3] v5 sends and answers everything else at once when its quota is 0', async () => {
    const client = connect(world, { keepAlive: 10 });
    const server = await world.accept({ properties: { receiveMaximum: 1 } });
    client.publish('t', '', { qos: 2 });
    client.publish('t', '', { qos: 1 });
    await world.settle();
    expect(sent(server)).toEqual(['publish 1']);
    const pending = client.subscribe('a', {}, () => {});
    client.publish('t', 'QoS 0');
    server.send(publish('u', { qos: 1, packetId: 1 }), publish('u', { qos: 2, packetId: 2 }));
    await world.settle();
    const types = sent(server).map((packet) => packet.split(' ')[0]);
    expect(types).toContain('subscribe');
    // What waits before it keeps its place: only QoS 1 and 2 are held back by the quota.
    server.send({ type: 'suback', packetId: 2, reasonCodes: [0], properties: {} });
    server.send(publish('a', { qos: 1, packetId: 3 }));
    void (await pending).unsubscribe();
    server.send(acknowledgement('pubrec', 1));
    await world.advance(6000);
    const all = sent(server);
    expect(all).toContain('unsubscribe 3');
    expect(all).toContain('pubrel 1');
    expect(all).toContain('pingreq');
  });
});
