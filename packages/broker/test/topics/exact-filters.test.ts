import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExactFilters } from '../../src/core/topics/exact-filters.ts';

interface Subscription {
  readonly id: number;
}

describe('The table of filters without wildcards', () => {
  test('agrees with a map, whatever is set and deleted', () => {
    const step = fc.record({
      topicFilter: fc.constantFrom('', 'a', 'b', 'a/b', '/', '$SYS/a', 'caf\u00e9'),
      id: fc.option(fc.nat(3), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer(), (steps, hashSeed) => {
        const table = new ExactFilters<Subscription>(hashSeed);
        const model = new Map<string, Subscription>();
        for (const { topicFilter, id } of steps) {
          const subscription = id === null ? null : { id };
          table.set(topicFilter, subscription);
          if (subscription === null) model.delete(topicFilter);
          else model.set(topicFilter, subscription);
          expect(table.size).toBe(model.size);
          for (const each of ['', 'a', 'b', 'a/b', '/', '$SYS/a', 'caf\u00e9', 'other']) {
            expect(table.get(each)).toBe(model.get(each) ?? null);
          }
        }
      }),
    );
  });
});
