/** What every authoriser must be, whatever it is made of. */
import { describe, expect, it } from 'vitest';
import type { AuthorizedAction, Authorizer } from '../../../src/core/ports/authorizer.ts';
import { identity, request } from './asking.ts';

const ACTIONS: readonly AuthorizedAction[] = ['publish', 'subscribe', 'unsubscribe', 'receive', 'will'];

/** Names that clients may choose. */
const NAMES: readonly string[] = [
  '',
  'ann',
  '+',
  '#',
  '$SYS',
  'a/b',
  '%c',
  '%u',
  '__proto__',
  'ü',
  'x'.repeat(65_535),
];
const TOPICS: readonly string[] = [
  ...['a', 'a/b', '/', '//', '$', '$SYS', '$CONTROL', '$share', '%c/%u', '__proto__/constructor', 'ü/ß'],
  'a/'.repeat(200),
  'x'.repeat(65_535),
];
const FILTERS: readonly string[] = [
  ...TOPICS,
  '#',
  '+',
  '+/#',
  '$SYS/#',
  '$share/g/#',
  '$share/g/$SYS/#',
  '$share/g',
];

export function describeAuthorizer(title: string, make: () => Promise<Authorizer>): void {
  describe(`${title} as an authoriser`, () => {
    it('answers at once, the same to the same, and names the rule', async () => {
      const authorizer = await make();
      for (const name of NAMES) {
        const client = identity({ clientId: name, username: name === '' ? undefined : name });
        for (const action of ACTIONS) {
          for (const topic of action === 'subscribe' || action === 'unsubscribe' ? FILTERS : TOPICS) {
            const late = () => expect.fail('answered late');
            const answer = authorizer.authorize(request(client, action, topic), late);
            expect(answer?.rule, `${action} ${topic}`).toMatchObject({
              source: expect.any(String),
              text: expect.any(String),
            });
            expect(authorizer.authorize(request(client, action, topic), late)).toEqual(answer);
          }
        }
      }
    });

    it('lets nobody publish to $SYS, but the state of a bridge', async () => {
      const authorizer = await make();
      for (const topic of [
        '$SYS',
        '$SYS/broker/uptime',
        '$SYS/broker/connection/a/b/state',
        '$SYS/broker/connection/a',
      ])
        for (const action of ['publish', 'will'] as const)
          expect(authorizer.authorize(request(identity(), action, topic), () => {})?.allowed, topic).toBe(
            false,
          );
    });

    it('lets nobody near $CONTROL whom it does not know', async () => {
      const authorizer = await make();
      const stranger = identity({ username: 'stranger' });
      for (const topic of ['$CONTROL', '$CONTROL/dynamic-security/v1'])
        expect(authorizer.authorize(request(stranger, 'publish', topic), () => {})?.allowed).toBe(false);
      for (const filter of ['$CONTROL/#', '$share/g/$CONTROL/#'])
        expect(authorizer.authorize(request(stranger, 'subscribe', filter), () => {})?.allowed).toBe(false);
    });

    it('tells clients nothing of where its rules stand', async () => {
      const authorizer = await make();
      for (const topic of TOPICS) {
        const answer = authorizer.authorize(request(identity(), 'publish', topic), () => {});
        if (answer?.allowed === false && answer.rule !== undefined)
          expect(answer.reasonString).not.toContain(answer.rule.source);
      }
    });
  });
}
