import { describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';

function subscribed(perClient: object, qos: 0 | 1 | 2, habits: object = {}) {
  const world = new World({ rates: { perClient }, habits });
  const subscriber = world.connect({ clientId: 'subscriber', properties: { receiveMaximum: 1000 } });
  subscriber.subscribe('t', qos);
  return { world, subscriber, publisher: world.connect({ clientId: 'publisher' }) };
}

describe('a client that is sent more than its rate', () => {
  test('gets QoS 1 messages as fast as its rate, in their order, and none is lost', () => {
    const { world, subscriber, publisher } = subscribed({ messagesOutPerSecond: 10 }, 1);
    for (let i = 0; i < 25; i++) publisher.publish('t', `${i}`, { qos: 1 });
    const texts = subscriber.takeTexts();
    expect(texts).toHaveLength(10);
    world.advance(100);
    texts.push(...subscriber.takeTexts());
    expect(texts).toHaveLength(11);
    world.advance(1400);
    texts.push(...subscriber.takeTexts());
    expect(texts).toEqual(Array.from({ length: 25 }, (_, i) => `${i}`));
  });

  test('loses QoS 0 messages, which are counted by the reason outgoing-rate', () => {
    const { world, subscriber, publisher } = subscribed({ messagesOutPerSecond: 2 }, 0);
    for (let i = 0; i < 5; i++) publisher.publish('t', `${i}`);
    expect(subscriber.takeTexts()).toEqual(['0', '1']);
    expect(world.dropped('outgoing-rate')).toBe(3);
    expect(world.dropped('outbox-full')).toBe(0);
    expect(world.core.context.outcomes.latest('subscriber')[0]?.detail).toBe(
      'client "subscriber" is sent more than it may (messagesOutPerSecond 2)',
    );
    world.advance(1000);
    publisher.publish('t', 'late');
    expect(subscriber.takeTexts()).toEqual(['late']);
  });

  test('gets QoS 0 messages later where they may wait in the queue', () => {
    const { world, subscriber, publisher } = subscribed({ messagesOutPerSecond: 2 }, 0, { queueQos0: true });
    for (let i = 0; i < 4; i++) publisher.publish('t', `${i}`);
    expect(subscriber.takeTexts()).toEqual(['0', '1']);
    world.advance(1000);
    expect(subscriber.takeTexts()).toEqual(['2', '3']);
    expect(world.dropped('outgoing-rate')).toBe(0);
  });

  test('is held to bytes, too', () => {
    const { world, subscriber, publisher } = subscribed({ bytesOutPerSecond: 1000 }, 1);
    for (let i = 0; i < 3; i++) publisher.publish('t', 'x'.repeat(1000), { qos: 1 });
    // Of the second a little is left, which is enough to begin with it.
    expect(subscriber.takeTexts()).toHaveLength(1);
    world.advance(10);
    expect(subscriber.takeTexts()).toHaveLength(1);
    world.advance(990);
    expect(subscriber.takeTexts()).toHaveLength(0);
    world.advance(20);
    expect(subscriber.takeTexts()).toHaveLength(1);
  });

  test('is answered all the same: pings and acknowledgements are not messages', () => {
    const { world, subscriber, publisher } = subscribed({ messagesOutPerSecond: 1 }, 1);
    for (let i = 0; i < 3; i++) publisher.publish('t', `${i}`, { qos: 1 });
    subscriber.take();
    subscriber.send({ type: 'pingreq' });
    expect(subscriber.take()).toEqual([{ type: 'pingresp' }]);
    expect(world.dropped('outgoing-rate')).toBe(0);
  });

  test('leaves the messages of its shared subscription to another member', () => {
    const world = new World({ rates: { perClient: { messagesOutPerSecond: 2 } } });
    const members = ['a', 'b'].map((clientId) => world.connect({ clientId }));
    for (const member of members) member.subscribe('$share/g/t');
    const publisher = world.connect();
    for (let i = 0; i < 4; i++) publisher.publish('t', `${i}`);
    expect(members.map((member) => member.takeTexts().length)).toEqual([2, 2]);
    expect(world.dropped('outgoing-rate')).toBe(0);
  });

  test('is not held back any more when the rate is taken away', () => {
    const { world, subscriber, publisher } = subscribed({ messagesOutPerSecond: 1 }, 1);
    for (let i = 0; i < 3; i++) publisher.publish('t', `${i}`, { qos: 1 });
    expect(subscriber.takeTexts()).toHaveLength(1);
    world.reconfigure({});
    expect(subscriber.takeTexts()).toHaveLength(2);
  });
});
