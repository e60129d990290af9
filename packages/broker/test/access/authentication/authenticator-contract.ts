/** What every authenticator keeps to, whatever a stranger sends. Run for each method, alone and in a chain. */
import { describe, expect, it } from 'vitest';
import type {
  AuthenticationAnswer,
  AuthenticationAttempt,
  Authenticator,
} from '../../../src/core/ports/authenticator.ts';
import { answerOf, attemptOf, bytesOf } from './authentication-kit.ts';

export interface AuthenticatorCase {
  readonly authenticator: Authenticator;
  /** One who may come in; a new attempt each time. With `exchange`, its beginning. */
  good(): AuthenticationAttempt;
  /** The data that goes on with the exchange. */
  readonly exchange?: (attempt: AuthenticationAttempt, challenge: Uint8Array) => Uint8Array;
  /** The same with something wrong in the credentials. */
  bad(): AuthenticationAttempt;
  /** What must be seen nowhere in an answer. */
  readonly secrets: readonly string[];
}

const HUGE = new Uint8Array(65_535).fill(0x61);

/** What no honest client sends. Each may be refused or, where nobody looks at it, accepted; it may not break anything. */
const HOSTILE: readonly (readonly [string, Partial<AuthenticationAttempt>])[] = [
  ['a password of 65,535 bytes', { username: 'ann', password: HUGE }],
  ['a password of NULs', { username: 'ann', password: new Uint8Array(100) }],
  ['a password that is no UTF-8', { username: 'ann', password: new Uint8Array([0xff, 0xfe, 0xc0, 0x80]) }],
  ['an empty password', { username: 'ann', password: new Uint8Array() }],
  ['no password', { username: 'ann' }],
  ['a user name of 65,535 characters', { username: 'u'.repeat(65_535), password: bytesOf('x') }],
  ['an empty user name', { username: '', password: bytesOf('x') }],
  ['a user name with a NUL', { username: 'ann\0', password: bytesOf('x') }],
  ['a user name of an object', { username: '__proto__', password: bytesOf('x') }],
  ['a user name of half a character', { username: '\ud800', password: bytesOf('x') }],
  ['a user name with a line break', { username: 'ann\nben:x', password: bytesOf('x') }],
  ['a client identifier of 65,535 characters', { clientId: 'c'.repeat(65_535), username: 'ann' }],
  ['a token of 60 KB', { password: bytesOf(`eyJ${'a'.repeat(60_000)}.e30.AAAA`) }],
  ['a token whose header is no JSON', { password: bytesOf('eyJ.e30.AAAA') }],
  ['a peer that is none', { username: 'ann', password: bytesOf('x'), peer: '' }],
  ['an authentication method of its own', { authenticationMethod: 'x'.repeat(65_535) }],
  ['SCRAM without data', { authenticationMethod: 'SCRAM-SHA-256' }],
  ['SCRAM with 64 KB', { authenticationMethod: 'SCRAM-SHA-256', authenticationData: HUGE }],
  ['jwt without data', { authenticationMethod: 'jwt' }],
  ['jwt with 64 KB', { authenticationMethod: 'jwt', authenticationData: HUGE }],
];

/** @param make a new one for each test */
export function testAuthenticator(name: string, make: () => Promise<AuthenticatorCase>): void {
  /** Goes through the exchange, if there is one. */
  async function outcome({ authenticator, exchange }: AuthenticatorCase, attempt: AuthenticationAttempt) {
    const first = await answerOf(authenticator, attempt);
    if (first.kind !== 'continue' || exchange === undefined) return first;
    Object.assign(attempt, { authenticationData: exchange(attempt, first.authenticationData!) });
    return answerOf(authenticator, attempt);
  }

  describe(`${name}, as every authenticator,`, () => {
    it('lets in good credentials, again and again, and refuses bad ones in between', async () => {
      const tested = await make();
      for (let count = 0; count < 3; count++) {
        expect(await outcome(tested, tested.good())).toMatchObject({ kind: 'accept' });
        expectRefusal(await outcome(tested, tested.bad()), tested.secrets);
      }
    });

    it('keeps clients apart that come at the same time', async () => {
      const tested = await make();
      const attempts = Array.from({ length: 8 }, (_, index) => index % 2 === 0);
      const answers = await Promise.all(
        attempts.map((isGood) => outcome(tested, isGood ? tested.good() : tested.bad())),
      );
      expect(answers.map(({ kind }) => kind === 'accept')).toEqual(attempts);
    });

    it.each(HOSTILE)('answers %s once, shows nothing, and goes on', async (_what, hostile) => {
      const tested = await make();
      const answer = await answerOf(tested.authenticator, attemptOf(hostile));
      if (answer.kind === 'refuse') expectRefusal(answer, tested.secrets);
      expect(await outcome(tested, tested.good())).toMatchObject({ kind: 'accept' });
    });
  });
}

function expectRefusal(answer: AuthenticationAnswer, secrets: readonly string[]): void {
  expect(answer.kind).toBe('refuse');
  if (answer.kind !== 'refuse') return;
  expect(answer.reasonCode).toBeGreaterThanOrEqual(0x80);
  const shown = JSON.stringify(answer);
  expect(shown.length).toBeLessThan(1000);
  for (const secret of secrets) expect(shown).not.toContain(secret);
}
