// What a client leaves behind when it is closed: nothing, so that a program that closes it can end.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from './world/world.ts';

describe('A closed client', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('has no timer left once its connection has ended', async () => {
    const client = world.connect();
    await world.accept();
    expect(world.timerCount).toBeGreaterThan(0);
    await client.close();
    await world.settle();
    expect(world.timerCount).toBe(0);
  });

  test('has no timer left when it was closed while it waited for the next attempt', async () => {
    world.refusal = new Error('nobody listens');
    const client = world.connect();
    await world.settle();
    expect(client.state).toBe('waiting');
    await client.close();
    expect(world.timerCount).toBe(0);
  });
});
