// `martlet store`: check, stats, export, import and backup, on a broker that runs, on one that was killed, and on damage.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { connect, connectAsync } from 'mqtt';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { debianTool } from '../debian-tools.ts';
import { nextMessages } from '../mqtt-js.ts';
import { buildMartlet, FREE_PORTS, MAIN, urlIn } from './martlet-command.ts';
import type { Exit, Program } from './program.ts';
import { Programs } from './program.ts';

const DURABLE = {
  protocolVersion: 5,
  clean: false,
  properties: { sessionExpiryInterval: 3600 },
  reconnectPeriod: 0,
} as const;

const programs = new Programs();
const clients: MqttClient[] = [];
let parent: string;
let data: string;

beforeAll(buildMartlet);
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'martlet-store-'));
  data = join(parent, 'data');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await programs.stopAll();
  rmSync(parent, { recursive: true, force: true });
});

async function start(directory = data): Promise<{ readonly broker: Program; readonly url: string }> {
  const args = [MAIN, 'start', ...FREE_PORTS, '--data-dir', directory];
  const broker = programs.start(process.execPath, args, { cwd: parent });
  return { broker, url: urlIn(await broker.line(/mqtt:\/\//)) };
}

function store(command: string, ...args: string[]): Promise<Exit> {
  return programs.run(process.execPath, [MAIN, 'store', command, '--data-dir', data, ...args], {
    cwd: parent,
  });
}

async function stop(broker: Program, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  broker.signal(signal);
  await broker.exit;
}

/** A session that has gone with messages of QoS 1 and 2 waiting for it, a shared group, a retained message and a will. */
async function fill(url: string): Promise<void> {
  const subscriber = await connectAsync(url, {
    ...DURABLE,
    clientId: 'archive',
    will: { topic: 'gone', payload: Buffer.from('archive'), qos: 1, properties: { willDelayInterval: 600 } },
  });
  await subscriber.subscribeAsync(['t/#', '$share/workers/t/#'], { qos: 2 });
  await subscriber.endAsync();
  const publisher = await connectAsync(url, { protocolVersion: 5 });
  for (let n = 0; n < 10; n++) {
    await publisher.publishAsync('t/x', `message ${n}`, {
      qos: n % 2 === 0 ? 1 : 2,
      properties: { userProperties: { n: String(n) }, ...(n === 9 && { messageExpiryInterval: 3600 }) },
    });
  }
  await publisher.publishAsync('retained', 'kept', { qos: 1, retain: true });
  await publisher.publishAsync('t/binary', Buffer.from([0, 255, 128]), { qos: 1 });
  await publisher.endAsync();
}

describe('martlet store, while a broker runs on the store and after it was killed,', () => {
  test('checks, counts and exports the same, and changes nothing', async () => {
    const { broker, url } = await start();
    await fill(url);
    const texts: string[] = [];
    for (const state of ['running', 'killed'] as const) {
      const before = readdirSync(data).map((name) => [
        name,
        nameIsLog(name) && readFileSync(join(data, name)),
      ]);
      const check = await store('check');
      expect(check).toMatchObject({ code: 0, stderr: '' });
      expect(check.stdout).toContain(`The store in ${data} is sound.\n`);
      expect(check.stdout).toContain(
        '1 session, 2 subscriptions, 1 retained message, 22 messages queued, 0 in flight',
      );

      const stats = await store('stats');
      expect(stats).toMatchObject({ code: 0, stderr: '' });
      expect(stats.stdout).toContain(
        state === 'running' ? `in use by process ${broker.child.pid} on ` : 'not stopped in order',
      );
      expect(stats.stdout).toMatch(/archive +█+ +11, /);
      expect(stats.stdout).toMatch(/\$share\/workers\/t\/# +█+ +11, /);
      expect(stats.stdout).not.toContain('\u001b');
      const { code, stdout, stderr } = await store('export');
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: 'exported 1 session, 2 subscriptions, 12 messages, 22 waiting and 0 in flight, 1 retained\n',
      });
      texts.push(stdout);
      const after = readdirSync(data).map((name) => [
        name,
        nameIsLog(name) && readFileSync(join(data, name)),
      ]);
      expect(after).toEqual(before);
      if (state === 'running') await stop(broker, 'SIGKILL');
    }
    expect(texts[1]).toBe(texts[0]);
    const lines = texts[0]!
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({ format: 'martlet-store-export', version: 1 });
    expect(lines.filter(({ type }) => type === 'message').map(({ payload }) => payload)).toContain(
      'message 9',
    );
    expect(lines.at(-1)).toMatchObject({ type: 'end', sessions: 1, messages: 12, queued: 22, retained: 1 });
  });

  test('gives JSON to programs', async () => {
    const { broker, url } = await start();
    await fill(url);
    const check = await store('check', '--json');
    expect(JSON.parse(check.stdout)).toMatchObject({
      directory: data,
      isSound: true,
      stop: 'unclean',
      findings: [],
    });
    const stats = await store('stats', '--json');
    expect(JSON.parse(stats.stdout)).toMatchObject({
      holder: { pid: broker.child.pid },
      stop: 'unclean',
      queued: 22,
      messages: 12,
      segments: [{ file: '00000001.log', modifiedAt: expect.stringMatching(/^\d{4}-.*T.*Z$/) }],
      oldestMessage: { topicName: 't/x', keptBefore: expect.stringMatching(/^\d{4}-.*T.*Z$/) },
    });
  });
});

function nameIsLog(name: string): boolean {
  return name.endsWith('.log');
}

describe('What martlet store export wrote', () => {
  test('is a store again after import, on which a broker goes on, and exports the same', async () => {
    const first = await start();
    await fill(first.url);
    await stop(first.broker, 'SIGTERM');
    const file = join(parent, 'store.ndjson');
    expect((await store('export', '--output', file)).code).toBe(0);
    data = join(parent, 'imported');
    const imported = await store('import', '--input', file);
    expect(imported).toMatchObject({
      code: 0,
      stdout: `imported 1 session, 2 subscriptions, 12 messages, 22 waiting and 0 in flight, 1 retained into ${data}\n`,
      stderr: '',
    });
    expect((await store('export')).stdout).toBe(readFileSync(file, 'utf8'));
    const second = await start();
    const archive = connect(second.url, { ...DURABLE, clientId: 'archive' });
    clients.push(archive);
    // Each comes twice: for the session, and for the group of which it is the only member.
    const received = (await nextMessages(archive, 22)).map(({ topic, payload, qos }) =>
      topic === 't/x' ? `${payload.toString()} ${qos}` : payload.toString('hex'),
    );
    expect(received.toSorted()).toEqual(
      [...Array.from({ length: 10 }, (_, n) => `message ${n} ${n % 2 === 0 ? 1 : 2}`), '00ff80']
        .flatMap((text) => [text, text])
        .toSorted(),
    );
  });

  test('is refused as a whole when a line is wrong or the end is missing, with the number of the line', async () => {
    const { broker, url } = await start();
    await fill(url);
    await stop(broker, 'SIGTERM');
    const lines = (await store('export')).stdout.trimEnd().split('\n');
    data = join(parent, 'imported');
    for (const [text, expected] of [
      [lines.slice(0, -1).join('\n'), /line \d+: expected a last line with "type":"end"/],
      [lines.with(2, '{"type":"subscription"}').join('\n'), /line 3: /],
      ['', /expected/],
    ] as const) {
      const importing = programs.start(process.execPath, [MAIN, 'store', 'import', '--data-dir', data]);
      importing.child.stdin!.end(text);
      const { code, stderr } = await importing.exit;
      expect(stderr).toMatch(expected);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
      expect(existsSync(data)).toBe(false);
    }
  });

  test('is read by head without a complaint', async () => {
    const { broker, url } = await start();
    await fill(url);
    await stop(broker, 'SIGTERM');
    const exporting = programs.start(process.execPath, [MAIN, 'store', 'export', '--data-dir', data]);
    exporting.child.stdout!.destroy();
    expect(await exporting.exit).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('martlet store backup', () => {
  test('copies a store in use while it is written to, and a broker starts on the copy', async () => {
    const { broker, url } = await start();
    await fill(url);
    const publisher = await connectAsync(url, { protocolVersion: 5 });
    clients.push(publisher);
    let acknowledged = 0;
    let isOver = false;
    const flood = (async () => {
      for (let n = 10; !isOver; n++) {
        await publisher.publishAsync('t/x', `message ${n}`, { qos: 1 });
        acknowledged = n + 1;
      }
    })();
    const before = acknowledged;
    const copy = join(parent, 'copy');
    const backup = await store('backup', copy);
    isOver = true;
    await flood;
    expect(backup).toMatchObject({ code: 0, stderr: '' });
    expect(backup.stdout).toMatch(/^copied 1 file, .* and verified the copy\n$/);
    await stop(broker, 'SIGKILL');
    const second = await start(copy);
    const archive = connect(second.url, { ...DURABLE, clientId: 'archive' });
    clients.push(archive);
    const [first] = await nextMessages(archive, Math.max(1, before));
    expect(first!.payload.toString()).toBe('message 0');
    expect((await store('check')).code).toBe(0);
  });

  test('is whole or not there: a target that holds something is refused, and one in the store', async () => {
    const { broker, url } = await start();
    await fill(url);
    await stop(broker, 'SIGTERM');
    const copy = `${data}-copy`;
    expect(await store('backup', copy)).toMatchObject({ code: 0 });
    expect(await store('backup', copy)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^martlet: expected .* to be empty or not there, found "00000001\.log" in it\n$/,
      ),
    });
    expect(await store('backup', join(data, 'copy'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^martlet: expected a target outside the store's directory.*\n$/),
    });
  });
});

describe('A damaged store', () => {
  async function damage(): Promise<void> {
    const { broker, url } = await start();
    await fill(url);
    await stop(broker, 'SIGTERM');
    const file = join(data, '00000001.log');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('message 4');
    expect(at).toBeGreaterThan(0);
    bytes[at]! ^= 1;
    writeFileSync(file, bytes);
  }

  test('is recognised, with the place and the ways out, and exit code 1', async () => {
    await damage();
    const { code, stdout, stderr } = await store('check');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/is damaged: \d places? (?:is|are) not as kept\./);
    expect(stdout).toMatch(/\n {2}00000001\.log, byte \d+: expected .* \([a-z-]+\)\n/);
    expect(stdout).toContain(`martlet store export --salvage --data-dir ${data} --output rescued.ndjson`);
  });

  test('is not exported as if it were whole', async () => {
    await damage();
    const file = join(parent, 'whole.ndjson');
    expect(await store('export', '--output', file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^martlet: .*data: the store is damaged: 00000001\.log, byte \d+: .*--salvage/,
      ),
    });
    expect(existsSync(file)).toBe(false);
  });

  test('is rescued but for what is damaged, which is named', async () => {
    await damage();
    const file = join(parent, 'rescued.ndjson');
    const rescue = await store('export', '--salvage', '--output', file);
    expect(rescue.code).toBe(1);
    expect(rescue.stderr).toContain('exported 1 session, 2 subscriptions, 11 messages, 20 waiting');
    expect(rescue.stderr).toMatch(/^lost: 00000001\.log, byte \d+: expected a message/m);
    data = join(parent, 'rescued');
    expect((await store('import', '--input', file)).code).toBe(0);
    expect((await store('check')).code).toBe(0);
    await start();
  });
});

describe('martlet store says in one line why it cannot', () => {
  test.each([
    ['check', 'there is no such directory'],
    ['stats', 'there is no such directory'],
    ['export', 'there is no such directory'],
  ])('%s what is not there', async (command, text) => {
    const { code, stdout, stderr } = await store(command);
    expect(stderr).toBe(`martlet: ${data}: ${text}; name the broker's data directory with --data-dir\n`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('write or read a file', async () => {
    const { broker, url } = await start();
    await fill(url);
    const taken = join(parent, 'taken');
    writeFileSync(taken, '');
    expect((await store('export', '--output', taken)).stderr).toContain(
      'taken: there is such a file already',
    );
    expect((await store('export', '--output', join(parent, 'none', 'x'))).stderr).toContain(
      'there is no such file',
    );
    expect((await store('import', '--input', join(parent, 'none'))).stderr).toContain(
      'there is no such file',
    );
    expect((await store('import', '--input', taken)).stderr).toContain(
      `in use by process ${broker.child.pid}`,
    );
    expect(await programs.run(process.execPath, [MAIN, 'store', 'backup'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("missing required argument 'target'"),
    });
  });
});

const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');

describe.skipIf(pub.path === undefined || sub.path === undefined)(
  `With Mosquitto's clients ${pub.label}`,
  () => {
    test('a session of MQTT 3.1.1 gets its messages from a backup', async () => {
      const { broker, url } = await start();
      const place = (at: string) => ['-h', '127.0.0.1', '-p', new URL(at).port];
      const session = ['-i', 'old', '-c', '-q', '1', '-t', 'home/#'];
      expect((await programs.run(sub.path!, [...place(url), ...session, '-E'])).code).toBe(0);
      for (const n of [1, 2, 3]) {
        await programs.run(pub.path!, [...place(url), '-q', '1', '-t', `home/${n}`, '-m', String(n)]);
      }
      const copy = join(parent, 'copy');
      expect((await store('backup', copy)).code).toBe(0);
      await stop(broker, 'SIGKILL');
      const second = await start(copy);
      const got = await programs.run(sub.path!, [
        ...place(second.url),
        ...session,
        '-C',
        '3',
        '-F',
        '%t %q %p',
      ]);
      expect(got).toMatchObject({ code: 0, stdout: 'home/1 1 1\nhome/2 1 2\nhome/3 1 3\n' });
    });
  },
);

const script = spawnSync('script', ['--version']).status === 0;

describe.skipIf(!script)(`On a terminal${script ? '' : " (skipped: needs Debian's bsdutils)"}`, () => {
  /** Without what the test runner itself tells programs about colour. */
  const { CI: _ci, FORCE_COLOR: _force, NO_COLOR: _no, ...rest } = process.env;
  const env = { ...rest, TERM: 'xterm-256color', SHELL: '/bin/sh' };

  function storeOnTerminal(words: readonly string[], variables: object = {}): Promise<Exit> {
    const command = [process.execPath, MAIN, 'store', ...words].map((word) => `'${word}'`).join(' ');
    return programs.run('script', ['-qec', `exec ${command}`, '/dev/null'], {
      env: { ...env, ...variables },
    });
  }

  test('martlet store stats draws in colour, and not where NO_COLOR is set', async () => {
    const { broker, url } = await start();
    await fill(url);
    await stop(broker, 'SIGTERM');
    const words = ['stats', '--data-dir', data];
    expect((await storeOnTerminal(words)).stdout).toMatch(/archive +\u001b\[36m█+/);
    const plain = await storeOnTerminal(words, { NO_COLOR: '1' });
    expect(plain.stdout).toMatch(/archive +█+/);
    expect(plain.stdout).not.toContain('\u001b[36m');
  });

  test('what takes a while shows how far it is, and takes that off again', async () => {
    const file = join(parent, 'long.ndjson');
    const messages = 240_000;
    const lines = Array.from({ length: messages }, (_, index) =>
      JSON.stringify({
        type: 'message',
        message: index + 1,
        topicName: 't',
        qos: 1,
        retain: false,
        payload: `${index}`,
      }),
    );
    const counts = {
      sessions: 0,
      subscriptions: 0,
      receivedPacketIds: 0,
      retained: 0,
      queued: 0,
      inFlight: 0,
      lost: 0,
    };
    const head = JSON.stringify({ format: 'martlet-store-export', version: 1 });
    const end = JSON.stringify({ type: 'end', ...counts, messages });
    writeFileSync(file, [head, ...lines, end].join('\n'));
    const { code, stdout } = await storeOnTerminal(['import', '--input', file, '--data-dir', data], {
      NO_COLOR: '1',
    });
    expect(stdout).toMatch(/Importing {2}█*░* +\d+ % {2}\d+ of \d+ MiB/);
    expect(stdout).toMatch(/\r\u001b\[Kimported 0 sessions, .*240,000 messages/);
    expect(code).toBe(0);
    // Where nobody sees it move, there is none.
    const quiet = await programs.run(process.execPath, [MAIN, 'store', 'check', '--data-dir', data]);
    expect(quiet).toMatchObject({ code: 0, stderr: '' });
  });
});
