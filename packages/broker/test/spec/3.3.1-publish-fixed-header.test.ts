import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { publishPacket } from '../world/packets.ts';
import { bytesOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;

describe('DUP', () => {
  it('[MQTT-3.3.1-1] v5 v3.1.1 is 0 when a message is first sent, and 1 when it is sent again', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const qos of [1, 2] as const) {
        const world = new World();
        const connect = {
          clientId: 's',
          protocolVersion,
          cleanStart: false,
          properties: protocolVersion === V5 ? { sessionExpiryInterval: 100 } : {},
        };
        const before = world.connect(connect);
        before.subscribe('t', qos);
        world.connect().publish('t', 'x', { qos });
        const [first] = before.takePublishes();
        expect(first).toMatchObject({ dup: false, qos });
        before.drop();
        const after = world.connect(connect);
        expect(after.takePublishes()).toEqual([{ ...first!, dup: true }]);
      }
    }
  });

  it('[MQTT-3.3.1-3] v5 v3.1.1 of the publisher is not handed on', () => {
    for (const from of [V311, V5]) {
      for (const qos of [1, 2] as const) {
        const world = new World();
        const live = [V311, V5].map((protocolVersion) => world.connect({ protocolVersion }));
        const kept = world.connect({ clientId: 'k', properties: { sessionExpiryInterval: 100 } });
        for (const subscriber of [...live, kept]) subscriber.subscribe('t', qos);
        kept.drop();
        world.connect({ protocolVersion: from }).publish('t', 'x', { qos, dup: true });
        const back = world.connect({
          clientId: 'k',
          cleanStart: false,
          properties: { sessionExpiryInterval: 100 },
        });
        for (const subscriber of [...live, back]) {
          expect(subscriber.takePublishes()).toMatchObject([{ dup: false, qos }]);
        }
      }
    }
  });

  it('[MQTT-3.3.1-2] v5 v3.1.1 at QoS 0 ends the connection, and the message is not routed', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      const subscriber = world.connect();
      subscriber.subscribe('#');
      const publisher = world.connect({ protocolVersion });
      publisher.sendBytes(Uint8Array.of(0x38, protocolVersion === V5 ? 4 : 3, 0, 1, 0x74, 0));
      expect(publisher.closed).toBe(true);
      if (protocolVersion === V5) {
        expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.MalformedPacket);
      }
      expect(subscriber.take()).toEqual([]);
    }
  });

  it('at QoS 0 means nothing in MQTT 3.1', () => {
    const world = new World();
    const subscriber = world.connect();
    subscriber.subscribe('t');
    const publisher = world.connect({ protocolVersion: V31 });
    publisher.sendBytes(Uint8Array.of(0x38, 4, 0, 1, 0x74, 0x78));
    expect(subscriber.takePublishes()).toMatchObject([{ dup: false, payload: bytesOf('x') }]);
    expect(publisher.closed).toBe(false);
  });
});

describe('QoS', () => {
  it('[MQTT-3.3.1-4] v5 v3.1.1 3 ends the connection, and the message is not routed', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      const subscriber = world.connect();
      subscriber.subscribe('#', 2);
      const publisher = world.connect({ protocolVersion });
      publisher.sendBytes(Uint8Array.of(0x36, 6, 0, 1, 0x74, 0, 1, 0));
      expect(publisher.closed).toBe(true);
      if (protocolVersion === V5) {
        expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.MalformedPacket);
      }
      expect(subscriber.take()).toEqual([]);
    }
  });
});

describe('RETAIN', () => {
  it('[MQTT-3.3.1-5] v5 v3.1.1 1 keeps a message with its QoS for later subscribers, in place of the older one', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      const publisher = world.connect({ protocolVersion });
      publisher.publish('t', 'old', { retain: true, qos: 1 });
      publisher.publish('t', 'new', { retain: true, qos: 1 });
      publisher.publish('u', 'other', { retain: true, qos: 2 });
      const subscriber = world.connect({ protocolVersion });
      subscriber.subscribe('t', 2);
      subscriber.subscribe('u', 2);
      expect(subscriber.takePublishes()).toMatchObject([
        { topicName: 't', payload: bytesOf('new'), qos: 1 },
        { topicName: 'u', payload: bytesOf('other'), qos: 2 },
      ]);
    }
  });

  it('[MQTT-3.3.1-6] v5 [MQTT-3.3.1-10] v3.1.1 1 with an empty payload is delivered, and clears what was retained', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      const publisher = world.connect({ protocolVersion });
      publisher.publish('t', 'kept', { retain: true });
      const early = world.connect({ protocolVersion });
      early.subscribe('t');
      expect(early.takeTexts()).toEqual(['kept']);
      publisher.publish('t', '', { retain: true });
      expect(early.takeTexts()).toEqual(['']);
      const late = world.connect({ protocolVersion });
      late.subscribe('t');
      expect(late.take()).toEqual([]);
    }
  });

  it('[MQTT-3.3.1-7] v5 [MQTT-3.3.1-11] v3.1.1 1 with an empty payload is never retained', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const qos of [0, 1] as const) {
        const world = new World();
        world.connect({ protocolVersion }).publish('t', '', { retain: true, qos });
        const subscriber = world.connect({ protocolVersion });
        subscriber.subscribe('t', 1);
        expect(subscriber.take()).toEqual([]);
      }
    }
  });

  it('[MQTT-3.3.1-8] v5 [MQTT-3.3.1-12] v3.1.1 0 neither keeps a message nor touches the retained one', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      const publisher = world.connect({ protocolVersion });
      publisher.publish('t', 'kept', { retain: true, qos: 1 });
      publisher.publish('t', 'passing', { qos: 1 });
      publisher.publish('t', '', { qos: 1 });
      publisher.publish('u', 'passing', { qos: 1 });
      const subscriber = world.connect({ protocolVersion });
      subscriber.subscribe('#', 1);
      expect(subscriber.takeTexts()).toEqual(['kept']);
    }
  });

  it('[MQTT-3.3.1-7] v3.1.1 1 at QoS 0 replaces what was retained at QoS 1', () => {
    const world = new World();
    const publisher = world.connect({ protocolVersion: V311 });
    publisher.publish('t', 'old', { retain: true, qos: 1 });
    publisher.publish('t', 'new', { retain: true, qos: 0 });
    const subscriber = world.connect({ protocolVersion: V311 });
    subscriber.subscribe('t', 1);
    expect(subscriber.takePublishes()).toMatchObject([{ payload: bytesOf('new'), qos: 0 }]);
  });

  it('[MQTT-3.3.1-6] [MQTT-3.3.1-8] v3.1.1 1 is on the latest message of every matching topic for a new subscription', () => {
    const world = new World();
    const publisher = world.connect({ protocolVersion: V311 });
    for (const [topicName, payload] of [
      ['a/1', 'old'],
      ['a/1', 'new'],
      ['a/2', 'two'],
      ['b/1', 'other'],
    ] as const) {
      publisher.publish(topicName, payload, { retain: true, qos: 1 });
    }
    for (const qos of [0, 1] as const) {
      const subscriber = world.connect({ protocolVersion: V311 });
      subscriber.subscribe('a/+', qos);
      const shown = subscriber.takePublishes().sort((a, b) => a.topicName.localeCompare(b.topicName));
      expect(shown).toMatchObject([
        { topicName: 'a/1', payload: bytesOf('new'), retain: true, qos },
        { topicName: 'a/2', payload: bytesOf('two'), retain: true, qos },
      ]);
    }
  });

  it('[MQTT-3.3.1-12] v5 [MQTT-3.3.1-9] v3.1.1 is 0 on a live message without Retain As Published, whatever its publisher set', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const qos of [0, 1] as const) {
        const world = new World();
        const subscriber = world.connect({ protocolVersion });
        subscriber.subscribe('t', qos);
        const publisher = world.connect({ protocolVersion });
        publisher.publish('t', 'x', { retain: true, qos });
        expect(subscriber.takePublishes()).toMatchObject([{ retain: false, qos }]);
      }
    }
  });

  it('[MQTT-3.3.1-13] v5 is what its publisher set on a live message with Retain As Published', () => {
    for (const qos of [0, 1] as const) {
      const world = new World();
      const subscriber = world.connect();
      subscriber.subscribe([{ topicFilter: 't', retainAsPublished: true }], qos);
      const publisher = world.connect();
      publisher.send(
        publishPacket('t', 'a', { retain: true, qos, packetId: qos === 0 ? 0 : 1 }),
        publishPacket('t', 'b', { retain: false, qos, packetId: qos === 0 ? 0 : 2 }),
      );
      expect(subscriber.takePublishes().map(({ retain }) => retain)).toEqual([true, false]);
    }
  });

  it('[MQTT-3.3.1-13] v5 is what its publisher set also when the message waited for its subscriber', () => {
    const world = new World();
    const connect = { clientId: 's', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
    const before = world.connect(connect);
    before.subscribe([{ topicFilter: 't', retainAsPublished: true }], 1);
    before.drop();
    const publisher = world.connect();
    publisher.publish('t', 'a', { retain: true, qos: 1 });
    publisher.publish('t', 'b', { retain: false, qos: 1 });
    const after = world.connect(connect);
    expect(after.takePublishes().map(({ retain }) => retain)).toEqual([true, false]);
  });
});

describe('Retain Handling', () => {
  const shown = (retainHandling: 0 | 1 | 2) => {
    const world = new World();
    world.connect().publish('t', 'kept', { retain: true });
    const subscriber = world.connect();
    const subscribe = (): string[] => {
      subscriber.subscribe([{ topicFilter: 't', retainHandling }]);
      return subscriber.takeTexts();
    };
    const first = subscribe();
    const again = subscribe();
    subscriber.unsubscribe('t');
    return { first, again, afresh: subscribe() };
  };

  it('[MQTT-3.3.1-9] v5 0 shows what is retained at every SUBSCRIBE', () => {
    expect(shown(0)).toEqual({ first: ['kept'], again: ['kept'], afresh: ['kept'] });
  });

  it('[MQTT-3.3.1-10] v5 1 shows what is retained to a new subscription, not to one that is replaced', () => {
    expect(shown(1)).toEqual({ first: ['kept'], again: [], afresh: ['kept'] });
  });

  it('[MQTT-3.3.1-11] v5 2 shows nothing of what is retained', () => {
    expect(shown(2)).toEqual({ first: [], again: [], afresh: [] });
  });
});
