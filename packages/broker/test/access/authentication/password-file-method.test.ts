import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { PasswordFileMethod } from '../../../src/access/authentication/password-file-method.ts';
import { PasswordFileUsers } from '../../../src/access/authentication/password-file-users.ts';
import { hashPassword, parsePasswordHash, passwordHashText } from '../../../src/access/password-hash.ts';
import { AuthenticationKit, attemptOf, bytesOf, credentials } from './authentication-kit.ts';

const kit = new AuthenticationKit();
/** The password is `secret`; written by mosquitto_passwd 2.0.11. */
const PBKDF2 =
  '$7$101$GWaefa2hHQxM/bjZ$mTTfkyAEailVeXwtQAJNmRmqP3J5uUs6Vhx0p2Em7hHgN9v4LSV/1X6NeHLHU3JZ/ISNY7dXbk3bchpCp35zOg==';
/** The password is `x`. */
const SHA512 =
  '$6$g8BI+GhQAMz18b1C$jSRpVuPtHpJzZfkKxd2hjtaSIte3RyBDQvMLXTIliYl7V2embLVi9402wJgUUOPcOSvnzoeMLfV/zna7ML29IQ==';
/** The password is `password`. */
const ARGON2 = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';

const REFUSED = {
  kind: 'refuse',
  reasonCode: ReasonCode.BadUserNameOrPassword,
  reasonString: 'the user name or the password is wrong',
};

function fileOf(content: string | Uint8Array, skipBadLines = false) {
  return { type: 'passwordFile', file: kit.file(content), skipBadLines } as const;
}

describe('A password file', () => {
  const users = `# people\nann:${PBKDF2}\n\n ben :${SHA512}\r\neve:${ARGON2}\nnobody\n`;

  it('lets in whoever gives the password of its line, of each kind of hash', async () => {
    const { ask } = await kit.build([fileOf(users)]);
    for (const [username, password] of [
      ['ann', 'secret'],
      ['ben', 'x'],
      ['eve', 'password'],
    ] as const) {
      expect(await ask(credentials(username, password))).toEqual({ kind: 'accept' });
      expect(await ask(credentials(username, `${password}x`))).toMatchObject(REFUSED);
      expect(await ask(credentials(username, ''))).toMatchObject(REFUSED);
      expect(await ask(attemptOf({ username }))).toMatchObject(REFUSED);
    }
  });

  it('refuses a user who is not in it with the same words as one whose password is wrong', async () => {
    const { ask } = await kit.build([fileOf(users)]);
    expect(await ask(credentials('bob', 'secret'))).toEqual(REFUSED);
    expect(await ask(attemptOf({ username: 'bob' }))).toEqual(REFUSED);
    expect(await ask(credentials('nobody', ''))).toEqual(REFUSED);
    expect(await ask(credentials('# people', ''))).toEqual(REFUSED);
  });

  it('tells operators which line refused, without the password or its hash', async () => {
    const method = fileOf(users);
    const { ask } = await kit.build([method]);
    expect(await ask(credentials('ann', 'guess'))).toEqual({
      ...REFUSED,
      rule: { source: method.file, line: 2, text: 'the user of this line gave another password' },
    });
  });

  it('is not asked about a client without a user name, who may come if anonymous ones may', async () => {
    const strict = await kit.build([fileOf(users)]);
    expect(await strict.ask(attemptOf())).toMatchObject({
      kind: 'refuse',
      reasonCode: ReasonCode.NotAuthorized,
    });
    const open = await kit.build([fileOf(users)], { anonymous: true });
    expect(await open.ask(attemptOf())).toEqual({ kind: 'accept' });
    expect(await open.ask(credentials('', 'secret'))).toEqual({ kind: 'accept' });
    expect(await open.ask(credentials('bob', 'x'))).toEqual(REFUSED);
  });

  it('gives the reason codes of Mosquitto in its profile', async () => {
    const { ask } = await kit.build([fileOf(users)], {}, { profile: 'mosquitto' });
    expect(await ask(credentials('bob', 'x'))).toMatchObject({ reasonCode: ReasonCode.NotAuthorized });
    expect(await ask(credentials('ann', 'x'))).toMatchObject({ reasonCode: ReasonCode.NotAuthorized });
  });

  it('computes for a user who is not there what it computes for one who is', async () => {
    const hash = parsePasswordHash(PBKDF2)!;
    const file = new PasswordFileUsers('f', new Map([['ann', { hash, line: 1 }]]), [], new Uint8Array(32));
    expect(file.decoy('bob')).toEqual({ hash, line: 1 });
    const empty = new PasswordFileUsers('f', new Map(), [], new Uint8Array(32));
    expect(empty.decoy('bob')).toBeUndefined();
    const several = new Map(
      ['a', 'b', 'c', 'd'].map((name, index) => [name, { hash, line: index + 1 }] as const),
    );
    const mixed = new PasswordFileUsers('f', several, [], new Uint8Array(32));
    const lines = ['p', 'q', 'r', 's', 't', 'u', 'v', 'w'].map((name) => mixed.decoy(name)!.line);
    expect(new Set(lines).size).toBeGreaterThan(1);
    expect(mixed.decoy('p')).toBe(mixed.decoy('p'));
  });

  it('hashes for a user who is not there too, whatever comes of it, and nothing without a password', async () => {
    const hash = parsePasswordHash(PBKDF2)!;
    const users = new PasswordFileUsers('f', new Map([['ann', { hash, line: 1 }]]), [], new Uint8Array(32));
    const hashed: unknown[] = [];
    const method = new PasswordFileMethod(users, {
      verify: async (password, computed, isWanted) => {
        hashed.push([Buffer.from(password).toString(), computed, isWanted?.()]);
        return true;
      },
    });
    expect(await method.authenticate(credentials('ann', 'a'), () => true)).toEqual({ kind: 'accept' });
    expect(await method.authenticate(credentials('bob', 'b'), () => false)).toBeUndefined();
    expect(await method.authenticate(attemptOf({ username: 'bob' }), () => true)).toBeUndefined();
    expect(await method.authenticate(attemptOf({ username: 'ann' }), () => true)).toMatchObject(REFUSED);
    expect(hashed).toEqual([
      ['a', hash, true],
      ['b', hash, false],
    ]);
  });

  it('refuses with 0x89 when more passwords wait than may, and nothing else is disturbed', async () => {
    const hash = passwordHashText(
      await hashPassword(bytesOf('secret'), 'sha512-pbkdf2', { iterations: 2000 }),
    );
    const { ask, memory } = await kit.build([fileOf(`ann:${hash}\n`)], {
      hashing: { concurrency: 1, queue: 2 },
    });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => ask(credentials('ann', 'secret'))));
    expect(answers.map(({ kind }) => kind)).toEqual(['accept', 'accept', 'accept', 'refuse', 'refuse']);
    expect(answers[3]).toMatchObject({ reasonCode: ReasonCode.ServerBusy });
    expect(memory.counters).toMatchObject({ accepted: 3, busyRefused: 2, refused: 0 });
  });

  it('knows by what a connected client was let in, and shows nothing of it', async () => {
    const identity = {
      clientId: 'c',
      protocolVersion: 5,
      origin: { listener: 'tcp:1883', kind: 'stream' },
      peer: '192.0.2.1:1',
      proxyPeer: undefined,
      security: undefined,
      groups: [],
      permissions: undefined,
    } as const;
    const before = await kit.build([fileOf(users)]);
    const after = await kit.build([fileOf(users.replace(PBKDF2, SHA512).replace('eve', 'eva'))]);
    const credentialOf = (test: typeof before, username: string) =>
      test.built.credentialOf({ ...identity, username });
    expect(credentialOf(before, 'ben')).toBe(credentialOf(after, 'ben'));
    expect(credentialOf(before, 'ann')).not.toBe(credentialOf(after, 'ann'));
    expect(credentialOf(before, 'ann')).not.toContain('mTTfky');
    expect(credentialOf(before, 'eve')).toBeTypeOf('string');
    expect(credentialOf(after, 'eve')).toBeUndefined();
  });
});

describe('A password file that cannot be taken', () => {
  it('names each line that is wrong and what to do, and never shows what stands in it', async () => {
    const problems = await kit.problems(
      fileOf(
        [
          `ann:${PBKDF2}`,
          'bob:hunter2',
          `:${PBKDF2}`,
          `ann:${SHA512}`,
          'eve:',
          'joe:$5$abc$hunter2',
          'sue:$7$101$hunter2',
          `kim:$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHQ$hunter2`,
          `a\u0007b:${PBKDF2}`,
        ].join('\n'),
      ),
    );
    expect(problems).toEqual([
      '2: expected a hash, which begins with $, got a password as it is for "bob": mosquitto_passwd -U or martlet passwd -U hashes those of a whole file',
      '3: expected a user name, got an empty one',
      '4: expected each user once, got "ann" again, who is in line 1',
      '5: expected a hash behind the colon, got nothing for "eve"',
      '6: expected a hash that begins with $7$, $6$ or $argon2id$, got another one for "joe"',
      '7: expected a hash of the form $7$<iterations up to 10,000,000>$<salt>$<hash>, got one that cannot be read or asks for too much for "sue"',
      '8: expected a hash of the form $argon2id$v=19$m=<KiB up to 262,144>,t=<passes>,p=<lanes up to 16>$<salt>$<hash>, got one that cannot be read or asks for too much for "kim"',
      '9: expected a user name without control characters',
    ]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('is taken without its bad lines where that is asked for, with a notice for each', async () => {
    const { built, ask } = await kit.build([fileOf(`bob:plain\nann:${PBKDF2}\nann:x\n:x\n`, true)]);
    expect(built.notices.map(({ line, severity }) => [line, severity])).toEqual([
      [1, 'notice'],
      [3, 'notice'],
      [4, 'notice'],
    ]);
    expect(await ask(credentials('ann', 'secret'))).toEqual({ kind: 'accept' });
    expect(await ask(credentials('bob', 'plain'))).toMatchObject(REFUSED);
  });

  it('is told to be no file, be it absent, a directory, a pipe, a device or forbidden', async () => {
    const directory = join(kit.directory, 'directory');
    mkdirSync(directory);
    const pipe = join(kit.directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const link = join(kit.directory, 'link');
    symlinkSync('/dev/zero', link);
    for (const [file, words] of [
      [join(kit.directory, 'absent'), 'there is none of this name'],
      [directory, 'expected a file, got a directory'],
      [pipe, 'expected a file, got a pipe'],
      [link, 'expected a file, got a device'],
      [join(directory, 'in', 'nothing'), 'there is none of this name'],
    ]) {
      const [problem] = await kit.problems({ type: 'passwordFile', file: file!, skipBadLines: true });
      expect(problem).toContain(words);
    }
  });

  it('is told to be no text, with the line', async () => {
    expect(await kit.problems(fileOf(Buffer.from([0x61, 0x0a, 0x62, 0x3a, 0xff, 0x0a])))).toEqual([
      '2: expected text in UTF-8, got other bytes',
    ]);
    expect(await kit.problems(fileOf('a\nb\n\0'))).toEqual(['3: expected text, got a NUL byte']);
  });

  it('may begin with a byte order mark and be empty', async () => {
    const { ask } = await kit.build([fileOf(`\ufeffann:${PBKDF2}`)]);
    expect(await ask(credentials('ann', 'secret'))).toEqual({ kind: 'accept' });
    const empty = await kit.build([fileOf('')]);
    expect(await empty.ask(credentials('ann', 'secret'))).toEqual(REFUSED);
  });

  it('may have many users, and counts its lines to the last', async () => {
    const lines = Array.from({ length: 10_000 }, (_, index) =>
      index % 3 === 0 ? '' : `u${index}:${PBKDF2}`,
    );
    const { ask } = await kit.build([fileOf(lines.join('\r\n'))]);
    expect(await ask(credentials('u9998', 'secret'))).toEqual({ kind: 'accept' });
    expect(await ask(credentials('u4000', 'wrong'))).toMatchObject({ rule: { line: 4001 } });
    expect(await kit.problems(fileOf([...lines, 'bob:x'].join('\n')))).toEqual([
      expect.stringMatching(/^10001: expected a hash/),
    ]);
    expect(await kit.problems(fileOf([...lines, `u1:${PBKDF2}`].join('\n')))).toEqual([
      expect.stringMatching(/^10001: expected each user once, got "u1" again, who is in line 2$/),
    ]);
  });

  it('tells at most 100 lines', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `user${index}:plain`).join('\n');
    expect(await kit.problems(fileOf(lines))).toHaveLength(100);
  });

  it('gives a notice if nobody is in it: somebody may be writing it anew', async () => {
    const file = kit.file('');
    const { built } = await kit.build([{ type: 'passwordFile', file, skipBadLines: false }]);
    expect(built.notices).toMatchObject([{ file, code: 'no-users', severity: 'notice' }]);
  });

  it('gives a notice if everybody may read it', async () => {
    const file = kit.file(`ann:${PBKDF2}\n`, 0o644);
    const { built } = await kit.build([{ type: 'passwordFile', file, skipBadLines: false }]);
    expect(built.notices).toMatchObject([{ file, code: 'file-open-to-all', severity: 'notice' }]);
    expect(built.files).toEqual([file]);
  });
});
