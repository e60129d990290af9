// `martlet passwd`, as built: who it lets in at Debian's Mosquitto, what Debian's mosquitto_passwd makes of its files, and what
// it says when it cannot do what it is asked for.

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@martlet/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  makeScramCredentials,
  PasswordFile,
  parseScramCredentials,
  verifyPassword,
} from '../../../packages/broker/src/access/index.ts';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit } from '../program.ts';
import { Programs } from '../program.ts';

const mosquitto = debianTool('mosquitto');
const mosquittoPasswd = debianTool('mosquitto_passwd');
const programs = new Programs();
let directory: string;
let file: string;

beforeAll(() => buildMartlet());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-passwd-'));
  file = join(directory, 'passwords');
});
afterEach(async () => {
  await programs.stopAll();
  rmSync(directory, { recursive: true });
});
afterAll(() => programs.stopAll());

async function passwd(args: readonly string[], stdin = ''): Promise<Exit> {
  const program = programs.start(process.execPath, [MAIN, 'passwd', ...args], { cwd: directory });
  program.child.stdin!.on('error', () => {}).end(stdin);
  return program.exit;
}

async function isPassword(username: string, password: string): Promise<boolean> {
  const hash = PasswordFile.parse(readFileSync(file, 'utf8')).hashOf(username);
  return hash !== undefined && verifyPassword(new TextEncoder().encode(password), hash);
}

describe('martlet passwd', () => {
  test('makes a file that only its owner can read, changes it, and keeps what else is in it', async () => {
    expect(await passwd(['-c', '-b', file, 'ann', 'secret'])).toMatchObject({ code: 0, stdout: '' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, `# people\n${readFileSync(file, 'utf8')}`);
    chmodSync(file, 0o640);
    expect((await passwd([file, 'bob'], 'from a pipe\n')).stderr).toBe(`Added bob in ${file}\n`);
    expect((await passwd(['-b', file, 'ann', 'other'])).stderr).toBe(`Updated ann in ${file}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(await isPassword('ann', 'other')).toBe(true);
    expect(await isPassword('ann', 'secret')).toBe(false);
    expect(await isPassword('bob', 'from a pipe')).toBe(true);
    expect((await passwd(['-D', file, 'ann'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^# people\nbob:\$7\$1000\$\S+\n$/);
  });

  test('writes through a link, and leaves nothing beside the file', async () => {
    writeFileSync(join(directory, 'real'), '');
    symlinkSync('real', file);
    await passwd(['-b', file, 'ann', 'x']);
    expect(readFileSync(join(directory, 'real'), 'utf8')).toMatch(/^ann:\$7\$/);
    const { stdout } = await programs.run('ls', ['-A', directory]);
    expect(stdout.trim().split('\n')).toEqual(['passwords', 'real']);
  });

  test('hashes the passwords of a file in which they stand as they are, once', async () => {
    writeFileSync(file, 'ann:se:cret\n# x:y\nbob:$6$AAAA$broken\n');
    expect(await passwd(['-U', file])).toMatchObject({ code: 1 });
    writeFileSync(file, 'ann:se:cret\n# x:y\n');
    expect((await passwd(['-U', file])).stderr).toBe(`1 password hashed in ${file}\n`);
    const once = readFileSync(file, 'utf8');
    expect(await isPassword('ann', 'se:cret')).toBe(true);
    expect((await passwd(['-U', file])).stderr).toBe(`0 passwords hashed in ${file}\n`);
    expect(readFileSync(file, 'utf8')).toBe(once);
  });

  test('takes any bytes for a password, and leaves those of others in the file as they are', async () => {
    writeFileSync(file, Buffer.from('# J\xfcrgen\nold:x\n', 'latin1'));
    const command = `"$0" "$1" passwd -b "$2" ann $'gr\\xfcn' && printf 'gr\\xfcn\\n' | "$0" "$1" passwd "$2" bob`;
    await programs.run('bash', ['-c', command, process.execPath, MAIN, file]);
    const people = PasswordFile.parse(readFileSync(file, 'utf8'));
    for (const name of ['ann', 'bob'])
      expect(await verifyPassword(Buffer.from('gr\xfcn', 'latin1'), people.hashOf(name)!)).toBe(true);
    expect(readFileSync(file, 'latin1')).toMatch(/^# J\xfcrgen\nold:x\n/);
  });

  test('hashes with Argon2id in every runtime', async () => {
    expect(await passwd(['-H', 'argon2id', '-c', '-b', file, 'ann', 'secret'])).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toMatch(/^ann:\$argon2id\$v=19\$m=47104,t=1,p=1\$\S+\n$/);
    expect(await isPassword('ann', 'secret')).toBe(true);
    expect(await isPassword('ann', 'Secret')).toBe(false);
  });

  test('prints a line and touches no file for -', async () => {
    const { code, stdout } = await passwd(['-H', 'sha512', '-', 'carol'], 'x');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^carol:\$6\$\S+\n$/);
  });

  test.each([
    [['-b', 'nofile', 'a', 'b'], 1, /nofile: there is no such file; -c makes one/],
    [['-D', 'nofile', 'a'], 1, /there is no such file/],
    [['-c', '-b', 'x', 'a:b', 'c'], 2, /without ':'/],
    [['-c', 'x'], 2, /expected a file and a user, got 1 word/],
    [[], 2, /expected a file and a user, got nothing/],
    [['-c', 'x', 'a', 'b'], 2, /a password too, which -b would take/],
    [['-D', '-c', 'x', 'a'], 2, /-D without -c/],
    [['-H', 'md5', 'x', 'a'], 2, /sha512-pbkdf2/],
    [['-H', 'argon2id', '-I', '5', 'x', 'a'], 2, /sha512-pbkdf2, which alone has iterations/],
    [['-I', '0', 'x', 'a'], 2, /from 1 to/],
    [['-z', 'x', 'a'], 2, /unknown option '-z'/],
  ] as const)('says what is wrong in one line: %j', async (args, code, text) => {
    const exit = await passwd(args);
    expect(exit).toMatchObject({ code, stdout: '' });
    expect(exit.stderr).toMatch(text);
    expect(exit.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('asks twice on a terminal, shows nothing of it, and takes only what is the same', async () => {
    const ask = (second: string): Promise<Exit> => {
      const line = `${process.execPath} ${MAIN} passwd -c ${file} ann`;
      const program = programs.start('script', ['-qec', line, '/dev/null'], { cwd: directory });
      void program.line(/never/).catch(() => {});
      const typed = async (): Promise<void> => {
        await untilWritten(program, 'Password of ann: ');
        program.child.stdin!.write('first\r');
        await untilWritten(program, 'The same again: ');
        program.child.stdin!.write(`${second}\r`);
      };
      void typed();
      return program.exit;
    };
    const different = await ask('second');
    expect(different.code).toBe(1);
    expect(different.stdout).toContain('expected the same password twice');
    const same = await ask('first');
    expect(same.code).toBe(0);
    expect(same.stdout).not.toContain('first');
    expect(await isPassword('ann', 'first')).toBe(true);
  });
});

describe('martlet passwd --scram', () => {
  test('makes a file for SCRAM, and changes it', async () => {
    expect(await passwd(['--scram', 'both', '-c', '-b', file, 'ann', 'secret'])).toMatchObject({
      code: 0,
      stderr: `Added ann in ${file}\n`,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^ann:SCRAM-SHA-256\$10000:\S+\nann:SCRAM-SHA-512\$10000:\S+\n$/,
    );
    await passwd(['--scram', 'sha-512', '-I', '4096', file, 'ben'], 'pencil\n');
    const changed = await passwd(['--scram', 'sha-256', '-b', file, 'ann', 'other']);
    expect(changed.stderr).toBe(`Updated ann in ${file}\n`);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^ann:SCRAM-SHA-256\$10000:\S+\nben:SCRAM-SHA-512\$4096:\S+\n$/,
    );
    expect((await passwd(['-D', file, 'ann'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^ben:\S+\n$/);
    expect(readFileSync(file, 'utf8')).not.toContain('pencil');
  });

  test('writes what a client proves: name and password are prepared as the client prepares them', async () => {
    await passwd(['--scram', 'sha-256', '-I', '4096', '-c', '-b', file, 'Ⅸ', 'se\u00adcret']);
    const [, name, secret = ''] = /^([^:]+):(.*)\n$/.exec(readFileSync(file, 'utf8')) ?? [];
    expect(name).toBe('IX');
    const written = parseScramCredentials(secret)!;
    const again = await makeScramCredentials(Buffer.from('secret'), 'SCRAM-SHA-256', written);
    expect(again).toEqual(written);
  });

  test('keeps both kinds of files apart', async () => {
    await passwd(['-c', '-b', file, 'ann', 'x']);
    const before = readFileSync(file, 'utf8');
    expect(await passwd(['--scram', 'sha-256', '-b', file, 'ann', 'x'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('expected users of SCRAM only, got 1 line of a password file'),
    });
    expect(readFileSync(file, 'utf8')).toBe(before);
    const scram = join(directory, 'scram');
    await passwd(['--scram', 'sha-256', '-c', '-b', scram, 'ann', 'x']);
    const written = readFileSync(scram, 'utf8');
    for (const args of [
      ['-b', scram, 'ann', 'x'],
      ['-U', scram],
    ])
      expect(await passwd(args)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('expected a password file, got users of SCRAM in it'),
      });
    expect(readFileSync(scram, 'utf8')).toBe(written);
  });

  test.each([
    [['--scram', 'md5', 'x', 'a'], 2, /expected sha-256, sha-512, both, got/],
    [['--scram', 'both', '-H', 'sha512', 'x', 'a'], 2, /--scram without -H/],
    [['--scram', 'both', '-U', 'x'], 2, /--scram without -U/],
    [['--scram', 'both', '-I', '1000', 'x', 'a'], 2, /expected 4096 to 10000000 with --scram, got 1000/],
    [['--scram', 'both', '-c', '-b', 'x', 'a：b', 'x'], 2, /that SASLprep \(RFC 4013\) allows/],
    [['--scram', 'both', '-c', '-b', 'x', 'a', 'x\u0007'], 1, /that SASLprep \(RFC 4013\) allows/],
  ] as const)('says what is wrong in one line: %j', async (args, code, text) => {
    const exit = await passwd(args);
    expect(exit).toMatchObject({ code, stdout: '' });
    expect(exit.stderr).toMatch(text);
    expect(exit.stderr.trim().split('\n')).toHaveLength(1);
  });
});

/** Looks again whenever something comes: a prompt ends no line. */
function untilWritten(program: ReturnType<Programs['start']>, text: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!program.stdout.includes(text)) return;
      program.child.stdout!.off('data', look);
      resolve();
    };
    program.child.stdout!.on('data', look);
    look();
  });
}

describe.skipIf(mosquittoPasswd.path === undefined)(`mosquitto_passwd ${mosquittoPasswd.label}`, () => {
  test('goes on with our file, and we with its', async () => {
    await passwd(['-c', '-b', file, 'ann', 'ours']);
    expect((await programs.run(mosquittoPasswd.path!, ['-b', file, 'bob', 'theirs'])).code).toBe(0);
    expect((await programs.run(mosquittoPasswd.path!, ['-H', 'sha512', '-b', file, 'eve', 'old'])).code).toBe(
      0,
    );
    expect(await isPassword('ann', 'ours')).toBe(true);
    expect(await isPassword('bob', 'theirs')).toBe(true);
    expect(await isPassword('eve', 'old')).toBe(true);
  });
});

describe.skipIf(mosquittoPasswd.path === undefined)(
  `under the name of mosquitto_passwd ${mosquittoPasswd.label}`,
  () => {
    test.each(['a\na\n', 'a\nb\n', '\n\n', ''])(
      'takes a password that is written twice, and ends as theirs does: %j',
      async (stdin) => {
        const link = join(directory, 'mosquitto_passwd');
        symlinkSync(MAIN, link);
        const codes: (number | null)[] = [];
        for (const command of [mosquittoPasswd.path!, link]) {
          const program = programs.start(command, ['-c', file, 'ann'], { cwd: directory });
          program.child.stdin!.on('error', () => {}).end(stdin);
          codes.push((await program.exit).code);
        }
        expect(codes[1]).toBe(codes[0]);
        if (codes[0] === 0) expect(await isPassword('ann', 'a')).toBe(true);
      },
    );

    test.each([
      [['-c', '-b', 'new', 'ann', 'x']],
      [['-b', 'file', 'ann', 'x']],
      [['-D', 'file', 'ann']],
      [['-D', 'file', 'nobody']],
      [['-D', 'none', 'ann']],
      [['-b', 'none', 'ann', 'x']],
      [['-U', 'none']],
      [['-U', 'file']],
      [['-c', '-D', 'file', 'ann']],
      [['-c', '-U', 'file']],
      [['-D', '-U', 'file']],
      [['-b', 'file', 'a:b', 'x']],
      [['-H', 'md5', '-b', 'file', 'ann', 'x']],
      [['-H', 'sha512', '-b', 'file', 'ann', 'x']],
      [['-I', '0', '-b', 'file', 'ann', 'x']],
      [['-I', '7', '-b', 'file', 'ann', 'x']],
    ])('%j ends as theirs does, and says the same', async (args) => {
      const link = join(directory, 'mosquitto_passwd');
      symlinkSync(MAIN, link);
      const [theirs, ours] = await Promise.all(
        [mosquittoPasswd.path!, link].map(async (command, at) => {
          const cwd = mkdtempSync(join(directory, `${at}-`));
          const [salt, hash] = [12, 64].map((bytes) => Buffer.alloc(bytes, 1).toString('base64'));
          writeFileSync(join(cwd, 'file'), `ann:$6$${salt}$${hash}\n`);
          const exit = await programs.run(command, args, { cwd });
          // Ours goes on with where help is.
          return { ...exit, stderr: exit.stderr.split('\n')[0] };
        }),
      );
      expect(ours).toEqual(theirs);
    });
  },
);

describe.skipIf(mosquitto.path === undefined)(`Mosquitto ${mosquitto.label}`, () => {
  test('lets in whom we have written down, and nobody else', async () => {
    await passwd(['-c', '-b', file, 'ann', 'pass:ü$']);
    await passwd(['-H', 'sha512', '-b', file, 'bob', 'x']);
    await passwd(['-I', '5', '-b', file, 'eve', 'y']);
    const broker = await MosquittoBroker.start(mosquitto.path!, [
      'allow_anonymous false',
      `password_file ${file}`,
    ]);
    try {
      const lets = async (username: string, password: string): Promise<boolean> => {
        const client = connect(`mqtt://127.0.0.1:${broker.tcpPort}`, {
          username,
          password,
          reconnect: false,
        });
        client.on('error', () => {});
        try {
          await client.connected();
          return true;
        } catch {
          return false;
        } finally {
          await client.close();
        }
      };
      expect(await lets('ann', 'pass:ü$')).toBe(true);
      expect(await lets('bob', 'x')).toBe(true);
      expect(await lets('eve', 'y')).toBe(true);
      expect(await lets('ann', 'x')).toBe(false);
      expect(await lets('nobody', 'x')).toBe(false);
    } finally {
      await broker.close();
    }
  });
});
