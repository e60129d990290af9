import { ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { AuthenticationMemory } from '../../../src/access/authentication/failures/authentication-memory.ts';
import { addressKey, addressOf } from '../../../src/access/authentication/failures/peer-address.ts';
import type { FailuresConfiguration } from '../../../src/config/access-configuration.ts';
import type { AuthenticationAttempt } from '../../../src/core/ports/authenticator.ts';
import type { AuthenticationTest } from './authentication-kit.ts';
import {
  AuthenticationKit,
  answerOf,
  attemptOf,
  bytesOf,
  failuresOf,
  StandingClock,
} from './authentication-kit.ts';

const kit = new AuthenticationKit();
/** The password is `x`. */
const SHA512 =
  '$6$g8BI+GhQAMz18b1C$jSRpVuPtHpJzZfkKxd2hjtaSIte3RyBDQvMLXTIliYl7V2embLVi9402wJgUUOPcOSvnzoeMLfV/zna7ML29IQ==';
const BANNED = { kind: 'refuse', reasonCode: ReasonCode.Banned };
const WRONG = { kind: 'refuse', reasonCode: ReasonCode.BadUserNameOrPassword };
const ACCEPTED = { kind: 'accept' };

function build(
  failures: Partial<FailuresConfiguration>,
  rest: { readonly memory?: AuthenticationMemory; readonly clock?: StandingClock } = {},
): Promise<AuthenticationTest> {
  const file = kit.file(`ann:${SHA512}\nben:${SHA512}\n`);
  const methods = [{ type: 'passwordFile', file, skipBadLines: false } as const];
  return kit.build(methods, { failures: failuresOf(failures) }, rest);
}

function tryAs(username: string, password: string, from: Partial<AuthenticationAttempt> = {}) {
  return attemptOf({ username, password: bytesOf(password), ...from });
}

async function fail(
  test: AuthenticationTest,
  times: number,
  attempt: () => AuthenticationAttempt,
): Promise<void> {
  for (let count = 0; count < times; count++) expect(await test.ask(attempt())).toMatchObject(WRONG);
}

describe('Failed attempts', () => {
  it('are told later each time, up to a bound, and a success is told at once', async () => {
    const { built, clock, memory } = await build({ delayMs: 100, maximumDelayMs: 500 });
    const waits: number[] = [];
    for (let count = 0; count < 5; count++) {
      const answer = answerOf(built.authenticator, tryAs('ann', 'wrong'));
      // The hash is computed before the wait begins.
      while (clock.timers === 0) await new Promise(setImmediate);
      let waited = 0;
      while (clock.timers > 0) {
        clock.advance(50);
        waited += 50;
      }
      expect(await answer).toMatchObject(WRONG);
      waits.push(waited);
    }
    expect(waits).toEqual([100, 200, 400, 500, 500]);
    expect(memory.counters.delayed).toBe(5);
    expect(memory.delays).toBe(0);
    expect(await answerOf(built.authenticator, tryAs('ann', 'x'))).toEqual(ACCEPTED);
  });

  it('lead to a ban after as many as are allowed, and one fewer to none', async () => {
    const test = await build({ banAfter: 3 });
    await fail(test, 2, () => tryAs('ann', 'wrong'));
    expect(await test.ask(tryAs('ann', 'x'))).toEqual(ACCEPTED);
    await fail(test, 3, () => tryAs('ann', 'wrong'));
    expect(await test.ask(tryAs('ann', 'x'))).toEqual({
      ...BANNED,
      reasonString: 'banned for 300 s more: 3 failed attempts within 60 s by this address',
    });
    expect(test.log.textsOf('client-banned')).toEqual([
      'address "192.0.2.1" for 300 s: 3 failed attempts within 60 s',
    ]);
    expect(test.memory.counters).toMatchObject({ bansGiven: 1, bannedRefused: 1, refused: 5, accepted: 1 });
  });

  it('are forgotten when the window is over, and so is a ban', async () => {
    const test = await build({ banAfter: 3 });
    await fail(test, 2, () => tryAs('ann', 'wrong'));
    test.clock.advance(60_000);
    await fail(test, 2, () => tryAs('ann', 'wrong'));
    await fail(test, 1, () => tryAs('ann', 'wrong'));
    test.clock.advance(299_999);
    expect(await test.ask(tryAs('ann', 'x'))).toMatchObject(BANNED);
    test.clock.advance(1);
    expect(await test.ask(tryAs('ann', 'x'))).toEqual(ACCEPTED);
  });

  it('that come at once are as many as are allowed, and one of them may be right to no avail', async () => {
    const test = await build({ banAfter: 3 });
    const passwords = [...Array.from({ length: 50 }, (_, index) => `guess${index}`), 'x'];
    const answers = await Promise.all(passwords.map((password) => test.ask(tryAs('ann', password))));
    expect(
      answers.filter((answer) => 'reasonCode' in answer && answer.reasonCode === WRONG.reasonCode),
    ).toHaveLength(3);
    expect(answers.at(-1)).toMatchObject(BANNED);
    expect(test.memory.counters).toMatchObject({ refused: 3, bannedRefused: 48, accepted: 0, bansGiven: 1 });
  });

  it('ban an address, not others, and of IPv6 its /64', async () => {
    const test = await build({ banAfter: 2 });
    await fail(test, 1, () => tryAs('ann', 'wrong', { peer: '[2001:db8:1:2::1]:1' }));
    await fail(test, 1, () => tryAs('ben', 'wrong', { peer: '[2001:db8:1:2:ffff::9]:2' }));
    expect(await test.ask(tryAs('ann', 'x', { peer: '[2001:db8:1:2::7]:3' }))).toMatchObject(BANNED);
    expect(await test.ask(tryAs('ann', 'x', { peer: '[2001:db8:1:3::7]:3' }))).toEqual(ACCEPTED);
    expect(await test.ask(tryAs('ann', 'x', { peer: '192.0.2.9:3' }))).toEqual(ACCEPTED);
  });

  it('ban no address that is exempt, nor a peer without one', async () => {
    const test = await build({ banAfter: 2 });
    for (const peer of ['127.0.0.1:5', '[::1]:5', 'unix:1', 'in-process']) {
      await fail(test, 5, () => tryAs('ann', 'wrong', { peer }));
      expect(await test.ask(tryAs('ann', 'x', { peer }))).toEqual(ACCEPTED);
    }
  });

  it('of several users at one address are not forgiven because one of them came in', async () => {
    const test = await build({ banAfter: 4 });
    await fail(test, 2, () => tryAs('ann', 'wrong'));
    expect(await test.ask(tryAs('ben', 'x'))).toEqual(ACCEPTED);
    await fail(test, 1, () => tryAs('ann', 'wrong'));
    expect(await test.ask(tryAs('ben', 'x'))).toEqual(ACCEPTED);
    await fail(test, 1, () => tryAs('ann', 'wrong'));
    expect(await test.ask(tryAs('ben', 'x'))).toMatchObject(BANNED);
  });

  it('ban a user everywhere but where the user came in before', async () => {
    const test = await build({ banAfter: 3, by: ['user'] });
    const home = { peer: '198.51.100.1:1' };
    expect(await test.ask(tryAs('ann', 'x', home))).toEqual(ACCEPTED);
    let port = 0;
    await fail(test, 3, () => tryAs('ann', 'wrong', { peer: `203.0.113.${++port}:1` }));
    expect(await test.ask(tryAs('ann', 'x', { peer: '203.0.113.99:1' }))).toMatchObject({
      ...BANNED,
      reasonString: 'banned for 300 s more: 3 failed attempts within 60 s by this user',
    });
    expect(await test.ask(tryAs('ann', 'x', home))).toEqual(ACCEPTED);
    expect(await test.ask(tryAs('ben', 'x', { peer: '203.0.113.99:1' }))).toEqual(ACCEPTED);
  });

  it('ban a client identifier, and are forgotten when it comes in', async () => {
    const test = await build({ banAfter: 3, by: ['clientId'] });
    const guess = (): AuthenticationAttempt =>
      tryAs('ann', 'wrong', { clientId: 'sensor', peer: '203.0.113.1:1' });
    await fail(test, 2, guess);
    expect(await test.ask(tryAs('ann', 'x', { clientId: 'sensor' }))).toEqual(ACCEPTED);
    await fail(test, 3, guess);
    expect(await test.ask(tryAs('ben', 'x', { clientId: 'sensor', peer: '203.0.113.2:1' }))).toMatchObject(
      BANNED,
    );
    expect(await test.ask(tryAs('ben', 'x', { clientId: 'other', peer: '203.0.113.2:1' }))).toEqual(ACCEPTED);
  });

  it('outlive a reload, and a ban can be taken back', async () => {
    const memory = new AuthenticationMemory();
    const clock = new StandingClock();
    const before = await build({ banAfter: 3 }, { memory, clock });
    await fail(before, 3, () => tryAs('ann', 'wrong'));
    const after = await build({ banAfter: 3 }, { memory, clock });
    expect(await after.ask(tryAs('ann', 'x'))).toMatchObject(BANNED);
    expect(memory.listBans(clock.nowMs())).toEqual([
      {
        by: 'address',
        key: '192.0.2.1',
        reason: '3 failed attempts within 60 s',
        untilMs: clock.nowMs() + 300_000,
      },
    ]);
    expect(memory.unban({ by: 'user', key: '192.0.2.1' })).toBe(0);
    expect(memory.unban({ by: 'address', key: '192.0.2.1' })).toBe(1);
    expect(memory.unban({})).toBe(0);
    expect(await after.ask(tryAs('ann', 'x'))).toEqual(ACCEPTED);
  });

  it('take a bounded memory, however many strangers come and however long their names are', async () => {
    const memory = new AuthenticationMemory({ entries: 5 });
    const test = await build({ banAfter: 2, by: ['user', 'clientId', 'address'] }, { memory });
    for (let index = 0; index < 50; index++) {
      const name = `${index}-${'u'.repeat(65_000)}`;
      const attempt = (): AuthenticationAttempt =>
        tryAs(name, 'wrong', { clientId: `c${index}`, peer: `203.0.113.${index}:1` });
      await fail(test, 2, attempt);
    }
    expect(memory.failures.size).toBeLessThanOrEqual(5);
    const bans = memory.listBans(test.clock.nowMs());
    expect(bans).toHaveLength(5);
    expect(bans.every(({ key }) => key.length <= 128)).toBe(true);
    const [ban] = bans.filter(({ by }) => by === 'user');
    expect(memory.unban({ by: 'user', key: `49-${'u'.repeat(65_000)}` })).toBe(ban === undefined ? 0 : 1);
  });

  it('fill no log: a minute has a bounded number of lines', async () => {
    const test = await build({ banAfter: 1 });
    for (let index = 0; index < 200; index++)
      await fail(test, 1, () => tryAs('ann', 'wrong', { peer: `203.0.113.${index}:1` }));
    expect(test.log.entries).toHaveLength(60);
    test.clock.advance(60_000);
    await fail(test, 1, () => tryAs('ann', 'wrong', { peer: '203.0.113.250:1' }));
    expect(test.log.textsOf('authentication-lines-left-out')).toEqual([
      '140 more lines about authentication were left out in a minute',
    ]);
  });

  it('are not counted when nobody looked at the credentials', async () => {
    const file = kit.file(`ann:${SHA512}\n`);
    const test = await kit.build([{ type: 'passwordFile', file, skipBadLines: false }], {
      failures: failuresOf({ banAfter: 1 }),
    });
    const attempt = attemptOf({ authenticationMethod: 'unknown' });
    expect(await test.ask(attempt)).toMatchObject({ reasonCode: ReasonCode.BadAuthenticationMethod });
    expect(test.memory.failures.size).toBe(0);
  });
});

describe('A client that connects too often', () => {
  const flapping = { connects: 3, withinSeconds: 10, banSeconds: 60 };
  const build = (rest = {}) => kit.build([], { anonymous: true, flapping, ...rest });

  it('is banned for a while, and told why', async () => {
    const { ask, clock, log, memory } = await build();
    const attempt = (): AuthenticationAttempt => attemptOf({ clientId: 'sensor', username: 'ann' });
    expect(await ask(attempt())).toEqual(ACCEPTED);
    expect(await ask(attempt())).toEqual(ACCEPTED);
    expect(await ask(attempt())).toEqual({
      ...BANNED,
      reasonString: 'banned for 60 s more: 3 connects within 10 s by this client identifier',
    });
    clock.advance(59_999);
    expect(await ask(attempt())).toMatchObject({ reasonString: expect.stringContaining('for 1 s more') });
    expect(log.textsOf('client-banned')).toEqual(['client "sensor" for 60 s: 3 connects within 10 s']);
    expect(memory.counters).toMatchObject({ flappingBansGiven: 1, bannedRefused: 2, accepted: 2 });
    clock.advance(1);
    expect(await ask(attempt())).toEqual(ACCEPTED);
  });

  it('is not if its connects are far enough apart', async () => {
    const { ask, clock } = await build();
    for (let index = 0; index < 10; index++) {
      expect(await ask(attemptOf({ clientId: 'sensor' }))).toEqual(ACCEPTED);
      clock.advance(5000);
    }
  });

  it('has nobody else banned: not another identifier, nor the same one of another user', async () => {
    const { ask } = await build();
    for (let index = 0; index < 3; index++) await ask(attemptOf({ clientId: 'sensor', username: 'ann' }));
    expect(await ask(attemptOf({ clientId: 'sensor', username: 'ann' }))).toMatchObject(BANNED);
    expect(await ask(attemptOf({ clientId: 'sensor', username: 'ben' }))).toEqual(ACCEPTED);
    expect(await ask(attemptOf({ clientId: 'sensor' }))).toEqual(ACCEPTED);
    expect(await ask(attemptOf({ clientId: 'other', username: 'ann' }))).toEqual(ACCEPTED);
  });

  it('is counted only when it is let in, so that no stranger can have it banned', async () => {
    const file = kit.file(`ann:${SHA512}\n`);
    const test = await kit.build([{ type: 'passwordFile', file, skipBadLines: false }], { flapping });
    await fail(test, 5, () => tryAs('ann', 'wrong', { clientId: 'sensor' }));
    expect(await test.ask(tryAs('ann', 'x', { clientId: 'sensor' }))).toEqual(ACCEPTED);
  });

  it('may authenticate again as often as it likes', async () => {
    const { ask } = await build();
    for (let index = 0; index < 9; index++)
      expect(await ask(attemptOf({ clientId: 'sensor', reauthentication: true }))).toEqual(ACCEPTED);
  });
});

describe('The address of a peer', () => {
  it.each([
    ['192.0.2.1:50312', '192.0.2.1', '192.0.2.1'],
    ['[2001:db8::1]:50312', '2001:db8::1', '2001:db8:0:0::/64'],
    ['[2001:db8:1:2:3:4:5:6]:1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['[fe80::1%eth0]:1', 'fe80::1', 'fe80:0:0:0::/64'],
    ['[::1]:1', '::1', '0:0:0:0::/64'],
    ['[::ffff:192.0.2.1]:1', '::ffff:192.0.2.1', '192.0.2.1'],
    ['[64:ff9b::192.0.2.1]:1', '64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ])('of %s is %s, counted as %s', (peer, address, key) => {
    expect(addressOf(peer)).toBe(address);
    expect(addressKey(address)).toBe(key);
  });

  it.each(['unknown', 'unix:7', 'in-process', '', '999.1.1.1:5', 'test:1'])('is none for %j', (peer) => {
    expect(addressOf(peer)).toBeUndefined();
  });
});
