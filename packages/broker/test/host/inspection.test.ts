// What a broker shows of itself to those who ask.

import type { Broker } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { urlOf } from '../../../../test/mqtt-js.ts';

let broker: Broker;

beforeEach(() => {
  broker = createBroker({ sysInterval: 0 });
});
afterEach(() => broker.close());

describe('broker.sessions', () => {
  test('shows who is connected and who is away, with what waits for them', async () => {
    const listener = await broker.listen({ port: 0 });
    const properties = { sessionExpiryInterval: 3600 };
    const client = await connectAsync(urlOf(listener), { clientId: 'a', protocolVersion: 5, properties });
    await client.subscribeAsync('t/#', { qos: 1, nl: true });
    const subscription = {
      topicFilter: 't/#',
      qos: 1,
      noLocal: true,
      retainAsPublished: false,
      retainHandling: 0,
      subscriptionIdentifier: 0,
    };
    const session = { clientId: 'a', sessionExpiryInterval: 3600, subscriptions: [subscription] };
    const nothing = { queuedMessages: 0, inFlightMessages: 0 };
    expect(broker.sessions).toEqual([{ ...session, ...nothing, connected: true }]);

    const gone = new Promise<void>((resolve) => broker.on('clientDisconnected', () => resolve()));
    await client.endAsync();
    await gone;
    await broker.publish('t/1', 'x', { qos: 1 });
    await broker.publish('t/2', 'y', { qos: 1 });
    expect(broker.sessions).toEqual([{ ...session, ...nothing, connected: false, queuedMessages: 2 }]);
  });
});

describe('broker.retainedMessages', () => {
  test('shows what is retained, of all topics or of those that match', async () => {
    for (const topicName of ['a/1', 'a/2', 'b']) await broker.publish(topicName, topicName, { retain: true });
    await broker.publish('a/2', '', { retain: true });
    const texts = (topicFilter?: string) => broker.retainedMessages(topicFilter).map((each) => each.text());
    expect(texts()).toEqual(['a/1', 'b']);
    expect(texts('a/+')).toEqual(['a/1']);
    expect(broker.retainedMessages('b')[0]).toMatchObject({ topicName: 'b', retained: true });
  });

  test.each(['a/#/b', '', '$share/g/a'])('refuses a topic filter that is none: %s', (topicFilter) => {
    expect(() => broker.retainedMessages(topicFilter)).toThrow(TypeError);
  });
});
