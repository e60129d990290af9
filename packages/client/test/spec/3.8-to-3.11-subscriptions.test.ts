import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import { CONNACK, connect, sent, subscribed, V5, VERSIONS, Wire } from './exchange.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const invalid = expect.objectContaining({ code: 'INVALID_TOPIC' });

describe.each(VERSIONS)('SUBSCRIBE and UNSUBSCRIBE of a client in version %i', (protocolVersion) => {
  test('[MQTT-3.8.1-1] [MQTT-3.8.3-1] [MQTT-3.8.3-2] [MQTT-3.10.1-1] [MQTT-3.10.3-1] [MQTT-3.10.3-2] [MQTT-2.2.2-1] v5 [MQTT-2.2.2-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] v3.1.1 have their flags and a topic filter, and properties though they are empty', async () => {
    const wire = new Wire(world, { protocolVersion });
    await wire.send(CONNACK);
    const pending = wire.client.subscribe('a/+', { qos: 1 }, () => {});
    const isV5 = protocolVersion === V5;
    const filter = [0, 3, 0x61, 0x2f, 0x2b];
    const subscribe = await wire.send();
    // A Subscription Identifier is the only property.
    const properties = isV5 ? subscribe.slice(4, 5 + subscribe[4]!) : [];
    if (isV5) expect(properties[1]).toBe(0x0b);
    expect(subscribe).toEqual([0x82, 8 + properties.length, 0, 1, ...properties, ...filter, 1]);
    await wire.send({ type: 'suback', packetId: 1, reasonCodes: [1], properties: {} });
    void (await pending).unsubscribe();
    expect(await wire.send()).toEqual([0xa2, isV5 ? 8 : 7, 0, 2, ...(isV5 ? [0] : []), ...filter]);
  });

  test('[MQTT-3.8.1-1] [MQTT-3.8.3-1] [MQTT-3.8.3-3] [MQTT-3.10.1-1] [MQTT-3.10.3-1] [MQTT-3.10.3-2] v3.1.1 have their flags and at least one topic filter', async () => {
    const client = connect(world, { protocolVersion });
    const pending = client.subscribe('a/+', { qos: 1 }, () => {});
    // The server's decoder refuses other flags and empty payloads.
    const server = await world.accept();
    const { packetId, subscriptions } = server.take('subscribe');
    expect(subscriptions).toMatchObject([{ topicFilter: 'a/+', qos: 1 }]);
    server.send({ type: 'suback', packetId, reasonCodes: [1], properties: {} });
    void (await pending).unsubscribe();
    await world.settle();
    expect(server.take('unsubscribe').topicFilters).toEqual(['a/+']);
  });

  const filters: [string, string][] = [
    ['[MQTT-4.7.3-1] v5 v3.1.1', ''],
    ['[MQTT-4.7.1-1] v5 [MQTT-4.7.1-2] v3.1.1', 'a#'],
    ['[MQTT-4.7.1-1] v5 [MQTT-4.7.1-2] v3.1.1', 'a/#/b'],
    ['[MQTT-4.7.1-2] v5 [MQTT-4.7.1-3] v3.1.1', 'a+'],
    ['[MQTT-4.7.1-2] v5 [MQTT-4.7.1-3] v3.1.1', 'a/b+/c'],
    ['[MQTT-4.7.3-2] v5 v3.1.1', 'a\0'],
    ['[MQTT-3.8.3-1] v5 v3.1.1', '\udc00'],
    ['[MQTT-4.7.3-3] v5 v3.1.1', 'é'.repeat(32_768)],
    ['[MQTT-4.8.2-1] v5', '$share//t'],
    ['[MQTT-4.8.2-2] v5', '$share/+/t'],
    ['[MQTT-4.8.2-2] v5', '$share/g#/t'],
    ['[MQTT-4.8.2-2] v5', '$share/g'],
    ['[MQTT-4.8.2-2] v5', '$share/g/'],
  ];
  test.each(filters)('%s what is no topic filter is refused at the call', async (_statement, topicFilter) => {
    const client = connect(world, { protocolVersion });
    expect(() => client.subscribe(topicFilter)).toThrow(invalid);
    expect(sent(await world.accept())).toEqual([]);
  });

  test('[MQTT-3.8.4-6] v5 [MQTT-3.8.4-5] v3.1.1 SUBACK with another number of reason codes ends the connection', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    client.subscribe('a', {}, () => {});
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [0, 0], properties: {} });
    await world.settle();
    expect(server.ended).toBeDefined();
  });

  test('[MQTT-3.9.3-2] v5 v3.1.1 SUBACK with a reason code that it does not have ends the connection', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    client.subscribe('a', {}, () => {});
    await world.settle();
    const { packetId } = server.take('subscribe');
    const isV5 = protocolVersion === V5;
    server.sendBytes(new Uint8Array(isV5 ? [0x90, 4, 0, packetId, 0, 3] : [0x90, 3, 0, packetId, 3]));
    await world.settle();
    expect(server.ended).toBeDefined();
    expect(server.takeAll()).toMatchObject(isV5 ? [{ type: 'disconnect', reasonCode: 0x81 }] : []);
  });

  test('[MQTT-2.2.1-6] v5 [MQTT-2.3.1-7] v3.1.1 SUBACK and UNSUBACK with an identifier that is not under way end the connection', async () => {
    for (const type of ['suback', 'unsuback'] as const) {
      const client = connect(world, { protocolVersion });
      const server = await world.accept();
      client.publish('t', '', { qos: 1 });
      await world.settle();
      const { packetId } = server.take('publish');
      server.send({ type, packetId, reasonCodes: [0], properties: {} });
      await world.settle();
      expect(server.ended).toBeDefined();
      await client.close({ timeoutMs: 0 });
    }
  });
});

describe('SUBSCRIBE of a client in version 5', () => {
  test('[MQTT-3.8.3-4] v5 with No Local and a shared filter is refused at the call', () => {
    const client = connect(world);
    expect(() => client.subscribe('$share/g/t', { noLocal: true })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
    expect(() => client.subscribe('$share/g/t')).not.toThrow();
  });

  test('[MQTT-3.8.3-4] v5 has no No Local for a shared filter beside others', async () => {
    const client = connect(world, { cleanStart: true });
    client.subscribe('$share/g/t', {}, () => {});
    client.subscribe('t', { noLocal: true }, () => {});
    const server = await world.accept({ properties: { subscriptionIdentifiersAvailable: false } });
    const asked = server
      .takeAll()
      .flatMap((packet) => (packet.type === 'subscribe' ? packet.subscriptions : []));
    expect(asked.map(({ topicFilter, noLocal }) => [topicFilter, noLocal])).toEqual([
      ['$share/g/t', false],
      ['t', true],
    ]);
  });

  test('[MQTT-3.8.4-8] v5 a QoS below the one that was asked for is told to the application', async () => {
    const client = connect(world);
    const server = await world.accept();
    const pending = client.subscribe('a', { qos: 2 }, () => {});
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [1], properties: {} });
    expect((await pending).qos).toBe(1);
    await subscribed(world, client, server, 'b');
  });
});
