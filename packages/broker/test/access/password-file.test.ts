import { describe, expect, it } from 'vitest';
import { PasswordFile, usernameProblem } from '../../src/access/password-file.ts';
import { hashPassword } from '../../src/access/password-hash.ts';

const HASH =
  '$6$g8BI+GhQAMz18b1C$jSRpVuPtHpJzZfkKxd2hjtaSIte3RyBDQvMLXTIliYl7V2embLVi9402wJgUUOPcOSvnzoeMLfV/zna7ML29IQ==';

describe('A password file', () => {
  it('keeps comments, lines of nobody and their order when users change', async () => {
    const file = PasswordFile.parse(`# people\nann:${HASH}\n\nnobody\nbob:${HASH}\n`);
    const hash = await hashPassword(new Uint8Array(1), 'sha512');
    expect(file.set('ann', hash)).toBe(true);
    expect(file.set('carol', hash)).toBe(false);
    expect(file.delete('bob')).toBe(true);
    expect(file.delete('bob')).toBe(false);
    const lines = file.toString().split('\n');
    expect(lines.map((line) => line.slice(0, 8))).toEqual([
      '# people',
      expect.stringMatching(/^ann:\$6/),
      '',
      'nobody',
      'carol:$6',
      '',
    ]);
    expect(file.hashOf('ann')).toEqual(hash);
  });

  it('leaves no old password to a user who is in it twice', async () => {
    const file = PasswordFile.parse(`ann:${HASH}\nbob:x\nann:${HASH}\n`);
    const hash = await hashPassword(new Uint8Array(1), 'sha512');
    expect(file.set('ann', hash)).toBe(true);
    expect(file.toString()).not.toContain(HASH);
    expect(file.lines.map(({ username }) => username)).toEqual(['ann', 'bob']);
    file.setLine(1, hash);
    expect(file.hashOf('bob')).toEqual(hash);
    expect(file.setSecrets('ann', ['x', 'y'])).toBe(true);
    expect(file.toString()).toMatch(/^ann:x\nann:y\nbob:\$6/);
    expect(file.delete('ann')).toBe(true);
    expect(file.lines).toHaveLength(1);
  });

  it('knows the hash of a user, and none of one who has a password as it is or is not there', () => {
    const file = PasswordFile.parse(`ann:${HASH}\r\nold:plain:with colon\n#x:${HASH}\n:${HASH}`);
    expect(file.hashOf('ann')?.kind).toBe('sha512');
    expect(file.hashOf('old')).toBeUndefined();
    expect(file.hashOf('#x')).toBeUndefined();
    expect(file.hashOf('none')).toBeUndefined();
    expect(file.lines.map(({ username, secret }) => [username, secret.slice(0, 5)])).toEqual([
      ['ann', HASH.slice(0, 5)],
      ['old', 'plain'],
      [undefined, ''],
      ['', HASH.slice(0, 5)],
    ]);
  });

  it('is empty as text when it has no lines, and ends each line', () => {
    expect(PasswordFile.parse('').toString()).toBe('');
    expect(PasswordFile.parse('# a').toString()).toBe('# a\n');
  });
});

describe('The name of a user', () => {
  it.each(['', 'a:b', 'a\nb', '\u007f', '#a', 'x'.repeat(65_536)])('cannot be %j', (name) => {
    expect(usernameProblem(name)).toMatch(/^expected a user name/);
  });

  it.each(['a', 'ann smith', 'ü', '$6$', 'x'.repeat(65_535)])('can be %j', (name) => {
    expect(usernameProblem(name)).toBeUndefined();
  });
});
