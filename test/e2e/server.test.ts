// `martlet start` with a configuration: reloads by signal, by command and by themselves; its log, its pid file, the background,
// and its place under systemd.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { IClientOptions, MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildMartlet, MAIN, ROOT, urlIn } from './martlet-command.ts';
import type { Exit, Program } from './program.ts';
import { Programs } from './program.ts';

const programs = new Programs();
const clients: MqttClient[] = [];
/** Debian's user with the fewest rights. */
const NOBODY = 65_534;
let directory: string;
let file: string;
let log: string;
let control: string;
let env: NodeJS.ProcessEnv;

beforeAll(buildMartlet);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-e2e-'));
  file = join(directory, 'martlet.yaml');
  log = join(directory, 'martlet.log');
  control = join(directory, 'control.sock');
  env = { ...process.env, XDG_RUNTIME_DIR: directory };
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await programs.stopAll();
  rmSync(directory, { recursive: true });
});

/** In memory, on free ports, with its log in a file. */
function configure(more: Readonly<Record<string, unknown>> = {}): void {
  const configuration = {
    listeners: [{ name: 'main', port: 0 }],
    store: { directory: false },
    control: { socket: control },
    log: { destinations: [{ type: 'file', path: log }], timestamps: 'none' },
    ...more,
  };
  // JSON is YAML.
  writeFileSync(`${file}.new`, JSON.stringify(configuration, null, 2));
  renameSync(`${file}.new`, file);
}

function start(...more: string[]): Program {
  return programs.start(process.execPath, [MAIN, 'start', '-c', file, ...more], { cwd: directory, env });
}

function martlet(...args: string[]): Promise<Exit> {
  return programs.run(process.execPath, [MAIN, ...args], { cwd: directory, env });
}

async function client(broker: Program, options: IClientOptions = {}): Promise<MqttClient> {
  const url = urlIn(await broker.line(/^MQTT: /));
  const connected = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  clients.push(connected);
  return connected;
}

function logged(): string {
  return existsSync(log) ? readFileSync(log, 'utf8') : '';
}

describe('A broker with a configuration file', () => {
  test('reloads it on SIGHUP, and its clients stay', async () => {
    configure();
    const broker = start();
    const connected = await client(broker);
    await broker.line(/^Data/);
    configure({ limits: { queuedMessages: 7 } });
    broker.signal('SIGHUP');
    await expect
      .poll(logged)
      .toMatch(/notice reload-change: limits\.queuedMessages: \d+ → 7\nnotice reloaded: /);
    configure({ limits: { queuedMesages: 7 } });
    broker.signal('SIGHUP');
    await expect
      .poll(logged)
      .toMatch(
        /error unknown-key: .*martlet\.yaml:\d+:\d+: limits\.queuedMesages: .* did you mean queuedMessages\?\nerror reload-failed: nothing has changed/,
      );
    await connected.publishAsync('t', 'x', { qos: 1 });
  });

  test('says on `martlet reload` what has changed, and before what would', async () => {
    configure();
    const broker = start();
    await client(broker, { clientId: 'c' });
    await broker.line(/^Data/);
    expect(await martlet('reload', '--control', control)).toMatchObject({
      code: 0,
      stdout: 'Reloaded: nothing has changed but what stands in the files that it names.\n',
      stderr: '',
    });
    configure({ listeners: [{ name: 'other', port: 0 }] });
    const planned = await martlet('reload', '--dry-run', '--control', control);
    expect(planned.stdout).toMatch(/^Would change 2 keys, 2 listeners, 1 client disconnected:\n/);
    expect(planned.stdout).toContain('would disconnect c of main: its listener is closed\n');
    const reloaded = await martlet('reload', '--control', control);
    expect(reloaded.stdout).toMatch(/^Reloaded: 2 keys, 2 listeners, 1 client disconnected\.\n/);
    expect(reloaded.stdout).toMatch(/ {2}listener other at 127\.0\.0\.1:[1-9]\d*: opened\n/);
    writeFileSync(file, 'limits:\n  queuedMessages: many\n  connections: -1\n');
    const refused = await martlet('reload', '--control', control);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    const lines = refused.stderr.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^martlet reload: .*martlet\.yaml:2:\d+: limits\.queuedMessages: /);
    expect(lines[1]).toMatch(/^martlet reload: .*martlet\.yaml:3:\d+: limits\.connections: /);
    expect(lines[2]).toBe('martlet reload: nothing has changed, the configuration that was in effect stays');
  });

  test('is found by its name, and a reload without any says so', async () => {
    // Other brokers of this machine may be called martlet.
    const name = basename(directory);
    file = join(directory, `${name}.yaml`);
    configure({ control: { socket: 'default' } });
    const broker = start();
    await broker.line(/^Data/);
    expect((await martlet('reload', '--broker', name)).code).toBe(0);
    expect((await martlet('reload', '--broker', String(broker.child.pid))).code).toBe(0);
    const other = await martlet('reload', '--broker', 'elsewhere');
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toMatch(/^martlet reload: option '--broker': expected one of .*got 'elsewhere'\n$/);
    broker.signal('SIGKILL');
    await broker.exit;
    const none = await martlet('reload', '--broker', name);
    expect(none.code).not.toBe(0);
    expect(none.stderr).toMatch(/^martlet reload: (no broker of this user runs|option '--broker')/);
    expect((await martlet('reload', '--control', control)).stderr).toBe(
      `martlet reload: ${control}: there is no such socket; is the broker running?\n`,
    );
  });

  test('reloads by itself when its file changes, if it was asked to', async () => {
    configure({ reload: { watch: true } });
    const broker = start();
    await broker.line(/^Data/);
    configure({ reload: { watch: true }, limits: { queuedMessages: 7 } });
    await expect.poll(logged, { timeout: 15_000 }).toContain('queuedMessages');
  });

  test('begins another log file when the one it had was moved away', async () => {
    configure();
    const broker = start();
    await broker.line(/^Data/);
    broker.signal('SIGUSR1');
    await expect.poll(logged).toContain('notice nothing-to-save: ');
    renameSync(log, `${log}.1`);
    broker.signal('SIGHUP');
    await expect.poll(logged).toContain('reloaded');
    expect(readFileSync(`${log}.1`, 'utf8')).not.toContain('reloaded');
  });

  test('tells on SIGUSR2 who is subscribed to what', async () => {
    configure();
    const broker = start();
    const connected = await client(broker, { clientId: 'ann' });
    await connected.subscribeAsync({ 'b/+': { qos: 1 }, 'a/#': { qos: 0 } });
    broker.signal('SIGUSR2');
    await expect
      .poll(logged)
      .toContain(
        'notice subscription: a/#: ann (QoS 0)\nnotice subscription: b/+: ann (QoS 1)\nnotice subscriptions: 2 topic filters\n',
      );
  });

  test('that is wrong is told with every line, and nothing is started', async () => {
    writeFileSync(file, 'limits: { connections: 0 }\nlisteners:\n  - prot: 1\n');
    const { code, stderr, stdout } = await start().exit;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^martlet: .*martlet\.yaml:1:\d+: limits\.connections: /),
      expect.stringMatching(/^martlet: .*martlet\.yaml:3:\d+: listeners\[0\]\.prot: /),
    ]);
  });

  test('tells a port in use with the line that asks for it', async () => {
    configure();
    const broker = start();
    const port = Number(new URL(urlIn(await broker.line(/^MQTT: /))).port);
    await broker.line(/^Data/);
    writeFileSync(
      file,
      `control: { socket: none }\nstore: { directory: false }\nlisteners:\n  - port: ${port}\n`,
    );
    const { code, stderr } = await start().exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^martlet: .*martlet\\.yaml:4:5: listeners\\[0\\]: port ${port} is already in use: .*\\n$`),
    );
  });

  test('writes its pid file when it serves, and takes it away', async () => {
    configure();
    const pidFile = join(directory, 'm.pid');
    const broker = start('--pid-file', pidFile);
    await broker.line(/^Data/);
    expect(readFileSync(pidFile, 'utf8')).toBe(`${broker.child.pid}\n`);
    broker.signal('SIGTERM');
    expect((await broker.exit).code).toBe(0);
    expect(existsSync(pidFile)).toBe(false);
  });
});

describe('A broker in the background', () => {
  test('serves when the command has ended, and ends by its pid', async () => {
    configure();
    const pidFile = join(directory, 'm.pid');
    expect(await start('-d', '--pid-file', pidFile).exit).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    try {
      expect((await martlet('reload', '--control', control)).code).toBe(0);
    } finally {
      process.kill(pid, 'SIGTERM');
    }
    await expect.poll(() => existsSync(pidFile), { timeout: 10_000 }).toBe(false);
    await expect.poll(logged).toContain('notice stopped: ');
  });

  test('says so when nobody would read its log', async () => {
    configure({ log: { destinations: [{ type: 'stderr' }] } });
    const pidFile = join(directory, 'm.pid');
    const { code, stderr } = await start('-d', '--pid-file', pidFile).exit;
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^martlet: in the background nobody reads standard error: .*\n$/);
    await expect.poll(() => existsSync(pidFile), { timeout: 10_000 }).toBe(false);
  });

  test('that cannot start says why at once, with its exit status', async () => {
    writeFileSync(file, 'limits: { connections: 0 }\n');
    const { code, stderr } = await start('-d').exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^martlet: .*limits\.connections/);
  });
});

/** Listens on a socket for datagrams, runs the rest of its arguments with NOTIFY_SOCKET, and prints what it is told. */
const NOTIFIED = `
import os, socket, subprocess, sys
path = sys.argv[1]
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(path)
child = subprocess.Popen(sys.argv[2:], env={**os.environ, 'NOTIFY_SOCKET': path, 'WATCHDOG_USEC': '400000'}, stdout=subprocess.DEVNULL)
print('pid', child.pid, flush=True)
while True:
    text = server.recv(4096).decode().replace('\\n', ' ')
    if text: print(text, flush=True)
    if 'STOPPING' in text: break
child.wait()
`;

/** Runs a program with a listening socket as descriptor 3, as systemd does. */
const ACTIVATED = `
import os, socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen()
print('port', server.getsockname()[1], flush=True)
if server.fileno() != 3: os.dup2(server.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='mqtt')
os.execv(sys.argv[1], sys.argv[1:])
`;

/** The unit files of the guide, by their names. */
function unitsOfGuide(): ReadonlyMap<string, string> {
  const guide = readFileSync(join(ROOT, 'docs/guides/running.md'), 'utf8');
  const blocks = [...guide.matchAll(/```ini\n# \/etc\/systemd\/system\/(\S+)\n(.*?)```/gsu)];
  return new Map(blocks.map(([, name = '', text = '']) => [name, text]));
}

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
const hasPython = spawnSync('python3', ['--version']).status === 0;
const hasNotify = spawnSync('systemd-notify', ['--version']).status === 0;

describe('A broker under systemd', () => {
  test.skipIf(!hasAnalyze)('has units in the guide in which systemd finds nothing wrong', () => {
    const units = unitsOfGuide();
    expect([...units.keys()]).toEqual(['martlet.service', 'martlet.socket']);
    for (const [name, text] of units) writeFileSync(join(directory, name), text);
    const paths = [...units.keys()].map((name) => join(directory, name));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...paths], { encoding: 'utf8' });
    // What it says of other units of this machine is none of ours.
    expect(stderr.split('\n').filter((line) => line.includes('martlet'))).toEqual([]);
    expect(status).toBe(0);
  });

  test.skipIf(!hasPython || !hasNotify)('tells that it is ready, alive, reloads and stops', async () => {
    configure();
    const words = [join(directory, 'notify'), process.execPath, MAIN, 'start', '-c', file];
    const unit = programs.start('python3', ['-c', NOTIFIED, ...words], { cwd: directory, env });
    const pid = Number((await unit.line(/^pid /)).slice(4));
    expect(await unit.line(/READY=1/)).toBe(`READY=1 MAINPID=${pid} STATUS=serving main, in memory`);
    await unit.line(/WATCHDOG=1/);
    process.kill(pid, 'SIGHUP');
    await unit.line(/RELOADING=1 MONOTONIC_USEC=\d+/);
    process.kill(pid, 'SIGTERM');
    await unit.line(/STOPPING=1/);
    expect((await unit.exit).code).toBe(0);
  });

  test.skipIf(!hasPython)('takes a socket that is open already', async () => {
    configure({
      listeners: [{ name: 'given', socketActivation: 'mqtt' }],
      authentication: { anonymous: true },
    });
    const words = [process.execPath, MAIN, 'start', '-c', file];
    const broker = programs.start('python3', ['-c', ACTIVATED, ...words], { cwd: directory, env });
    const port = Number((await broker.line(/^port /)).slice(5));
    await broker.line(/^Data/);
    clients.push(await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 }));
  });
});

describe('A broker that root starts', () => {
  test.skipIf(process.geteuid?.() !== 0)(
    'is another user when it serves, and keeps its data as that user',
    async () => {
      const data = join(directory, 'data');
      configure({ user: 'nobody', store: { directory: data }, control: { socket: 'none' } });
      // Of a directory that the user cannot enter it could read nothing.
      spawnSync('chmod', ['755', directory]);
      const broker = start();
      await broker.line(/^Data/);
      const status = readFileSync(`/proc/${broker.child.pid}/status`, 'utf8');
      expect(/^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t')).toEqual(Array(4).fill(String(NOBODY)));
      expect(/^Groups:\s*(.*)$/m.exec(status)?.[1]?.trim()).not.toContain('0 ');
      expect(statSync(data).uid).toBe(NOBODY);
      const connected = await client(broker);
      await connected.publishAsync('t', 'x', { qos: 1, retain: true });
      configure({ user: null, store: { directory: data }, control: { socket: 'none' } });
      broker.signal('SIGHUP');
      await expect.poll(logged).toContain('user: cannot change while the broker runs');
      broker.signal('SIGTERM');
      expect((await broker.exit).code).toBe(0);
    },
  );
});
