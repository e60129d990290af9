import type { ClientError } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import { pubrec } from './answers.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Bytes of PUBLISH with topic name `a` and so much payload, below 128 bytes, in MQTT 5.0. */
function packetBytes(payload: number, qos: 0 | 1 | 2): number {
  return 2 + 3 + (qos === 0 ? 0 : 2) + 1 + payload;
}

describe('What the server does not take', () => {
  test.each([
    ['[MQTT-3.2.2-11] v5 a QoS', { maximumQos: 1 }, 'a', { qos: 2 }, 'NOT_SUPPORTED_BY_SERVER'],
    [
      '[MQTT-3.2.2-14] v5 a retained message',
      { retainAvailable: false },
      'a',
      { retain: true },
      'NOT_SUPPORTED_BY_SERVER',
    ],
    ['[MQTT-3.2.2-15] v5 a long packet', { maximumPacketSize: 20 }, 'a'.repeat(30), {}, 'PACKET_TOO_LARGE'],
  ] as const)(
    '%s: throws at the call, or fails when it has waited',
    async (_name, properties, topicName, options, code) => {
      const client = world.connect();
      const waiting = expect(client.publish(topicName, '', options)).rejects.toMatchObject({
        code,
        kind: 'local',
      });
      const behind = client.publish('behind', '');
      const server = await world.accept({ properties });
      await waiting;
      await behind;
      expect(() => client.publish(topicName, '', options)).toThrow(expect.objectContaining({ code }));
      await world.settle();
      expect(server.takeAll()).toMatchObject([{ topicName: 'behind' }]);
      expect(client.gauges).toMatchObject({ inFlight: 0, queuedMessages: 0 });
    },
  );

  test.each([0, 1, 2] as const)(
    '[MQTT-3.2.2-15] v5 at QoS %i begins one byte above its limit',
    async (qos) => {
      const client = world.connect();
      const server = await world.accept({ properties: { maximumPacketSize: packetBytes(50, qos) } });
      client.publish('a', 'x'.repeat(50), { qos });
      expect(() => client.publish('a', 'x'.repeat(51), { qos })).toThrow(
        expect.objectContaining({ code: 'PACKET_TOO_LARGE' }),
      );
      await world.settle();
      expect(server.takeAll()).toHaveLength(1);
    },
  );

  test('[MQTT-3.2.2-15] v5 is not what only a topic alias would make too long', async () => {
    const client = world.connect();
    const maximumPacketSize = packetBytes(50, 0);
    const server = await world.accept({ properties: { maximumPacketSize, topicAliasMaximum: 4 } });
    for (let i = 0; i < 4; i++) client.publish('a', 'x'.repeat(50));
    for (let i = 0; i < 3; i++) client.publish('a', 'x'.repeat(40));
    await world.settle();
    const aliases = server
      .takeAll()
      .map((packet) => (packet.type === 'publish' ? packet.properties.topicAlias : packet.type));
    expect(aliases).toEqual([undefined, undefined, undefined, undefined, undefined, 1, 1]);
  });

  test('is not sent again either, and its identifier is not given to another', async () => {
    const client = world.connect();
    const first = await world.accept();
    const outcomes = [
      client.publish('a', '', { qos: 2 }),
      client.publish('b', '', { qos: 2 }),
      client.publish('c', '', { qos: 1 }),
    ].map((publication) =>
      publication.then(
        () => 'acknowledged',
        (error: unknown) => (error as ClientError).code,
      ),
    );
    await world.settle();
    first.send(pubrec(2));
    await world.settle();
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    await world.advance(6000);
    const second = await world.accept({
      sessionPresent: true,
      properties: { maximumQos: 1, receiveMaximum: 2 },
    });
    expect(await outcomes[0]).toBe('NOT_SUPPORTED_BY_SERVER');
    // What was accepted before is released all the same.
    expect(second.takeAll()).toMatchObject([
      { type: 'pubrel', packetId: 2 },
      { type: 'publish', topicName: 'c', dup: true },
    ]);
    expect(client.gauges.inFlight).toBe(2);
  });
});

describe('Options of a message', () => {
  test.each([
    [{ qos: 3 }, 'INVALID_OPTION'],
    [{ messageExpiryInterval: -1 }, 'INVALID_OPTION'],
    [{ messageExpiryInterval: 0x1_0000_0000 }, 'INVALID_OPTION'],
    [{ messageExpiryInterval: 'soon' }, 'INVALID_OPTION'],
    [{ contentType: 7 }, 'INVALID_OPTION'],
    [{ responseTopic: 'a/#' }, 'INVALID_TOPIC'],
    [{ responseTopic: '' }, 'INVALID_TOPIC'],
    [{ correlationData: 'text' }, 'INVALID_OPTION'],
    [{ userProperties: [['only a name']] }, 'INVALID_OPTION'],
    [{ userProperties: 'none' }, 'INVALID_OPTION'],
  ])('%j are refused at the call', async (options, code) => {
    const client = world.connect();
    expect(() => client.publish('a', 'b', options as never)).toThrow(expect.objectContaining({ code }));
    const server = await world.accept();
    expect(server.takeAll()).toEqual([]);
  });

  test('arrive', async () => {
    const client = world.connect();
    const properties = {
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'r',
      correlationData: Uint8Array.of(1, 2),
      userProperties: [
        ['k', 'v'],
        ['k', 'w'],
      ],
    } as const;
    client.publish('a', 'b', { ...properties, retain: true });
    const server = await world.accept({ properties: { topicAliasMaximum: 1 } });
    client.publish('a', 'b', properties);
    await world.settle();
    expect(server.takeAll()).toMatchObject([
      { retain: true, properties },
      { retain: false, properties: { ...properties, topicAlias: 1 } },
    ]);
  });

  test('of MQTT 5.0 are left out before it', async () => {
    const client = world.connect({ protocolVersion: 4 });
    const server = await world.accept();
    client.publish('a', 'b', { contentType: 'text/plain', messageExpiryInterval: 3 });
    await world.settle();
    expect(server.takeAll()).toMatchObject([{ topicName: 'a', properties: {} }]);
  });
});
