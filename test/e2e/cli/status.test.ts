// `martlet status`, as built: one broker, several, and none.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildMartlet, MAIN, urlIn } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';

const programs = new Programs();
let directory: string;
let office: Program;

beforeAll(async () => {
  buildMartlet();
  // Where sockets are, a path has 100 bytes at most.
  directory = mkdtempSync(join(tmpdir(), 'martlet-s-'));
  mkdirSync(join(directory, 'run'), { mode: 0o700 });
  for (const name of ['office', 'garden'])
    writeFileSync(
      join(directory, `${name}.yaml`),
      `store: { directory: ${name}-data }\nlisteners: [{ name: ${name}-main, port: 0 }]\nlog: { destinations: [stderr] }\n`,
    );
});
afterAll(async () => {
  await programs.stopAll();
  rmSync(directory, { recursive: true });
});

function started(...args: readonly string[]): Program {
  const env = { ...process.env, XDG_RUNTIME_DIR: join(directory, 'run'), NO_COLOR: '1' };
  return programs.start(process.execPath, [MAIN, ...args], { cwd: directory, env });
}

function status(...args: readonly string[]): Promise<Exit> {
  return started('status', ...args).exit;
}

test('Where no broker of the test runs, none of its names is there', async () => {
  const { code, stderr } = await status('--broker', 'office');
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/^martlet status: .*(no broker of this user runs|expected one of)/);
});

test('A broker says what it is, since when, what it keeps where, and who is connected', async () => {
  office = started('start', '-c', 'office.yaml');
  const url = urlIn(await office.line(/MQTT: mqtt:/));
  const subscriber = started('sub', '-L', `${url}/t`, '-c', '-i', 'ann', '-q', '1', '-d');
  await subscriber.line(/Subscribed/);
  const { code, stdout } = await status('--broker', 'office');
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^office: Martlet \d+\.\d+\.\d+, process \d+$/);
  expect(lines[1]).toBe(`  Configuration: ${join(directory, 'office.yaml')}`);
  expect(lines[2]).toMatch(/^ {2}Started: 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, \d+ (second|minute)s? ago$/);
  expect(lines.slice(3)).toEqual([
    `  Data: ${join(directory, 'office-data')}`,
    '  Clients: 1 connection, 1 session',
    `  Listener office-main: ${new URL(url).host}, 1 connection`,
    '',
  ]);
  expect(JSON.parse((await status('--broker', 'office', '--json')).stdout)).toMatchObject({
    name: 'office',
    file: join(directory, 'office.yaml'),
    reloadedWallMs: null,
    sessions: 1,
    listeners: [{ name: 'office-main', connections: 1 }],
  });
});

test('All brokers are shown one after another, and one that was killed is not', async () => {
  const garden = started('start', '-c', 'garden.yaml');
  await garden.line(/MQTT: mqtt:/);
  const names = async (): Promise<readonly string[]> => {
    const all = JSON.parse((await status('--all', '--json')).stdout) as readonly { readonly name: string }[];
    return all.map(({ name }) => name);
  };
  expect(await names()).toEqual(expect.arrayContaining(['garden', 'office']));
  const { code, stdout } = await status('--all');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^garden: Martlet .*\n(?: {2}.*\n)+\noffice: Martlet /m);
  garden.child.kill('SIGKILL');
  await garden.exit;
  expect(await names()).not.toContain('garden');
});

test('All and one of them is not both', async () => {
  expect(await status('--all', '--broker', 'office')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('expected --all or --broker, got both'),
  });
});
