import { describe, expect, it } from 'vitest';
import type { LocalPublish } from '../../src/core/publish/local-publish.ts';
import type { LocalSubscription } from '../../src/core/publish/local-subscription.ts';
import { CommittingWorld } from '../commits/committing-world.ts';
import { bytesOf, World } from '../world/world.ts';

function message(topicName: string, text: string, options: Partial<LocalPublish> = {}): LocalPublish {
  return { topicName, payload: bytesOf(text), qos: 0, retain: false, properties: {}, ...options };
}

/** Subscribes the application and notes what it gets, such as `a/b hello`, with an `r` for what had been retained. */
function listener(
  world: World,
  topicFilter: string,
): { readonly got: string[]; readonly subscription: LocalSubscription } {
  const got: string[] = [];
  const subscription = world.core.subscribe(topicFilter, ({ topic, payload }, retained) => {
    got.push(`${topic.name} ${new TextDecoder().decode(payload)}${retained ? ' r' : ''}`);
  });
  world.turn();
  return { got, subscription };
}

describe('the application', () => {
  it('gets what clients publish, after the turn and in order, whatever the QoS', () => {
    const world = new World();
    const { got } = listener(world, 'a/+');
    const publisher = world.connect();
    for (const qos of [0, 1, 2] as const) publisher.publish('a/b', `${qos}`, { qos });
    publisher.publish('b', 'not this');
    expect(got).toEqual(['a/b 0', 'a/b 1', 'a/b 2']);
    expect(publisher.takeOne('puback').reasonCode).toBe(0);
  });

  it('reaches clients with all that a message has', () => {
    const world = new World();
    const subscriber = world.connect();
    subscriber.subscribe('a', 2);
    const properties = { contentType: 'text/plain', userProperties: [['k', 'v']] as const };
    expect(world.core.publish(message('a', 'hello', { qos: 2, properties }))).toBe(0);
    world.turn();
    expect(subscriber.takePublishes()).toMatchObject([
      { qos: 2, retain: false, payload: bytesOf('hello'), properties },
    ]);
  });

  it('keeps its own payload: what it does with the bytes later changes no message', () => {
    const world = new World();
    const client = world.connect({
      clientId: 'c',
      cleanStart: false,
      properties: { sessionExpiryInterval: 9 },
    });
    client.subscribe('a', 1);
    client.drop();
    const payload = bytesOf('hello');
    world.core.publish(message('a', '', { payload, qos: 1 }));
    payload.fill(0);
    const back = world.connect({
      clientId: 'c',
      cleanStart: false,
      properties: { sessionExpiryInterval: 9 },
    });
    expect(back.takeTexts()).toEqual(['hello']);
  });

  it('is shown what is retained, and retains and clears it', () => {
    const world = new World();
    world.connect().publish('a', 'from a client', { retain: true });
    world.core.publish(message('b', 'from here', { retain: true }));
    const first = listener(world, '#');
    expect(first.got.sort()).toEqual(['a from a client r', 'b from here r']);
    world.core.publish(message('a', '', { retain: true }));
    world.turn();
    expect(first.got.at(-1)).toBe('a ');
    expect(listener(world, '#').got).toEqual(['b from here r']);
  });

  it('gets nothing more once it unsubscribes, also from inside a handler', () => {
    const world = new World();
    const other = listener(world, 'a');
    const got: string[] = [];
    const once = world.core.subscribe('a', ({ payload }) => {
      got.push(new TextDecoder().decode(payload));
      world.core.unsubscribe(once);
    });
    for (const text of ['1', '2']) {
      world.core.publish(message('a', text));
      world.turn();
    }
    expect(got).toEqual(['1']);
    expect(other.got).toEqual(['a 1', 'a 2']);
    world.core.unsubscribe(once);
    world.core.unsubscribe(other.subscription);
    expect(world.connect().publish('a', '3', { qos: 1 })).toBe(1);
    expect(world.dropped('no-matching-subscribers')).toBe(1);
  });

  it('may publish from inside a handler: what it says is handed over by another turn', () => {
    const world = new World();
    const { got } = listener(world, '#');
    world.core.subscribe('question', () => void world.core.publish(message('answer', 'yes')));
    world.connect().publish('question', '?');
    expect(got).toEqual(['question ?', 'answer yes']);
  });

  it('is told which commit keeps its message, and that a topic name is none', () => {
    const world = new CommittingWorld();
    expect(world.core.publish(message('a/#', 'x'))).toBe(-1);
    expect(world.core.publish(message('a', 'x', { qos: 1 }))).toBe(0);
    world.subscribed(world.durable('c'), 'a', 1);
    const commit = world.core.publish(message('a', 'x', { qos: 1 }));
    expect(commit).toBeGreaterThan(0);
    expect(world.core.context.commitsDone).toBeLessThan(commit);
    world.settle();
    expect(world.core.context.commitsDone).toBeGreaterThanOrEqual(commit);
  });

  it('ends the connection of a client with a reason', () => {
    const world = new World();
    const client = world.connect({ clientId: 'c' });
    expect(world.core.disconnect('c', 0x98, 'maintenance')).toBe(true);
    world.turn();
    expect(client.takeOne('disconnect')).toMatchObject({
      reasonCode: 0x98,
      properties: { reasonString: 'maintenance' },
    });
    expect(world.core.disconnect('c', 0x98, 'maintenance')).toBe(false);
  });
});

describe('events', () => {
  it('tell of a client from its connection to its end', () => {
    const world = new World();
    const client = world.connect({ clientId: 'c', username: 'u', keepAlive: 60 });
    client.subscribe([
      { topicFilter: 'a', qos: 1 },
      { topicFilter: 'a/#b', qos: 1 },
    ]);
    client.unsubscribe('a', 'never there');
    client.publish('nobody', 'x');
    client.disconnect(4);
    const who = { clientId: 'c', username: 'u', protocolVersion: 5, peer: 'test:1', listener: 'test' };
    expect(world.events.map(({ name, event }) => [name, event])).toEqual([
      ['clientConnected', { ...who, sessionPresent: false, keepAlive: 60 }],
      ['subscribed', { clientId: 'c', topicFilter: 'a', qos: 1 }],
      [
        'subscriptionRefused',
        { clientId: 'c', topicFilter: 'a/#b', reasonCode: 0x8f, reason: expect.stringContaining('#') },
      ],
      ['unsubscribed', { clientId: 'c', topicFilter: 'a' }],
      [
        'messageDropped',
        { reason: 'no-matching-subscribers', clientId: 'c', topicName: 'nobody', count: 1, detail: '' },
      ],
      ['clientDisconnected', { ...who, reasonCode: 4, reason: expect.any(String) }],
    ]);
  });

  it('tell of a connection whose client was not accepted', () => {
    const world = new World();
    world.connecting({ clientId: '', protocolVersion: 4, cleanStart: false });
    expect(world.eventsOf('connectionRefused')).toMatchObject([
      { peer: 'test:1', listener: 'test', clientId: '', reasonCode: 0x85 },
    ]);
  });
});

it('two brokers never see each other', () => {
  const [one, two] = [new World(), new World()];
  const locals = [listener(one, '#'), listener(two, '#')];
  const clients = [one, two].map((world) => {
    const client = world.connect({
      clientId: 'same',
      cleanStart: false,
      properties: { sessionExpiryInterval: 9 },
    });
    client.subscribe('#', 1);
    client.subscribe('$share/g/#', 1);
    return client;
  });
  clients[0]!.publish('a', 'x', { qos: 1, retain: true });
  one.core.publish(message('b', 'y', { retain: true }));
  one.turn();
  expect(locals.map(({ got }) => got.length)).toEqual([2, 0]);
  expect(clients[1]!.take()).toEqual([]);
  expect(two.core.gauges.retainedMessages).toBe(0);
  expect(two.core.context.metrics.publishMessagesReceived).toBe(0);
  one.core.shutDown();
  one.turn();
  expect(clients.map(({ closed }) => closed)).toEqual([true, false]);
});
