// Section 6.9: SUBSCRIBE and UNSUBSCRIBE.
import { describe, expect, test } from 'vitest';
import type { Subscribe, TopicReference } from '../../src/core/codec/message.ts';
import { SnWorld } from '../world/sn-world.ts';

const predefinedTopics = [{ topicId: 5, topicName: 'pre/defined' }];

function subscribeTo(topic: TopicReference, more: Partial<Subscribe> = {}): Subscribe {
  return { type: 'subscribe', dup: false, qos: 1, packetId: 10, topic, ...more };
}

function begin(options: ConstructorParameters<typeof SnWorld>[0] = {}) {
  const world = new SnWorld({ predefinedTopics, ...options });
  return { world, device: world.device().connected('dev', { clean: false }) };
}

const named = (topicName: string) => ({ kind: 'name', topicName }) as const;

describe('SUBACK', () => {
  test('of a name carries an identifier that needs no REGISTER any more', () => {
    const { world, device } = begin();
    device.send(subscribeTo(named('a/b')));
    const { topicId, packetId } = device.the('suback');
    expect([topicId > 0, packetId]).toEqual([true, 10]);
    world.publish('a/b', 'x');
    expect(device.the('publish').topic).toEqual({ kind: 'normal', topicId });
    expect(device.register('a/b')).toBe(topicId);
  });

  test.each(['a/+', '#', '$share/g/a/b'])(
    'of %s carries 0, and the packet identifier that came',
    (filter) => {
      const { device } = begin();
      expect(device.send(subscribeTo(named(filter))).the('suback')).toMatchObject({
        topicId: 0,
        packetId: 10,
      });
    },
  );

  test('of a predefined topic and of a short name repeats what came, and messages are named so', () => {
    const { world, device } = begin();
    const predefined = { kind: 'predefined', topicId: 5 } as const;
    const short = { kind: 'short', topicName: 'ab' } as const;
    expect(device.send(subscribeTo(predefined)).the('suback')).toMatchObject({ topicId: 5, returnCode: 0 });
    world.publish('pre/defined', 'x');
    expect(device.the('publish').topic).toEqual(predefined);
    expect(device.send(subscribeTo(short)).the('suback')).toMatchObject({ topicId: 0x6162, returnCode: 0 });
    world.publish('ab', 'x');
    expect(device.the('publish').topic).toEqual(short);
  });

  test('of a topic identifier that was registered does not exist: kind 0 is always a name', () => {
    const { world, device } = begin();
    const topicId = device.register('a/b');
    // The two octets of the identifier, as the name that they are then, or as no UTF-8 at all.
    device.sendBytes(`0712200010${topicId.toString(16).padStart(4, '0')}`);
    device.received();
    world.publish('a/b', 'x');
    expect(device.received()).toEqual([]);
  });

  test.each([
    ['a filter that is none', named('a#'), 0, 3],
    ['a filter that is too long', named('x'.repeat(1025)), 0, 3],
    ['a share without a name', named('$share//a'), 0, 3],
    ['an unknown predefined topic', { kind: 'predefined', topicId: 6 }, 6, 2],
    ['a short name with a wildcard', { kind: 'short', topicName: '/#' }, 0x2f23, 3],
  ] as const)(
    'of %s repeats the topic that was asked for, with a return code',
    (_, topic, topicId, returnCode) => {
      const { device } = begin();
      const suback = device.send(subscribeTo(topic)).the('suback');
      expect(suback).toMatchObject({ topicId, returnCode, packetId: 10 });
    },
  );

  test('is given again for one that is repeated, and the retained messages are not', () => {
    const { world, device } = begin();
    world.publish('t', 'kept', 0, { retain: true });
    device.send(subscribeTo(named('t')));
    expect(device.types()).toEqual(['suback', 'publish']);
    device.send(subscribeTo(named('t'), { dup: true }));
    expect(device.types()).toEqual(['suback']);
  });

  test('that is remembered is not given for another topic, nor after UNSUBSCRIBE', () => {
    const { world, device } = begin();
    device.send(subscribeTo(named('t')));
    device.send(subscribeTo(named('u'), { dup: true }));
    device.send({ type: 'unsubscribe', packetId: 11, topic: named('u') });
    device.send(subscribeTo(named('u'), { dup: true }));
    device.received();
    world.publish('u', 'x');
    expect(device.types()).toEqual(['publish']);
  });

  test('comes before the retained messages, and each topic is registered before its message', () => {
    const { world, device } = begin();
    for (const name of ['a/1', 'a/2']) world.publish(name, name, 1, { retain: true });
    const given: string[] = [];
    const types: string[] = [];
    device.answering(given);
    const answer = device.onMessage!;
    device.onMessage = (message) => {
      types.push(message.type);
      answer(message);
    };
    device.send(subscribeTo(named('a/#')));
    expect(types).toEqual(['suback', 'register', 'publish', 'register', 'publish']);
    expect(given.toSorted()).toEqual(['a/1 a/1', 'a/2 a/2']);
  });

  test('tells the QoS that was granted', () => {
    const { device } = begin();
    for (const qos of [0, 1, 2] as const) {
      expect(device.send(subscribeTo(named('t'), { qos })).the('suback').qos).toBe(qos);
    }
  });
});

test('$SYS is not seen through a wildcard at the first level', () => {
  const world = new SnWorld({ broker: { sysInterval: 10 } });
  const device = world.device().connected('dev', { duration: 1000 });
  device.subscribe('#', 0, 1);
  device.received();
  world.advance(60);
  expect(device.received()).toEqual([]);
  device.subscribe('$SYS/broker/uptime', 0, 2);
  world.advance(60);
  expect(device.types()).toContain('publish');
});

describe('UNSUBSCRIBE', () => {
  test('of what was subscribed to ends it, also by predefined topic and short name', () => {
    const { world, device } = begin();
    for (const [topic, topicName] of [
      [named('a/b'), 'a/b'],
      [{ kind: 'predefined', topicId: 5 }, 'pre/defined'],
      [{ kind: 'short', topicName: 'ab' }, 'ab'],
    ] as const) {
      device.send(subscribeTo(topic)).send({ type: 'unsubscribe', packetId: 11, topic });
      expect(device.types()).toEqual(['suback', 'unsuback']);
      world.publish(topicName, 'x');
      expect(device.received()).toEqual([]);
    }
  });

  test.each([named('never'), named('a#'), { kind: 'predefined', topicId: 6 } as const])(
    'of what cannot have been subscribed to is acknowledged all the same',
    (topic) => {
      const { device } = begin();
      expect(device.send({ type: 'unsubscribe', packetId: 11, topic }).the('unsuback').packetId).toBe(11);
    },
  );
});

test('a flood of SUBSCRIBE beyond what the broker answers is congestion', () => {
  const { world, device } = begin();
  world.later(() => {
    for (let packetId = 1; packetId <= 20; packetId++) device.subscribe(`t/${packetId}`, 0, packetId);
  });
  world.settle();
  const codes = device.received().map((m) => (m.type === 'suback' ? m.returnCode : m.type));
  expect(codes.toSorted()).toEqual([...Array(16).fill(0), ...Array(4).fill(1)]);
});
