import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RegistryWorld } from '@martlet/broker/control';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askBroker } from '../../src/control/ask-broker.ts';
import { BrokerRefusal } from '../../src/control/control-connection.ts';

let directory: string;
let world: RegistryWorld;
let servers: Server[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-ask-'));
  mkdirSync(join(directory, 'run'), { mode: 0o700 });
  servers = [];
  world = {
    env: { XDG_RUNTIME_DIR: directory },
    systemDirectory: join(directory, 'system'),
    temporaryDirectory: join(directory, 'tmp'),
    uid: process.getuid!(),
  };
  mkdirSync(join(directory, 'martlet'), { mode: 0o700 });
});

afterEach(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true });
});

/** What listens at a path, and says the same whatever it is asked. */
async function listening(path: string, line: string | null): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => (line === null ? socket.destroy() : socket.write(`${line}\n`)));
  }).listen(path);
  await once(server, 'listening');
  servers.push(server);
  return path;
}

function registered(name: string, pid: number): string {
  return join(directory, 'martlet', `${name}.${pid}.sock`);
}

function answer(result: unknown): string {
  return JSON.stringify({ version: 1, id: 1, ok: true, result });
}

/** The number of a process that has ended. */
function endedPid(): number {
  return spawnSync('true').pid;
}

describe('The broker of this machine', () => {
  test('is the one that runs', async () => {
    await listening(registered('martlet', process.pid), answer({ pid: 1 }));
    expect(await askBroker({}, 'status', {}, world)).toEqual({ pid: 1 });
  });

  test('is chosen by its name or process where several run', async () => {
    await listening(registered('office', 11), answer('office'));
    await listening(registered('lab', 12), answer('lab'));
    expect(await askBroker({ broker: 'lab' }, 'status', {}, world)).toBe('lab');
    expect(await askBroker({ broker: '11' }, 'status', {}, world)).toBe('office');
    await expect(askBroker({}, 'status', {}, world)).rejects.toMatchObject({
      name: 'UsageError',
      message: 'choose a broker with --broker, by its name or process: lab (process 12), office (process 11)',
    });
    await expect(askBroker({ broker: 'home' }, 'status', {}, world)).rejects.toThrow(
      "option '--broker': expected one of lab (process 12), office (process 11), got 'home'",
    );
  });

  test('is none where only a socket of a killed one is left, which is taken away', async () => {
    const stale = registered('martlet', endedPid());
    const script = `require('net').createServer().listen(${JSON.stringify(stale)},()=>process.kill(process.pid,'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(existsSync(stale)).toBe(true);
    await expect(askBroker({}, 'status', {}, world)).rejects.toMatchObject({
      name: 'CommandFailure',
      message: expect.stringMatching(
        /^no broker of this user runs on this machine \(looked in .*\); start one/,
      ),
    });
    expect(existsSync(stale)).toBe(false);
  });

  test('that says no is told with its reason', async () => {
    const path = join(directory, 'a.sock');
    const error = { code: 'bad-configuration', text: 'x.yaml:1: no' };
    await listening(path, JSON.stringify({ version: 1, id: 1, ok: false, error }));
    await expect(askBroker({ control: path }, 'reload', {}, world)).rejects.toMatchObject({
      message: 'x.yaml:1: no',
      cause: expect.any(BrokerRefusal),
    });
  });

  test.each([
    ['no JSON', 'what listens there is no broker: expected a line of JSON'],
    ['null', 'what listens there is no broker: expected an answer'],
    ['7', 'what listens there is no broker: expected an answer'],
    ['{}', 'what listens there is no broker: expected an answer'],
    [null, 'the broker closed the connection without an answer'],
  ])('that answers with %j is none', async (line, text) => {
    const path = await listening(join(directory, 'b.sock'), line);
    await expect(askBroker({ control: path }, 'status', {}, world)).rejects.toThrow(`${path}: ${text}`);
  });

  test('is not at a path where nothing listens', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const missing = join(directory, 'missing');
    await expect(askBroker({ control: missing }, 'status', {}, world)).rejects.toThrow(
      `${missing}: there is no such socket; is the broker running?`,
    );
    await expect(askBroker({ control: file }, 'status', {}, world)).rejects.toThrow(
      `${file}: no broker listens there any more`,
    );
  });
});
