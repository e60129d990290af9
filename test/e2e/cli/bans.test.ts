// `martlet bans`, as built: a client that guesses is banned, listed with the reason, and let in again.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildMartlet, MAIN, urlIn } from '../martlet-command.ts';
import type { Exit } from '../program.ts';
import { Programs } from '../program.ts';

const programs = new Programs();
let directory: string;
let url: string;

beforeAll(async () => {
  buildMartlet();
  directory = mkdtempSync(join(tmpdir(), 'martlet-bans-'));
  await martlet('passwd', '-b', '-c', 'passwords', 'ann', 'right');
  writeFileSync(
    join(directory, 'martlet.yaml'),
    `store: { directory: false, durability: memory }
listeners: [{ name: main, port: 0 }]
control: { socket: control.sock }
authentication:
  methods: [{ type: passwordFile, file: passwords }]
  failures: { delayMs: 0, banAfter: 2, by: [user], exempt: [] }
`,
  );
  const broker = programs.start(process.execPath, [MAIN, 'start'], { cwd: directory });
  url = urlIn(await broker.line(/MQTT: mqtt:/));
});
afterAll(async () => {
  await programs.stopAll();
  rmSync(directory, { recursive: true });
});

function martlet(...args: readonly string[]): Promise<Exit> {
  return programs.start(process.execPath, [MAIN, ...args], { cwd: directory }).exit;
}

function bans(...args: readonly string[]): Promise<Exit> {
  return martlet('bans', '--control', 'control.sock', ...args);
}

function publish(password: string): Promise<Exit> {
  return martlet('pub', '-L', `${url}/t`, '-u', 'ann', '-P', password, '-m', 'x', '-V', '5');
}

test('a user who was guessed at is banned, listed, and let in again', async () => {
  expect((await bans()).stdout).toBe('nobody is banned\n');
  for (let i = 0; i < 2; i++) expect((await publish('wrong')).code).not.toBe(0);
  expect((await publish('right')).stderr).toMatch(/banned/iu);
  const listed = await bans('--by', 'user');
  expect(listed.stdout).toMatch(/^user ann: 2 failed attempts within .*; \d+ s left\n$/);
  expect(listed.stdout).not.toContain('wrong');
  expect(JSON.parse((await bans('--json')).stdout)).toMatchObject([{ by: 'user', key: 'ann' }]);
  expect((await bans('--by', 'address')).stdout).toBe('nobody is banned\n');
  expect((await bans('--lift', '--key', 'bob')).stdout).toBe('nobody of these was banned\n');
  expect((await bans('--lift', '--key', 'ann')).stdout).toBe('lifted 1 ban\n');
  expect((await publish('right')).code).toBe(0);
});
