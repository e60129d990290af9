import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Subscribed } from '../../src/core/session/subscription-table.ts';
import {
  SubscriptionTable,
  subscriptionsOf,
  subscriptionTo,
  withoutSubscription,
  withSubscription,
} from '../../src/core/session/subscription-table.ts';

interface Entry {
  readonly topicFilter: string;
  readonly version: number;
}

describe('the subscriptions of one session', () => {
  it('are one bare object while there is one, and a table while there are more', () => {
    const a: Entry = { topicFilter: 'a', version: 1 };
    const b: Entry = { topicFilter: 'b', version: 1 };
    const one: Subscribed<Entry> = withSubscription(null, a);
    expect(one).toBe(a);
    const two = withSubscription(one, b);
    expect(two).toBeInstanceOf(SubscriptionTable);
    expect(withoutSubscription(two, 'a')).toBe(b);
    expect(withoutSubscription(b, 'b')).toBeNull();
  });

  it('agree with a map, whatever is added, replaced and taken away', () => {
    const step = fc.record({
      topicFilter: fc.constantFrom('a', 'b', 'c/+', 'd/#', '$share/g/a'),
      add: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const model = new Map<string, Entry>();
        let subscribed: Subscribed<Entry> = null;
        for (const [version, { topicFilter, add }] of steps.entries()) {
          const entry = { topicFilter, version };
          if (add) {
            model.set(topicFilter, entry);
            subscribed = withSubscription<Entry>(subscribed, entry);
          } else {
            model.delete(topicFilter);
            subscribed = withoutSubscription<Entry>(subscribed, topicFilter);
          }
          expect(subscriptionsOf<Entry>(subscribed)).toEqual([...model.values()]);
          for (const filter of ['a', 'b', 'c/+', 'd/#', '$share/g/a']) {
            expect(subscriptionTo<Entry>(subscribed, filter)).toBe(model.get(filter));
          }
          if (subscribed instanceof SubscriptionTable) {
            expect(subscribed.size).toBe(model.size);
            expect(subscribed.filterBytes).toBe([...model.keys()].join('').length);
          } else {
            expect(model.size).toBeLessThan(2);
          }
        }
      }),
    );
  });
});
