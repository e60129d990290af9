import { describe, expect, it } from 'vitest';
import { World } from '../world/world.ts';

/** A durable client that is away, with five small messages waiting. */
function offlineWithFive(world: World, clientId: string): void {
  const client = world.connect({ clientId, properties: { sessionExpiryInterval: 1000 } });
  client.subscribe(clientId, 1);
  client.drop();
  const publisher = world.connect();
  for (let i = 0; i < 5; i++) publisher.publish(clientId, String(i), { qos: 1 });
}

function backOf(world: World, clientId: string): string[] {
  const client = world.connect({
    clientId,
    cleanStart: false,
    properties: { sessionExpiryInterval: 1000 },
  });
  return client.takeTexts();
}

describe('a message that no dropping can make room for', () => {
  it('is dropped itself, and leaves the queue as it was', () => {
    const world = new World({ limits: { queuedBytes: 4000 } });
    offlineWithFive(world, 'c');
    world.connect().publish('c', new Uint8Array(10_000), { qos: 1 });
    expect(world.dropped('queue-full-dropped-newest')).toBe(1);
    expect(world.dropped('queue-full-dropped-oldest')).toBe(0);
    expect(backOf(world, 'c')).toEqual(['0', '1', '2', '3', '4']);
  });

  it('is dropped itself where others have overdrawn the budget of all', () => {
    const world = new World({ limits: { queuedBytesInAll: 10_000 } });
    const greedy = world.connect({ properties: { sessionExpiryInterval: 1000 } });
    greedy.subscribe('g', 1);
    offlineWithFive(world, 'c');
    world.connect().publish('g', new Uint8Array(50_000), { qos: 1 });
    expect(greedy.takePublishes()).toHaveLength(1);
    world.connect().publish('c', '5', { qos: 1 });
    expect(world.dropped('total-budget')).toBe(1);
    expect(backOf(world, 'c').at(0)).toBe('0');
  });
});

describe('a shared group whose budget is spent', () => {
  it('still gives one message to a member that has none', () => {
    const world = new World({ limits: { queuedBytesInAll: 10_000 } });
    const greedy = world.connect({ properties: { sessionExpiryInterval: 1000 } });
    greedy.subscribe('g', 1);
    const member = world.connect({ properties: { sessionExpiryInterval: 1000 } });
    member.subscribe('$share/s/t', 1);
    world.connect().publish('g', new Uint8Array(50_000), { qos: 1 });
    world.connect().publish('t', 'x', { qos: 1 });
    expect(member.takeTexts()).toEqual(['x']);
  });
});
