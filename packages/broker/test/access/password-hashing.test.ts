import { describe, expect, it } from 'vitest';
import type { PasswordHash } from '../../src/access/password-hash.ts';
import { hashPassword, parsePasswordHash } from '../../src/access/password-hash.ts';
import { PasswordHashing } from '../../src/access/password-hashing.ts';

const PASSWORD = new TextEncoder().encode('secret');
const ARGON2 = parsePasswordHash(
  '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
) as PasswordHash;

describe('The hashing of a server', () => {
  it('lets a bounded number wait, refuses one more, and answers all others in order', async () => {
    const hashing = new PasswordHashing({ concurrency: 1, queue: 3 });
    const hash = await hashPassword(PASSWORD, 'sha512-pbkdf2', { iterations: 10 });
    const order: number[] = [];
    const answers = [0, 1, 2, 3].map((index) =>
      hashing.verify(PASSWORD, hash)?.then((isRight) => {
        order.push(index);
        return isRight;
      }),
    );
    expect([hashing.underWay, hashing.waiting]).toEqual([1, 3]);
    expect(hashing.verify(PASSWORD, hash)).toBeUndefined();
    expect(await Promise.all(answers)).toEqual([true, true, true, true]);
    expect(order).toEqual([0, 1, 2, 3]);
    expect([hashing.underWay, hashing.waiting]).toEqual([0, 0]);
    expect(await hashing.verify(PASSWORD.slice(1), hash)).toBe(false);
    hashing.close();
  });

  it('computes nothing for what is not wanted any more when its turn has come', async () => {
    const hashing = new PasswordHashing({ concurrency: 1, queue: 3 });
    const hash = await hashPassword(PASSWORD, 'sha512-pbkdf2', { iterations: 10 });
    let isWanted = true;
    const first = hashing.verify(PASSWORD, hash, () => isWanted);
    const second = hashing.verify(PASSWORD, hash, () => isWanted);
    isWanted = false;
    expect(await Promise.all([first, second])).toEqual([true, false]);
    hashing.close();
  });

  it('computes Argon2id one after the other in the same thread, and goes on after it was closed', async () => {
    const hashing = new PasswordHashing({ concurrency: 1, queue: 10 });
    const password = new TextEncoder().encode('password');
    const answers = await Promise.all([
      hashing.verify(password, ARGON2),
      hashing.verify(PASSWORD, ARGON2),
      hashing.verify(password, ARGON2),
    ]);
    expect(answers).toEqual([true, false, true]);
    hashing.close();
    expect(await hashing.verify(password, ARGON2)).toBe(true);
  });

  it('leaves the event loop free while Argon2id is computed', async () => {
    const hashing = new PasswordHashing({ concurrency: 1 });
    const slow = await hashPassword(PASSWORD, 'argon2id');
    let rounds = 0;
    let isDone = false;
    const count = (): void => {
      rounds++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    expect(await hashing.verify(PASSWORD, slow)).toBe(true);
    isDone = true;
    // Were it computed here, there would be one round before it and one after it.
    expect(rounds).toBeGreaterThan(10);
    hashing.close();
  });

  it('refuses a hash that the machine cannot compute without harm to the next', async () => {
    const hashing = new PasswordHashing({ concurrency: 1 });
    const impossible: PasswordHash = { ...ARGON2, memory: 1 } as PasswordHash;
    await expect(hashing.verify(PASSWORD, impossible)).rejects.toThrow(/Argon2id was not computed/);
    expect(await hashing.verify(new TextEncoder().encode('password'), ARGON2)).toBe(true);
    hashing.close();
  });
});
