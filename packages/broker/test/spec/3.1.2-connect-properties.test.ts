import type { ConnectProperties, Packet } from '@martlet/protocol';
import { ProtocolVersion, packetLength, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;

describe('Receive Maximum', () => {
  function subscriber(world: World, properties: ConnectProperties): TestClient {
    const client = world.connect({ properties });
    client.subscribe('t', 2);
    return client;
  }

  it('of the client bounds the QoS 1 and 2 messages that are under way to it', () => {
    for (const qos of [1, 2] as const) {
      const world = new World();
      const client = subscriber(world, { receiveMaximum: 2 });
      const publisher = world.connect();
      for (const text of ['a', 'b', 'c', 'd']) publisher.publish('t', text, { qos });
      publisher.publish('t', 'not counted');
      expect(client.takeTexts()).toEqual(['a', 'b', 'not counted']);
      client.send(acknowledgement(qos === 1 ? 'puback' : 'pubrec', 1));
      if (qos === 2) {
        expect(client.takeTexts()).toEqual([]);
        client.send(acknowledgement('pubcomp', 1));
      }
      expect(client.takeTexts()).toEqual(['c']);
    }
  });

  it('that is missing is 65,535, within the limit of the broker', () => {
    const world = new World({ limits: { inFlightMessages: 3 } });
    for (const properties of [{}, { receiveMaximum: 65_535 }, { receiveMaximum: 4 }]) {
      const client = subscriber(world, properties);
      const publisher = world.connect();
      for (const text of ['a', 'b', 'c', 'd']) publisher.publish('t', text, { qos: 1 });
      expect(client.takeTexts()).toEqual(['a', 'b', 'c']);
      client.drop();
    }
  });

  it('of the broker is told, and one message more ends the connection with 0x93', () => {
    for (const receiveMaximum of [1, 3, 65_535]) {
      const client = new World({ limits: { receiveMaximum } }).connect();
      expect(client.connack!.properties.receiveMaximum).toBe(
        receiveMaximum === 65_535 ? undefined : receiveMaximum,
      );
    }
    const client = new World({ limits: { receiveMaximum: 2 } }).connect();
    const publish = (packetId: number): Packet => publishPacket('t', 'x', { qos: 2, packetId });
    client.send(publish(1), publish(2));
    expect(client.take().map((packet) => packet.type)).toEqual(['pubrec', 'pubrec']);
    client.send(acknowledgement('pubrel', 1));
    client.takeOne('pubcomp');
    client.send(publish(3));
    client.takeOne('pubrec');
    client.send(publish(4));
    expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.ReceiveMaximumExceeded);
    expect(client.closed).toBe(true);
  });

  it('of the broker binds no client of an older version', () => {
    for (const protocolVersion of [V31, V311]) {
      const client = new World({ limits: { receiveMaximum: 1 } }).connect({ protocolVersion });
      for (let packetId = 1; packetId <= 100; packetId++) {
        client.publish('t', 'x', { qos: 2, packetId });
        expect(client.takeOne('pubrec').packetId).toBe(packetId);
      }
    }
  });
});

describe('Maximum Packet Size', () => {
  /** The length of a PUBLISH of QoS 1 to `t` with so many bytes of payload, in MQTT 5.0. */
  const lengthWith = (payloadBytes: number): number =>
    packetLength(publishPacket('t', 'x'.repeat(payloadBytes), { qos: 1, packetId: 1 }), V5);

  it('[MQTT-3.1.2-24] v5 is the length of the largest PUBLISH that is sent', () => {
    for (const [qos, granted] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [1, 0],
    ] as const) {
      const world = new World();
      const maximumPacketSize = lengthWith(50) - (granted === 0 ? 2 : 0);
      const client = world.connect({ properties: { maximumPacketSize } });
      client.subscribe('t', granted);
      const other = world.connect();
      other.subscribe('t', granted);
      const publisher = world.connect();
      publisher.publish('t', 'x'.repeat(50), { qos });
      publisher.publish('t', 'x'.repeat(51), { qos });
      expect(client.takePublishes().map((packet) => packet.payload.length)).toEqual([50]);
      expect(client.writes.at(-1)!.length).toBe(maximumPacketSize);
      expect(other.takePublishes()).toHaveLength(2);
      expect(world.dropped('packet-too-large')).toBe(1);
    }
  });

  it('[MQTT-3.1.2-24] v5 holds for messages that waited and for messages that are sent again', () => {
    const world = new World();
    const connect = (maximumPacketSize: number) => ({
      clientId: 'c',
      cleanStart: false,
      properties: { sessionExpiryInterval: 100, maximumPacketSize },
    });
    const before = world.connect(connect(1000));
    before.subscribe('t', 1);
    const publisher = world.connect();
    publisher.publish('t', 'in flight'.repeat(10), { qos: 1 });
    before.drop();
    publisher.publish('t', 'waiting'.repeat(10), { qos: 1 });
    publisher.publish('t', 'small', { qos: 1 });
    const after = world.connect(connect(50));
    expect(after.takeTexts()).toEqual(['small']);
    expect(world.dropped('packet-too-large')).toBe(2);
    after.drop();
    expect(world.connect(connect(1000)).takeTexts()).toEqual(['small']);
  });

  it('[MQTT-3.1.2-24] v5 holds for what only explains: it is left out, and the packet sent', () => {
    const world = new World({
      authorizer: {
        authorize: () => ({ allowed: false, reasonString: 'because of '.repeat(20) }),
      },
    });
    const client = world.connect({ properties: { maximumPacketSize: 100 } });
    const packetId = client.publish('t', 'x', { qos: 1 });
    expect(client.takeOne('puback')).toEqual(acknowledgement('puback', packetId, ReasonCode.NotAuthorized));
    const roomy = world.connect({ properties: { maximumPacketSize: 1000 } });
    roomy.publish('t', 'x', { qos: 1 });
    expect(roomy.takeOne('puback').properties.reasonString).toContain('because');
  });

  it('[MQTT-3.1.2-25] v5 makes what is too large count as delivered: the flow goes on, and it is never sent again', () => {
    for (const qos of [1, 2] as const) {
      for (const kept of [false, true]) {
        const world = new World();
        const connect = (maximumPacketSize: number) => ({
          clientId: 'c',
          cleanStart: false,
          properties: { sessionExpiryInterval: kept ? 100 : 0, receiveMaximum: 1, maximumPacketSize },
        });
        const client = world.connect(connect(100));
        client.subscribe('t', qos);
        const publisher = world.connect();
        for (const text of ['first', 'x'.repeat(200), 'second', 'y'.repeat(200), 'third']) {
          publisher.publish('t', text, { qos });
        }
        const texts: string[] = [];
        for (let taken = client.takeAndAcknowledge(); taken.length > 0; taken = client.takeAndAcknowledge()) {
          texts.push(...taken.map((packet) => new TextDecoder().decode(packet.payload)));
        }
        expect(texts).toEqual(['first', 'second', 'third']);
        expect(world.dropped('packet-too-large')).toBe(2);
        client.drop();
        expect(world.connect(connect(1000)).takePublishes()).toEqual([]);
        expect(world.store.messageCount).toBe(0);
      }
    }
  });

  it('[MQTT-3.1.2-24] v5 that not even CONNACK fits into refuses the client', () => {
    for (const [maximumPacketSize, answered] of [
      [4, false],
      [5, true],
    ] as const) {
      const world = new World();
      const holder = world.connect({ clientId: 'c' });
      const client = world.connecting({ clientId: 'c', properties: { maximumPacketSize } });
      expect(client.closed).toBe(true);
      expect(client.take()).toEqual(
        answered
          ? [
              {
                type: 'connack',
                sessionPresent: false,
                reasonCode: ReasonCode.PacketTooLarge,
                properties: {},
              },
            ]
          : [],
      );
      expect(holder.closed).toBe(false);
    }
  });

  it('[MQTT-3.2.2-15] v5 of the broker is told, and a larger packet ends the connection with 0x95', () => {
    const world = new World({ limits: { maximumPacketSize: 1000 } });
    const client = world.connect();
    expect(client.connack!.properties.maximumPacketSize).toBe(1000);
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const largest = 'x'.repeat(1000 - 7);
    client.publish('t', largest);
    expect(subscriber.takeTexts()).toEqual([largest]);
    client.publish('t', `${largest}x`);
    expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.PacketTooLarge);
    expect(client.closed).toBe(true);
    expect(subscriber.takeTexts()).toEqual([]);
  });

  it('of the broker holds for every version', () => {
    for (const protocolVersion of [V31, V311]) {
      const client = new World({ limits: { maximumPacketSize: 1000 } }).connect({ protocolVersion });
      client.publish('t', 'x'.repeat(1000 - 6));
      expect(client.closed).toBe(false);
      client.publish('t', 'x'.repeat(1000 - 5));
      expect([client.closed, client.take()]).toEqual([true, []]);
    }
  });
});

describe('Topic Alias Maximum', () => {
  /** The aliases with which a client is sent 20 messages on each of 10 topics. */
  function aliasesSent(world: World, properties: ConnectProperties): Set<number | undefined> {
    const client = world.connect({ properties });
    client.subscribe('t/+', 1);
    const publisher = world.connect();
    for (let i = 0; i < 200; i++) publisher.publish(`t/${i % 10}`, 'x', { qos: i % 3 === 0 ? 1 : 0 });
    return new Set(client.takeAndAcknowledge().map((packet) => packet.properties.topicAlias));
  }

  it('[MQTT-3.1.2-26] v5 is the highest alias that the broker uses', () => {
    const world = new World({ limits: { outboundTopicAliases: 5 } });
    const used = aliasesSent(world, { topicAliasMaximum: 3 });
    expect([...used].filter((alias) => alias !== undefined).sort()).toEqual([1, 2, 3]);
    const within = aliasesSent(world, { topicAliasMaximum: 100 });
    expect([...within].filter((alias) => alias !== undefined).sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('[MQTT-3.1.2-27] v5 of 0, and a missing one, keep the broker from using any', () => {
    for (const properties of [{}, { topicAliasMaximum: 0 }]) {
      expect(aliasesSent(new World(), properties)).toEqual(new Set([undefined]));
    }
  });
});

describe('Request Response Information', () => {
  it('[MQTT-3.1.2-28] v5 of 0, and a missing one, keep Response Information out of CONNACK', () => {
    const world = new World({ habits: { responseTopicPrefix: 'answers/' } });
    for (const properties of [{}, { requestResponseInformation: false }]) {
      expect(world.connect({ properties }).connack!.properties.responseInformation).toBeUndefined();
    }
    const asking = world.connect({ clientId: 'me', properties: { requestResponseInformation: true } });
    expect(asking.connack!.properties.responseInformation).toBe('answers/me');
  });

  it('is not answered by a broker without a prefix for answers', () => {
    const world = new World({ habits: { responseTopicPrefix: '' } });
    const asking = world.connect({ properties: { requestResponseInformation: true } });
    expect(asking.connack!.properties.responseInformation).toBeUndefined();
  });

  it('is left out where it would be longer than a string can be', () => {
    const world = new World({ habits: { responseTopicPrefix: 'answers/' } });
    const properties = { requestResponseInformation: true } as const;
    const informationFor = (length: number): number | undefined =>
      world.connect({ clientId: 'c'.repeat(length), properties }).connack!.properties.responseInformation
        ?.length;
    expect([informationFor(65_527), informationFor(65_528)]).toEqual([65_535, undefined]);
  });

  it('names the identifier that the broker chose', () => {
    const { connack } = new World().connect({
      clientId: '',
      properties: { requestResponseInformation: true },
    });
    const { assignedClientIdentifier, responseInformation } = connack!.properties;
    expect(responseInformation).toBe(`$response/${assignedClientIdentifier}`);
  });
});

describe('Request Problem Information', () => {
  const NO = { requestProblemInformation: false };

  function world(): World {
    return new World({
      authorizer: {
        authorize: ({ topic }) =>
          topic.startsWith('free') ? { allowed: true } : { allowed: false, reasonString: `not ${topic}` },
      },
    });
  }

  /** The answers to packets that are refused. */
  function answersTo(client: TestClient): Packet[] {
    client.publish('secret', 'x', { qos: 1 });
    client.publish('secret', 'x', { qos: 2 });
    client.send({
      type: 'subscribe',
      packetId: 77,
      subscriptions: [
        { topicFilter: 'secret', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    return client.take();
  }

  it('[MQTT-3.1.2-29] v5 of 0 keeps Reason String and User Property out of acknowledgements', () => {
    for (const properties of [NO, {}, { requestProblemInformation: true }]) {
      const answers = answersTo(world().connect({ properties }));
      expect(answers.map((packet) => packet.type)).toEqual(['puback', 'pubrec', 'suback']);
      const reasons = answers.map((packet) => (packet as { properties: object }).properties);
      if (properties === NO) expect(reasons).toEqual([{}, {}, {}]);
      else expect(reasons[0]).toEqual({ reasonString: 'not secret' });
    }
  });

  it('[MQTT-3.1.2-29] v5 of 0 leaves PUBLISH, CONNACK and DISCONNECT as they are', () => {
    const allowing = world();
    const client = allowing.connect({ properties: NO });
    client.subscribe('free');
    allowing.connect().publish('free', 'x', { properties: { userProperties: [['a', 'b']] } });
    expect(client.takePublishes()[0]!.properties.userProperties).toEqual([['a', 'b']]);
    client.sendBytes(Uint8Array.of(0xf1, 0));
    expect(client.takeOne('disconnect').properties.reasonString).toBeDefined();

    const refused = world().connecting({
      properties: NO,
      will: { topicName: 'secret', payload: bytesOf(''), qos: 0, retain: false, properties: {} },
    });
    expect(refused.takeOne('connack').properties.reasonString).toBe('not secret');
  });
});
