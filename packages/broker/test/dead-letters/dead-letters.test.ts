import type { PublishPacket } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import type { Habits } from '../../src/core/options/profile.ts';
import { publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const KEPT = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } };

function rig(habits: Partial<Habits> = {}, limits: object = {}, rates: object = {}) {
  const world = new World({ habits: { deadLetterPrefix: '$dead-letter', ...habits }, limits, rates });
  const reader = world.connect({ clientId: 'reader' });
  reader.subscribe('$dead-letter/#', 1);
  return { world, reader, publisher: world.connect({ clientId: 'publisher' }) };
}

function told({ topicName, payload, properties }: PublishPacket): Record<string, string> {
  return {
    at: topicName,
    payload: new TextDecoder().decode(payload),
    ...Object.fromEntries(properties.userProperties ?? []),
  };
}

describe('a message that was dropped', () => {
  test('is published at the prefix, its reason and its topic, with what is to be known of it', () => {
    const { world, reader, publisher } = rig({}, { queuedMessages: 1 });
    world.connect({ clientId: 'away', ...KEPT }).subscribe('a/#', 1);
    world.connect({ clientId: 'away', ...KEPT }).drop();
    publisher.publish('a/b', 'first', { qos: 1 });
    publisher.publish('a/c', 'second', { qos: 1 });
    expect(reader.takePublishes().map(told)).toEqual([
      {
        at: '$dead-letter/queue-full-dropped-oldest/a/b',
        payload: 'first',
        reason: 'queue-full-dropped-oldest',
        client: 'away',
        topic: 'a/b',
        time: String(world.wallMs),
        count: '1',
      },
    ]);
  });

  test('is published for each reason with its payload', () => {
    const { world, reader, publisher } = rig(
      { deadLetterReasons: [] },
      {},
      { users: { slow: { messagesOutPerSecond: 1 } } },
    );
    const slow = world.connect({ clientId: 'slow', username: 'slow' });
    slow.subscribe('q0');
    publisher.send(publishPacket('q0', '1'), publishPacket('q0', '2'));
    world.connect({ clientId: 'away', ...KEPT }).subscribe('t', 1);
    world.connect({ clientId: 'away', ...KEPT }).drop();
    publisher.publish('t', 'offline');
    publisher.publish('t', 'expires', { qos: 1, properties: { messageExpiryInterval: 1 } });
    world.advance(2000);
    world.connect({ clientId: 'away', ...KEPT });
    const small = world.connect({ clientId: 'small', properties: { maximumPacketSize: 20 } });
    small.subscribe('large');
    publisher.publish('large', 'x'.repeat(30));
    publisher.publish('$SYS/not-allowed', 'y', { qos: 1 });
    expect(
      reader.takePublishes().map((packet) => `${told(packet)['at']} ${told(packet)['payload']}`),
    ).toEqual([
      '$dead-letter/outgoing-rate/q0 2',
      '$dead-letter/offline-qos0/t offline',
      '$dead-letter/expired/t expires',
      `$dead-letter/packet-too-large/large ${'x'.repeat(30)}`,
    ]);
  });

  test('tells of many messages at once how many, where they are not at hand', () => {
    const { world, reader, publisher } = rig();
    const away = world.connect({ clientId: 'away', ...KEPT });
    away.subscribe('t', 1);
    away.drop();
    for (let i = 0; i < 3; i++) publisher.publish('t', `${i}`, { qos: 1 });
    world.connect({ clientId: 'away', cleanStart: true });
    expect(reader.takePublishes().map(told)).toMatchObject([
      { at: '$dead-letter/session-ended', payload: '', topic: '', count: '3', client: 'away' },
    ]);
  });

  test('is not published where nothing is configured, nor for reasons that are not asked for', () => {
    const off = rig({ deadLetterPrefix: '' });
    off.publisher.publish('nobody', 'x');
    expect(off.reader.take()).toEqual([]);
    const others = rig({ deadLetterReasons: ['expired'] });
    others.publisher.publish('nobody', 'x');
    expect(others.reader.take()).toEqual([]);
    const all = rig();
    all.publisher.publish('nobody', 'x');
    expect(all.reader.take()).toEqual([]);
  });

  test('is published once: what is dropped of letters makes no letters', () => {
    const { world, publisher } = rig(
      { deadLetterPrefix: 'dead', deadLetterReasons: ['offline-qos0', 'no-matching-subscribers'] },
      {},
    );
    const away = world.connect({ clientId: 'away', ...KEPT });
    away.subscribe('#', 0);
    away.drop();
    publisher.publish('t', 'x');
    expect(world.dropped('offline-qos0')).toBe(2); // the message, and its letter
    publisher.publish('dead/by/a/client', 'x');
    expect(world.dropped('offline-qos0')).toBe(3);
  });

  test('can be published again when the options are changed', () => {
    const { world, reader, publisher } = rig({ deadLetterPrefix: '' });
    world.reconfigure({
      habits: { deadLetterPrefix: '$dead-letter', deadLetterReasons: ['no-matching-subscribers'] },
    });
    publisher.publish('nobody', 'x');
    expect(reader.takePublishes()).toHaveLength(1);
    world.reconfigure({});
    publisher.publish('nobody', 'x');
    expect(reader.takePublishes()).toHaveLength(0);
  });

  test('is published at its reason alone if its topic name is too long for more', () => {
    const { reader, publisher } = rig({ deadLetterReasons: ['no-matching-subscribers'] }, { topicLevels: 3 });
    publisher.publish('a/b/c', 'x');
    expect(reader.takePublishes().map(told)).toMatchObject([
      { at: '$dead-letter/no-matching-subscribers', topic: 'a/b/c', payload: 'x' },
    ]);
  });

  test('is refused as a prefix if it is no topic name', () => {
    expect(() => rig({ deadLetterPrefix: 'a/#' })).toThrow('a/#');
    expect(() => rig({ deadLetterReasons: ['expierd'] })).toThrow('did you mean expired?');
  });
});
