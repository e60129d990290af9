// Whose a message is: each handler is called once for it, however many of its filters match and copies come.

import type { Client } from '@martlet/client';
import { matches } from '@martlet/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { topicFilter, topicName } from '../../../protocol/test/codec/arbitraries.ts';
import { Subscriptions } from '../../src/core/subscriptions/subscriptions.ts';
import { CONTINUED, grant, message, suback } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let seen: string[];
beforeEach(() => {
  world = new World();
  seen = [];
});
afterEach(() => world.close());

/** Subscribes with handlers that say which filter they have. */
function subscribe(client: Client, ...topicFilters: string[]): void {
  for (const each of topicFilters) client.subscribe(each, {}, () => seen.push(each));
}

/** By filter, the identifiers with which the client asked. */
function identifiers(server: TestServer): Record<string, number> {
  const found: Record<string, number> = {};
  for (const packet of server.takeAll()) {
    if (packet.type !== 'subscribe') continue;
    server.send(suback(packet.packetId, 2));
    found[packet.subscriptions[0]!.topicFilter] = packet.properties.subscriptionIdentifier!;
  }
  return found;
}

async function calls(
  server: TestServer,
  topic: string,
  ...copies: (number[] | undefined)[]
): Promise<string[]> {
  seen.length = 0;
  for (const subscriptionIdentifiers of copies) {
    server.send(message(topic, subscriptionIdentifiers && { properties: { subscriptionIdentifiers } }));
  }
  await world.settle();
  return [...seen].sort();
}

const FILTERS = ['a/#', 'a/+', 'a/b', 'a/b', '$share/group/a/b'];

describe('With overlapping filters', () => {
  test('one copy without identifiers, as in 3.1.1, reaches every handler that matches, once', async () => {
    const client = world.connect({ protocolVersion: 4 });
    subscribe(client, ...FILTERS, 'b');
    const server = await world.accept();
    grant(server);
    expect(await calls(server, 'a/b', undefined)).toEqual([...FILTERS].sort());
    expect(await calls(server, 'a', undefined)).toEqual(['a/#']);
  });

  test('one copy with several identifiers, as Martlet sends it, reaches each of those', async () => {
    const client = world.connect();
    subscribe(client, ...FILTERS);
    const server = await world.accept();
    const of = identifiers(server);
    expect(await calls(server, 'a/b', [of['a/#']!, of['a/b']!])).toEqual(['a/#', 'a/b', 'a/b']);
    expect(await calls(server, 'a/b', [of['$share/group/a/b']!])).toEqual(['$share/group/a/b']);
  });

  test('several copies with one identifier each, as Mosquitto sends them, reach one subscription each', async () => {
    const client = world.connect();
    subscribe(client, ...FILTERS);
    const server = await world.accept();
    const of = identifiers(server);
    const copies = Object.values(of).map((identifier) => [identifier]);
    expect(await calls(server, 'a/b', ...copies)).toEqual([...FILTERS].sort());
  });
});

describe('A Subscription Identifier', () => {
  test('is the same in the next process with the session, whatever else that subscribes to, and in which order', async () => {
    const client = world.connect();
    subscribe(client, 'a/#', 'a/b');
    const first = identifiers(await world.accept());
    const next = world.connect({ cleanStart: false });
    subscribe(next, 'c', 'a/b', 'd', 'a/#');
    const server = await world.accept(CONTINUED);
    const second = identifiers(server);
    expect(second).toMatchObject(first);
    expect(await calls(server, 'a/b', [first['a/b']!])).toEqual(['a/b']);
  });

  test('that the client does not know leaves it to the filters whose the message is', async () => {
    const client = world.connect({ cleanStart: false });
    subscribe(client, 'a/+', 'a/b', 'b');
    const server = await world.accept(CONTINUED);
    const of = identifiers(server);
    expect(await calls(server, 'a/b', [268_435_455])).toEqual(['a/+', 'a/b']);
    // It is known, but its filter does not match: it meant another one.
    expect(await calls(server, 'a/b', [of['b']!])).toEqual(['a/+', 'a/b']);
  });

  test('is another one for a filter with the same hash', async () => {
    const client = world.connect();
    subscribe(client, 'Aa', 'BB', '+');
    const server = await world.accept();
    const of = identifiers(server);
    expect(new Set(Object.values(of)).size).toBe(3);
    expect(await calls(server, 'Aa', [of['Aa']!], [of['+']!])).toEqual(['+', 'Aa']);
    expect(await calls(server, 'BB', [of['BB']!])).toEqual(['BB']);
  });
});

test('A subscription that is added or ended between two messages counts at once', async () => {
  const client = world.connect({ protocolVersion: 4 });
  subscribe(client, 'a/+');
  const server = await world.accept();
  grant(server);
  expect(await calls(server, 'a/b', undefined)).toEqual(['a/+']);
  const { subscription } = client.subscribe('a/b', {}, () => seen.push('a/b'));
  expect(await calls(server, 'a/b', undefined)).toEqual(['a/+', 'a/b']);
  void subscription.unsubscribe();
  expect(await calls(server, 'a/b', undefined)).toEqual(['a/+']);
});

describe('Matching', () => {
  const sender = { server: null, request: () => 0, freePacketId: () => {}, mayAsk: () => false, window: 0 };
  const subscriber = (filter: string) => ({ topicFilter: filter, options: {} }) as never;

  test('finds exactly the filters that match', () => {
    fc.assert(
      fc.property(fc.uniqueArray(topicFilter, { maxLength: 30 }), topicName, (filters, name) => {
        const subscriptions = new Subscriptions(sender);
        for (const each of [...filters, name]) subscriptions.add(subscriber(each));
        const expected = new Set(
          [...filters, name].filter((each) => matches(each.replace(/^\$share\/[^/]+\//, ''), name)),
        );
        const found = subscriptions.match(name).map((each) => each.topicFilter);
        expect(found.length).toBe(expected.size);
        expect(new Set(found)).toEqual(expected);
      }),
    );
  });
});
