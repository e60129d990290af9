import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { command } from '../../src/config/config-command.ts';
import { runCommand } from '../../src/run-command.ts';
import { testIo } from '../command-io.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const io = testIo({ HOME: directory, ...env }, 'martlet config');
  const code = await runCommand(command, words, io);
  const plain = (text: string): string => text.replaceAll(`${directory}/`, '');
  return { code, stdout: plain(io.written('stdout')), stderr: plain(io.written('stderr')) };
}

const GOOD = file('good.yaml', 'limits: { connections: 5 }\nlog: { types: error }\n');
const OTHER = file('other.yaml', 'limits: { connections: 6 }\nuser: ann\n');
const BAD = file('bad.yaml', 'limits:\n  conections: 5\nlisteners: [{ port: x }]\n');

describe('martlet config check', () => {
  test('says that a file is in order', async () => {
    expect(await run(['check', GOOD])).toEqual({ code: 0, stdout: 'good.yaml is in order\n', stderr: '' });
  });

  test('says all that is wrong with it, and ends with 1', async () => {
    expect(await run(['check', BAD])).toEqual({
      code: 1,
      stdout:
        'bad.yaml:2:3: error: limits.conections: unknown key; did you mean connections?\n' +
        "bad.yaml:3:21: error: listeners[0].port: expected a whole number from 0 to 65535, got 'x'\n" +
        'bad.yaml: 2 errors\n',
      stderr: '',
    });
  });

  test('says what is wrong with every file that it names, of all listeners', async () => {
    file('users', 'ann:secret-of-ann\n');
    file('acl', 'topic nonsense here #\n');
    const path = file(
      'files.yaml',
      `
listeners:
  - tls: { certificates: [{ certificateFile: server.pem, keyFile: none.key }] }
  - { port: 1, authentication: { methods: [{ type: passwordFile, file: nobody }] } }
authentication: { methods: [{ type: passwordFile, file: users }] }
authorization: { methods: [{ type: aclFile, file: acl }] }
bridges: [{ name: b, addresses: h, remotePassword: topsecret }]`,
    );
    const { code, stdout } = await run(['check', path]);
    expect(code).toBe(1);
    for (const name of ['users:1', 'acl:1', 'none.key', 'nobody'])
      expect(stdout).toMatch(new RegExp(`^${name}\\S*: error: `, 'm'));
    expect(stdout).toMatch(/^files\.yaml:7:11: notice: bridges\[0\]: /m);
    expect(stdout).not.toContain('secret-of-ann');
    expect(stdout).not.toContain('topsecret');
  });

  test('makes none of the files that a broker would make', async () => {
    const path = file(
      'dynsec.yaml',
      'dynamicSecurity: { file: made.json }\nauthentication: { methods: dynamicSecurity }\n',
    );
    expect((await run(['check', path])).code).toBe(0);
    expect((await run(['check', path])).stdout).not.toContain('error');
    expect(() => rmSync(join(directory, 'made.json'))).toThrow('ENOENT');
  });

  test('counts in the environment, and tells its variables by name', async () => {
    expect(await run(['check', GOOD], { MARTLET_LIMITS__CONECTIONS: '5' })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('did you mean MARTLET_LIMITS__CONNECTIONS?'),
    });
  });

  test('prints JSON', async () => {
    const { code, stdout } = await run(['check', BAD, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'bad.yaml',
      errors: 2,
      notices: 0,
      problems: [{ line: 2, key: 'limits.conections', code: 'unknown-key' }, { line: 3 }],
    });
  });

  test('checks a mosquitto.conf, too', async () => {
    const path = file('mosquitto.conf', 'listener 1883 127.0.0.1\nallow_anonymus true\n');
    expect((await run(['check', path])).stdout).toMatch(/^mosquitto\.conf:2\S*: error: /m);
  });

  test('says that a file is not there', async () => {
    expect((await run(['check', join(directory, 'none.yaml')])).stdout).toBe(
      'none.yaml: error: expected a file that can be read, got none of that name\nnone.yaml: 1 error\n',
    );
  });
});

describe('martlet config show', () => {
  test('prints what holds, or what was given, with where it comes from', async () => {
    expect((await run(['show', GOOD])).stdout).toMatch(/^ {2}connections: 5$/m);
    const { stdout } = await run(['show', GOOD, '--changed', '--origin'], { MARTLET_USER: 'bob' });
    expect(stdout).toBe(
      'limits:\n  connections: 5 # good.yaml:1\nlog:\n  types:\n    - error # good.yaml:2\nuser: bob # MARTLET_USER\n',
    );
  });

  test('prints the defaults, whatever the environment says', async () => {
    const { stdout, stderr } = await run(['show', '--defaults'], { MARTLET_LIMITS__CONNECTIONS: '5' });
    expect(stdout).toMatch(/^ {2}connections: 100000$/m);
    expect(stderr).toBe('');
  });

  test('prints JSON, of values with their origins one by one', async () => {
    expect(JSON.parse((await run(['show', GOOD, '--format', 'json'])).stdout)).toMatchObject({
      limits: { connections: 5 },
    });
    expect(
      JSON.parse((await run(['show', GOOD, '--format', 'json', '--origin', '--changed'])).stdout),
    ).toContainEqual({ key: 'limits.connections', value: 5, origin: expect.stringMatching(/good\.yaml:1$/) });
  });

  test('says what is wrong with a file, and prints nothing', async () => {
    expect(await run(['show', BAD])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('bad.yaml:2:3: error: limits.conections: unknown key'),
    });
  });
});

describe('martlet config plan', () => {
  test('says what differs between two files', async () => {
    expect(await run(['plan', OTHER, '--against', GOOD])).toEqual({
      code: 0,
      stdout:
        '~ limits.connections: 5 → 6\n~ log.types: ["error"] → ["error","warning","notice"]\n~ user: null → "ann"\n',
      stderr: '',
    });
    expect((await run(['plan', GOOD, '--against', GOOD])).stdout).toBe('Both say the same.\n');
  });

  test('says what is wrong with either', async () => {
    expect(await run(['plan', BAD, '--against', GOOD])).toMatchObject({ code: 1, stdout: '' });
    expect((await run(['plan', GOOD, '--against', BAD])).stderr).toContain('bad.yaml:2:3: error:');
  });

  test('says that no broker listens', async () => {
    const { code, stderr } = await run(['plan', GOOD, '--control', join(directory, 'no.sock')]);
    expect(code).toBe(1);
    expect(stderr).toBe('martlet config: no.sock: there is no such socket; is the broker running?\n');
  });
});

test('martlet config schema prints a JSON Schema', async () => {
  expect(JSON.parse((await run(['schema'])).stdout)).toMatchObject({ title: 'martlet.yaml', type: 'object' });
});

test('martlet config migrate writes what check finds in order', async () => {
  const conf = file('migrate.conf', 'listener 1883 127.0.0.1\nallow_anonymous true\n');
  const { code, stdout } = await run(['migrate', conf]);
  expect(code).toBe(0);
  expect(await run(['check', file('migrated.yaml', stdout)])).toMatchObject({ code: 0 });
});

describe('martlet config says in one line that it was asked wrongly:', () => {
  test.each([
    [[], 'expected a word (check, show, plan, schema, migrate), got none'],
    [['chek'], "expected check, show, plan, schema, migrate, got 'chek'; did you mean check?"],
    [['plan'], 'plan: expected the file that is to take effect, got none'],
    [['schema', 'x'], "schema: expected no file, got 'x'"],
    [['check', '--force'], '--force: expected it with migrate, got check'],
    [['check', '--origin'], '--origin: expected it with show, got check'],
    [['show', '--json'], '--json: expected it with check or plan, got show'],
    [['show', '--defaults', '--changed'], 'expected --defaults or --changed, got both'],
    [['show', '--running', 'x'], '--running: expected no file, --defaults, --changed or --origin with it'],
    [['show', '--broker', 'x'], '--broker: expected --running with it'],
    [
      ['plan', 'x', '--against', 'y', '--broker', 'z'],
      '--against: expected no --broker or --control with it',
    ],
    [['show', '--format', 'yml'], "--format: expected yaml, json, got 'yml'; did you mean yaml?"],
  ])('%j', async (words, message) => {
    expect(await run(words)).toEqual({ code: 2, stdout: '', stderr: `martlet config: ${message}\n` });
  });
});
