import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writePidFile } from '../../src/server/process/pid-file.ts';
import type { UserProcess } from '../../src/server/process/system-user.ts';
import { actAs, become, systemUser } from '../../src/server/process/system-user.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-process-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('The pid file', () => {
  test('has the process in it, and goes with it', () => {
    const path = join(directory, 'a.pid');
    const file = writePidFile(path, 42);
    expect(readFileSync(path, 'utf8')).toBe('42\n');
    expect(file.remove()).toBe(true);
    expect(existsSync(path)).toBe(false);
    expect(file.remove()).toBe(true);
  });

  test('stays when another broker has written its own there', () => {
    const path = join(directory, 'b.pid');
    const file = writePidFile(path, 42);
    writeFileSync(path, '43\n');
    file.remove();
    expect(readFileSync(path, 'utf8')).toBe('43\n');
  });

  test('that cannot be written is told of', () => {
    expect(() => writePidFile(join(directory, 'no', 'a.pid'))).toThrow(
      /^the pid file .* cannot be written: ENOENT; expected a file in a directory that this user may write to$/,
    );
  });
});

/** A process whose ids are numbers here. */
class Ids implements Required<UserProcess> {
  readonly done: string[] = [];
  #effective = 0;
  #real = 0;
  canReturn = false;

  geteuid(): number {
    return this.#effective;
  }

  getuid(): number {
    return this.#real;
  }

  seteuid(id: number): void {
    if (id === 0 && this.#real !== 0 && !this.canReturn) throw new Error('EPERM');
    this.done.push(`euid ${id}`);
    this.#effective = id;
  }

  setegid(id: number): void {
    this.done.push(`egid ${id}`);
  }

  setuid(id: number): void {
    this.done.push(`uid ${id}`);
    this.#real = id;
    this.#effective = id;
  }

  setgid(id: number): void {
    this.done.push(`gid ${id}`);
  }

  initgroups(user: string, group: number): void {
    this.done.push(`groups of ${user} ${group}`);
  }
}

describe('The user as which the broker runs', () => {
  test('is nobody else where the process is not root', () => {
    expect(systemUser('nobody', { geteuid: () => 1000 })).toBe(null);
  });

  test('is one that the system knows', () => {
    const root = { geteuid: () => 0 };
    expect(systemUser('nobody', root)).toMatchObject({ name: 'nobody', uid: 65_534 });
    expect(() => systemUser('no-such-user', root)).toThrow(
      /^user: this system knows no user "no-such-user"; expected/,
    );
    expect(() => systemUser('--help', root)).toThrow(/knows no user/);
  });

  const user = { name: 'nobody', uid: 65_534, gid: 65_534 };

  test('does what it is asked to, and root is back, even after a failure', async () => {
    const ids = new Ids();
    expect(await actAs(user, async () => ids.geteuid(), ids)).toBe(65_534);
    expect(ids.geteuid()).toBe(0);
    await expect(actAs(user, () => Promise.reject(new Error('x')), ids)).rejects.toThrow('x');
    expect(ids.geteuid()).toBe(0);
    expect(await actAs(null, async () => ids.geteuid(), ids)).toBe(0);
  });

  test('is it for good: groups first, and root cannot be had again', () => {
    const ids = new Ids();
    become(user, ids);
    expect(ids.done).toEqual(['groups of nobody 65534', 'gid 65534', 'uid 65534']);
  });

  test('is refused where root could be had again', () => {
    const ids = new Ids();
    ids.canReturn = true;
    expect(() => become(user, ids)).toThrow("user: root's rights could not be given up for those of nobody");
  });
});
