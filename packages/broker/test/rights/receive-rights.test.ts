import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SubscriptionTree } from '../../src/core/topics/subscription-tree.ts';
import { encodedPackets, publishPacket } from '../world/packets.ts';
import { bytesOf, World } from '../world/world.ts';
import { TestAuthorizer } from './test-authorizer.ts';

const DENIED = { allowed: false } as const;
const KEPT = { properties: { sessionExpiryInterval: 3600 } };

/** Is asked who may receive, too. */
class ReceiveAuthorizer extends TestAuthorizer {
  readonly asks = { receive: true };
  /** By client identifier, and topic. */
  readonly denied = new Set<string>();

  override rule: TestAuthorizer['rule'] = ({ action, client, topic }) =>
    action === 'receive' && this.denied.has(`${client.clientId} ${topic}`) ? DENIED : undefined;

  get receives(): string[] {
    return this.asked.filter((question) => question.startsWith('receive'));
  }
}

let authorizer: ReceiveAuthorizer;
let world: World;

beforeEach(() => {
  authorizer = new ReceiveAuthorizer();
  world = new World({ authorizer });
});

const dropped = (): number => world.dropped('not-authorized-to-receive');

describe('the right to receive', () => {
  it('is not asked for by an authoriser that does not say so', () => {
    const silent = new TestAuthorizer();
    world = new World({ authorizer: silent });
    const subscriber = world.connect();
    subscriber.subscribe('#', 1);
    world.connect().publish('a', 'x', { qos: 1 });
    expect(subscriber.takeTexts()).toEqual(['x']);
    expect(silent.asked).toEqual(['subscribe # 1', 'publish a 1']);
  });

  it('is asked for once per client and topic, and who has none is left out of the way of the topic', () => {
    authorizer.denied.add('no a');
    const yes = world.connect({ clientId: 'yes' });
    const no = world.connect({ clientId: 'no' });
    for (const client of [yes, no]) client.subscribe([{ topicFilter: '#' }, { topicFilter: 'a' }]);
    const publisher = world.connect();
    const matched = vi.spyOn(SubscriptionTree.prototype, 'match');
    for (let i = 0; i < 3; i++) {
      publisher.sendBytes(
        encodedPackets(
          5,
          Array.from({ length: 10 }, () => publishPacket('a', 'x')),
        ),
      );
      publisher.publish('b', 'x');
    }
    expect(matched).toHaveBeenCalledTimes(2);
    matched.mockRestore();
    expect(yes.takePublishes()).toHaveLength(33);
    expect(no.takePublishes().map(({ topicName }) => topicName)).toEqual(['b', 'b', 'b']);
    expect(authorizer.receives).toEqual(['receive a 0', 'receive a 0', 'receive b 0', 'receive b 0']);
    expect(dropped()).toBe(30);
    expect(world.core.context.outcomes.latest('no')).toMatchObject([{ topicName: 'a', count: 30 }]);
  });

  it('holds at every QoS, for one message and for many', () => {
    authorizer.denied.add('no a');
    const no = world.connect({ clientId: 'no' });
    no.subscribe('a', 2);
    const publisher = world.connect();
    for (const qos of [0, 1, 2] as const) {
      publisher.publish('a', 'x', { qos });
      publisher.publish('a', 'x', { qos, properties: { contentType: 'not plain' } });
    }
    expect(no.take()).toEqual([]);
    expect(dropped()).toBe(6);
    expect(world.dropped('no-matching-subscribers')).toBe(0);
    expect(publisher.take().filter(({ type }) => type === 'puback')).toMatchObject([
      { reasonCode: 0 },
      { reasonCode: 0 },
    ]);
  });

  it('that changes holds from the next message on, also for what waits in a queue', () => {
    const client = world.connect({
      clientId: 'c',
      ...KEPT,
      properties: { ...KEPT.properties, receiveMaximum: 1 },
    });
    client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }], 1);
    const publisher = world.connect();
    for (const topic of ['a', 'a', 'b']) publisher.publish(topic, topic, { qos: 1 });
    publisher.publish('a', 'at once');
    authorizer.denied.add('c a');
    world.core.forgetRights();
    publisher.publish('a', 'too late');
    expect(client.takeAndAcknowledge().map(({ payload }) => new TextDecoder().decode(payload))).toEqual([
      'a',
      'at once',
    ]);
    expect(client.takeAndAcknowledge()).toMatchObject([{ topicName: 'b' }]);
    expect(dropped()).toBe(2);
    authorizer.denied.clear();
    world.core.forgetRights();
    publisher.publish('a', 'again');
    expect(client.takeTexts()).toEqual(['again']);
  });

  it('that another authoriser gives holds at once', () => {
    const client = world.connect({ clientId: 'c' });
    client.subscribe('a');
    const publisher = world.connect();
    const publish = (): string[] => {
      publisher.publish('a', 'x');
      return client.takeTexts();
    };
    expect(publish()).toEqual(['x']);
    const strict = new ReceiveAuthorizer();
    strict.denied.add('c a');
    world.reconfigure({ authorizer: strict });
    expect(publish()).toEqual([]);
    world.reconfigure({ authorizer: null });
    expect(publish()).toEqual(['x']);
    expect(dropped()).toBe(1);
  });

  it('that changes is not asked of what was remembered, though a packet that waited is done first', () => {
    authorizer.rule = ({ action, client }) =>
      action === 'publish' && client.clientId === 'waits' ? 'late' : undefined;
    const waiting = world.connect({ clientId: 'waits' });
    const subscriber = world.connect({ clientId: 's' });
    subscriber.subscribe('a');
    world.connect().publish('a', 'remembered');
    waiting.publish('a', 'waits', { qos: 1 });
    expect(subscriber.takeTexts()).toEqual(['remembered']);
    // The waiting packet is looked at again while the subscriber's connection has not been told yet.
    authorizer.rule = ({ action }) => (action === 'receive' ? DENIED : undefined);
    world.core.forgetRights();
    world.turn();
    expect(waiting.takeOne('puback').reasonCode).toBe(0);
    world.connect().publish('a', 'after');
    expect(subscriber.take()).toEqual([]);
    expect(dropped()).toBe(2);
  });

  it('is that of the client as it connected last', () => {
    authorizer.rule = ({ action, client }) =>
      action === 'receive' && client.username !== 'good' ? DENIED : undefined;
    const options = { clientId: 'c', cleanStart: false, ...KEPT };
    const good = world.connect({ ...options, username: 'good' });
    good.subscribe('a', 1);
    good.drop();
    const publisher = world.connect();
    publisher.publish('a', 'while away', { qos: 1 });
    const bad = world.connect({ ...options, username: 'bad' });
    publisher.publish('a', 'to the bad', { qos: 1 });
    expect(bad.takeTexts()).toEqual([]);
    bad.drop();
    publisher.publish('a', 'while the bad is away', { qos: 1 });
    const again = world.connect({ ...options, username: 'good' });
    expect(again.takeTexts()).toEqual([]);
    publisher.publish('a', 'to the good', { qos: 1 });
    expect(again.takeTexts()).toEqual(['to the good']);
    expect(dropped()).toBe(3);
  });

  it('is asked for when messages are sent to a client that nobody has seen since the start', () => {
    const client = world.connect({ clientId: 'c', ...KEPT });
    client.subscribe('#', 1);
    client.drop();
    // As after a restart.
    world.core.sessions.get('c')!.identity = null;
    world.core.forgetRights();
    const publisher = world.connect();
    authorizer.denied.add('c a');
    for (const topic of ['a', 'b']) publisher.publish(topic, topic, { qos: 1 });
    expect(authorizer.receives).toEqual([]);
    const again = world.connect({ clientId: 'c', cleanStart: false, ...KEPT });
    expect(again.takeTexts()).toEqual(['b']);
    expect(dropped()).toBe(1);
  });

  it('concerns what is retained, at every QoS', () => {
    authorizer.denied.add('c a');
    const publisher = world.connect();
    for (const topic of ['a', 'b']) publisher.publish(topic, topic, { retain: true, qos: 1 });
    const client = world.connect({ clientId: 'c' });
    for (const qos of [0, 1] as const) {
      client.subscribe('#', qos);
      expect(client.takeAndAcknowledge().map(({ topicName }) => topicName)).toEqual(['b']);
    }
    expect(dropped()).toBe(2);
  });

  it('is never asked for the application, nor does an answer that is late or thrown let anybody receive', () => {
    const seen: string[] = [];
    world.core.subscribe('#', ({ topic }) => seen.push(topic.name));
    const client = world.connect({ clientId: 'c' });
    client.subscribe('#');
    const publisher = world.connect();
    authorizer.rule = ({ action }) => (action === 'receive' ? 'late' : undefined);
    publisher.publish('late', 'x');
    authorizer.rule = ({ action }) => {
      if (action === 'receive') throw new Error('broken');
      return undefined;
    };
    publisher.publish('thrown', 'x');
    expect(seen).toEqual(['late', 'thrown']);
    expect(client.take()).toEqual([]);
    expect(dropped()).toBe(2);
    expect(world.log.map(({ code }) => code)).toEqual(['authorizer-late', 'authorizer-failed']);
    authorizer.answer({ allowed: true });
    world.turn();
    expect([client.closed, publisher.closed]).toEqual([false, false]);
  });

  it('is remembered for as many topics as the limit says', () => {
    world = new World({ authorizer, limits: { rememberedRights: 2 } });
    const client = world.connect({ clientId: 'c' });
    client.subscribe('#');
    const publisher = world.connect();
    for (const topic of ['a', 'b', 'c', 'd']) publisher.publish(topic, 'x');
    expect(world.core.sessions.get('c')?.output?.receivable?.byTopic.size).toBeLessThanOrEqual(2);
    expect(client.takePublishes()).toHaveLength(4);
  });

  it('is part of a will on its way', () => {
    authorizer.denied.add('c gone');
    const client = world.connect({ clientId: 'c' });
    client.subscribe('#');
    const will = { topicName: 'gone', payload: bytesOf('x'), qos: 0, retain: false, properties: {} } as const;
    world.connect({ will }).drop();
    expect(client.take()).toEqual([]);
    expect(dropped()).toBe(1);
  });
});

describe('in a shared group, a member that may not receive', () => {
  const group = '$share/g/#';

  it('is passed over', () => {
    authorizer.denied.add('no a');
    const no = world.connect({ clientId: 'no' });
    const yes = world.connect({ clientId: 'yes' });
    for (const client of [no, yes]) client.subscribe(group, 1);
    const publisher = world.connect();
    for (const qos of [0, 1, 1, 0, 1] as const) publisher.publish('a', 'x', { qos });
    publisher.publish('b', 'for both');
    publisher.publish('b', 'for both');
    expect(no.takeAndAcknowledge().map(({ topicName }) => topicName)).toEqual(['b']);
    expect(yes.takeAndAcknowledge().map(({ topicName }) => topicName)).toEqual([
      'a',
      'a',
      'a',
      'a',
      'a',
      'b',
    ]);
    expect(dropped()).toBe(0);
  });

  it('leaves what waits to another one, and another one what is for it', () => {
    const options = { ...KEPT, properties: { ...KEPT.properties, receiveMaximum: 1 } };
    const a = world.connect({ clientId: 'a', ...options });
    const b = world.connect({ clientId: 'b', ...options });
    for (const client of [a, b]) client.subscribe(group, 1);
    for (const topic of ['for-a', 'for-a2']) authorizer.denied.add(`b ${topic}`);
    for (const topic of ['for-b', 'for-b2']) authorizer.denied.add(`a ${topic}`);
    const publisher = world.connect();
    for (const topic of ['for-a', 'for-b', 'for-b2', 'for-a2']) publisher.publish(topic, 'x', { qos: 1 });
    const takeNames = (client: typeof a): string[] =>
      client.takeAndAcknowledge().map(({ topicName }) => topicName);
    expect(takeNames(a)).toEqual(['for-a']); // and the oldest that waits is for b, who has one in flight
    expect(takeNames(a)).toEqual([]);
    expect(takeNames(b)).toEqual(['for-b']);
    expect(takeNames(b)).toEqual(['for-b2']);
    expect(takeNames(a)).toEqual(['for-a2']);
    expect(dropped()).toBe(0);
  });

  it('is waited for no longer when nobody else may either', () => {
    const client = world.connect({ clientId: 'c', ...KEPT });
    client.subscribe(group, 1);
    client.drop();
    const publisher = world.connect();
    for (const topic of ['a', 'b']) publisher.publish(topic, topic, { qos: 1 });
    authorizer.denied.add('c a');
    world.core.forgetRights();
    const again = world.connect({ clientId: 'c', cleanStart: false, ...KEPT });
    expect(again.takeAndAcknowledge().map(({ topicName }) => topicName)).toEqual(['b']);
    expect(dropped()).toBe(1);
    publisher.publish('a', 'to nobody', { qos: 1 });
    publisher.publish('a', 'to nobody');
    expect(dropped()).toBe(3);
    expect(world.core.context.outcomes.latest('$share/g/#').at(-1)).toMatchObject({ topicName: 'a' });
  });

  it('counts anew when members come and go', () => {
    authorizer.denied.add('no a');
    const no = world.connect({ clientId: 'no' });
    no.subscribe(group);
    const publisher = world.connect();
    publisher.publish('a', 'x');
    expect(dropped()).toBe(1);
    const yes = world.connect({ clientId: 'yes' });
    yes.subscribe(group);
    publisher.publish('a', 'x');
    expect(yes.takeTexts()).toEqual(['x']);
    yes.unsubscribe(group);
    publisher.publish('a', 'x');
    expect(dropped()).toBe(2);
    expect(no.take()).toEqual([]);
  });
});

describe('the right to unsubscribe', () => {
  it('is asked for only where the authoriser says so, and denied with 0x87', () => {
    const strict = Object.assign(new TestAuthorizer(), { asks: { unsubscribe: true } });
    strict.rule = ({ action, topic }) =>
      action === 'unsubscribe' && topic !== 'b' ? { ...DENIED, reasonString: 'stay' } : undefined;
    world = new World({ authorizer: strict });
    for (const protocolVersion of [4, 5] as const) {
      const client = world.connect({ protocolVersion });
      client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }]);
      client.send({ type: 'unsubscribe', packetId: 9, topicFilters: ['a', 'b', 'c'], properties: {} });
      const unsuback = client.takeOne('unsuback');
      if (protocolVersion === 5)
        expect(unsuback).toMatchObject({
          reasonCodes: [0x87, 0, 0x87],
          properties: { reasonString: 'a: stay; c: stay' },
        });
      world.connect().publish('a', 'still');
      world.connect().publish('b', 'gone');
      expect(client.takeTexts()).toEqual(['still']);
    }
    expect(strict.asked.filter((question) => question.startsWith('unsub'))).toEqual(
      ['a', 'b', 'c', 'a', 'b', 'c'].map((topic) => `unsubscribe ${topic} 0`),
    );
  });

  it('is waited for, before anything of the packet is done', () => {
    const late = Object.assign(new TestAuthorizer(), { asks: { unsubscribe: true } });
    world = new World({ authorizer: late });
    const client = world.connect();
    client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }]);
    late.rule = ({ action }) => (action === 'unsubscribe' ? 'late' : undefined);
    client.send({ type: 'unsubscribe', packetId: 9, topicFilters: ['a', 'b'], properties: {} });
    late.answer({ allowed: true });
    world.turn();
    expect([client.take(), client.paused]).toEqual([[], true]);
    late.answer(DENIED);
    world.turn();
    expect(client.takeOne('unsuback').reasonCodes).toEqual([0, 0x87]);
    expect(client.paused).toBe(false);
  });
});

describe('the right to subscribe', () => {
  it('may be granted at a lower QoS than was asked for', () => {
    authorizer.rule = ({ action, topic }) =>
      action === 'subscribe' ? { allowed: true, qos: topic === 'a' ? 1 : 2 } : undefined;
    const client = world.connect();
    expect(client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }], 2)).toEqual([1, 2]);
    expect(client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }], 0)).toEqual([0, 0]);
    client.subscribe('a', 2);
    world.connect().publish('a', 'x', { qos: 2 });
    expect(client.takePublishes()[0]?.qos).toBe(1);
  });
});
