import { describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';

describe('recentRefusals', () => {
  function refusedFor(limit: number, filters: readonly string[]): string[] {
    const world = new World({ limits: { recentRefusals: limit, topicLevels: 1 } });
    const client = world.connect();
    for (const filter of filters) client.subscribe(`${filter}/too/deep`);
    return world.core.context.refusals.latest().map(({ topic }) => topic[0]!);
  }

  test('as many are remembered, oldest first', () => {
    expect(refusedFor(3, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
  });

  test('one more makes the oldest forgotten', () => {
    expect(refusedFor(3, ['a', 'b', 'c', 'd'])).toEqual(['b', 'c', 'd']);
  });

  test('0 remembers none', () => {
    expect(refusedFor(0, ['a'])).toEqual([]);
  });

  test('a lower one forgets what there was', () => {
    const world = new World({ limits: { recentRefusals: 3, topicLevels: 1 } });
    const client = world.connect();
    for (const filter of ['a', 'b', 'c']) client.subscribe(`${filter}/too/deep`);
    world.reconfigure({ limits: { recentRefusals: 1, topicLevels: 1 } });
    client.subscribe('d/too/deep');
    expect(world.core.context.refusals.latest()).toHaveLength(1);
  });
});

describe('rememberedRates', () => {
  function rememberedAfter(clients: number): number {
    const world = new World({
      rates: { perClient: { connectsPerMinute: 1 } },
      limits: { rememberedRates: 3 },
    });
    for (let i = 0; i < clients; i++) world.connect({ clientId: `c${i}` }).drop();
    return world.core.context.rates.size;
  }

  test('as many are remembered', () => {
    expect(rememberedAfter(3)).toBe(3);
  });

  test('one more makes the one that is away longest begin anew', () => {
    const world = new World({
      rates: { perClient: { connectsPerMinute: 1 } },
      limits: { rememberedRates: 3 },
    });
    for (let i = 0; i < 4; i++) world.connect({ clientId: `c${i}` }).drop();
    expect(world.core.context.rates.size).toBe(3);
    world.connect({ clientId: 'c0' });
    expect(world.connecting({ clientId: 'c3' }).takeOne('connack').reasonCode).toBe(0x9f);
  });
});

describe('deadLettersPerSecond', () => {
  function lettersOf(drops: number): { readonly world: World; readonly letters: number } {
    const world = new World({
      habits: { deadLetterPrefix: '$dead-letter', deadLetterReasons: ['no-matching-subscribers'] },
      limits: { deadLettersPerSecond: 3 },
    });
    const reader = world.connect();
    reader.subscribe('$dead-letter/#');
    const publisher = world.connect();
    for (let i = 0; i < drops; i++) publisher.publish('nobody', `${i}`);
    return { world, letters: reader.takePublishes().length };
  }

  test('as many are published', () => {
    expect(lettersOf(3).letters).toBe(3);
  });

  test('one more is counted only', () => {
    const { world, letters } = lettersOf(4);
    expect(letters).toBe(3);
    expect(world.dropped('no-matching-subscribers')).toBe(4);
  });
});
