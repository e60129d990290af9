import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimPipe, lockDirectory, pipePath } from '../../src/stores/file/directory-lock.ts';

let parent: string;
let directory: string;
const servers: Server[] = [];

beforeEach(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), 'martlet-lock-')));
  directory = join(parent, 'session');
  await mkdir(directory);
});

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(parent, { recursive: true });
});

/** A mark in the directory as another process would have it. */
async function listenAs(id: string, onConnection: (socket: Socket) => void): Promise<string> {
  const name = `lock.${id.repeat(16)}.sock`;
  const server = createServer(onConnection).listen(join(directory, name));
  servers.push(server);
  await once(server, 'listening');
  return name;
}

describe('The lock of a directory', () => {
  test('is refused to a second one, who is told the process, and given again after its release', async () => {
    const lock = await lockDirectory(directory);
    await expect(lockDirectory(directory)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message:
        `expected a session store of its own for each client, got ${directory}, which is in use by process ` +
        `${process.pid} on ${hostname()}; close that client, or use another directory`,
    });
    await lock.release();
    await (await lockDirectory(directory)).release();
    expect(await readdir(directory)).toEqual([]);
  });

  test('holds by whatever path the directory is reached', async () => {
    await symlink(directory, join(parent, 'link'));
    const lock = await lockDirectory(join(parent, 'link'));
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await lock.release();
  });

  test.skipIf(process.platform !== 'linux')(
    'holds where the path is too long for a socket (skipped: needs Linux)',
    async () => {
      const long = join(directory, 'a'.repeat(120));
      await mkdir(long);
      const lock = await lockDirectory(long);
      await expect(lockDirectory(long)).rejects.toMatchObject({
        message: expect.stringContaining('in use by process'),
      });
      await lock.release();
      await (await lockDirectory(long)).release();
      expect(await readdir(long)).toEqual([]);
    },
  );

  test('is given to exactly one of some that ask at once, round after round', async () => {
    for (let round = 0; round < 15; round++) {
      const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => lockDirectory(directory)));
      const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(locks).toHaveLength(1);
      await locks[0]!.release();
      expect(await readdir(directory)).toEqual([]);
    }
  });

  test('removes what dead processes left, visible or not, and nothing else', async () => {
    for (const name of [
      `lock.${'a'.repeat(16)}.sock`,
      `lock.${'b'.repeat(16)}.new`,
      'session.log',
      'lock.sock',
    ]) {
      await writeFile(join(directory, name), '');
    }
    const lock = await lockDirectory(directory);
    expect((await readdir(directory)).filter((name) => !/^lock\.\w{16}\./.test(name))).toEqual([
      'lock.sock',
      'session.log',
    ]);
    expect(await readdir(directory)).toHaveLength(3);
    await lock.release();
  });

  test('cannot be had of a directory that is not there', async () => {
    await expect(lockDirectory(join(directory, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('A process that is there is never overruled', () => {
  test.each([
    ['does not answer', () => undefined, 'a process that does not answer'],
    [
      'answers something else without end',
      (socket: Socket) => void socket.write('x'.repeat(5000)),
      'answers something else',
    ],
    [
      'says that it holds the directory',
      (socket: Socket) => void socket.end('process 7 on elsewhere\n'),
      'process 7 on elsewhere',
    ],
  ])('when it %s', async (_what, onConnection, told) => {
    const name = await listenAs('a', (socket) => {
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    await expect(lockDirectory(directory, 20)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining(told),
    });
    expect(await readdir(directory)).toEqual([name]);
  });

  test('while it claims the directory too; and the lock is had once it has withdrawn', async () => {
    let asked = 0;
    await listenAs('a', (socket) => {
      socket.on('error', () => undefined);
      socket.end();
      asked++;
      if (asked === 3) servers[0]!.close();
    });
    const lock = await lockDirectory(directory);
    expect(asked).toBe(3);
    await lock.release();
  });

  test('nor one whose mark cannot be asked', async () => {
    const name = await listenAs('a', () => undefined);
    servers.pop()!.close();
    await symlink(name, join(directory, name));
    // A circle of links: it is not known whether somebody is behind it.
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'ELOOP' });
    expect(await readdir(directory)).toEqual([name]);
  });
});

describe('Where a name can be had once, as with named pipes,', () => {
  // An abstract socket is what Linux has like it: no file, gone with its process.
  const path = `\0martlet-client-test-${process.pid}`;

  test.skipIf(process.platform !== 'linux')('the name is the lock (skipped: needs Linux)', async () => {
    const first = await claimPipe(path, 1000);
    expect(first.kind).toBe('won');
    expect(await claimPipe(path, 1000)).toEqual({
      kind: 'held',
      by: `process ${process.pid} on ${hostname()}`,
    });
    if (first.kind === 'won') await first.release();
    const second = await claimPipe(path, 1000);
    expect(second.kind).toBe('won');
    if (second.kind === 'won') await second.release();
  });

  test('it is made from the path of the directory, in upper or lower case', () => {
    expect(pipePath('C:\\Data')).toBe(pipePath('c:\\data'));
    expect(pipePath('C:\\Data')).not.toBe(pipePath('C:\\Data2'));
  });
});
