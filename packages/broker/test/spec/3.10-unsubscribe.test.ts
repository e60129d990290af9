import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { textOf, World } from '../world/world.ts';

const VERSIONS = [ProtocolVersion.V311, ProtocolVersion.V5] as const;

describe.each(VERSIONS)('UNSUBSCRIBE in version %i', (protocolVersion) => {
  const v5 = protocolVersion === ProtocolVersion.V5;

  it('[MQTT-3.10.4-1] v5 v3.1.1 takes away the subscription with exactly this filter, and no other', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect({ protocolVersion });
    client.subscribe([{ topicFilter: 'a/+' }, { topicFilter: 'b' }]);
    client.unsubscribe('a/b', 'a/#', '#', 'a/+/', 'A/+', '+/b');
    publisher.publish('a/b', 'still');
    expect(client.takeTexts()).toEqual(['still']);
    client.unsubscribe('a/+');
    publisher.publish('a/b', 'gone');
    publisher.publish('b', 'other');
    expect(client.takeTexts()).toEqual(['other']);
  });

  it('[MQTT-3.10.4-2] v5 v3.1.1 ends what is added for the client, connected or away', () => {
    const world = new World();
    const publisher = world.connect();
    const connect = {
      protocolVersion,
      clientId: 'c',
      cleanStart: false,
      properties: v5 ? { sessionExpiryInterval: 60 } : {},
    };
    const client = world.connect(connect);
    client.subscribe('a', 1);
    client.unsubscribe('a');
    publisher.publish('a', 'connected', { qos: 1 });
    expect(publisher.takeOne('puback').reasonCode).toBe(ReasonCode.NoMatchingSubscribers);
    client.drop();
    publisher.publish('a', 'away', { qos: 1 });
    expect(world.connect(connect).take()).toEqual([]);
  });

  it('[MQTT-3.10.4-3] v5 v3.1.1 leaves begun deliveries to be carried through', () => {
    const world = new World();
    const publisher = world.connect();
    const connect = {
      protocolVersion,
      clientId: 'c',
      cleanStart: false,
      properties: v5 ? { sessionExpiryInterval: 60 } : {},
    };
    const client = world.connect(connect);
    client.subscribe('a', 2);
    for (const qos of [1, 2] as const) publisher.publish('a', `qos ${qos}`, { qos });
    const [first, second] = client.takePublishes();
    client.unsubscribe('a');
    client.send({ type: 'pubrec', packetId: second!.packetId, reasonCode: 0, properties: {} });
    expect(client.takeOne('pubrel').packetId).toBe(second!.packetId);
    client.drop();
    const back = world.connect(connect);
    const again = back.take();
    expect(again).toHaveLength(2);
    expect(again).toContainEqual(
      expect.objectContaining({ type: 'publish', packetId: first!.packetId, dup: true }),
    );
    expect(again).toContainEqual(expect.objectContaining({ type: 'pubrel', packetId: second!.packetId }));
    back.send({ type: 'puback', packetId: first!.packetId, reasonCode: 0, properties: {} });
    back.send({ type: 'pubcomp', packetId: second!.packetId, reasonCode: 0, properties: {} });
    back.drop();
    expect(world.connect(connect).take()).toEqual([]);
  });

  it('[MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-2.2.1-6] v5 [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-2.3.1-7] v3.1.1 is answered by an UNSUBACK with its packet identifier, also when nothing was subscribed', () => {
    const world = new World();
    const client = world.connect({ protocolVersion });
    client.subscribe('a');
    for (const packetId of [1, 0x1234, 65_535]) {
      client.send({ type: 'unsubscribe', packetId, topicFilters: ['a'], properties: {} });
      expect(client.take()).toMatchObject([{ type: 'unsuback', packetId }]);
    }
  });

  it('[MQTT-3.10.4-6] v5 v3.1.1 of several filters is answered once, and takes all of them away', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect({ protocolVersion });
    client.subscribe(['a', 'b', 'c', 'd'].map((topicFilter) => ({ topicFilter })));
    client.send({
      type: 'unsubscribe',
      packetId: 9,
      topicFilters: ['a', 'none', 'c', 'a', 'd'],
      properties: {},
    });
    expect(client.take()).toMatchObject([{ type: 'unsuback', packetId: 9 }]);
    for (const topicName of ['a', 'b', 'c', 'd']) publisher.publish(topicName, topicName);
    expect(client.takeTexts()).toEqual(['b']);
  });

  it('takes away a shared subscription by its whole filter', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect({ protocolVersion });
    client.subscribe([{ topicFilter: '$share/g/a' }, { topicFilter: '$share/h/a' }]);
    client.unsubscribe('a', '$share/g/a');
    publisher.publish('a', 'x');
    expect(client.takeTexts()).toEqual(['x']);
    client.unsubscribe('$share/h/a');
    publisher.publish('a', 'x');
    expect(client.takeTexts()).toEqual([]);
  });

  /** What the broker says when it ends the connection for an UNSUBSCRIBE with these bytes behind its packet identifier. */
  function toldFor(flags: number, payload: readonly number[]): readonly unknown[] {
    const client = new World().connect({ protocolVersion });
    const body = v5 ? [0, 1, 0, ...payload] : [0, 1, ...payload];
    client.sendBytes(Uint8Array.of(0xa0 | flags, body.length, ...body));
    expect(client.closed).toBe(true);
    return client.take().map((packet) => (packet.type === 'disconnect' ? packet.reasonCode : packet));
  }

  it('[MQTT-3.10.1-1] v5 v3.1.1 with other flags than 2 ends the connection', () => {
    for (const flags of [0, 1, 3, 6, 10]) {
      expect(toldFor(flags, [0, 1, 0x61])).toEqual(v5 ? [ReasonCode.MalformedPacket] : []);
    }
  });

  it('[MQTT-3.10.3-1] v5 v3.1.1 with a filter that is not UTF-8 ends the connection', () => {
    expect(toldFor(2, [0, 1, 0xff])).toEqual(v5 ? [ReasonCode.MalformedPacket] : []);
  });

  it('[MQTT-3.10.3-2] v5 v3.1.1 without a filter ends the connection', () => {
    expect(toldFor(2, [])).toEqual(v5 ? [ReasonCode.ProtocolError] : []);
  });
});

describe('UNSUBACK', () => {
  it('[MQTT-3.11.3-1] [MQTT-3.11.3-2] v5 has a code for each filter, in their order: deleted, none there, invalid', () => {
    const world = new World();
    const client = world.connect();
    client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }]);
    expect(client.unsubscribe('none', 'a', 'a', 'a/#/b', '$share/g', 'b')).toEqual([
      ReasonCode.NoSubscriptionExisted,
      ReasonCode.Success,
      ReasonCode.NoSubscriptionExisted,
      ReasonCode.TopicFilterInvalid,
      ReasonCode.TopicFilterInvalid,
      ReasonCode.Success,
    ]);
  });

  it('is the end of a subscription that survives: it is not there after a reconnect', () => {
    const world = new World();
    const connect = { clientId: 'c', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const client = world.connect(connect);
    client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }]);
    client.unsubscribe('a');
    client.drop();
    const back = world.connect(connect);
    const publisher = world.connect();
    publisher.publish('a', 'a');
    publisher.publish('b', 'b');
    expect(back.takePublishes().map(textOf)).toEqual(['b']);
  });
});
