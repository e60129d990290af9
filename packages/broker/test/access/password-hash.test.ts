import { Buffer } from 'node:buffer';
import { createHash, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PasswordHashKind } from '../../src/access/password-hash.ts';
import {
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
const KINDS: readonly PasswordHashKind[] = ['sha512-pbkdf2', 'sha512', 'argon2id'];

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

  it.each([
    '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
    '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ])('is verified as libargon2 wrote it: %s', async (text) => {
    const hash = parsePasswordHash(text)!;
    expect(passwordHashText(hash)).toBe(text);
    expect(await verifyPassword(bytes('password'), hash)).toBe(true);
    expect(await verifyPassword(bytes('passwore'), hash)).toBe(false);
  });

  it('of Argon2id is none of an empty password, whatever it says', async () => {
    await expect(hashPassword(bytes(''), 'argon2id')).rejects.toThrow(RangeError);
    // Of one byte 0, which is computed in place of an empty one so that it takes as long.
    const ofZero = await hashPassword(new Uint8Array(1), 'argon2id');
    expect(await verifyPassword(new Uint8Array(1), ofZero)).toBe(true);
    expect(await verifyPassword(bytes(''), ofZero)).toBe(false);
  });

  it('may have the 64 bytes of salt of Mosquitto 2.1', async () => {
    const salt = Buffer.alloc(64, 7);
    const hash = pbkdf2Sync('secret', salt, 1000, 64, 'sha512').toString('base64');
    const parsed = parsePasswordHash(`$7$1000$${salt.toString('base64')}$${hash}`)!;
    expect(await verifyPassword(bytes('secret'), parsed)).toBe(true);
    const once = createHash('sha512').update('secret').update(salt).digest('base64');
    expect(
      await verifyPassword(bytes('secret'), parsePasswordHash(`$6$${salt.toString('base64')}$${once}`)!),
    ).toBe(true);
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
    `$argon2id$v=19$m=262145,t=1,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=262144,t=17,p=1$${salt}$${hash}`,
    `$argon2id$v=19$m=47104,t=1,p=17$${salt}$${hash}`,
    `$argon2id$v=19$m=31,t=1,p=4$${salt}$${hash}`,
    `$argon2id$v=19$m=1024,t=1,p=1$AAAA$${hash}`,
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$AAAA`,
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$${Buffer.alloc(65).toString('base64')}`,
    `$argon2id$m=1024,t=1,p=1$${salt}$${hash}`,
    `$argon2i$v=19$m=1024,t=1,p=1$${salt}$${hash}`,
    `$7$10000001$${salt}$${hash}`,
    `$7$101$${Buffer.alloc(65).toString('base64')}$${hash}`,
  ])('is none: %j', (text) => {
    expect(parsePasswordHash(text)).toBeUndefined();
  });
});
