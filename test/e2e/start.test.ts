// `martlet start` as a process: what it prints, how it ends, and how it says no.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReasonCode } from '@martlet/protocol';
import { connectAsync, MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nextClose, nextDisconnect, nextMessages } from '../mqtt-js.ts';
import { buildMartlet, FREE_PORTS, IN_MEMORY, MAIN, ROOT, urlIn } from './martlet-command.ts';
import type { Program } from './program.ts';
import { Programs } from './program.ts';

const programs = new Programs();
/** Debian's user with the fewest rights. */
const NOBODY = 65_534;
/** Whence everything is started: a directory that has nothing to do with the project. */
const elsewhere = mkdtempSync(join(tmpdir(), 'martlet-start-'));
/** Without what the test runner itself tells programs about colour. */
const { NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...environment } = process.env;
// A terminal of its own: what runs the tests may be none, and say so.
const { CI: _, FORCE_COLOR: __, ...terminalEnvironment } = environment;
const env = { ...terminalEnvironment, TERM: 'xterm-256color' };

beforeAll(buildMartlet);
afterEach(() => programs.stopAll());
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

function martlet(...args: string[]): Program {
  return programs.start(process.execPath, [MAIN, ...args], { cwd: elsewhere, env });
}

async function urlsOf(broker: Program): Promise<{ readonly mqtt: string; readonly ws: string }> {
  return { mqtt: urlIn(await broker.line(/mqtt:\/\//)), ws: urlIn(await broker.line(/ws:\/\//)) };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

describe('martlet start', () => {
  test('prints where it listens and how to try it, and serves there', async () => {
    const broker = martlet('start', ...FREE_PORTS);
    const { mqtt, ws } = await urlsOf(broker);
    const publish = await broker.line(/_pub |mqtt pub /);
    expect(publish).toContain(`-h 127.0.0.1 -p ${portOf(mqtt)} -t test/hello`);
    expect(broker.stdout).not.toContain('\u001b');
    expect(
      broker.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['Martlet', 'MQTT:', 'WebSocket:', 'Data:', 'Subscribe:', 'Publish:']);
    const [native, browser] = await Promise.all([connectAsync(mqtt), connectAsync(ws)]);
    await browser.subscribeAsync('test/#', { qos: 1 });
    const received = nextMessages(browser, 1);
    await native.publishAsync('test/hello', 'Hello', { qos: 1 });
    expect((await received)[0]!.payload.toString()).toBe('Hello');
    await Promise.all([native.endAsync(), browser.endAsync()]);
    broker.signal('SIGTERM');
    expect(await broker.exit).toMatchObject({ code: 0, signal: null });
    expect(broker.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^\d{4}-\d\d-\d\dT[\d:.]+Z notice stopping: SIGTERM: telling clients that the broker goes \(\d connected\)$/,
      ),
      expect.stringMatching(/notice stopped: /),
    ]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with exit code 0 on %s, and tells MQTT 5 clients 0x8B',
    async (signal) => {
      const broker = martlet('start', ...FREE_PORTS);
      const { mqtt, ws } = await urlsOf(broker);
      const clients = await Promise.all(
        [mqtt, ws].map((url) => connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })),
      );
      const told = clients.map(nextDisconnect);
      const closed = clients.map(nextClose);
      broker.signal(signal);
      for (const { reasonCode } of await Promise.all(told))
        expect(reasonCode).toBe(ReasonCode.ServerShuttingDown);
      await Promise.all(closed);
      expect(await broker.exit).toMatchObject({ code: 0, signal: null });
      await Promise.all(clients.map((client) => client.endAsync()));
    },
  );

  test('ends at once on a second signal, when a client does not close its connection', async () => {
    const broker = martlet('start', ...FREE_PORTS);
    const { mqtt } = await urlsOf(broker);
    const socket = connect({ port: portOf(mqtt), host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    // CONNECT of MQTT 3.1.1 with the client identifier "x"; the CONNACK says that the broker knows this connection.
    socket.write(Uint8Array.of(0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 120));
    await once(socket, 'data');
    broker.signal('SIGTERM');
    await broker.line(/stopping/, 'stderr');
    broker.signal('SIGINT');
    expect((await broker.exit).code).toBe(130);
    expect(broker.stderr).not.toContain('stopped');
    socket.destroy();
  });

  test('listens on a Unix socket too, and removes its file', async () => {
    const path = join(elsewhere, 'mqtt.sock');
    const broker = martlet('start', '--port', '0', '--no-ws', '--socket', path);
    expect(await broker.line(/^Unix socket: /)).toBe(`Unix socket: ${path}`);
    await broker.line(/^Publish/);
    expect(broker.stdout).not.toContain('ws://');
    const client = new MqttClient(() => connect(path), { protocolVersion: 5 });
    await new Promise((resolve) => client.once('connect', resolve));
    await client.publishAsync('t', 'x', { qos: 2 });
    await client.endAsync();
    broker.signal('SIGTERM');
    expect((await broker.exit).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  test('sets limits, and with -v logs who comes and goes, as JSON when asked', async () => {
    const broker = martlet('start', ...FREE_PORTS, '--limit', 'connections=1', '-v', '--log-format', 'json');
    const { mqtt } = await urlsOf(broker);
    const client = await connectAsync(mqtt, {
      protocolVersion: 5,
      clientId: 'evil\nclient',
      username: 'ada',
    });
    const entry = JSON.parse(await broker.line(/client-connected/, 'stderr'));
    expect(entry).toMatchObject({
      level: 'info',
      code: 'client-connected',
      time: expect.stringMatching(/Z$/),
    });
    expect(entry.text).toContain('evil\nclient as ada from 127.0.0.1:');
    const second = connect(portOf(mqtt), '127.0.0.1');
    await once(second, 'close');
    expect(JSON.parse(await broker.line(/too-many-connections/, 'stderr')).level).toBe('notice');
    await client.endAsync();
    await broker.line(/client-disconnected/, 'stderr');
    broker.signal('SIGTERM');
    expect((await broker.exit).code).toBe(0);
    for (const line of broker.stderr.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });

  test('goes on when whoever read its log has gone, and ends quietly when nobody reads its greeting', async () => {
    const broker = martlet('start', ...FREE_PORTS, '-v');
    const { mqtt } = await urlsOf(broker);
    broker.child.stderr!.destroy();
    for (const clientId of ['a', 'b']) await (await connectAsync(mqtt, { clientId })).endAsync();
    broker.signal('SIGTERM');
    expect((await broker.exit).code).toBe(0);

    const unread = martlet('start', ...FREE_PORTS);
    unread.child.stdout!.destroy();
    expect(await unread.exit).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^\S+ notice stopping: broken pipe.*\n.*stopped.*\n$/),
    });
  });
});

describe('martlet start says in one line why it cannot', () => {
  function expectOneLine(stderr: string, text: string): void {
    expect(stderr).toContain(text);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^martlet: /);
  }

  test.each([
    ['--port', ['--ws-port', '0']],
    ['--ws-port', ['--port', '0']],
  ])('listen on a %s in use', async (flag, rest) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, stdout, stderr } = await martlet('start', flag, String(port), ...rest).exit;
    expectOneLine(
      stderr,
      `port ${port} is already in use: another broker is running there? Stop it or use ${flag} N`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    taken.close();
  });

  test.skipIf(mayBindEverything())(
    'bind a port that needs a privilege (skipped where every user may, or where root cannot be somebody else)',
    async () => {
      const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
      const broker = programs.start(
        process.execPath,
        [MAIN, 'start', '--port', '1', '--no-ws', ...IN_MEMORY],
        {
          cwd: '/',
          env,
          ...user,
        },
      );
      const { code, stderr } = await broker.exit;
      expectOneLine(
        stderr,
        'no permission to listen on port 1: ports below 1024 need a privilege; use --port N',
      );
      expect(code).toBe(1);
    },
  );

  test.each([
    ['an unknown option', ['start', '--prot', '1'], "unknown option '--prot' (Did you mean --port?)"],
    ['an unknown command', ['strat'], "unknown command 'strat'; did you mean start?"],
    ['a port that is none', ['start', '--port', '65536'], 'Expected a whole number from 0 to 65535.'],
    ['a port that is no number', ['start', '--port', '0x50'], 'Expected a whole number from 0 to 65535.'],
    [
      'an unknown limit',
      ['start', '--limit', 'conections=5'],
      'unknown limit conections: did you mean connections?',
    ],
    [
      'a limit out of bounds',
      ['start', '--limit', 'connections=0'],
      'expected a whole number from 1 to 1000000000',
    ],
    ['a limit that is no number', ['start', '--limit', 'connections=many'], "got 'many'"],
    ['a limit without a value', ['start', '--limit', 'connections'], 'expected a name and a value'],
    ['an unknown format', ['start', '--log-format', 'xml'], 'Allowed choices are text, json.'],
    ['a path that is none', ['start', '--ws-path', 'mqtt'], 'such as /mqtt'],
  ])('understand %s, with exit code 2', async (_what, args, text) => {
    const { code, stdout, stderr } = await martlet(...args).exit;
    expectOneLine(stderr, text);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('martlet', () => {
  test('prints its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8'));
    expect(await martlet('--version').exit).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await martlet('start', '--help').exit;
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const text of ['Usage: martlet start', '--ws-port <number>', '(default: 1883)', 'Examples:']) {
      expect(help.stdout).toContain(text);
    }
  });

  test('says nothing when nobody reads its help', async () => {
    const help = martlet('start', '--help');
    help.child.stdout!.destroy();
    expect(await help.exit).toMatchObject({ code: 0, stderr: '' });
  });
});

const script = spawnSync('script', ['--version']).status === 0;

describe.skipIf(!script)(`On a terminal${script ? '' : " (skipped: needs Debian's bsdutils)"}`, () => {
  /** Runs the command on a pseudo-terminal; what is written to the program's input is typed there. */
  function onTerminal(variables: Readonly<Record<string, string>>): Program {
    const command = [process.execPath, MAIN, 'start', ...FREE_PORTS].map((word) => `'${word}'`).join(' ');
    // `exec` and a shell that is everywhere: one that waited would take the Ctrl+C too and end with 130.
    return programs.start('script', ['-qec', `exec ${command}`, '/dev/null'], {
      cwd: elsewhere,
      env: { ...env, SHELL: '/bin/sh', ...variables },
    });
  }

  test('martlet start greets in colour, and Ctrl+C ends it', async () => {
    const terminal = onTerminal({});
    const line = await terminal.line(/mqtt:\/\//);
    expect(line).toContain('\u001b[36mmqtt://127.0.0.1:');
    await terminal.line(/Ctrl\+C/);
    terminal.child.stdin!.write('\u0003');
    expect((await terminal.exit).code).toBe(0);
    expect(terminal.stdout).toContain('stopped');
  });

  test('NO_COLOR is obeyed', async () => {
    const terminal = onTerminal({ NO_COLOR: '1' });
    await terminal.line(/Ctrl\+C/);
    expect(terminal.stdout).toContain('Try it in two other terminals:');
    expect(terminal.stdout).not.toContain('\u001b');
    terminal.child.stdin!.write('\u0003');
    expect((await terminal.exit).code).toBe(0);
  });
});

test('npm start builds and starts it, and hands on options and signals', async () => {
  const data = join(elsewhere, 'npm-data');
  const npm = programs.start('npm', ['start', '--', ...FREE_PORTS, '--data-dir', data], { cwd: ROOT, env });
  const { mqtt } = await urlsOf(npm);
  const client = await connectAsync(mqtt, { protocolVersion: 5, reconnectPeriod: 0 });
  const told = nextDisconnect(client);
  npm.signal('SIGTERM');
  expect((await told).reasonCode).toBe(ReasonCode.ServerShuttingDown);
  await npm.exit;
  expect(npm.stderr).toContain('stopped');
  await client.endAsync();
});

/** Whether no process that this test can start would be refused port 1. */
function mayBindEverything(): boolean {
  const file = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
  if (!existsSync(file) || Number(readFileSync(file, 'utf8')) <= 1) return true;
  if (process.getuid?.() !== 0) return false;
  const probe = ['-e', `require('node:fs').accessSync(${JSON.stringify(join(ROOT, 'package.json'))})`];
  return spawnSync(process.execPath, probe, { uid: NOBODY, gid: NOBODY, cwd: '/' }).status !== 0;
}
