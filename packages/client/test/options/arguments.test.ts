// A bad argument of any call throws at the call: nothing is silently left out.

import type { Client } from '@martlet/client';
import { ClientError, connect } from '@martlet/client';
import { publishMany } from '@martlet/client/once';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVENT_NAMES } from '../../src/client/events.ts';
import { World } from '../world/world.ts';

let world: World;
let client: Client;
beforeEach(async () => {
  world = new World();
  client = world.connect();
  await world.accept();
});
afterEach(() => world.close());

// biome-ignore lint/suspicious/noExplicitAny: what the types forbid is what these tests give.
type Call = (client: any) => unknown;

const nothing = (): void => {};

/** What a call throws or, where it is asynchronous, is rejected with. */
async function refusal(call: Call): Promise<string> {
  let error: unknown;
  try {
    await call(client);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ClientError);
  return `${(error as ClientError).code} ${(error as ClientError).message}`;
}

describe('A bad argument is refused', () => {
  test.each<[string, Call, string]>([
    [
      'a misspelt option',
      (c) => c.publish('a', 'b', { retained: true }),
      'got retained; did you mean retain?',
    ],
    [
      'options of another library',
      (c) => c.publish('a', 'b', { properties: {} }),
      'publish, got properties (there are qos, retain,',
    ],
    [
      'a callback',
      (c) => c.publish('a', 'b', nothing),
      'publish: expected options, got function; await what it returns',
    ],
    [
      'a callback behind the options',
      (c) => c.publish('a', 'b', {}, nothing),
      'publish: expected options, got function; await',
    ],
    [
      'null as options',
      (c) => c.publish('a', 'b', null),
      'INVALID_OPTION publish: expected options, got null',
    ],
    [
      'a bad option before what is no callback',
      (c) => c.publish('a', 'b', { retained: true }, {}),
      'got retained; did you mean retain?',
    ],
    [
      'no topic name',
      (c) => c.publish(undefined, 'b'),
      'INVALID_TOPIC expected a topic name, got "undefined"',
    ],
    ['null as topic name', (c) => c.publish(null, 'b'), 'INVALID_TOPIC'],
    [
      'NaN as a time',
      (c) => c.publish('a', 'b', { timeoutMs: Number.NaN }),
      'timeoutMs: expected milliseconds, got NaN',
    ],
    [
      'text as a time',
      (c) => c.publish('a', 'b', { timeoutMs: '5' }),
      'timeoutMs: expected milliseconds, got 5',
    ],
    [
      'a negative time',
      (c) => c.subscribe('a', { timeoutMs: -1 }),
      'timeoutMs: expected milliseconds, got -1',
    ],
    ['no signal', (c) => c.publish('a', 'b', { signal: {} }), 'signal: expected an AbortSignal'],
    ['no handler', (c) => c.subscribe('a', {}, 'x'), 'handler: expected function, got string'],
    ['two handlers', (c) => c.subscribe('a', nothing, nothing), 'subscribe: expected options, got function'],
    ['null for a subscription', (c) => c.subscribe('a', null), 'subscribe: expected options, got null'],
    [
      'a misspelt option of a subscription',
      (c) => c.subscribe('a', { Qos: 1 }),
      'got Qos; did you mean qos?',
    ],
    ['several filters', (c) => c.subscribe(['a', 'b']), 'INVALID_TOPIC'],
    ['nothing to respond with', (c) => c.respond('a'), 'handler: expected function, got undefined'],
    [
      'options before the handler',
      (c) => c.respond('a', {}, nothing),
      'handler: expected function, got object',
    ],
    ['null to respond', (c) => c.respond('a', nothing, null), 'respond: expected options, got null'],
    ['null to a request', (c) => c.request('a', 'b', null), 'request: expected options, got null'],
    [
      'a request with retain',
      (c) => c.request('a', 'b', { retain: true }),
      'expected an option of request, got retain',
    ],
    ['a request with a topic', (c) => c.requestMany('a', 'b', { responseTopic: 'c' }), 'got responseTopic'],
    [
      'an event of another library',
      (c) => c.on('message', nothing),
      'event: expected one of online, offline, error',
    ],
    ['no event', (c) => c.on(undefined, nothing), 'event: expected one of online'],
    ['no listener', (c) => c.on('online'), 'listener: expected function, got undefined'],
    ['true to close', (c) => c.close(true), 'close: expected options, got boolean'],
    [
      'text as a time to close',
      (c) => c.close({ timeoutMs: 'x' }),
      'timeoutMs: expected milliseconds, got x',
    ],
    [
      'a signal to close',
      (c) => c.close({ signal: AbortSignal.abort() }),
      'expected an option of close, got signal',
    ],
    [
      'a misspelt wait',
      (c) => c.connected({ timeout: 5 }),
      'expected an option of connected, got timeout; did you mean timeoutMs?',
    ],
    ['a number to authenticate', (c) => c.reauthenticate(5), 'reauthenticate: expected options, got number'],
  ])('%s', async (_, call, text) => {
    expect(await refusal(call)).toContain(text);
    expect(client.gauges).toMatchObject({ queuedMessages: 0, inFlight: 0, subscriptions: 0 });
    expect(client.state).toBe('online');
  });

  test('a message of publishMany with topic in place of topicName', async () => {
    const broker = createTestBroker();
    const messages = [{ topic: 'a', payload: 'b' }] as never;
    const publishing = publishMany('mqtt://test', messages, { client: broker.clientOptions() as never });
    expect(await refusal(() => publishing)).toContain(
      'INVALID_OPTION expected an option of publish, got topic',
    );
    await broker.close();
  });

  test.each([
    [() => connect('localhost'), 'mqtt://localhost'],
    [() => connect('broker.example:1883'), 'mqtt://broker.example:1883'],
    [() => connect('mqtt://a', { will: { topic: 'a' } as never }), 'expected a property of will, got topic'],
  ])('where to connect to, and the will: %s', async (call, text) => {
    expect(await refusal(call)).toContain(text);
  });
});

test('Options that are given again are checked once, and others after them again', () => {
  const options = { qos: 0 as const };
  client.publish('a', 'b', options);
  client.publish('a', 'b', options);
  expect(() => client.publish('a', 'b', { qos: 0, retained: true } as never)).toThrow('retained');
  expect(() => client.publish('a', 'b', { qos: 0, retained: true } as never)).toThrow('retained');
});

test('A function in place of the options of subscribe is the handler', async () => {
  const broker = createTestBroker();
  const subscriber = connect(broker.clientOptions());
  const texts: string[] = [];
  await subscriber.subscribe('a', (message) => texts.push(message.text()));
  await subscriber.publish('a', 'b', { qos: 1 });
  await subscriber.close();
  expect(texts).toEqual(['b']);
  await broker.close();
});

test('Every event can be listened to', () => {
  for (const name of EVENT_NAMES) client.on(name, nothing)();
  expect(EVENT_NAMES).toHaveLength(9);
});
