import { createBroker, resolveProfile } from '@martlet/broker';
import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { urlOf } from '../../../../test/mqtt-js.ts';

test('Limits and who decides change while clients stay connected', async () => {
  const broker = createBroker();
  const listener = await broker.listen({ port: 0 });
  const client = await connectAsync(urlOf(listener), { protocolVersion: 5 });
  await client.publishAsync('a', 'x', { qos: 1 });
  broker.reconfigure({ authorizer: { authorize: () => ({ allowed: false }) } });
  await expect(client.publishAsync('a', 'x', { qos: 1 })).rejects.toThrow('Not authorized');
  broker.reconfigure({ profile: { limits: { subscriptionsPerSession: 1 } }, authorizer: null });
  await client.subscribeAsync('a');
  const [granted] = await client.subscribeAsync('b').catch(() => [undefined]);
  expect(granted?.qos ?? 0x97).toBe(0x97);
  expect(broker.profile.limits.subscriptionsPerSession).toBe(1);
  await client.endAsync();
  await broker.close();
});

test('What is impossible changes nothing, and what is left out stays', async () => {
  const broker = createBroker({ limits: { sessions: 7 } });
  expect(() => broker.reconfigure({ profile: { limits: { sessions: 0 } } })).toThrow(RangeError);
  broker.reconfigure({});
  expect(broker.profile).toEqual(resolveProfile({ limits: { sessions: 7 } }));
  broker.reconfigure({ profile: {} });
  expect(broker.profile).toEqual(resolveProfile());
  await broker.close();
});
