import { ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { AuthenticationChain } from '../../../src/access/authentication/authentication-chain.ts';
import type {
  AuthenticationMethod,
  MethodAnswer,
} from '../../../src/access/authentication/authentication-method.ts';
import { AuthenticationMemory } from '../../../src/access/authentication/failures/authentication-memory.ts';
import { FailureGuard } from '../../../src/access/authentication/failures/failure-guard.ts';
import { GuardedAuthenticator } from '../../../src/access/authentication/guarded-authenticator.ts';
import { RecordedLog } from '../../host/recorded-log.ts';
import {
  AuthenticationKit,
  answerOf,
  attemptOf,
  credentials,
  failuresOf,
  StandingClock,
} from './authentication-kit.ts';

const kit = new AuthenticationKit();
const ACCEPTED: MethodAnswer = { kind: 'accept' };
const REFUSED: MethodAnswer = { kind: 'refuse', reasonCode: ReasonCode.NotAuthorized };

function method(
  answer: MethodAnswer | Promise<MethodAnswer>,
  asked: string[] = [],
  name = 'm',
): AuthenticationMethod {
  return {
    type: name,
    authenticate() {
      asked.push(name);
      return answer;
    },
  };
}

describe('A chain of methods', () => {
  it.each<[string, MethodAnswer | Promise<MethodAnswer>, MethodAnswer]>([
    ['accepts', ACCEPTED, ACCEPTED],
    ['accepts later', Promise.resolve(ACCEPTED), ACCEPTED],
    ['refuses', REFUSED, REFUSED],
    ['refuses later', Promise.resolve(REFUSED), REFUSED],
  ])('stops at the first that %s', async (_what, answer, expected) => {
    const asked: string[] = [];
    const chain = new AuthenticationChain(
      [],
      [
        method(undefined, asked, 'a'),
        method(Promise.resolve(undefined), asked, 'b'),
        method(answer, asked, 'c'),
        method(ACCEPTED, asked, 'd'),
      ],
      'everybody',
    );
    expect(await chain.authenticate(credentials('ann', 'x'), () => true)).toEqual(expected);
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['none', 'ann', 'refuse', ReasonCode.BadUserNameOrPassword],
    ['none', undefined, 'refuse', ReasonCode.NotAuthorized],
    ['nameless', 'ann', 'refuse', ReasonCode.BadUserNameOrPassword],
    ['nameless', undefined, 'accept', undefined],
    ['everybody', 'ann', 'accept', undefined],
    ['everybody', undefined, 'accept', undefined],
  ] as const)('at its end lets in %s: %s is told %s', async (anonymous, username, kind, reasonCode) => {
    for (const unknown of [undefined, Promise.resolve(undefined)]) {
      const chain = new AuthenticationChain([], [method(unknown)], anonymous);
      const answer = await chain.authenticate(attemptOf({ username }), () => true);
      expect(answer).toMatchObject(reasonCode === undefined ? { kind } : { kind, reasonCode });
    }
  });

  it('lets in every name where nobody keeps users, as Mosquitto does', async () => {
    const open = await kit.build([], { anonymous: true });
    expect(await open.ask(credentials('whoever', 'x'))).toEqual({ kind: 'accept' });
    const closed = await kit.build([], { anonymous: false });
    expect(await closed.ask(credentials('whoever', 'x'))).toMatchObject({ kind: 'refuse' });
  });
});

describe('A method that fails', () => {
  it.each<[string, AuthenticationMethod]>([
    [
      'at once',
      {
        type: 'm',
        authenticate() {
          throw new Error('broken');
        },
      },
    ],
    ['later', { type: 'm', authenticate: () => Promise.reject(new Error('broken')) }],
  ])('%s refuses this client with 0x88, and is told', async (_when, broken) => {
    const [log, clock, memory] = [new RecordedLog(), new StandingClock(), new AuthenticationMemory()];
    const authenticator = new GuardedAuthenticator(
      new AuthenticationChain([], [broken], 'everybody'),
      new FailureGuard(failuresOf({}), memory, clock, log),
      null,
      { log, clock, memory },
    );
    expect(await answerOf(authenticator, credentials('ann', 'hunter2'))).toEqual({
      kind: 'refuse',
      reasonCode: ReasonCode.ServerUnavailable,
      reasonString: 'the server cannot check credentials at the moment',
    });
    expect(log.textsOf('authentication-failed')).toEqual([
      'a client was refused, since what decides about it failed: broken',
    ]);
  });
});

describe('A section that cannot be taken', () => {
  it('is refused with all that is wrong in all of its methods', async () => {
    const problems = await kit.problems(
      { type: 'passwordFile', file: kit.file('ann:x'), skipBadLines: false },
      { type: 'dynamicSecurity' },
      { type: 'scram', file: kit.directory, mechanisms: ['SCRAM-SHA-256'] },
    );
    expect(problems).toHaveLength(3);
  });
});
