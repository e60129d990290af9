// SUBSCRIBE and UNSUBSCRIBE: what is asked for, when, how often, and what answers and lost connections make of it.

import type { Client, ClientError } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONTINUED, grant, message, suback, taken, unsuback } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let errors: ClientError[];
beforeEach(() => {
  world = new World();
  errors = [];
});
afterEach(() => world.close());

function connect(options: Parameters<World['connect']>[0] = {}): Client {
  const client = world.connect({ sessionExpiryInterval: 300, ...options });
  client.on('error', (error) => errors.push(error));
  return client;
}

/** The next connection, after the one before was lost. */
async function again(connack: Parameters<World['accept']>[0] = CONTINUED): Promise<TestServer> {
  await world.advance(5000);
  return world.accept(connack);
}

/** What has become of a promise. */
async function outcome(promise: PromiseLike<unknown>): Promise<string> {
  let is = 'waiting';
  promise.then(
    () => {
      is = 'fulfilled';
    },
    (error: ClientError) => {
      is = error.code;
    },
  );
  await world.settle();
  return is;
}

const handler = (): void => {};

/** What the server was asked, without packet identifiers. */
function asked(server: TestServer): string[] {
  return taken(server).map((each) => each.replace(/ \d+ /, ' '));
}

describe('A subscription', () => {
  test('is fulfilled by SUBACK, with the QoS that the server granted', async () => {
    const client = connect();
    const pending = client.subscribe('a', { qos: 2 });
    const server = await world.accept();
    expect(taken(server)).toEqual(['subscribe 1 a']);
    expect(await outcome(pending)).toBe('waiting');
    server.send(suback(1, 1));
    const subscription = await pending;
    expect([subscription.qos, subscription.topicFilter, subscription.isEnded]).toEqual([1, 'a', false]);
  });

  test('asks for what its options say', async () => {
    const client = connect();
    client.subscribe('a', { qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 });
    const server = await world.accept();
    expect(server.take('subscribe').subscriptions).toEqual([
      { topicFilter: 'a', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
    ]);
  });

  test('to a filter that is subscribed to already asks again, for what any of them needs', async () => {
    const client = connect();
    const first = client.subscribe('a', { qos: 0, noLocal: true, retainHandling: 2 });
    const second = client.subscribe('a', { qos: 1, noLocal: true, retainHandling: 1 });
    const server = await world.accept();
    const packet = server.take('subscribe');
    expect(packet.subscriptions).toEqual([
      { topicFilter: 'a', qos: 1, noLocal: true, retainAsPublished: false, retainHandling: 1 },
    ]);
    const third = client.subscribe('a', { qos: 2, noLocal: true });
    await world.settle();
    expect(taken(server)).toEqual([]);
    server.send(suback(1, 1));
    expect([(await first).qos, (await second).qos, await outcome(third)]).toEqual([1, 1, 'waiting']);
    const more = server.take('subscribe');
    expect(more.subscriptions[0]).toMatchObject({ qos: 2, noLocal: true, retainHandling: 0 });
    server.send(suback(2, 2));
    expect([(await first).qos, (await second).qos, (await third).qos]).toEqual([2, 2, 2]);
    expect(client.gauges.subscriptions).toBe(1);
  });

  test('that is refused rejects with REFUSED and what the server said; another one lives', async () => {
    const client = connect();
    const bad = client.subscribe('bad');
    const good = client.subscribe('good');
    const server = await world.accept();
    taken(server);
    server.send(suback(1, ReasonCode.NotAuthorized), suback(2, 0));
    await expect(bad).rejects.toMatchObject({ code: 'REFUSED', reasonCode: ReasonCode.NotAuthorized });
    expect((await good).qos).toBe(0);
    expect([errors.length, client.gauges.subscriptions]).toEqual([0, 1]);
    server.cut();
    expect(asked(await again({ sessionPresent: false }))).toEqual(['subscribe good']);
  });

  test('that is refused while nobody waits for it is told by an error event, once', async () => {
    const client = connect();
    client.subscribe('bad', {}, handler);
    const server = await world.accept();
    taken(server);
    server.send(suback(1, ReasonCode.NotAuthorized));
    await world.settle();
    expect(errors).toMatchObject([{ code: 'REFUSED' }]);
    expect(client.gauges.subscriptions).toBe(0);
  });

  test('that joins one which the server has and is refused leaves that one as it was', async () => {
    const client = connect();
    const seen: string[] = [];
    const first = client.subscribe('a', {}, (each) => seen.push(each.text()));
    const server = await world.accept();
    grant(server);
    await first;
    const second = client.subscribe('a', { qos: 1 });
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send(suback(packetId, ReasonCode.QuotaExceeded), message('a'));
    await expect(second).rejects.toMatchObject({ code: 'REFUSED' });
    await world.settle();
    expect(seen).toEqual(['a']);
    server.cut();
    expect(taken(await again())).toEqual([]);
  });

  test.each([
    ['$share/group/a', { sharedSubscriptionAvailable: false }],
    ['a/+', { wildcardSubscriptionAvailable: false }],
    ['$share/group/#', { wildcardSubscriptionAvailable: false }],
  ])(
    'to %s that the server says it cannot have is refused without asking it',
    async (topicFilter, properties) => {
      const client = connect();
      const early = client.subscribe(topicFilter);
      const outcomes = Promise.allSettled([early]);
      const server = await world.accept({ properties: properties as never });
      const late = client.subscribe(topicFilter);
      await expect(late).rejects.toMatchObject({ code: 'NOT_SUPPORTED_BY_SERVER', kind: 'local' });
      expect(await outcomes).toMatchObject([{ reason: { code: 'NOT_SUPPORTED_BY_SERVER' } }]);
      expect([taken(server), errors]).toEqual([[], []]);
    },
  );

  test('[MQTT-3.2.2-15] v5 with a filter too long for the server is refused; the longest that fits is asked for', async () => {
    const client = connect();
    const server = await world.accept({ properties: { maximumPacketSize: 60 } });
    const longest = client.subscribe('x'.repeat(60 - 17));
    const tooLong = client.subscribe('x'.repeat(60 - 16));
    await expect(tooLong).rejects.toMatchObject({ code: 'PACKET_TOO_LARGE' });
    const packet = server.take('subscribe');
    expect(server.encode(packet).length).toBeLessThanOrEqual(60);
    server.send(suback(packet.packetId, 0));
    await longest;
  });

  test('to a shared filter is passed on in each version', async () => {
    for (const protocolVersion of [3, 4, 5] as const) {
      connect({ protocolVersion }).subscribe('$share/group/a/+');
      expect(taken(await world.accept())).toEqual(['subscribe 1 $share/group/a/+']);
    }
  });

  test.each([
    ['', 'INVALID_TOPIC'],
    ['a/#/b', 'INVALID_TOPIC'],
    ['a+', 'INVALID_TOPIC'],
    ['$share/a', 'INVALID_TOPIC'],
    ['$share//a', 'INVALID_TOPIC'],
    ['\ud800', 'INVALID_TOPIC'],
    [42, 'INVALID_TOPIC'],
  ])('to %j throws at the call', (topicFilter, code) => {
    const client = connect();
    expect(() => client.subscribe(topicFilter as string)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ['qos', 3],
    ['retainHandling', 3],
    ['acknowledge', 'never'],
    ['whenSlow', 'wait'],
    ['bufferMessages', 0],
    ['bufferMessages', 1.5],
    ['bufferBytes', -1],
    ['concurrency', 0],
    ['rejectWith', 0],
    ['bufferSize', 10],
  ])('with %s %j throws at the call', (name, value) => {
    const client = connect();
    const call = (): unknown => client.subscribe('a', { [name]: value });
    expect(call).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    );
    expect(() => client.subscribe('$share/g/a', { noLocal: true })).toThrow('noLocal'); // [MQTT-3.8.3-4]
  });
});

describe('Many subscriptions', () => {
  test('are asked for with one identifier and one packet each, in one write, where the server takes identifiers', async () => {
    const client = connect();
    for (let i = 0; i < 100; i++) client.subscribe(`t/${i}`);
    const server = await world.accept();
    const packets = server.takeAll();
    expect(packets.length).toBe(100);
    expect(server.writes).toBe(2); // CONNECT, and all of them
    const identifiers = packets.map(
      (each) => each.type === 'subscribe' && each.properties.subscriptionIdentifier,
    );
    expect(new Set(identifiers).size).toBe(100);
  });

  test.each([
    [4, {}],
    [5, { subscriptionIdentifiersAvailable: false }],
  ] as const)(
    'are asked for 64 at a time in version %i without identifiers: one more begins the next packet',
    async (protocolVersion, properties) => {
      const client = connect({ protocolVersion });
      const all = Array.from({ length: 129 }, (_, i) => client.subscribe(`t/${i}`));
      const server = await world.accept({ properties });
      const sizes = server.takeAll().map((each) => {
        if (each.type !== 'subscribe') throw new Error('expected only SUBSCRIBE');
        expect(each.properties).toEqual({});
        server.send(suback(each.packetId, ...each.subscriptions.map(() => 1 as const)));
        return each.subscriptions.length;
      });
      expect(sizes).toEqual([64, 64, 1]);
      expect((await Promise.all(all)).every(({ qos }) => qos === 1)).toBe(true);
    },
  );

  test('[MQTT-3.2.2-15] v5 are asked for in packets that the server takes', async () => {
    const client = connect();
    for (let i = 0; i < 20; i++) client.subscribe(`${'x'.repeat(30)}${i}`);
    const properties = { subscriptionIdentifiersAvailable: false, maximumPacketSize: 120 };
    const server = await world.accept({ properties });
    const packets = server.takeAll();
    expect(packets.length).toBe(7);
    for (const each of packets) expect(server.encode(each).length).toBeLessThanOrEqual(120);
    grant(server);
  });

  test('are renewed together when the server has lost the session, and not when it has kept it', async () => {
    const client = connect();
    for (let i = 0; i < 70; i++) client.subscribe(`t/${i}`, {}, handler);
    const server = await world.accept();
    grant(server);
    server.cut();
    const kept = await again();
    expect(taken(kept)).toEqual([]);
    kept.cut();
    const lost = await again({ sessionPresent: false });
    expect([lost.takeAll().length, lost.writes]).toEqual([70, 2]);
  });

  test('of which the server refuses one at their renewal lose that one, and say so', async () => {
    const client = connect();
    client.subscribe('a', {}, handler);
    client.subscribe('b', {}, handler);
    const server = await world.accept();
    grant(server);
    server.cut();
    const second = await again({ sessionPresent: false });
    const [a, b] = second.takeAll() as { packetId: number }[];
    second.send(suback(a!.packetId, ReasonCode.NotAuthorized), suback(b!.packetId, 2));
    await world.settle();
    expect(errors).toMatchObject([{ code: 'REFUSED' }]);
    expect(client.gauges.subscriptions).toBe(1);
  });
});

describe('A connection that is lost', () => {
  test('before SUBACK has what was asked for asked again, once, in the session that is there', async () => {
    const client = connect();
    const pending = client.subscribe('a');
    const server = await world.accept();
    taken(server);
    server.cut();
    const second = await again();
    const packet = second.take('subscribe');
    expect(taken(second)).toEqual([]);
    expect(await outcome(pending)).toBe('waiting');
    second.send(suback(packet.packetId, 0));
    await pending;
  });

  test('before UNSUBACK has what was taken back taken back again, while nobody waits for it', async () => {
    const client = connect();
    const subscription = client.subscribe('a').subscription;
    const server = await world.accept();
    grant(server);
    const ended = subscription.unsubscribe();
    await world.settle();
    expect(taken(server)).toEqual(['unsubscribe 2 a']);
    expect(await outcome(ended)).toBe('waiting');
    server.cut();
    expect(await outcome(ended)).toBe('fulfilled');
    const second = await again();
    expect(asked(second)).toEqual(['unsubscribe a']);
    second.cut();
    const third = await again({ sessionPresent: false });
    expect(taken(third)).toEqual([]);
  });
});

describe('Ending a subscription', () => {
  test('twice to the same filter is over for both when the connection is lost', async () => {
    const client = connect();
    const server = await world.accept();
    const ends = ['first', 'second'].map(() => {
      const pending = client.subscribe('a');
      const rejected = expect(pending).rejects.toMatchObject({ code: 'CLOSED' });
      return Promise.all([pending.subscription.unsubscribe(), rejected]);
    });
    await world.settle();
    expect(taken(server).length).toBe(4);
    server.cut();
    expect([await outcome(ends[0]!), await outcome(ends[1]!)]).toEqual(['fulfilled', 'fulfilled']);
  });

  test('is fulfilled by UNSUBACK; a second time it is the same', async () => {
    const client = connect();
    const { subscription } = client.subscribe('a');
    const server = await world.accept();
    grant(server);
    const ended = subscription.unsubscribe();
    const again = subscription.unsubscribe();
    expect(subscription.isEnded).toBe(true);
    await world.settle();
    expect(taken(server)).toEqual(['unsubscribe 2 a']);
    server.send(unsuback(2, 0));
    await ended;
    await again;
    expect(client.gauges.subscriptions).toBe(0);
  });

  test('waits for no server that does not answer: half a minute, or as long as it is told', async () => {
    const client = connect();
    const { subscription } = client.subscribe('a');
    const server = await world.accept();
    grant(server);
    const before = world.timerCount;
    const controller = new AbortController();
    const ends = [
      subscription.unsubscribe({ timeoutMs: 1000 }),
      subscription.unsubscribe({ signal: controller.signal }),
      subscription.unsubscribe(),
      subscription[Symbol.asyncDispose](),
    ].map((each) => each.catch(({ code }: ClientError) => code));
    // Nobody has to await it.
    void subscription.unsubscribe();
    controller.abort();
    expect(await ends[1]).toBe('ABORTED');
    await world.advance(1000);
    expect(await ends[0]).toBe('TIMEOUT');
    await world.advance(28_999);
    expect(world.timerCount).toBeGreaterThan(before);
    await world.advance(1);
    expect(await Promise.all(ends)).toEqual(['TIMEOUT', 'ABORTED', 'TIMEOUT', 'TIMEOUT']);
    expect(world.timerCount).toBe(before);
  });

  test('tells the server when it was the last one to the filter', async () => {
    const client = connect();
    const first = client.subscribe('a').subscription;
    const second = client.subscribe('a').subscription;
    const server = await world.accept();
    grant(server);
    await first.unsubscribe();
    expect(taken(server)).toEqual([]);
    const ended = second.unsubscribe();
    await world.settle();
    expect(taken(server)).toEqual(['unsubscribe 2 a']);
    server.send(unsuback(2, 0));
    await ended;
  });

  test('happens at once where the server has nothing to be told: offline, and before it was asked', async () => {
    const client = connect();
    const early = client.subscribe('early');
    const rejected = expect(early).rejects.toMatchObject({ code: 'CLOSED' });
    await early.subscription.unsubscribe();
    await rejected;
    const { subscription } = client.subscribe('a');
    const server = await world.accept();
    expect(taken(server)).toEqual(['subscribe 1 a']);
    server.send(suback(1, 0));
    server.cut();
    await subscription.unsubscribe();
    const second = await again();
    expect(asked(second)).toEqual(['unsubscribe a']);
  });

  test('while it is asked for follows it on the wire, and its answer harms nobody', async () => {
    const client = connect();
    const first = client.subscribe('a');
    const rejected = expect(first).rejects.toMatchObject({ code: 'CLOSED' });
    const server = await world.accept();
    void first.subscription.unsubscribe();
    await rejected;
    const second = client.subscribe('a', {}, handler);
    await world.settle();
    expect(taken(server)).toEqual(['subscribe 1 a', 'unsubscribe 2 a', 'subscribe 3 a']);
    // A refusal of the first must not take the second one away.
    server.send(suback(1, ReasonCode.NotAuthorized), unsuback(2, 0x11), suback(3, 1));
    expect((await second).qos).toBe(1);
    expect([errors.length, client.gauges.subscriptions]).toEqual([0, 1]);
  });

  test('and beginning it again offline asks for it again, with the same identifier, and takes nothing back', async () => {
    const client = connect();
    const { subscription } = client.subscribe('a');
    const server = await world.accept();
    const { subscriptionIdentifier } = server.take('subscribe').properties;
    server.send(suback(1, 0));
    server.cut();
    await subscription.unsubscribe();
    client.subscribe('a', {}, handler);
    const second = await again();
    const packet = second.take('subscribe');
    expect(packet.properties.subscriptionIdentifier).toBe(subscriptionIdentifier);
    expect(taken(second)).toEqual([]);
  });

  test('takes back 64 filters with one packet', async () => {
    const client = connect();
    const all = Array.from({ length: 65 }, (_, i) => client.subscribe(`t/${i}`).subscription);
    const server = await world.accept();
    grant(server);
    server.cut();
    await Promise.all(all.map((each) => each.unsubscribe()));
    const second = await again();
    const sizes = second.takeAll().map((each) => each.type === 'unsubscribe' && each.topicFilters.length);
    expect(sizes).toEqual([64, 1]);
  });
});

test('[MQTT-3.2.2-15] v5 a filter that is too long for the next server is not taken back with a packet too large', async () => {
  const client = connect();
  const long = client.subscribe('x'.repeat(100)).subscription;
  const short = client.subscribe('a').subscription;
  const server = await world.accept();
  grant(server);
  server.cut();
  await long.unsubscribe();
  await short.unsubscribe();
  const second = await again({ ...CONTINUED, properties: { maximumPacketSize: 60 } });
  expect(asked(second)).toEqual(['unsubscribe a']);
});

describe('A server that answers what was not asked', () => {
  test.each([
    ['SUBACK for nothing', [suback(7, 0)]],
    ['SUBACK with too many reason codes', [suback(1, 0, 0)]],
    ['SUBACK with none', [suback(1)]],
    ['UNSUBACK for a SUBSCRIBE', [unsuback(1, 0)]],
    ['SUBACK twice', [suback(1, 0), suback(1, 0)]],
    ['UNSUBACK for nothing', [unsuback(7, 0)]],
  ])('by %s is disconnected, and no subscription is lost', async (_name, packets) => {
    const client = connect();
    const pending = client.subscribe('a', {}, handler);
    const server = await world.accept();
    expect(taken(server)).toEqual(['subscribe 1 a']);
    server.send(...packets);
    await world.settle();
    expect(taken(server)).toEqual(['disconnect 0x82']);
    const second = await again({ sessionPresent: false });
    second.send(suback(second.take('subscribe').packetId, 2));
    await pending;
  });

  test('by UNSUBACK with too few reason codes is disconnected', async () => {
    const client = connect();
    const { subscription } = client.subscribe('a');
    const server = await world.accept();
    grant(server);
    void subscription.unsubscribe();
    await world.settle();
    taken(server);
    server.send(unsuback(2));
    await world.settle();
    expect(taken(server)).toEqual(['disconnect 0x82']);
  });
});

describe('The wait for a subscription', () => {
  test('ends with TIMEOUT, and the subscription with it; a grant in time ends the wait', async () => {
    const client = connect();
    const late = client.subscribe('late', { timeoutMs: 1000 });
    const inTime = client.subscribe('in time', { timeoutMs: 1000 });
    const server = await world.accept();
    taken(server);
    server.send(suback(2, 0));
    const rejected = expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    await world.advance(1000);
    await rejected;
    expect((await inTime).isEnded).toBe(false);
    expect(taken(server)).toEqual(['unsubscribe 3 late']);
    expect(errors).toEqual([]);
  });

  test('is over in time even when nobody awaits it, and that is told', async () => {
    const client = connect();
    client.subscribe('late', { timeoutMs: 1000 }, handler);
    await world.accept();
    await world.advance(1000);
    expect(errors).toMatchObject([{ code: 'TIMEOUT' }]);
    expect(client.gauges.subscriptions).toBe(0);
  });

  test('ends with ABORTED when its signal says so, even before it began; then nothing is asked for', async () => {
    const client = connect();
    const aborted = client.subscribe('a', { signal: AbortSignal.abort('no') });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', cause: 'no' });
    const controller = new AbortController();
    const pending = client.subscribe('b', { signal: controller.signal });
    const rejected = expect(pending).rejects.toMatchObject({ code: 'ABORTED' });
    const server = await world.accept();
    expect(taken(server)).toEqual(['subscribe 1 b']);
    controller.abort();
    await rejected;
    await world.settle();
    expect(taken(server)).toEqual(['unsubscribe 2 b']);
    expect(errors).toEqual([]);
  });

  test('is not what the signal ends once the subscription is granted', async () => {
    const client = connect();
    const controller = new AbortController();
    const pending = client.subscribe('a', { signal: controller.signal, timeoutMs: 1000 });
    const server = await world.accept();
    grant(server);
    const subscription = await pending;
    controller.abort();
    await world.advance(2000);
    expect(subscription.isEnded).toBe(false);
  });
});

test('A subscription waits while all packet identifiers are in use, and leaves as soon as one is free', async () => {
  const client = connect({ queue: { messages: 100_000 } });
  const server = await world.accept();
  for (let i = 0; i < 0xffff; i++) client.publish('t', '', { qos: 1 });
  client.subscribe('a');
  await world.settle();
  const packets = server.takeAll();
  expect([packets.length, packets.some(({ type }) => type === 'subscribe')]).toEqual([0xffff, false]);
  server.send({ type: 'puback', packetId: 77, reasonCode: 0, properties: {} });
  await world.settle();
  expect(taken(server)).toEqual(['subscribe 77 a']);
});
