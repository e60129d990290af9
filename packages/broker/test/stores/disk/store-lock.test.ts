// Locks within one process; what ends with a process is shown in test/e2e/store-lock.test.ts.

import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { claimByPipe, pipePath } from '../../../src/stores/disk/lock/lock-claim.ts';
import { LockDirectory, networkFileSystem } from '../../../src/stores/disk/lock/lock-directory.ts';
import { lockError, lockUnsupported, storeInUse } from '../../../src/stores/disk/lock/lock-error.ts';
import { StoreLock } from '../../../src/stores/disk/store-lock.ts';

let directory: string;
const servers: Server[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-lock-'));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A socket in the directory as a process of the given id would have it. */
async function listenAs(id: string, onConnection: Parameters<typeof createServer>[1]): Promise<string> {
  const name = `lock.${id.repeat(32)}.1.sock`;
  const server = createServer(onConnection).listen(join(directory, name));
  servers.push(server);
  await once(server, 'listening');
  return name;
}

describe('A lock', () => {
  test('is refused to a second one in the same process, and given again after its release', async () => {
    const lock = await StoreLock.acquire(directory);
    await expect(StoreLock.acquire(directory)).rejects.toMatchObject({
      code: 'store-in-use',
      message: expect.stringMatching(
        /^the store in .* is in use by this very process since \d{4}-.*Z; stop it, or use another directory$/,
      ),
    });
    await lock.release();
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
    const next = await StoreLock.acquire(directory);
    await next.release();
  });

  test('tells who holds it without being asked for, and is no other for that', async () => {
    expect(await StoreLock.use(directory)).toEqual({ kind: 'free' });
    const lock = await StoreLock.acquire(directory);
    expect(await StoreLock.use(directory)).toEqual({
      kind: 'held',
      holder: { pid: process.pid, host: hostname(), since: expect.stringMatching(/Z$/) },
    });
    await lock.release();
    expect(await StoreLock.use(directory)).toEqual({ kind: 'free' });
    await expect(StoreLock.use(join(directory, 'missing'))).rejects.toMatchObject({
      code: 'store-no-directory',
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('makes its directory, with those above it, for its user alone', async () => {
    const deep = join(directory, 'a/b/c');
    const lock = await StoreLock.acquire(deep);
    expect(statSync(deep).mode & 0o777).toBe(0o700);
    await lock.release();
  });

  test('holds by whatever path the directory is reached', async () => {
    const link = `${directory}-link`;
    symlinkSync(directory, link);
    const lock = await StoreLock.acquire(link);
    await expect(StoreLock.acquire(directory)).rejects.toMatchObject({ code: 'store-in-use' });
    await lock.release();
    rmSync(link);
  });

  test('holds in a directory with a path that is too long for a socket', async () => {
    const long = join(directory, 'a'.repeat(200), 'b'.repeat(200));
    const lock = await StoreLock.acquire(long);
    await expect(StoreLock.acquire(long)).rejects.toMatchObject({ code: 'store-in-use' });
    await lock.release();
    await (await StoreLock.acquire(long)).release();
  });

  test('is given to exactly one of many that ask at once, round after round', async () => {
    for (let round = 0; round < 40; round++) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, () => StoreLock.acquire(directory)),
      );
      const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const refusals = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason.code] : [],
      );
      expect(locks).toHaveLength(1);
      expect(new Set(refusals)).toEqual(new Set(['store-in-use']));
      await locks[0]!.release();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  test('removes what dead processes left, listening or about to, and nothing else', async () => {
    // Closing removes the file that was bound, and not that to which it was renamed.
    const server = createServer().listen(join(directory, 'bound'));
    await once(server, 'listening');
    renameSync(join(directory, 'bound'), join(directory, `lock.${'a'.repeat(32)}.1.sock`));
    server.close();
    await once(server, 'close');
    const names = [`lock.${'b'.repeat(32)}.3.sock`, `lock.${'c'.repeat(32)}.1.new`];
    const foreign = ['lock.sock', '00000001.log', 'lock.1.sock', 'notes.txt'];
    for (const name of [...names, ...foreign]) writeFileSync(join(directory, name), '');
    const lock = await StoreLock.acquire(directory);
    expect(readdirSync(directory).filter((name) => !/^lock\.[0-9a-f]{32}/.test(name))).toEqual(
      foreign.sort(),
    );
    expect(readdirSync(directory)).toHaveLength(foreign.length + 1);
    await lock.release();
  });
});

describe('A process that is there is never overruled', () => {
  test('when it does not answer', async () => {
    await listenAs('f', () => {});
    await expect(StoreLock.acquire(directory, { patienceMs: 20 })).rejects.toMatchObject({
      code: 'store-in-use',
      message: expect.stringContaining('a process that does not answer'),
    });
    expect(await StoreLock.use(directory, { patienceMs: 20 })).toEqual({ kind: 'silent' });
    expect(readdirSync(directory)).toHaveLength(1);
  });

  test('when it closes connections without an answer, as one does that has no descriptors left', async () => {
    await listenAs('0', (socket) => socket.destroy());
    await expect(StoreLock.acquire(directory, { patienceMs: 50 })).rejects.toMatchObject({
      code: 'store-in-use',
    });
  });

  test.each([
    ['speaks something else', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['speaks without end', 'x'.repeat(100_000)],
  ])('when it %s', async (_what, text) => {
    await listenAs('f', (socket) => void socket.on('error', () => {}).end(text));
    await expect(StoreLock.acquire(directory, { patienceMs: 200 })).rejects.toMatchObject({
      code: 'store-in-use',
    });
  });

  test('when it runs elsewhere, in a container that shares the directory', async () => {
    const holder = { pid: 7, host: 'container-2', since: '2026-01-02T03:04:05.678Z' };
    await listenAs('f', (socket) => void socket.end(`${JSON.stringify(holder)}\n`));
    await expect(StoreLock.acquire(directory)).rejects.toMatchObject({
      message: expect.stringContaining('in use by process 7 on container-2 since 2026-01-02T03:04:05.678Z;'),
    });
  });
});

test('Who uses a store that cannot be locked is not known, and no error', async () => {
  vi.spyOn(LockDirectory, 'openExisting').mockRejectedValue(lockUnsupported(directory, 'it is on NFS'));
  expect(await StoreLock.use(directory)).toEqual({ kind: 'unknown' });
  vi.restoreAllMocks();
});

describe('Two that claim at once', () => {
  test('the smaller id waits until the greater has withdrawn', async () => {
    const name = await listenAs('f', (socket) => {
      // It has seen the other, as the protocol has it: hides, then closes.
      rmSync(join(directory, name));
      servers[0]!.close();
      socket.destroy();
    });
    const lock = await StoreLock.acquire(directory);
    await lock.release();
  });

  test('the greater id withdraws before the smaller is settled, and takes the store if that one dies', async () => {
    let seen: readonly string[] = [];
    const name = await listenAs('0', (socket) => {
      setImmediate(() => {
        seen = readdirSync(directory);
        rmSync(join(directory, name));
        servers[0]!.close();
        socket.destroy();
      });
    });
    const lock = await StoreLock.acquire(directory);
    expect(seen).toContain(name);
    expect(readdirSync(directory)).toEqual([expect.stringMatching(/^lock\.[0-9a-f]{32}\.2\.sock$/)]);
    await lock.release();
  });
});

describe('What is no place for a store is said in one line', () => {
  test('a file', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'deeper')]) {
      await expect(StoreLock.acquire(path)).rejects.toMatchObject({
        name: 'StoreLockError',
        code: 'store-no-directory',
        message: expect.not.stringContaining('\n'),
      });
    }
  });

  test('a link to what is not there, such as a disk that is not mounted', async () => {
    const link = join(directory, 'usb');
    symlinkSync(join(directory, 'not-mounted'), link);
    for (const path of [link, join(link, 'mqtt'), join(link, 'mqtt/deeper')]) {
      await expect(StoreLock.acquire(path)).rejects.toMatchObject({
        code: 'store-no-directory',
        message: expect.stringMatching(/is not there.*; mount it, or use another directory$/),
      });
    }
    expect(readdirSync(directory)).toEqual(['usb']);
  });

  test.skipIf(process.platform !== 'linux')(
    'a file system that makes no directories (skipped: needs Linux)',
    async () => {
      await expect(StoreLock.acquire('/proc/martlet/deeper')).rejects.toMatchObject({
        code: 'store-no-directory',
      });
    },
  );

  test.each([
    ['EACCES', 'store-not-permitted', 'no permission'],
    ['EROFS', 'store-read-only', 'read-only'],
    ['ENOSPC', 'store-full', 'no space'],
    ['EOPNOTSUPP', 'store-lock-unsupported', 'has no sockets'],
    ['EIO', 'store-unreachable', 'EIO'],
  ])('%s of the system is %s', (systemCode, code, text) => {
    const cause = Object.assign(new Error(systemCode), { code: systemCode });
    expect((lockError('/data', cause) as Error).cause).toBe(cause);
    expect(lockError('/data', cause)).toMatchObject({ code, message: expect.stringContaining(text) });
  });

  test('an error that is not of the system stays what it is', () => {
    const bug = new TypeError('a bug');
    expect(lockError('/data', bug)).toBe(bug);
    const inUse = storeInUse('/data', { pid: 1, host: hostname(), since: 'then' });
    expect(lockError('/data', inUse)).toBe(inUse);
  });

  test('a network file system, where brokers on two machines would not see each other', () => {
    expect([0x6969, 0xff534d42, 0xff534d42 | 0, 0xfe534d42].map(networkFileSystem)).toEqual([
      'NFS',
      'CIFS',
      'CIFS',
      'SMB',
    ]);
    // ext4, XFS, Btrfs, tmpfs, overlay, ZFS, FUSE.
    const local = [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0x65735546];
    expect(local.map(networkFileSystem)).toEqual(local.map(() => null));
  });

  test('a path too long for a socket, on a system without a way around', async () => {
    const long = join(directory, 'a'.repeat(100));
    const opened = await LockDirectory.open(long, 'darwin');
    expect(() => opened.socketPath('lock.sock')).toThrow(/path is too long for a socket in it: 1\d\d bytes/);
    await opened.close();
  });
});

describe('Where a name can be had once, as with named pipes,', () => {
  // An abstract socket is what Linux has like it: no file, gone with its process.
  const path = `\0martlet-test-${process.pid}`;

  test.skipIf(process.platform !== 'linux')('the name is the lock (skipped: needs Linux)', async () => {
    const holder = await claimByPipe('/data', path, 1000);
    await expect(claimByPipe('/data', path, 1000)).rejects.toMatchObject({
      code: 'store-in-use',
      message: expect.stringContaining('this very process'),
    });
    await holder.withdraw();
    await (await claimByPipe('/data', path, 1000)).withdraw();
  });

  test('it is made from the path of the directory, in upper or lower case', () => {
    expect(pipePath('C:\\Data')).toBe(pipePath('c:\\data'));
    expect(pipePath('C:\\Data')).not.toBe(pipePath('C:\\Data2'));
    expect(existsSync(pipePath('C:\\Data'))).toBe(false);
  });
});
