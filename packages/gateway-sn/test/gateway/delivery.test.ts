// Sections 6.6 and 6.10: what the gateway gives a client, and how it is sent again.
import { describe, expect, test } from 'vitest';
import { SnWorld, textOf } from '../world/sn-world.ts';

function begin(options: ConstructorParameters<typeof SnWorld>[0] = {}) {
  const world = new SnWorld(options);
  const device = world.device().connected('dev', { clean: false, duration: 10_000 });
  return { world, device };
}

function subscribed(filter: string, qos: 0 | 1 | 2, options: ConstructorParameters<typeof SnWorld>[0] = {}) {
  const { world, device } = begin(options);
  device.subscribe(filter, qos);
  const { topicId } = device.the('suback');
  return { world, device, topicId };
}

describe('REGISTER before a message', () => {
  test('is awaited, and further messages behind it keep their order', () => {
    const { world, device } = subscribed('a/#', 0);
    for (const text of ['1', '2', '3']) world.publish(`a/${text}`, text);
    const given: string[] = [];
    const { topicId, packetId } = device.the('register');
    device.answering(given).send({ type: 'regack', topicId, packetId, returnCode: 0 });
    expect(given.map((text) => text.split(' ')[1])).toEqual(['1', '2', '3']);
  });

  test('that is rejected takes the topic off, but not the filter that it matches', () => {
    const { world, device } = subscribed('a/#', 1);
    world.publish('a/1', 'x', 1);
    const { topicId, packetId } = device.the('register');
    device.send({ type: 'regack', topicId, packetId, returnCode: 3 });
    world.publish('a/1', 'y', 1);
    expect(device.received()).toEqual([]);
    expect(world.broker.unfinishedMessages('dev')).toBe(0);
    world.publish('a/2', 'z', 1);
    expect(device.the('register').topicName).toBe('a/2');
    expect(world.gateway.metrics.rejectedByClient).toBe(1);
  });

  test('that is never answered, though the client is there, costs its message and not the session', () => {
    const { world, device } = subscribed('#', 1);
    world.publish('a/1', 'x', 1);
    world.publish('ab', 'short', 1);
    for (let i = 0; i < 23; i++) {
      world.advance(9);
      device.send({ type: 'pingreq', clientId: undefined });
    }
    const messages = device.received();
    const types = messages.map(({ type }) => type);
    expect(types.filter((type) => type === 'register')).toHaveLength(20);
    expect(types.slice(-2)).toEqual(['publish', 'pingresp']);
    const publish = messages.at(-2);
    if (publish?.type !== 'publish') throw new Error('no PUBLISH');
    // It is as if it had rejected the topic, until it connects anew: nothing waits behind it again.
    device.send({ type: 'puback', topicId: 0, packetId: publish.packetId, returnCode: 0 });
    world.publish('a/1', 'y', 1);
    world.publish('ab', 'z', 1);
    expect(device.types()).toEqual(['publish']);
    expect(world.gateway.stateOf('dev')).toBe('active');
  });

  test('that finds no room (congestion) is sent again after T_WAIT', () => {
    const { world, device } = subscribed('a/#', 1);
    world.publish('a/1', 'x', 1);
    const { topicId, packetId } = device.the('register');
    device.send({ type: 'regack', topicId, packetId, returnCode: 1 });
    world.advance(299);
    expect(device.received()).toEqual([]);
    world.advance(2);
    expect(device.types()).toEqual(['register']);
  });

  test('is needless for a topic of two octets that a wildcard matches, and for no other', () => {
    const { world, device } = subscribed('#', 0);
    for (const name of ['ab', 'é', 'a', 'abc']) world.publish(name, 'x');
    const [first, second, third] = device.received();
    expect(first).toMatchObject({ topic: { kind: 'short', topicName: 'ab' } });
    expect(second).toMatchObject({ topic: { kind: 'short', topicName: 'é' } });
    expect(third).toMatchObject({ type: 'register', topicName: 'a' });
  });

  test('a topic of two octets that was subscribed to by name is known by its identifier', () => {
    const { world, device, topicId } = subscribed('ab', 0);
    world.publish('ab', 'x');
    expect(device.the('publish').topic).toEqual({ kind: 'normal', topicId });
  });

  test('comes once after each CONNECT, with the identifier of before', () => {
    const { world, device, topicId } = subscribed('a/b', 1);
    device.send({ type: 'disconnect', duration: undefined });
    for (const text of ['1', '2']) world.publish('a/b', text, 1);
    device.received();
    device.connect('dev', { clean: false, duration: 10_000 });
    const [connack, register] = device.received();
    expect([connack?.type, register]).toMatchObject([
      'connack',
      { type: 'register', topicId, topicName: 'a/b' },
    ]);
    const given: string[] = [];
    device.answering(given);
    if (register?.type !== 'register') throw new Error('no REGISTER');
    device.send({ type: 'regack', topicId, packetId: register.packetId, returnCode: 0 });
    expect(device.types()).toEqual(['publish', 'publish']);
    expect(given.map((text) => text.split(' ')[1])).toEqual(['1', '2']);
  });
});

describe('PUBLISH of QoS 1', () => {
  test('is sent again with DUP and the same packet identifier, and one is under way at a time', () => {
    const { world, device } = subscribed('t', 1);
    for (const text of ['1', '2']) world.publish('t', text, 1);
    const first = device.the('publish');
    expect(first.dup).toBe(false);
    world.advance(11);
    const again = device.the('publish');
    expect(again).toEqual({ ...first, dup: true });
    device.send({ type: 'puback', topicId: 0, packetId: first.packetId, returnCode: 0 });
    expect(textOf(device.the('publish'))).toBe('2');
  });

  test('stands still after N_retry, and goes on when the client is heard, with the same packet identifier', () => {
    const { world, device } = subscribed('t', 1);
    world.publish('t', '1', 1);
    world.advance(1000);
    const sent = device.received();
    expect(sent).toHaveLength(4);
    expect(world.gateway.metrics.retriesExhausted).toBe(1);
    expect(world.gateway.stateOf('dev')).toBe('active');
    device.send({ type: 'pingreq', clientId: undefined });
    const [publish, pingresp] = device.received();
    expect([publish, pingresp?.type]).toEqual([sent.at(-1), 'pingresp']);
  });

  test('with an identifier that the client does not know is registered again, once', () => {
    const { world, device } = subscribed('a/b', 1);
    world.publish('a/b', 'x', 1);
    const unknown = { type: 'puback', topicId: 0, returnCode: 2 } as const;
    device.send({ ...unknown, packetId: device.the('publish').packetId });
    const { topicId, packetId } = device.the('register');
    device.send({ type: 'regack', topicId, packetId, returnCode: 0 });
    device.send({ ...unknown, packetId: device.the('publish').packetId });
    expect(device.received()).toEqual([]);
    expect(world.gateway.metrics.rejectedByClient).toBe(1);
  });

  test.each(['short', 'predefined'] as const)(
    'with a %s topic that the client rejects is dropped',
    (kind) => {
      const predefinedTopics = [{ topicId: 5, topicName: 'pre/defined' }];
      const { world, device } = begin({ predefinedTopics });
      const topic = kind === 'short' ? ({ kind, topicName: 'ab' } as const) : ({ kind, topicId: 5 } as const);
      device.send({ type: 'subscribe', dup: false, qos: 1, packetId: 1, topic });
      device.received();
      world.publish(kind === 'short' ? 'ab' : 'pre/defined', 'x', 1);
      device.send({ type: 'puback', topicId: 0, packetId: device.the('publish').packetId, returnCode: 2 });
      expect(device.received()).toEqual([]);
      expect(world.broker.unfinishedMessages('dev')).toBe(0);
    },
  );

  test('that a client rejects as not supported is over, such as one with DUP', () => {
    const { world, device } = subscribed('t', 1);
    for (const text of ['1', '2']) world.publish('t', text, 1);
    device.received();
    world.advance(11);
    const { packetId, dup } = device.the('publish');
    expect(dup).toBe(true);
    device.send({ type: 'puback', topicId: 0, packetId, returnCode: 3 });
    expect(textOf(device.the('publish'))).toBe('2');
  });

  test('for which the client has no room waits for T_WAIT', () => {
    const { world, device } = subscribed('t', 1);
    world.publish('t', '1', 1);
    device.send({ type: 'puback', topicId: 0, packetId: device.the('publish').packetId, returnCode: 1 });
    world.advance(299);
    expect(device.received()).toEqual([]);
    world.advance(2);
    expect(textOf(device.the('publish'))).toBe('1');
  });

  test('that waits in the session is given after the next CONNECT, as the broker kept it', () => {
    const { world, device } = subscribed('t', 1);
    world.publish('t', '1', 1);
    device.received();
    world.crashGateway();
    const given: string[] = [];
    device.answering(given).connect('dev', { clean: false });
    expect(given).toEqual(['t 1']);
  });
});

describe('PUBLISH of QoS 2', () => {
  test('is sent again, released again, and given once', () => {
    const { world, device } = subscribed('t', 2);
    world.publish('t', '1', 2);
    const { packetId } = device.the('publish');
    world.advance(11);
    expect(device.the('publish')).toMatchObject({ packetId, dup: true });
    device.send({ type: 'pubrec', packetId });
    expect(device.the('pubrel').packetId).toBe(packetId);
    world.advance(11);
    expect(device.the('pubrel').packetId).toBe(packetId);
    device.send({ type: 'pubrec', packetId });
    expect(device.the('pubrel').packetId).toBe(packetId);
    device.send({ type: 'pubcomp', packetId }).send({ type: 'pubcomp', packetId });
    world.publish('t', '2', 2);
    expect(device.the('publish')).toMatchObject({ dup: false });
  });

  test('is not ended by PUBACK, nor one of QoS 1 by PUBREC', () => {
    for (const [qos, type] of [
      [2, 'puback'],
      [1, 'pubrec'],
    ] as const) {
      const { world, device } = subscribed('t', qos);
      world.publish('t', '1', qos);
      const { packetId } = device.the('publish');
      device.send(type === 'puback' ? { type, topicId: 0, packetId, returnCode: 0 } : { type, packetId });
      world.advance(11);
      expect(device.the('publish')).toMatchObject({ packetId, dup: true });
    }
  });

  test.each(['asleep', 'connected again', 'lost', 'crashed'] as const)(
    'keeps its packet identifier when the client was %s in between, before PUBREC and after it',
    (how) => {
      for (const received of [false, true]) {
        const { world, device } = subscribed('t', 2);
        world.publish('t', '1', 2);
        const { packetId } = device.the('publish');
        if (received) device.send({ type: 'pubrec', packetId }).the('pubrel');
        world.advance(2);
        if (how === 'asleep') device.send({ type: 'disconnect', duration: 1000 });
        if (how === 'lost') world.advance(20_000);
        if (how === 'crashed') world.crashGateway();
        device.received();
        if (how === 'asleep') device.send({ type: 'pingreq', clientId: 'dev' });
        else device.connect('dev', { clean: false, duration: 60 });
        for (const message of device.received()) {
          if (message.type !== 'register') continue;
          device.send({
            type: 'regack',
            topicId: message.topicId,
            packetId: message.packetId,
            returnCode: 0,
          });
          expect(device.the('publish')).toMatchObject({ packetId, dup: true });
        }
        if (!received) {
          // The client had it, and says so again; it is not given it twice, because it knows the identifier.
          device.send({ type: 'pubrec', packetId });
          expect(device.the('pubrel').packetId).toBe(packetId);
        }
        device.received();
        device.send({ type: 'pubcomp', packetId });
        expect(world.broker.sessions[0]).toMatchObject({ queuedMessages: 0, inFlightMessages: 0 });
      }
    },
  );
});

describe('Limits', () => {
  test('a message longer than the link carries is dropped and counted, and the next one is given', () => {
    const { world, device } = subscribed('t', 1, { maximumMessageBytes: 60 });
    world.publish('t', 'x'.repeat(54), 1);
    expect(device.received()).toEqual([]);
    world.publish('t', 'y'.repeat(53), 1);
    expect(textOf(device.the('publish'))).toBe('y'.repeat(53));
    expect(world.gateway.metrics.tooLong).toBe(1);
    expect(world.broker.sessions[0]).toMatchObject({ queuedMessages: 0, inFlightMessages: 1 });
  });

  test('a topic name that the link cannot carry in REGISTER costs its messages', () => {
    const { world, device } = subscribed('#', 1, { maximumMessageBytes: 60 });
    world.publish('x'.repeat(55), 'a', 1);
    world.publish('ab', 'b', 1);
    expect(textOf(device.the('publish'))).toBe('b');
  });

  test('messages of QoS 0 wait up to a number and to bytes, and the oldest give way', () => {
    const { world, device } = subscribed('a/#', 0, { options: { bufferedMessages: 3, bufferedBytes: 10 } });
    world.publish('a/b', '0');
    const { topicId, packetId } = device.the('register');
    for (const text of ['1', '2', '3', '4']) world.publish('a/b', text);
    const given: string[] = [];
    device.answering(given);
    device.send({ type: 'regack', topicId, packetId, returnCode: 0 });
    expect(given.map((text) => text.split(' ')[1])).toEqual(['0', '3', '4']);
    expect(world.gateway.metrics.bufferFull).toBe(2);
  });

  test('a message larger than the buffer is given to a client that can take it at once', () => {
    const { world, device } = subscribed('t', 0, { options: { bufferedMessages: 1, bufferedBytes: 10 } });
    world.publish('t', 'x'.repeat(100));
    expect(device.types()).toEqual(['publish']);
  });
});

test('what a client publishes to itself comes after its PUBACK', () => {
  const { device, topicId } = subscribed('t', 0);
  device.publish(topicId, 'x', 1, 7);
  expect(device.types()).toEqual(['puback', 'publish']);
});
