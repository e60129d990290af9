// Retained messages, and what several subscriptions of one application to the same filter ask for.

import type { Client, SubscribeOptions } from '@martlet/client';
import { connect } from '@martlet/client';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OWN_BITS } from '../../src/core/subscriptions/server-subscription.ts';
import { CONTINUED, message, suback, taken } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let seen: string[];
beforeEach(() => {
  world = new World();
  seen = [];
});
afterEach(() => world.close());

let client: Client;
let server: TestServer;

async function online(protocolVersion: 4 | 5 = 5): Promise<void> {
  client = world.connect({ protocolVersion, sessionExpiryInterval: 300 });
  server = await world.accept();
}

function subscribe(name: string, options: SubscribeOptions = {}, topicFilter = 'a') {
  return client.subscribe(topicFilter, options, ({ retain }) =>
    seen.push(retain ? `${name} retained` : name),
  );
}

/** Takes the next SUBSCRIBE and grants it. Returns its identifier and its Retain Handling. */
async function granted(): Promise<{ identifier: number | undefined; retainHandling: number }> {
  await world.settle();
  const { packetId, subscriptions, properties } = server.take('subscribe');
  server.send(suback(packetId, 2));
  await world.settle();
  return {
    identifier: properties.subscriptionIdentifier,
    retainHandling: subscriptions[0]!.retainHandling,
  };
}

/** What the handlers see of a message. */
async function of(retain: boolean, ...identifiers: (number | undefined)[]): Promise<string[]> {
  seen.length = 0;
  const subscriptionIdentifiers = identifiers.filter((each) => each !== undefined);
  const properties = subscriptionIdentifiers.length === 0 ? {} : { subscriptionIdentifiers };
  server.send(message('a', { qos: 1, packetId: 1, retain, properties }));
  await world.settle();
  expect(taken(server)).toEqual(['puback 1']);
  return [...seen];
}

describe('Retained messages for a second subscription to a filter', () => {
  test('reach it alone, and those for the first one that first one, in whatever order they come', async () => {
    await online();
    subscribe('first');
    const first = await granted();
    subscribe('second');
    const second = await granted();
    subscribe('third');
    const third = await granted();
    expect(await of(true, second.identifier)).toEqual(['second retained']);
    expect(await of(true, first.identifier)).toEqual(['first retained']);
    expect(await of(true, third.identifier)).toEqual(['third retained']);
    const all = ['first', 'second', 'third'];
    for (const each of [first, second, third]) expect(await of(false, each.identifier)).toEqual(all);
  });

  test('are those that it asks for, whatever the first one asked for', async () => {
    await online();
    subscribe('first');
    expect(await granted()).toMatchObject({ retainHandling: 0 });
    subscribe('none', { retainHandling: 2 });
    expect(await granted()).toMatchObject({ retainHandling: 2 });
    // The server has the filter, but this subscription is new.
    subscribe('new', { retainHandling: 1 });
    const { identifier, retainHandling } = await granted();
    expect(retainHandling).toBe(0);
    expect(await of(true, identifier)).toEqual(['new retained']);
  });

  test('that has ended since are acknowledged, and reach nobody', async () => {
    await online();
    subscribe('first');
    await granted();
    const { subscription } = subscribe('second');
    const { identifier } = await granted();
    void subscription.unsubscribe();
    expect(await of(true, identifier)).toEqual([]);
    expect(await of(false, identifier)).toEqual(['first']);
  });

  test('that were meant for an earlier process reach all, and what is for nobody any more is told', async () => {
    await online();
    const dropped: string[] = [];
    client.on('dropped', ({ reason }) => dropped.push(reason));
    subscribe('first');
    const { identifier } = await granted();
    const { subscription } = subscribe('second');
    const second = await granted();
    const ofAnother = (5 << OWN_BITS) | identifier!;
    expect(await of(true, ofAnother)).toEqual(['first retained', 'second retained']);
    await subscription.unsubscribe();
    expect([await of(true, second.identifier), dropped]).toEqual([[], ['unsubscribed']]);
    expect([await of(true, identifier), dropped]).toEqual([['first retained'], ['unsubscribed']]);
  });

  test('are still its own when the numbers by which they are told apart begin again', async () => {
    await online();
    subscribe('first');
    await granted();
    subscribe('second');
    const second = await granted();
    for (let joined = 3; ; joined++) {
      const { subscription } = subscribe('other');
      const { identifier } = await granted();
      if (identifier === second.identifier) break;
      expect(joined).toBeLessThan(200);
      await subscription.unsubscribe();
    }
    expect(await of(true, second.identifier)).toEqual(['other retained']);
  });

  test('reach all of them where the flag is kept as published, since they may be new', async () => {
    await online();
    subscribe('first', { retainAsPublished: true });
    await granted();
    subscribe('second', { retainAsPublished: true });
    const { identifier } = await granted();
    expect(await of(true, identifier)).toEqual(['first retained', 'second retained']);
  });

  test('reach all that want any where nothing tells for whom they are, as in 3.1.1', async () => {
    await online(4);
    subscribe('first');
    await granted();
    subscribe('none', { retainHandling: 2 });
    await granted();
    expect(await of(true)).toEqual(['first retained']);
    expect(await of(false)).toEqual(['first', 'none']);
  });

  test('are known as such by the next process with the session, beside a filter that overlaps', async () => {
    await online();
    subscribe('first');
    await granted();
    subscribe('second');
    const { identifier } = await granted();
    server.cut();
    await client.close();
    client = world.connect({ cleanStart: false });
    server = await world.accept(CONTINUED);
    subscribe('a');
    await granted();
    subscribe('+', {}, '+');
    await granted();
    expect(await of(false, identifier)).toEqual(['a']);
  });
});

test('On a broker, a second subscription gets the retained message that the first one has, and the first one does not again', async () => {
  const broker = createTestBroker();
  const alone = connect({ ...broker.clientOptions(), clientId: 'alone' });
  await alone.publish('a/b', 'kept', { qos: 1, retain: true });
  const got: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    await alone.subscribe('a/+', ({ retain }) => got.push(retain ? `${name} retained` : name));
    await broker.settled();
  }
  await alone.subscribe('a/b', () => got.push('other'));
  await broker.settled();
  expect(got.splice(0)).toEqual(['first retained', 'second retained', 'third retained', 'other']);
  await alone.publish('a/b', 'new', { qos: 2 });
  await broker.settled();
  expect(got.sort()).toEqual(['first', 'other', 'second', 'third']);
  await alone.close();
  await broker.close();
});

test('When the session was lost, all are asked for together, and retained messages reach those that want them', async () => {
  await online();
  subscribe('first');
  await granted();
  subscribe('second');
  await granted();
  subscribe('none', { retainHandling: 2 });
  await granted();
  server.cut();
  await world.advance(5000);
  server = await world.accept();
  const { identifier, retainHandling } = await granted();
  expect([retainHandling, ...taken(server)]).toEqual([0]);
  expect(await of(true, identifier)).toEqual(['first retained', 'second retained']);
});

test('What is one at the server cannot be asked for with other options, whose messages nothing tells apart', async () => {
  await online();
  const first = subscribe('first', { noLocal: true });
  expect(() => subscribe('second')).toThrow(
    'noLocal: expected true, as of another subscription to a, got false',
  );
  expect(() => subscribe('second', { noLocal: true, retainAsPublished: true })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  );
  subscribe('other', { retainAsPublished: true }, 'b');
  subscribe('second', { noLocal: true, qos: 1 });
  void first.subscription.unsubscribe();
  expect(() => subscribe('third')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});
