import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import type { PasswordHashKind } from '../../src/access/password-hash.ts';
import {
  hasArgon2,
  hashPassword,
  parsePasswordHash,
  passwordHashText,
  verifyPassword,
} from '../../src/access/password-hash.ts';

/** The password is `secret`; written by mosquitto_passwd 2.0.11. */
const OF_MOSQUITTO = {
  'sha512-pbkdf2':
    '$7$101$GWaefa2hHQxM/bjZ$mTTfkyAEailVeXwtQAJNmRmqP3J5uUs6Vhx0p2Em7hHgN9v4LSV/1X6NeHLHU3JZ/ISNY7dXbk3bchpCp35zOg==',
} as const;
/** The password is `x`. */
const SHA512 =
  '$6$g8BI+GhQAMz18b1C$jSRpVuPtHpJzZfkKxd2hjtaSIte3RyBDQvMLXTIliYl7V2embLVi9402wJgUUOPcOSvnzoeMLfV/zna7ML29IQ==';
const KINDS: readonly PasswordHashKind[] = [
  'sha512-pbkdf2',
  'sha512',
  ...(hasArgon2() ? (['argon2id'] as const) : []),
];

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe('A hash of a password', () => {
  it('is verified as Mosquitto wrote it', async () => {
    const pbkdf2 = parsePasswordHash(OF_MOSQUITTO['sha512-pbkdf2'])!;
    expect(await verifyPassword(bytes('secret'), pbkdf2)).toBe(true);
    expect(await verifyPassword(bytes('Secret'), pbkdf2)).toBe(false);
    expect(await verifyPassword(bytes(''), pbkdf2)).toBe(false);
    const sha512 = parsePasswordHash(SHA512)!;
    expect(await verifyPassword(bytes('x'), sha512)).toBe(true);
    expect(await verifyPassword(bytes('y'), sha512)).toBe(false);
  });

  it.each(KINDS)('of the kind %s comes back from its text, and is another one each time', async (kind) => {
    const first = await hashPassword(bytes('pass:ü$'), kind);
    const second = await hashPassword(bytes('pass:ü$'), kind);
    expect(passwordHashText(first)).not.toBe(passwordHashText(second));
    const again = parsePasswordHash(passwordHashText(first))!;
    expect(passwordHashText(again)).toBe(passwordHashText(first));
    expect(await verifyPassword(bytes('pass:ü$'), again)).toBe(true);
    expect(await verifyPassword(bytes('pass:ü'), again)).toBe(false);
  });

  it('has a salt of 12 bytes, which every Mosquitto takes, and the iterations that were asked for', async () => {
    const hash = await hashPassword(bytes('a'), 'sha512-pbkdf2', { iterations: 7 });
    expect(hash).toMatchObject({ kind: 'sha512-pbkdf2', iterations: 7 });
    expect(hash.salt).toHaveLength(12);
    expect(hash.hash).toHaveLength(64);
    expect(await hashPassword(bytes('a'), 'sha512-pbkdf2')).toMatchObject({ iterations: 1000 });
  });

  it.runIf(!hasArgon2())('is refused with words where the runtime has no Argon2id', async () => {
    const text = `$argon2id$v=19$m=47104,t=1,p=1$${'A'.repeat(86)}$${'A'.repeat(86)}`;
    const hash = parsePasswordHash(text)!;
    expect(hash).toMatchObject({ kind: 'argon2id', memory: 47_104, passes: 1, parallelism: 1 });
    expect(passwordHashText(hash)).toBe(text);
    await expect(hashPassword(bytes('a'), 'argon2id')).rejects.toThrow(/Node.js 24.7 or later/);
    await expect(verifyPassword(bytes('a'), hash)).rejects.toThrow(RangeError);
  });

  const salt = Buffer.alloc(12, 1).toString('base64');
  const hash = Buffer.alloc(64, 1).toString('base64');
  it.each([
    '',
    'secret',
    '$',
    '$5$a$b',
    `$7$101$${salt}$${hash}$more`,
    `$7$0$${salt}$${hash}`,
    `$7$-1$${salt}$${hash}`,
    `$7$99999999$${salt}$${hash}`,
    `$7$101$$${hash}`,
    `$7$101$${salt}$${hash.slice(0, 20)}`,
    `$6$${salt}$n o`,
    `$6$${salt}`,
    `$argon2id$v=18$m=1024,t=1,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=99999999,t=1,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=1024,t=0,p=1$${salt}$${hash}`,
    `$argon2id$v=19$t=1,m=1024,p=1$${salt}$${hash}`,
  ])('is none: %j', (text) => {
    expect(parsePasswordHash(text)).toBeUndefined();
  });
});
