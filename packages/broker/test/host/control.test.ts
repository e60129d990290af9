import { createBroker } from '@martlet/broker';
import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { urlOf } from '../../../../test/mqtt-js.ts';

const TOPIC = '$CONTROL/lights/v1';

test('A handler of a control topic answers the client that asked, which is acknowledged before', async () => {
  const broker = createBroker({ authorizer: { authorize: () => ({ allowed: true }) } });
  const off = broker.onControl(TOPIC, (message, client) => {
    broker.publishTo(client.clientId, `${TOPIC}/response`, `${client.username}: ${message.text()}`);
  });
  const listener = await broker.listen({ port: 0 });
  const client = await connectAsync(urlOf(listener), { clientId: 'c', username: 'u' });
  const answered = new Promise<string>((resolve) =>
    client.once('message', (topicName, payload) => resolve(`${topicName} ${payload.toString()}`)),
  );
  await client.publishAsync(TOPIC, 'on', { qos: 1 });
  expect(await answered).toBe(`${TOPIC}/response u: on`);
  off();
  await client.endAsync();
  await broker.close();
});

test('Only control topics have handlers, and the application does not publish to them', async () => {
  const broker = createBroker();
  for (const topicName of ['lights', '$CONTROL', '$CONTROL/#', '$SYS/x'])
    expect(() => broker.onControl(topicName, () => {})).toThrow(TypeError);
  await expect(broker.publish(TOPIC, 'on')).rejects.toThrow('use publishTo');
  expect(() => broker.publishTo('c', 'a/#', 'x')).toThrow(TypeError);
  expect(broker.publishTo('nobody', 'a', 'x')).toBe(false);
  await broker.close();
  expect(() => broker.publishTo('nobody', 'a', 'x')).toThrow('closed');
});

test('An error of a handler is logged, and the broker goes on', async () => {
  const lines: string[] = [];
  const broker = createBroker({
    authorizer: { authorize: () => ({ allowed: true }) },
    log: { write: (_level, code) => lines.push(code) },
  });
  broker.onControl(TOPIC, () => {
    throw new Error('broken');
  });
  const listener = await broker.listen({ port: 0 });
  const client = await connectAsync(urlOf(listener));
  await client.publishAsync(TOPIC, 'on', { qos: 1 });
  await client.publishAsync('a', 'still there', { qos: 1 });
  expect(lines).toContain('handler-error');
  await client.endAsync();
  await broker.close();
});
