import { describe, expect, test } from 'vitest';
import { RATES } from '../../src/core/options/rates.ts';
import { resolveRates } from '../../src/core/options/resolve-rates.ts';

describe('rates', () => {
  test('bound nothing unless something is set', () => {
    expect(resolveRates()).toEqual({
      perClient: null,
      perUser: null,
      perListener: null,
      perAddress: null,
      users: new Map(),
    });
    expect(resolveRates({ perClient: { burstSeconds: 5, whenExceeded: 'drop' } }).perClient).toBeNull();
  });

  test('of a named user come before those of every user, entry by entry', () => {
    const { users } = resolveRates({
      perUser: { connections: 10, messagesInPerSecond: 100, whenExceeded: 'drop' },
      users: {
        gateway: { messagesInPerSecond: 5000 },
        free: { connections: null, messagesInPerSecond: null },
      },
    });
    expect(users.get('gateway')).toMatchObject({
      connections: 10,
      messagesInPerSecond: 5000,
      whenExceeded: 'drop',
    });
    expect(users.get('free')).toBeNull();
  });

  test('in which there is a mistake are refused with what was expected', () => {
    const resolve = (rates: unknown) => () => resolveRates(rates as Parameters<typeof resolveRates>[0]);
    expect(resolve({ perClint: {} })).toThrow('did you mean perClient?');
    expect(resolve({ perUser: { conections: 1 } })).toThrow('did you mean connections?');
    expect(resolve({ perUser: { connections: 0 } })).toThrow('expected a number from 1 to');
    expect(resolve({ perUser: { connections: '5' } })).toThrow('got 5');
    expect(resolve({ perUser: { messagesInPerSecond: Number.NaN } })).toThrow('got NaN');
    expect(resolve({ perUser: { messagesInPerSecond: Number.POSITIVE_INFINITY } })).toThrow('got Infinity');
    expect(resolve({ perClient: { connections: 2 } })).toThrow('expected in one of perUser');
    expect(resolve({ perUser: { whenExceeded: 'explode' } })).toThrow('wait, disconnect, drop');
    expect(resolve({ perUser: [] })).toThrow('expected an object');
    expect(resolve({ users: { anna: null } })).toThrow('expected an object');
    expect(resolve(null)).toThrow('expected an object');
  });

  test('take their smallest and largest values', () => {
    for (const [name, row] of Object.entries(RATES)) {
      for (const value of [row.minimum, row.maximum]) {
        const scope = row.scopes[0]!;
        expect(resolveRates({ [scope]: { [name]: value, subscriptions: 1 } })[scope]).toMatchObject({
          [name]: name === 'subscriptions' ? 1 : value,
        });
      }
    }
  });
});
