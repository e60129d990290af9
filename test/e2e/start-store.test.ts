// `martlet start` with a data directory: what it says, what is there again after any end, and how it refuses.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ReasonCode } from '@martlet/protocol';
import type { MqttClient } from 'mqtt';
import { connect, connectAsync } from 'mqtt';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nextMessages } from '../mqtt-js.ts';
import { buildMartlet, FREE_PORTS, MAIN, urlIn } from './martlet-command.ts';
import type { Program } from './program.ts';
import { Programs } from './program.ts';

const programs = new Programs();
/** Debian's user with the fewest rights. */
const NOBODY = 65_534;
const DURABLE = {
  protocolVersion: 5,
  clean: false,
  properties: { sessionExpiryInterval: 3600 },
  reconnectPeriod: 0,
} as const;
const clients: MqttClient[] = [];
const mounts: string[] = [];
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
  for (const mount of mounts.splice(0)) spawnSync('umount', [mount]);
  rmSync(parent, { recursive: true, force: true });
});

function start(...args: string[]): Program {
  return programs.start(process.execPath, [MAIN, 'start', ...FREE_PORTS, '--data-dir', data, ...args], {
    cwd: parent,
  });
}

async function urlOf(broker: Program): Promise<string> {
  return urlIn(await broker.line(/mqtt:\/\//));
}

/** A session that has gone, a queue for it and something retained. */
async function fill(url: string, messages = 20): Promise<void> {
  const subscriber = await connectAsync(url, { ...DURABLE, clientId: 'archive' });
  await subscriber.subscribeAsync('t/#', { qos: 1 });
  await subscriber.endAsync();
  const publisher = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  clients.push(publisher);
  await publisher.publishAsync('retained', 'kept', { qos: 1, retain: true });
  for (let n = 0; n < messages; n++) await publisher.publishAsync('t/x', `message ${n}`, { qos: 1 });
  publisher.end(true);
}

/** What that session still gets. */
async function drain(url: string, messages = 20): Promise<readonly string[]> {
  // Not `connectAsync`: the messages may come with the CONNACK.
  const client = connect(url, { ...DURABLE, clientId: 'archive' });
  clients.push(client);
  return (await nextMessages(client, messages)).map(({ payload }) => payload.toString());
}

/** Why no session that is to be kept can begin. */
async function refusal(url: string): Promise<unknown> {
  const client = connect(url, { ...DURABLE, clientId: 'archive' });
  const error = await new Promise<Error>((resolve) => client.once('error', resolve));
  client.end(true);
  return (error as NodeJS.ErrnoException).code;
}

async function expectRefusal(broker: Program, text: string | RegExp): Promise<void> {
  const { code, stdout, stderr } = await broker.exit;
  expect(stderr).toMatch(text);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^martlet: /);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
}

describe('martlet start keeps', () => {
  test.each([
    ['SIGTERM', 'disk'],
    ['SIGKILL', 'disk'],
    ['SIGKILL', 'os'],
  ] as const)(
    'sessions, their queues and what is retained over %s at durability %s',
    async (signal, durability) => {
      const first = start('--durability', durability);
      const url = await urlOf(first);
      expect(await first.line(/^Data: /)).toMatch(
        new RegExp(`^Data: ${data}, durability ${durability}: 0 sessions and 0 messages loaded in \\d+ ms$`),
      );
      await fill(url);
      first.signal(signal);
      expect(await first.exit).toMatchObject(signal === 'SIGTERM' ? { code: 0 } : { signal });

      const second = start();
      expect(await second.line(/^Data: /)).toMatch(/1 session and 21 messages loaded/);
      const again = await urlOf(second);
      expect(await drain(again)).toEqual(Array.from({ length: 20 }, (_, n) => `message ${n}`));
      const reader = await connectAsync(again, { protocolVersion: 5 });
      clients.push(reader);
      const retained = nextMessages(reader, 1);
      await reader.subscribeAsync('retained');
      expect((await retained)[0]!.payload.toString()).toBe('kept');
      second.signal('SIGTERM');
      expect(await second.exit).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') });
      expect(readdirSync(data).filter((name) => !name.endsWith('.log'))).toEqual([]);
    },
  );

  test('its data in the current directory unless it is told where', async () => {
    const { STATE_DIRECTORY: _, ...env } = process.env;
    const broker = programs.start(process.execPath, [MAIN, 'start', ...FREE_PORTS], { cwd: parent, env });
    expect(await broker.line(/^Data: /)).toContain(`Data: ${join(parent, 'martlet-data')}, `);
    broker.signal('SIGTERM');
    await broker.exit;
    // Nothing was to be kept, so nothing is in it.
    expect(readdirSync(join(parent, 'martlet-data'))).toEqual([]);
  });

  test('its data where systemd says', async () => {
    const broker = programs.start(process.execPath, [MAIN, 'start', ...FREE_PORTS], {
      cwd: parent,
      env: { ...process.env, STATE_DIRECTORY: data },
    });
    expect(await broker.line(/^Data: /)).toContain(`Data: ${data}, `);
    broker.signal('SIGTERM');
    await broker.exit;
    expect(readdirSync(parent)).toEqual(['data']);
  });

  test('nothing at durability memory, and writes nothing', async () => {
    const broker = programs.start(
      process.execPath,
      [MAIN, 'start', ...FREE_PORTS, '--durability', 'memory', '--topic-durability', 't/#=memory'],
      { cwd: parent },
    );
    expect(await broker.line(/^Data: /)).toBe(
      'Data: in memory, durability memory, t/#=memory: gone when the broker ends',
    );
    await fill(await urlOf(broker));
    broker.signal('SIGTERM');
    await broker.exit;
    expect(readdirSync(parent)).toEqual([]);
  });

  test('what its topic says, whatever the level of the broker', async () => {
    const levels = ['--durability', 'memory', '--topic-durability', 't/#=disk'];
    const first = start(...levels);
    await fill(await urlOf(first));
    first.signal('SIGKILL');
    await first.exit;
    const second = start(...levels);
    expect(await second.line(/^Data: /)).toContain('durability memory, t/#=disk: 1 session and 20 messages');
    second.signal('SIGTERM');
    await second.exit;
  });
});

describe('martlet start refuses in one line', () => {
  test('a store in use, and names the process', async () => {
    const first = start();
    await urlOf(first);
    await expectRefusal(
      start(),
      new RegExp(
        `the store in ${data} is in use by process ${first.child.pid} on \\S+ since .*; stop it, or use another directory \\(--data-dir DIRECTORY\\)\n`,
      ),
    );
  });

  test.each([
    ['a file', 'store-file'],
    ['below a file', 'store-file/below'],
  ])('a directory that is %s', async (_what, name) => {
    writeFileSync(join(parent, 'store-file'), '');
    data = join(parent, name);
    await expectRefusal(start(), /is no directory, or a part of its path is none/);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'a directory of somebody else (skipped where the test is not root)',
    async () => {
      mkdirSync(data, { mode: 0o755 });
      chmodSync(parent, 0o755);
      const args = [MAIN, 'start', ...FREE_PORTS, '--data-dir', data];
      const broker = programs.start(process.execPath, args, { cwd: '/', uid: NOBODY, gid: NOBODY });
      await expectRefusal(
        broker,
        /no permission for the store in .*data: this user must be able to read, write/,
      );
    },
  );

  test.each([
    [
      'a damaged store',
      (bytes: Buffer) => (bytes[70]! ^= 1),
      /the store is damaged: 00000001\.log, byte .*martlet store check/,
    ],
    [
      'a store of a newer version',
      (bytes: Buffer) => {
        bytes.writeUInt32LE(2, 8);
        bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
      },
      /format version 2, and this program reads up to version 1: a newer Martlet wrote it/,
    ],
  ])('%s, and changes nothing', async (_what, spoil, text) => {
    const first = start();
    await fill(await urlOf(first));
    first.signal('SIGTERM');
    await first.exit;
    const file = join(data, '00000001.log');
    const bytes = readFileSync(file);
    spoil(bytes);
    writeFileSync(file, bytes);
    await expectRefusal(start(), text);
    expect(readFileSync(file)).toEqual(bytes);
    expect(readdirSync(data).filter((name) => name.endsWith('.log'))).toEqual(['00000001.log']);
  });

  test('what cannot be meant, with exit code 2', async () => {
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['--durability', 'memory'], "option '--data-dir': with --durability memory nothing is kept there"],
      [['--durability', 'ram'], 'Allowed choices are disk, os, memory.'],
      [['--topic-durability', 'sensors/#'], 'such as sensors/#=os'],
    ];
    for (const [args, text] of cases) {
      const { code, stderr } = await start(...args).exit;
      expect(stderr).toContain(text);
      expect(code).toBe(2);
    }
    expect(existsSync(data)).toBe(false);
  });
});

const mountable = mayMount();

describe.skipIf(!mountable)(
  `On a file system of its own${mountable ? '' : ' (skipped: needs the right to mount)'}`,
  () => {
    function mount(options: string): string {
      const at = join(parent, 'mount');
      mkdirSync(at);
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', at]).status).toBe(0);
      mounts.push(at);
      return at;
    }

    test('that is read-only, martlet start says so', async () => {
      data = join(mount('ro'), 'data');
      await expectRefusal(start(), /on a file system that is read-only; mount it for writing/);
    });

    /** Nothing more can be written to it, until `ballast` is removed. */
    function fillDisk(): string {
      const at = mount('size=256k');
      data = join(at, 'data');
      mkdirSync(data);
      const ballast = join(at, 'ballast');
      writeFileSync(ballast, Buffer.alloc(256 * 1024));
      return ballast;
    }

    test('that is full, it serves what needs no disk, and the rest as soon as there is space', async () => {
      const ballast = fillDisk();
      const broker = start();
      const url = await urlOf(broker);
      expect(await refusal(url)).toBe(ReasonCode.QuotaExceeded);
      expect(await broker.line(/store-full/, 'stderr')).toContain('free some space');
      const live = await connectAsync(url, { protocolVersion: 5 });
      clients.push(live);
      const received = nextMessages(live, 1);
      await live.subscribeAsync('live', { qos: 1 });
      await live.publishAsync('live', 'served', { qos: 1 });
      expect((await received)[0]!.payload.toString()).toBe('served');
      rmSync(ballast);
      await broker.line(/store-recovered/, 'stderr');
      await fill(url, 3);
      broker.signal('SIGTERM');
      expect((await broker.exit).code).toBe(0);
      const again = start();
      expect(await again.line(/^Data: /)).toContain('1 session and 4 messages');
    });

    test('that stays full, its exit code tells that the store was not closed in order', async () => {
      fillDisk();
      const broker = start('--limit', 'closeTimeoutMs=100');
      expect(await refusal(await urlOf(broker))).toBe(ReasonCode.QuotaExceeded);
      broker.signal('SIGTERM');
      expect(await broker.exit).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /error store-not-closed: .*the disk is full.*what had been acknowledged/,
        ),
      });
    });
  },
);

/** Root in a container often may not. */
function mayMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'martlet-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', at]).status === 0;
  if (mounted) spawnSync('umount', [at]);
  rmSync(at, { recursive: true });
  return mounted;
}

test('What waits for a session that is offline is as the options say: the oldest of a full queue, and QoS 0', async () => {
  const options = ['--limit', 'queuedMessages=2', '--full-queue', 'drop-newest', '--queue-qos0'];
  const url = await urlOf(start(...options, '--will-grace-ms', '1000'));
  const archive = await connectAsync(url, { ...DURABLE, clientId: 'archive' });
  await archive.subscribeAsync('t', { qos: 1 });
  await archive.endAsync();
  const publisher = await connectAsync(url, { protocolVersion: 5 });
  clients.push(publisher);
  await publisher.publishAsync('t', 'first', { qos: 0 });
  for (const text of ['second', 'third']) await publisher.publishAsync('t', text, { qos: 1 }).catch(() => {});
  const back = connect(url, { ...DURABLE, clientId: 'archive' });
  clients.push(back);
  expect((await nextMessages(back, 2)).map(({ payload }) => payload.toString())).toEqual(['first', 'second']);
});
