import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import {
  acknowledgement,
  connect,
  keeping,
  publish,
  reconnect,
  reconnecting,
  sent,
  subscribed,
  V5,
  V311,
  VERSIONS,
} from './exchange.ts';

describe.each(VERSIONS)('The session of a client in version %i', (protocolVersion) => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('[MQTT-4.1.0-1] v5 [MQTT-3.1.2-23] v5 [MQTT-4.1.0-1] [MQTT-4.1.0-2] [MQTT-3.1.2-4] v3.1.1 is kept while connected and after the connection is lost', async () => {
    const client = connect(world, { ...keeping(protocolVersion), keepAlive: 0 });
    let server = await world.accept();
    await subscribed(world, client, server, 'a');
    client.publish('t', '', { qos: 2 });
    await world.settle();
    server.take('publish');
    await world.advance(10_000_000);
    expect(sent(server)).toEqual([]);
    server = await reconnect(world, server);
    // The subscription is known to be there; the message goes on.
    const { packetId } = server.take('publish');
    expect(server.takeAll()).toEqual([]);
    server.send(acknowledgement('pubrec', packetId));
    await world.settle();
    expect(sent(server)).toEqual([`pubrel ${packetId}`]);
  });

  test('[MQTT-3.2.2-5] v5 is discarded when the server has none: messages are sent as new, subscriptions made anew', async () => {
    const client = connect(world, keeping(protocolVersion));
    let server = await world.accept();
    await subscribed(world, client, server, 'a');
    await subscribed(world, client, server, 'b');
    server.send(publish('a', { qos: 2, packetId: 9 }));
    await world.settle();
    expect(sent(server)).toEqual(['pubrec 9']);
    const released = client.publish('t', 'accepted', { qos: 2 });
    await world.settle();
    const { packetId } = server.take('publish');
    server.send(acknowledgement('pubrec', packetId));
    client.publish('t', 'not accepted', { qos: 2 });
    await world.settle();
    server.takeAll();
    server = await reconnect(world, server, { sessionPresent: false });
    const answered = new Set<string>();
    let filters: string[] = [];
    for (let i = 0; i < 5; i++) {
      for (const packet of server.takeAll()) {
        answered.add(packet.type);
        if (packet.type === 'subscribe') {
          filters = [...filters, ...packet.subscriptions.map((each) => each.topicFilter)];
          const reasonCodes = packet.subscriptions.map(() => 2 as const);
          server.send({ type: 'suback', packetId: packet.packetId, reasonCodes, properties: {} });
        } else if (packet.type === 'publish') {
          expect(packet).toMatchObject({ dup: false, payload: new TextEncoder().encode('not accepted') });
          server.send(acknowledgement('pubrec', packet.packetId));
        }
      }
      await world.settle();
    }
    // The message that was accepted is not sent again in any form.
    expect([...answered].sort()).toEqual(['publish', 'pubrel', 'subscribe']);
    expect(filters.sort()).toEqual(['a', 'b']);
    // It may have been delivered, or not.
    await expect(released).rejects.toMatchObject({ code: 'SESSION_LOST' });
    // An identifier of the lost session is that of a new message.
    server.send(publish('a', { qos: 2, packetId: 9 }));
    await world.settle();
    expect(sent(server)).toEqual(['pubrec 9']);
  });
});

describe('The session of a client', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('[MQTT-3.1.2-4] v5 begins empty: the first CONNECT asks for a clean start, and so does each until one was accepted', async () => {
    connect(world, keeping(V5));
    for (let i = 0; i < 3; i++) {
      const server = await world.accepting();
      expect(server.take('connect').cleanStart).toBe(true);
      server.cut();
      await reconnecting(world);
    }
    const server = await world.accept();
    expect(server.connect.cleanStart).toBe(true);
    expect((await reconnect(world, server)).connect.cleanStart).toBe(false);
  });

  test('[MQTT-3.1.2-6] v3.1.1 ends with the connection when it began with CleanSession 1, and the next begins so too', async () => {
    const client = connect(world, { protocolVersion: V311 });
    let server = await world.accept();
    expect(server.connect.cleanStart).toBe(true);
    client.publish('t', 'x', { qos: 1 });
    await world.settle();
    expect(server.take('publish')).toMatchObject({ dup: false, packetId: 1 });
    server = await reconnect(world, server, { sessionPresent: false });
    expect(server.connect.cleanStart).toBe(true);
    expect(server.take('publish')).toMatchObject({ dup: false });
  });

  test('[MQTT-3.1.2-4] v3.1.1 lives on at the server: each CONNECT has CleanSession 0, the first one too', async () => {
    connect(world, keeping(V311));
    const server = await world.accept();
    expect(server.connect.cleanStart).toBe(false);
    expect((await reconnect(world, server)).connect.cleanStart).toBe(false);
  });

  test('[MQTT-3.1.2-23] v5 has its Session Expiry Interval in each CONNECT', async () => {
    connect(world, { sessionExpiryInterval: 77 });
    const server = await world.accept();
    expect(server.connect.properties.sessionExpiryInterval).toBe(77);
    expect((await reconnect(world, server)).connect.properties.sessionExpiryInterval).toBe(77);
  });

  test('[MQTT-3.2.2-4] [MQTT-3.2.2-2] v5 is not taken from a server by a client that has none: it closes the connection', async () => {
    const client = connect(world, keeping(V5));
    const server = await world.accept({ sessionPresent: true });
    expect(server.ended).toBeDefined();
    expect(client.state).not.toBe('online');
  });

  test('[MQTT-3.1.2-4] v5 is that of an earlier process when the application says so', async () => {
    const client = connect(world, { cleanStart: false });
    const server = await world.accept({ sessionPresent: true });
    expect(server.connect.cleanStart).toBe(false);
    expect(client.server?.sessionPresent).toBe(true);
  });
});
