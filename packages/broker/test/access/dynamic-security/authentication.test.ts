import { readFileSync } from 'node:fs';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { SecurityAuthentication } from '../../../src/access/dynamic-security/security-authentication.ts';
import type { PasswordHash } from '../../../src/access/password-hash.ts';
import type { AuthenticationAttempt } from '../../../src/core/ports/authenticator.ts';
import { identity } from '../authorization/asking.ts';
import { SecurityRig } from './security-rig.ts';

const FIRST = readFileSync(new URL('mosquitto-first.json', import.meta.url), 'utf8');

let rig: SecurityRig;
afterEach(() => rig.close());

function attempt(
  username: string | undefined,
  password: string | undefined,
  clientId = 'c1',
): AuthenticationAttempt {
  return {
    clientId,
    username,
    password: password === undefined ? undefined : new TextEncoder().encode(password),
    protocolVersion: 5,
    origin: { listener: 'tcp:1883', kind: 'stream' },
    peer: '127.0.0.1:1',
    proxyPeer: undefined,
    security: undefined,
    authenticationMethod: undefined,
    authenticationData: undefined,
    reauthentication: false,
    state: undefined,
  };
}

const isWanted = () => true;

async function answerTo(...of: Parameters<typeof attempt>): Promise<string> {
  const answer = await rig.security.authentication.authenticate(attempt(...of), isWanted);
  if (answer === undefined) return 'next';
  return answer.kind === 'refuse' ? `refused: ${answer.rule?.text}` : answer.kind;
}

describe('Who may connect, by dynamic security', () => {
  it('is who has the password, of Mosquitto’s file and of our own', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    await rig.run({ command: 'createClient', username: 'ann', password: 'secret' });
    expect(await answerTo('admin', 'adminpw')).toBe('accept');
    expect(await answerTo('admin', 'other')).toBe('refused: client admin: wrong password');
    expect(await answerTo('ann', 'secret')).toBe('accept');
    expect(await answerTo('ann', undefined)).toBe('refused: client ann: no password came');
    expect(await answerTo('nobody', 'x')).toBe('next');
    expect(await answerTo(undefined, undefined)).toBe('next');
  });

  it('is not who is disabled, has no password yet, or comes with another client identifier', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    await rig.run(
      { command: 'createClient', username: 'off', password: 'p' },
      { command: 'disableClient', username: 'off' },
      { command: 'createClient', username: 'fixed', password: 'p', clientid: 'c1' },
      { command: 'createClient', username: 'none' },
    );
    expect(await answerTo('off', 'p')).toBe('refused: client off: it is disabled');
    expect(await answerTo('fixed', 'p')).toBe('accept');
    expect(await answerTo('fixed', 'p', 'c2')).toBe(
      'refused: client fixed: it connects with another client identifier',
    );
    expect(await answerTo('none', '')).toBe('refused: client none: it has no password yet');
    await rig.run({ command: 'enableClient', username: 'off' });
    expect(await answerTo('off', 'p')).toBe('accept');
  });

  it('tells the client the same, whatever was wrong, and its groups to rules', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    await rig.run(
      { command: 'createGroup', groupname: 'g' },
      { command: 'createClient', username: 'ann', password: 'p', groups: [{ groupname: 'g' }] },
      { command: 'createClient', username: 'off' },
    );
    const refusals = [attempt('ann', 'x'), attempt('ann', undefined), attempt('off', 'x')].map((each) =>
      rig.security.authentication.authenticate(each, isWanted),
    );
    const texts = (await Promise.all(refusals)).map((answer) => {
      const { rule: _, ...told } = answer as { readonly rule?: unknown };
      return JSON.stringify(told);
    });
    expect(new Set(texts).size).toBe(1);
    expect(await rig.security.authentication.authenticate(attempt('ann', 'p'), isWanted)).toEqual({
      kind: 'accept',
      username: 'ann',
      groups: ['g'],
    });
  });

  it('is not who was deleted or got another password while the old one was checked', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    await rig.run({ command: 'createClient', username: 'ann', password: 'p' });
    let checked: (isRight: boolean) => void = () => {};
    const verify = () => new Promise<boolean>((resolve) => (checked = resolve));
    const method = new SecurityAuthentication(() => rig.security.state, { verify });
    for (const command of ['setClientPassword', 'deleteClient']) {
      const answer = method.authenticate(attempt('ann', 'p'), isWanted);
      await rig.run({ command, username: 'ann', password: 'new' });
      checked(true);
      expect(await answer).toMatchObject({
        kind: 'refuse',
        rule: { text: 'the client was changed meanwhile' },
      });
    }
  });

  it('is told to try again when too many passwords are being checked', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    const method = new SecurityAuthentication(() => rig.security.state, { verify: () => undefined });
    expect(method.authenticate(attempt('admin', 'adminpw'), isWanted)).toMatchObject({
      kind: 'refuse',
      reasonCode: ReasonCode.ServerBusy,
    });
  });

  it('cannot be found out by the time that an answer takes', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    await rig.run({ command: 'createClient', username: 'none' });
    const verified: PasswordHash[] = [];
    const verify = (_: Uint8Array, hash: PasswordHash) => {
      verified.push(hash);
      return Promise.resolve(true);
    };
    const method = new SecurityAuthentication(() => rig.security.state, { verify });
    const answers = ['admin', 'none', 'nobody', 'nobody'].map((name) =>
      method.authenticate(attempt(name, 'x'), isWanted),
    );
    expect((await Promise.all(answers)).map((answer) => answer?.kind)).toEqual([
      'accept',
      'refuse',
      undefined,
      undefined,
    ]);
    expect(verified.map(({ kind }) => kind)).toEqual(Array(4).fill('sha512-pbkdf2'));
  });

  it('would be let in by another credential when a reload asks', async () => {
    rig = await SecurityRig.open({ content: FIRST });
    await rig.run({ command: 'createClient', username: 'ann', password: 'p' });
    const { authentication } = rig.security;
    const credentialOf = (username: string | undefined) =>
      authentication.credentialOf?.(identity({ username }));
    const before = credentialOf('ann');
    expect(before).toEqual(expect.any(String));
    expect([credentialOf('ann'), credentialOf(undefined), credentialOf('nobody')]).toEqual([
      before,
      undefined,
      undefined,
    ]);
    await rig.run({ command: 'setClientPassword', username: 'ann', password: 'q' });
    expect(credentialOf('ann')).not.toBe(before);
    await rig.run({ command: 'setClientId', username: 'ann', clientid: 'other' });
    expect(credentialOf('ann')).toBeUndefined();
    await rig.run({ command: 'setClientId', username: 'ann' }, { command: 'disableClient', username: 'ann' });
    expect(credentialOf('ann')).toBeUndefined();
  });
});
