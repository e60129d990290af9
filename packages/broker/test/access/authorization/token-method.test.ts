import { describe, expect, it } from 'vitest';
import { MOST_FILTERS, TokenMethod } from '../../../src/access/authorization/token-method.ts';
import { ask, identity, request } from './asking.ts';

describe('Rights by a token', () => {
  it.each([undefined, null, 5, 'publish'])('are nobody’s business with %j for permissions', (permissions) => {
    expect(ask(new TokenMethod(), identity({ permissions }), 'publish', 'a')).toBe('undecided');
  });

  it.each([{}, { publish: 'a' }, { publish: [5, null, { a: 1 }, '', 'a/#/b', '%u'] }, []])(
    'are none with %j for permissions',
    (permissions) => {
      expect(ask(new TokenMethod(), identity({ permissions }), 'publish', 'a')).toBe('denied');
    },
  );

  it('end after so many filters', () => {
    const filters = Array.from({ length: MOST_FILTERS + 1 }, (_, at) => `t/${at}`);
    const client = identity({ permissions: { publish: filters } });
    const method = new TokenMethod();
    expect(ask(method, client, 'publish', `t/${MOST_FILTERS - 1}`)).toBe('allowed');
    expect(ask(method, client, 'publish', `t/${MOST_FILTERS}`)).toBe('denied');
  });

  it('let a client receive more than it subscribes to, and leave unsubscribing to others', () => {
    const client = identity({ permissions: { subscribe: ['a/+'], receive: ['b'] } });
    const method = new TokenMethod();
    expect(['a/x', 'b', 'c'].map((topic) => ask(method, client, 'receive', topic))).toEqual([
      'allowed',
      'allowed',
      'denied',
    ]);
    expect(ask(method, client, 'subscribe', 'b')).toBe('denied');
    expect(ask(method, client, 'subscribe', 'a/#')).toBe('denied');
    expect(ask(method, client, 'unsubscribe', 'zz')).toBe('undecided');
    expect(method.decide(request(client, 'subscribe', 'a/+'))?.rule).toEqual({
      source: 'token of the client',
      line: undefined,
      text: 'subscribe a/+',
    });
  });
});
