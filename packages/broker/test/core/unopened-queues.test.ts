/** After a restart on a store that holds nothing that waits in memory, a session's queue is opened when it is needed. */
import { describe, expect, it } from 'vitest';
import { CommittingWorld } from '../commits/committing-world.ts';

/** A client that is away: one message in flight to it and one that waits. Then a restart. */
function restarted(): CommittingWorld {
  const world = new CommittingWorld();
  const properties = { sessionExpiryInterval: 1000, receiveMaximum: 1 };
  const client = world.durable('c', { properties });
  world.subscribed(client, 't', 1);
  const publisher = world.durable('p');
  publisher.publish('t', 'in flight', { qos: 1 });
  publisher.publish('t', 'waits', { qos: 1 });
  world.settle();
  expect(client.takeTexts()).toEqual(['in flight']);
  client.drop();
  world.settle();
  const store = Object.assign(world.store.reopen(), { holdsWaitingInMemory: false });
  return new CommittingWorld({ store, wallMs: world.wallMs });
}

describe('the queue of a session whose client was away before a restart', () => {
  it('is not opened by the start', () => {
    const session = restarted().core.sessions.get('c')!;
    expect([session.queue, session.queueUnopened]).toEqual([null, true]);
  });

  it('is opened when its client is back, and gives what was in flight and what waits', () => {
    const world = restarted();
    const client = world.durable('c');
    expect(client.takePublishes().map(({ dup }) => dup)).toEqual([true, false]);
    expect(world.core.sessions.get('c')!.queueUnopened).toBe(false);
  });

  it('is opened by a message that comes before its client, and keeps the order', () => {
    const world = restarted();
    world.durable('p').publish('t', 'later', { qos: 1 });
    world.settle();
    expect(world.core.sessions.get('c')!.queueUnopened).toBe(false);
    expect(world.durable('c').takeTexts()).toEqual(['in flight', 'waits', 'later']);
  });

  it('is opened when its session ends, so that what is lost is counted', () => {
    const world = restarted();
    world.durable('c', { cleanStart: true });
    const { event } = world.events.find(({ name }) => name === 'messageDropped')!;
    expect(event).toMatchObject({ reason: 'session-ended', clientId: 'c', count: 2 });
  });
});
