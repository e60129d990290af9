import type { Broker, BrokerEventName, BrokerEvents } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { ReasonCode } from '@martlet/protocol';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { nextClose, nextDisconnect, urlOf } from '../../../../test/mqtt-js.ts';
import { RecordedLog } from './recorded-log.ts';

let broker: Broker;
let log: RecordedLog;
let url: string;

beforeEach(async () => {
  log = new RecordedLog();
  broker = createBroker({ log });
  url = urlOf(await broker.listen({ port: 0 }));
});
afterEach(() => broker.close());

function nextEvent<Name extends BrokerEventName>(name: Name): Promise<BrokerEvents[Name]> {
  return new Promise((resolve) => {
    const off = broker.on(name, (event) => {
      off();
      resolve(event);
    });
  });
}

describe('Events tell', () => {
  test('who connects, subscribes, unsubscribes and disconnects', async () => {
    const connected = nextEvent('clientConnected');
    const subscribed = nextEvent('subscribed');
    const unsubscribed = nextEvent('unsubscribed');
    const disconnected = nextEvent('clientDisconnected');
    const client = await connectAsync(url, {
      protocolVersion: 5,
      clientId: 'ada',
      username: 'lovelace',
      keepalive: 30,
    });
    expect(await connected).toMatchObject({
      clientId: 'ada',
      username: 'lovelace',
      protocolVersion: 5,
      sessionPresent: false,
      keepAlive: 30,
      listener: expect.stringMatching(/^tcp:\d+$/),
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
    await client.subscribeAsync('engine/#', { qos: 1 });
    expect(await subscribed).toEqual({ clientId: 'ada', topicFilter: 'engine/#', qos: 1 });
    await client.unsubscribeAsync('engine/#');
    expect(await unsubscribed).toEqual({ clientId: 'ada', topicFilter: 'engine/#' });
    await client.endAsync();
    expect(await disconnected).toMatchObject({ clientId: 'ada', reasonCode: ReasonCode.NormalDisconnection });
  });

  test('messages that ended without delivery', async () => {
    const dropped = nextEvent('messageDropped');
    const client = await connectAsync(url, { protocolVersion: 4, clientId: 'away', clean: false });
    await client.subscribeAsync('t', { qos: 1 });
    const disconnected = nextEvent('clientDisconnected');
    await client.endAsync();
    await disconnected;
    await broker.publish('t', 'nobody waits for QoS 0');
    expect(await dropped).toEqual({
      reason: 'offline-qos0',
      clientId: 'away',
      topicName: 't',
      count: 1,
      detail: '',
    });
  });

  test('with types by name', () => {
    expectTypeOf(broker.on<'clientConnected'>)
      .parameter(1)
      .parameter(0)
      .toHaveProperty('sessionPresent');
    expectTypeOf(broker.on<'clientDisconnected'>)
      .parameter(1)
      .parameter(0)
      .toHaveProperty('reasonCode');
    // @ts-expect-error There is no such event; at run time nobody would ever emit it.
    broker.on('clientConected', () => {});
  });
});

test('A handler that throws is reported; the other handlers and the client do not notice', async () => {
  broker.on('clientConnected', () => {
    throw new Error('first handler failed');
  });
  const connected = nextEvent('clientConnected');
  const client = await connectAsync(url, { protocolVersion: 5, clientId: 'ada' });
  expect((await connected).clientId).toBe('ada');
  expect(log.textsOf('handler-error')).toEqual([expect.stringContaining('first handler failed')]);
  await client.publishAsync('t', 'x', { qos: 1 });
  await client.endAsync();
});

test('A handler that was taken off is not called', async () => {
  const seen: string[] = [];
  const off = broker.on('clientConnected', ({ clientId }) => seen.push(clientId));
  const first = nextEvent('clientConnected');
  const one = await connectAsync(url, { clientId: 'one' });
  await first;
  off();
  const second = nextEvent('clientConnected');
  const two = await connectAsync(url, { clientId: 'two' });
  await second;
  expect(seen).toEqual(['one']);
  await Promise.all([one.endAsync(), two.endAsync()]);
});

test('disconnectClient ends a connection and tells why', async () => {
  const client = await connectAsync(url, { protocolVersion: 5, clientId: 'ada', reconnectPeriod: 0 });
  const told = nextDisconnect(client);
  const closed = nextClose(client);
  expect(broker.disconnectClient('ada')).toBe(true);
  expect((await told).reasonCode).toBe(ReasonCode.AdministrativeAction);
  await closed;
  expect(broker.disconnectClient('nobody')).toBe(false);
  await client.endAsync();
});
