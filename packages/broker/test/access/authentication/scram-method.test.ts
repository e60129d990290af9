import { ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import {
  parseClientFinal,
  parseClientFirst,
} from '../../../src/access/authentication/scram/scram-messages.ts';
import { ScramMethod } from '../../../src/access/authentication/scram/scram-method.ts';
import { readScramUsers } from '../../../src/access/authentication/scram/scram-users.ts';
import type { ScramMechanism } from '../../../src/access/scram-credentials.ts';
import {
  makeScramCredentials,
  SCRAM_MECHANISMS,
  scramCredentialsText,
} from '../../../src/access/scram-credentials.ts';
import type { AuthenticationAttempt } from '../../../src/core/ports/authenticator.ts';
import { AuthenticationKit, attemptOf, bytesOf, textOf } from './authentication-kit.ts';

const kit = new AuthenticationKit();
const SALT = new Uint8Array(Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_NONCE = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const CHALLENGE = `r=${NONCE}${SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
/** The first is the example of RFC 7677, section 3; the second, with the same words, was computed by Python's hashlib. */
const VECTORS: Readonly<Record<ScramMechanism, { readonly proof: string; readonly signature: string }>> = {
  'SCRAM-SHA-256': {
    proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    signature: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
  'SCRAM-SHA-512': {
    proof: 'gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==',
    signature: 'v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==',
  },
};

async function methodOf(username = 'user', secret: Uint8Array = new Uint8Array(32)): Promise<ScramMethod> {
  const lines: string[] = [];
  for (const mechanism of SCRAM_MECHANISMS) {
    const made = await makeScramCredentials(bytesOf('pencil'), mechanism, { salt: SALT, iterations: 4096 });
    lines.push(`${username}:${scramCredentialsText(made)}\n`);
  }
  const users = await readScramUsers(kit.file(lines.join('')), 'file', secret);
  return new ScramMethod(users, { mechanisms: SCRAM_MECHANISMS, newNonce: () => SERVER_NONCE });
}

function firstOf(message: string, mechanism: ScramMechanism = 'SCRAM-SHA-256'): AuthenticationAttempt {
  return attemptOf({ authenticationMethod: mechanism, authenticationData: bytesOf(message) });
}

function next(attempt: AuthenticationAttempt, message: string | Uint8Array): AuthenticationAttempt {
  const authenticationData = typeof message === 'string' ? bytesOf(message) : message;
  return Object.assign(attempt, { authenticationData });
}

describe('An exchange by SCRAM', () => {
  it.each(SCRAM_MECHANISMS)('%s is the one of the example, message by message', async (mechanism) => {
    const method = await methodOf();
    const attempt = firstOf(`n,,n=user,r=${NONCE}`, mechanism);
    const challenge = method.authenticate(attempt);
    expect(challenge).toMatchObject({ kind: 'continue' });
    expect(textOf((challenge as { authenticationData: Uint8Array }).authenticationData)).toBe(CHALLENGE);
    const { proof, signature } = VECTORS[mechanism];
    const answer = method.authenticate(next(attempt, `c=biws,r=${NONCE}${SERVER_NONCE},p=${proof}`));
    expect(answer).toEqual({ kind: 'accept', username: 'user', authenticationData: bytesOf(signature) });
  });

  it('refuses another proof, a shorter one and none, with the words for every wrong password', async () => {
    const method = await methodOf();
    for (const proof of [
      'AAAA',
      VECTORS['SCRAM-SHA-512'].proof,
      `AAAA${VECTORS['SCRAM-SHA-256'].proof.slice(4)}`,
    ]) {
      const attempt = firstOf(`n,,n=user,r=${NONCE}`);
      method.authenticate(attempt);
      expect(method.authenticate(next(attempt, `c=biws,r=${NONCE}${SERVER_NONCE},p=${proof}`))).toMatchObject(
        {
          kind: 'refuse',
          reasonCode: ReasonCode.BadUserNameOrPassword,
          reasonString: 'the user name or the password is wrong',
          rule: { line: 1, text: 'the user of this line gave another password' },
          username: 'user',
        },
      );
    }
  });

  it.each([
    ['another nonce', `c=biws,r=${NONCE}x,p=AAAA`, 'nonce'],
    ['only its own nonce', `c=biws,r=${NONCE},p=AAAA`, 'nonce'],
    ['another binding', `c=eSws,r=${NONCE}${SERVER_NONCE},p=AAAA`, 'binding'],
    ['no proof', `c=biws,r=${NONCE}${SERVER_NONCE}`, 'expected c='],
    ['an extension that it demands', `c=biws,r=${NONCE}${SERVER_NONCE},m=x,p=AAAA`, 'expected c='],
    ['nothing', '', 'expected c='],
    ['garbage', '\u0000\u00ff', 'expected c='],
    [
      'more than a message may have',
      `c=biws,r=${NONCE}${SERVER_NONCE},x=${'x'.repeat(4096)},p=AAAA`,
      'expected',
    ],
  ])('refuses a client that sends %s at the end', async (_what, message, words) => {
    const method = await methodOf();
    const attempt = firstOf(`n,,n=user,r=${NONCE}`);
    method.authenticate(attempt);
    const answer = method.authenticate(next(attempt, message));
    expect(answer).toMatchObject({ kind: 'refuse', reasonCode: ReasonCode.NotAuthorized });
    expect((answer as { reasonString: string }).reasonString).toContain(words);
  });

  it.each([
    ['channel binding', 'p=tls-unique,,n=user,r=abc', 'not offered'],
    ['another user to act as', 'n,a=root,n=user,r=abc', 'nobody may act'],
    ['an extension that it demands', 'n,,m=x,n=user,r=abc', 'expected n,,'],
    ['no nonce', 'n,,n=user,r=', 'expected n,,'],
    ['no user', 'n,,n=,r=abc', 'expected a user name'],
    ['a = that stands for nothing', 'n,,n=us=er,r=abc', 'expected a user name'],
    ['control characters', 'n,,n=us\u0000er,r=abc', 'expected a user name'],
    ['a nonce of 257 characters', `n,,n=user,r=${'x'.repeat(257)}`, 'expected n,,'],
    ['more than a message may have', `n,,n=${'u'.repeat(5000)},r=abc`, 'expected n,,'],
    ['nothing', '', 'expected n,,'],
  ])('refuses a client that begins with %s', async (_what, message, words) => {
    const attempt = firstOf(message);
    const answer = (await methodOf()).authenticate(attempt);
    expect(answer).toMatchObject({ kind: 'refuse', reasonCode: ReasonCode.NotAuthorized });
    expect((answer as { reasonString: string }).reasonString).toContain(words);
    expect(attempt.state).toBeUndefined();
  });

  it('refuses what is no UTF-8, and a beginning without data', async () => {
    const method = await methodOf();
    const attempt = next(firstOf(''), new Uint8Array([0x6e, 0x2c, 0xff]));
    expect(method.authenticate(attempt)).toMatchObject({ kind: 'refuse' });
    expect(method.authenticate(attemptOf({ authenticationMethod: 'SCRAM-SHA-256' }))).toMatchObject({
      kind: 'refuse',
    });
  });

  it('takes a client that would bind a channel if it were offered, and its own name to act as', async () => {
    expect(parseClientFirst(bytesOf('y,a=user,n=user,r=abc'))).toMatchObject({
      username: 'user',
      header: 'y,a=user,',
    });
    expect(parseClientFirst(bytesOf('n,,n=a=3Db=2Cc,r=abc'))).toMatchObject({ username: 'a=b,c' });
    expect(parseClientFinal(bytesOf('c=biws,r=abc,p=AAAA'))).toMatchObject({ binding: 'n,,', nonce: 'abc' });
  });

  it('shows of a user who is not there what could be one, the same each time', async () => {
    const challengeOf = (method: ScramMethod, user: string) =>
      textOf(
        (method.authenticate(firstOf(`n,,n=${user},r=${NONCE}`)) as { authenticationData: Uint8Array })
          .authenticationData,
      );
    const [method, other] = [await methodOf(), await methodOf('user', new Uint8Array(32).fill(1))];
    const shown = challengeOf(method, 'nobody');
    expect(shown).toMatch(/^r=[^,]+,s=[A-Za-z0-9+/]{22}==,i=4096$/);
    expect(challengeOf(method, 'nobody')).toBe(shown);
    expect(challengeOf(method, 'somebody')).not.toBe(shown);
    expect(challengeOf(other, 'nobody')).not.toBe(shown);
    const attempt = firstOf(`n,,n=nobody,r=${NONCE}`);
    method.authenticate(attempt);
    expect(method.authenticate(next(attempt, `c=biws,r=${NONCE}${SERVER_NONCE},p=AAAA`))).toEqual({
      kind: 'refuse',
      reasonCode: ReasonCode.BadUserNameOrPassword,
      reasonString: 'the user name or the password is wrong',
      username: 'nobody',
    });
  });

  it('lets a connected client authenticate again, as the same user only', async () => {
    const method = await methodOf();
    const again = (username: string) =>
      method.authenticate(
        attemptOf({
          username,
          reauthentication: true,
          authenticationMethod: 'SCRAM-SHA-256',
          authenticationData: bytesOf(`n,,n=user,r=${NONCE}`),
        }),
      );
    expect(again('user')).toMatchObject({ kind: 'continue' });
    expect(again('other')).toMatchObject({ kind: 'refuse', reasonCode: ReasonCode.NotAuthorized });
  });
});

describe('The methods of AUTH', () => {
  it('are those of the configuration; another one is refused by name, and a CONNECT without one is not theirs', async () => {
    const made = await makeScramCredentials(bytesOf('pencil'), 'SCRAM-SHA-512', { iterations: 4096 });
    const file = kit.file(`user:${scramCredentialsText(made)}\n`);
    const { ask } = await kit.build([{ type: 'scram', file, mechanisms: ['SCRAM-SHA-512'] }]);
    expect(await ask(firstOf('n,,n=user,r=abc', 'SCRAM-SHA-512'))).toMatchObject({ kind: 'continue' });
    expect(await ask(firstOf('n,,n=user,r=abc', 'SCRAM-SHA-256'))).toMatchObject({
      reasonCode: ReasonCode.BadAuthenticationMethod,
      reasonString: 'expected SCRAM-SHA-512 as the authentication method, got "SCRAM-SHA-256"',
    });
    expect(await ask(attemptOf({ username: 'user', password: bytesOf('pencil') }))).toMatchObject({
      reasonCode: ReasonCode.BadUserNameOrPassword,
    });
    const plain = await kit.build([], { anonymous: true });
    expect(await plain.ask(firstOf('n,,n=user,r=abc'))).toMatchObject({
      reasonCode: ReasonCode.BadAuthenticationMethod,
      reasonString: 'expected a CONNECT without one as the authentication method, got "SCRAM-SHA-256"',
    });
  });
});

describe('A file of users of SCRAM', () => {
  it('is refused with every line that is wrong, and never shows what stands in it', async () => {
    const made = scramCredentialsText(
      await makeScramCredentials(bytesOf('x'), 'SCRAM-SHA-256', { iterations: 4096 }),
    );
    const file = kit.file(
      [`ann:${made}`, 'bob:hunter2', `ann:${made}`, 'eve:$7$101$hunter2$x', `:${made}`, 'nobody'].join('\n'),
    );
    const problems = await kit.problems({ type: 'scram', file, mechanisms: ['SCRAM-SHA-256'] });
    expect(problems).toEqual([
      '2: expected SCRAM-SHA-256$<iterations from 4096>:<salt>$<stored key>:<server key>, or SCRAM-SHA-512$…, got something else for "bob"',
      '3: expected each user once by mechanism, got "ann" again, who is in line 1',
      '4: expected credentials of SCRAM, got a hash of a password file for "eve": martlet passwd --scram makes them',
      '5: expected a user name, got an empty one',
    ]);
  });

  it('of which another one has all mechanisms before it has a notice: it is never asked', async () => {
    const [first, second] = [kit.file(''), kit.file('')];
    const { built } = await kit.build([
      { type: 'scram', file: first, mechanisms: ['SCRAM-SHA-256'] },
      { type: 'scram', file: second, mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-512'] },
      { type: 'scram', file: second, mechanisms: ['SCRAM-SHA-512'] },
    ]);
    expect(built.notices.map(({ key, code }) => [key, code])).toEqual([
      ['authentication.methods[2]', 'never-asked'],
    ]);
  });
});
