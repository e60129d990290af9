// `mosquitto`, as a link to the martlet command, beside Debian's: its command line, exit statuses, signals and log.

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../crash/broker-process.mjs';
import { debianTool } from '../debian-tools.ts';
import { buildMartlet, MAIN } from './martlet-command.ts';
import type { Program } from './program.ts';
import { Programs } from './program.ts';

const debian = debianTool('mosquitto');
const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');

const RUNNING = /mosquitto version \S+ running$/;
/** Left to itself root becomes a user that may not read the test's files. */
const AS_IT_IS = process.getuid?.() === 0 ? 'user root\n' : '';

function hasUser(name: string): boolean {
  return existsSync('/etc/passwd') && new RegExp(`^${name}:`, 'm').test(readFileSync('/etc/passwd', 'utf8'));
}

const programs = new Programs();
let directory: string;
let mosquitto: string;

beforeAll(buildMartlet);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-as-mosquitto-'));
  mosquitto = join(directory, 'mosquitto');
  symlinkSync(MAIN, mosquitto);
});
afterEach(async () => {
  await programs.stopAll();
  rmSync(directory, { recursive: true, force: true });
});

function fileWith(lines: string): string {
  const path = join(directory, 'mosquitto.conf');
  writeFileSync(path, `${AS_IT_IS}${lines}\n`);
  return path;
}

async function started(command: string, ...args: readonly string[]): Promise<Program> {
  const program = programs.start(command, args, { cwd: directory });
  await program.line(RUNNING, 'stderr');
  return program;
}

describe('mosquitto', () => {
  test('tells its version on the first line of its help, and ends with 3', async () => {
    const { code, stdout, stderr } = await programs.run(mosquitto, ['-h']);
    expect([code, stderr]).toEqual([3, '']);
    expect(stdout).toMatch(/^mosquitto version 2\.1\.2\n\nThis is Martlet /);
    expect(stdout).toMatch(/\nUsage: mosquitto \[-c config_file\]/);
  });

  test.each([
    [['-x'], "Error: Unknown option '-x'.\n"],
    [['foo'], "Error: Unknown option 'foo'.\n"],
    [['-c'], 'Error: -c argument given, but no config file specified.\n'],
    [['-p'], 'Error: -p argument given, but no port specified.\n'],
    [['-p', 'abc'], 'Error: Invalid port specified (0).\n'],
    [['-p', '70000'], 'Error: Invalid port specified (70000).\n'],
    [
      Array.from({ length: 11 }, (_, at) => ['-p', String(20_000 + at)]).flat(),
      'Error: Only 10 ports can be specified on the command line.\n',
    ],
  ])('refuses %j as Debian’s does', async (args, text) => {
    const { code, stderr } = await programs.run(mosquitto, args);
    expect([code, stderr]).toEqual([3, text]);
    if (debian.path === undefined) return;
    const theirs = await programs.run(debian.path, args);
    expect([theirs.code, theirs.stderr.replace(/^\d+: /, '')]).toEqual([3, text]);
  });

  test('is `martlet mosquitto` as well, with the same statuses', async () => {
    const help = await programs.run(process.execPath, [MAIN, 'mosquitto', '-h']);
    expect([help.code, help.stderr]).toEqual([3, '']);
    expect(help.stdout).toMatch(/^mosquitto version 2\.1\.2\n/);
    const wrong = await programs.run(process.execPath, [MAIN, 'mosquitto', '-p', '0']);
    expect([wrong.code, wrong.stderr]).toEqual([
      3,
      "martlet mosquitto: -p: expected a port from 1 to 65535, got '0'\n",
    ]);
    const asked = await programs.run(process.execPath, [MAIN, 'mosquitto', '--help']);
    expect([asked.code, asked.stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^Usage: martlet mosquitto /),
    ]);
  });

  test.skipIf(AS_IT_IS === '' || !hasUser('mosquitto'))(
    'gives a Unix socket to the user that it becomes, as Debian’s does',
    async () => {
      const path = join(directory, 'mqtt.sock');
      chmodSync(directory, 0o777);
      const file = join(directory, 'mosquitto.conf');
      writeFileSync(file, `listener 0 ${path}\nallow_anonymous true\n`);
      const owners: string[] = [];
      for (const command of [mosquitto, ...(debian.path === undefined ? [] : [debian.path])]) {
        const broker = await started(command, '-c', file);
        const { uid, gid, mode } = statSync(path);
        owners.push(`${uid}:${gid} ${(mode & 0o777).toString(8)}`);
        await broker.stop();
        rmSync(path, { force: true });
      }
      expect(owners[0]).toMatch(/^[1-9]\d*:[1-9]\d* 770$/);
      expect(new Set(owners).size).toBe(1);
    },
  );

  test('says what is wrong with a file, where, and ends with 3', async () => {
    const path = fileWith('listner 1883\nmax_qos 7');
    for (const more of [[], ['--test-config']]) {
      const { code, stderr } = await programs.run(mosquitto, ['-c', path, ...more]);
      const line = AS_IT_IS === '' ? 1 : 2;
      expect(code).toBe(3);
      expect(stderr.replaceAll(/^\d+: /gm, '')).toBe(
        `Error: listner: unknown option; did you mean listener?\nError found at ${path}:${line}.\n` +
          `Error: max_qos: expected a whole number from 0 to 2, got "7"\nError found at ${path}:${line + 1}.\n`,
      );
    }
  });

  test('takes variables of Martlet above the file, and refuses those that there are not', async () => {
    const path = fileWith('listener 1 127.0.0.1');
    const run = (env: Readonly<Record<string, string>>) =>
      programs.run(mosquitto, ['-c', path, '--test-config'], { env: { ...process.env, ...env } });
    const wrong = await run({ MARTLET_LIMITS__CONNECTIONS: 'many' });
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('MARTLET_LIMITS__CONNECTIONS')]);
    const unknown = await run({ MARTLET_LIMIT__CONNECTIONS: '5' });
    expect([unknown.code, unknown.stderr]).toEqual([
      3,
      expect.stringContaining('MARTLET_LIMIT__CONNECTIONS'),
    ]);
    expect((await run({ MARTLET_LIMITS__CONNECTIONS: '5' })).code).toBe(0);
  });

  test('tests a file, and opens nothing', async () => {
    const path = fileWith('listener 1\npassword_file /nowhere');
    const { code, stderr } = await programs.run(mosquitto, ['-c', path, '--test-config']);
    expect(code).toBe(0);
    expect(stderr).toContain(': Configuration file is OK.\n');
  });

  test.each([
    ['acl_file /nowhere', 13],
    ['password_file /nowhere', 13],
    ['pid_file /nowhere/x.pid', 1],
    ['certfile /nowhere.pem\nkeyfile /nowhere.key', 1],
    ['psk_hint x\npsk_file /nowhere', 13],
  ])('ends with the status of Debian’s for %s', async (line, status) => {
    const path = fileWith(`listener ${await freePort()} 127.0.0.1\n${line}`);
    expect((await programs.run(mosquitto, ['-c', path])).code).toBe(status);
    if (debian.path !== undefined) expect((await programs.run(debian.path, ['-c', path])).code).toBe(status);
  });

  test('ends with 1 if a port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const path = fileWith(`listener ${port} 127.0.0.1`);
    const { code, stderr } = await programs.run(mosquitto, ['-c', path]);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port} is already in use`);
  });

  test('without a file serves this machine only, on every port of -p, and ends with 0 at SIGTERM', async () => {
    const ports = [await freePort(), await freePort()];
    const broker = await started(mosquitto, ...ports.flatMap((port) => ['-p', String(port)]));
    const told = broker.stderr.replaceAll(/^\d+: /gm, '');
    expect(told).toContain('Using default config.\nStarting in local only mode.');
    for (const port of ports) expect(told).toContain(`Opening ipv4 listen socket on port ${port}.\n`);
    broker.signal('SIGTERM');
    const { code, stderr } = await broker.exit;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^\d+: mosquitto version 2\.1\.2 terminating\n$/m);
  });

  test('reads its file again at SIGHUP, and goes on with the old one if the new one is wrong', async () => {
    const [one, other] = [await freePort(), await freePort()];
    const path = fileWith(`listener ${one} 127.0.0.1`);
    const broker = await started(mosquitto, '-c', path);
    fileWith(`listener ${one} 127.0.0.1\nlistener ${other} 127.0.0.1`);
    broker.signal('SIGHUP');
    await broker.line(new RegExp(`Opening ipv4 listen socket on port ${other}\\.`), 'stderr');
    await broker.line(/is in effect/, 'stderr');
    fileWith('nonsense 1');
    broker.signal('SIGHUP');
    await broker.line(/nonsense: unknown option/, 'stderr');
    await broker.line(/the configuration that was in effect stays/, 'stderr');
    if (pub.path === undefined) return;
    const published = await programs.run(pub.path, ['-p', String(other), '-t', 'a', '-m', 'b']);
    // No allow_anonymous: it is there, and refuses.
    expect(published).toMatchObject({ code: 5 });
  });

  test('goes into the background with -d, and writes its pid file', async () => {
    const port = await freePort();
    const pidFile = join(directory, 'broker.pid');
    const path = fileWith(`listener ${port} 127.0.0.1\nallow_anonymous true\npid_file ${pidFile}`);
    const { code } = await programs.run(mosquitto, ['-d', '-c', path]);
    expect(code).toBe(0);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    try {
      if (pub.path !== undefined) {
        expect(await programs.run(pub.path, ['-p', String(port), '-t', 'a', '-m', 'b'])).toMatchObject({
          code: 0,
        });
      }
    } finally {
      process.kill(pid, 'SIGTERM');
    }
    await expect.poll(() => existsSync(pidFile), { timeout: 10_000 }).toBe(false);
  });

  test('passes the configuration over to us with a report', async () => {
    const path = fileWith('listener 1883\nautosave_interval 5');
    const output = join(directory, 'martlet.yaml');
    const migrated = await programs.run(process.execPath, [MAIN, 'config', 'migrate', path, '-o', output]);
    expect(migrated).toMatchObject({ code: 0, stderr: '' });
    expect(migrated.stdout).toMatch(/replaced +\d+: autosave_interval/);
    const again = await programs.run(process.execPath, [MAIN, 'config', 'migrate', path, '-o', output]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('there is such a file already');
    const check = await programs.run(process.execPath, [MAIN, 'config', 'check', output]);
    expect(check.code).toBe(0);
    const refused = await programs.run(process.execPath, [MAIN, 'config', 'migrate', fileWith('nonsense 1')]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('# Left out: ');
    expect(refused.stderr).toMatch(/refused +\d+: nonsense/);
  });
});

describe.skipIf([debian, pub, sub].some(({ path }) => path === undefined))(`The log ${debian.label}`, () => {
  /** Lines that the same clients make, without times and ports. */
  async function logOf(command: string): Promise<readonly string[]> {
    const port = await freePort();
    writeFileSync(join(directory, 'acl'), 'topic readwrite a/#\nuser joe\ntopic readwrite a/#\n');
    const path = fileWith(
      `listener ${port} 127.0.0.1\nallow_anonymous true\nlog_type all\nacl_file ${join(directory, 'acl')}`,
    );
    const broker = await started(command, '-c', path);
    const at = ['-h', '127.0.0.1', '-p', String(port)];
    const run = (tool: typeof pub, ...args: string[]) => programs.run(tool.path!, [...at, ...args]);
    await run(pub, '-i', 'p5', '-V', '5', '-t', 'a/b', '-m', 'hi', '-q', '1');
    await run(pub, '-i', 'p4', '-V', '311', '-t', 'a/b', '-m', 'hi', '-q', '2', '-u', 'joe', '-P', 'x');
    await run(pub, '-i', 'p3', '-V', '31', '-t', 'a/b', '-m', 'hi', '-r', '-k', '30');
    await run(pub, '-i', 'd5', '-V', '5', '-t', 'denied', '-m', 'hi', '-q', '1');
    const will = ['--will-topic', 'a/w', '--will-payload', 'bye', '--will-qos', '1'];
    await run(sub, '-i', 's5', '-V', '5', '-t', 'a/#', '-q', '1', '-C', '1', ...will);
    await run(sub, '-i', 's4', '-V', '311', '-t', 'a/#', '-q', '2', '-E', '-c');
    await run(sub, '-i', 's4', '-V', '311', '-t', 'a/#', '-U', 'a/#', '-E');
    broker.signal('SIGTERM');
    const { stderr } = await broker.exit;
    return stderr.split('\n').map((line) =>
      line
        .replace(/^\d+: /, '')
        .replaceAll(String(port), 'PORT')
        .replace(/127\.0\.0\.1:\d+/, 'PEER')
        .replace(/version \S+/, 'version V'),
    );
  }

  /** What Martlet says besides. */
  const OURS = /^(This is Martlet|.*mosquitto\.conf:\d+: acl_file: )/;
  /** Debian's warns root; whether its client says goodbye after -E is a matter of luck. */
  const UNSTEADY = /^(Warning: Mosquitto should not be run as root|Received DISCONNECT from s4|Client s4 )/;
  /** Debian's says this in place of "Received"; Martlet after it. */
  const DENIED = /^(Received|Denied) PUBLISH from d5 /;

  test('has the same lines about the same clients as Debian’s', async () => {
    const theirs = await logOf(debian.path!);
    const ours = (await logOf(mosquitto)).filter((line) => !OURS.test(line));
    expect(ours.filter((line) => /^Denied PUBLISH/.test(line))).toEqual(
      theirs.filter((line) => /^Denied PUBLISH/.test(line)),
    );
    const shared = (lines: readonly string[]): readonly string[] =>
      lines.filter((line) => !DENIED.test(line) && !UNSTEADY.test(line)).sort();
    expect(shared(ours)).toEqual(shared(theirs));
  });

  test('has its lines about one connection in the order of Debian’s', async () => {
    const [theirs, ours] = [await logOf(debian.path!), await logOf(mosquitto)];
    for (const client of ['p5', 'p4', 'p3', 's5']) {
      // Who is subscribed is told after the turn in which that came about.
      const about = (lines: readonly string[]): readonly string[] =>
        lines.filter((line) => new RegExp(`\\b${client}\\b`).test(line) && !/^\w+ \d /.test(line));
      expect(about(ours)).toEqual(about(theirs));
    }
  });
});
