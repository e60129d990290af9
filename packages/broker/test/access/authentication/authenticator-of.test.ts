import { ReasonCode } from '@martlet/protocol';
import { expect, it } from 'vitest';
import type { Verdict } from '../../../src/access/authentication/authenticator-of.ts';
import { authenticatorOf } from '../../../src/access/authentication/authenticator-of.ts';
import { answerOf, attemptOf, credentials } from './authentication-kit.ts';

const UNAVAILABLE = { kind: 'refuse', reasonCode: ReasonCode.ServerUnavailable };

it('A function may say more than yes or no', async () => {
  const answer = { kind: 'accept', username: 'anna', groups: ['x'] } as const;
  for (const verdict of [answer, Promise.resolve(answer)])
    expect(
      await answerOf(
        authenticatorOf(() => verdict),
        attemptOf(),
      ),
    ).toEqual(answer);
});

it('A function that fails refuses the client, and somebody is told', async () => {
  for (const fail of [
    () => {
      throw new Error('no database');
    },
    () => Promise.reject(new Error('no database')),
  ]) {
    const told: unknown[] = [];
    const authenticator = authenticatorOf(fail, {
      onError: (error, { username }) => told.push([String(error), username]),
    });
    expect(await answerOf(authenticator, credentials('ann', 'x'))).toMatchObject(UNAVAILABLE);
    expect(told).toEqual([['Error: no database', 'ann']]);
    expect(await answerOf(authenticatorOf(fail), credentials('ann', 'x'))).toMatchObject(UNAVAILABLE);
  }
});

it.each([undefined, null, 0, '', 'yes', 1])('A function that says %j lets nobody in', async (verdict) => {
  for (const said of [verdict, Promise.resolve(verdict)]) {
    const authenticator = authenticatorOf(() => said as unknown as Verdict);
    expect(await answerOf(authenticator, credentials('ann', 'x'))).toMatchObject({ kind: 'refuse' });
  }
});

it('A client with an authentication method that the function does not know is told so', async () => {
  const authenticator = authenticatorOf(() => false);
  expect(await answerOf(authenticator, attemptOf({ authenticationMethod: 'x' }))).toMatchObject({
    kind: 'refuse',
    reasonCode: ReasonCode.BadAuthenticationMethod,
  });
});
