// `martlet config`, as built, beside a broker that runs: what a change would do to it, and what it goes by.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@martlet/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMartlet, MAIN, urlIn } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';

const CONFIGURATION = `
store: { directory: false, durability: memory }
listeners:
  - { name: stays, port: 0 }
  - { name: goes, path: goes.sock }
limits: { connections: 50 }
control: { socket: control.sock }
`;

const programs = new Programs();
let directory: string;
let broker: Program;
let url: string;

beforeAll(async () => {
  buildMartlet();
  directory = mkdtempSync(join(tmpdir(), 'martlet-config-'));
  write('martlet.yaml', CONFIGURATION);
  broker = programs.start(process.execPath, [MAIN, 'start'], { cwd: directory });
  url = urlIn(await broker.line(/MQTT: mqtt:/));
});
afterAll(async () => {
  await programs.stopAll();
  rmSync(directory, { recursive: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}

function config(...args: readonly string[]): Promise<Exit> {
  return programs.start(process.execPath, [MAIN, 'config', ...args], { cwd: directory }).exit;
}

describe('martlet config plan', () => {
  test('says what would change, and who would be disconnected; nothing is', async () => {
    const staying = await connect(url, { clientId: 'staying' });
    const going = await connect(`mqtt+unix:${join(directory, 'goes.sock')}`, { clientId: 'going' });
    write('new.yaml', CONFIGURATION.replace(/.*name: goes.*\n/, '').replace('50', '60'));
    const { code, stdout } = await config('plan', 'new.yaml', '--control', 'control.sock');
    expect(code).toBe(0);
    expect(stdout).toContain('limits.connections: 50 → 60');
    expect(stdout).toMatch(/would disconnect going of goes: /);
    expect(stdout).not.toContain('staying');
    expect((await config('show', '--running', '--control', 'control.sock')).stdout).toMatch(
      /^ {2}connections: 50$/m,
    );
    expect([staying.state, going.state]).toEqual(['online', 'online']);
    await Promise.all([staying.close(), going.close()]);
  });

  test('says what is wrong with the file, by line', async () => {
    write('bad.yaml', CONFIGURATION.replace('connections', 'conections'));
    expect(await config('plan', 'bad.yaml', '--control', 'control.sock')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /bad\.yaml:6:11: error: limits\.conections: unknown key; did you mean connections\?\n$/,
      ),
    });
  });

  test('says what a running broker cannot change any more', async () => {
    write(
      'moved.yaml',
      CONFIGURATION.replace('directory: false', 'directory: data').replace(', durability: memory', ''),
    );
    const { code, stderr } = await config('plan', 'moved.yaml', '--control', 'control.sock');
    expect(code).toBe(1);
    expect(stderr).toMatch(/moved\.yaml:2:\d+: error: store\.?\w*: cannot change while the broker runs/);
  });
});

test('martlet config check finds the file of this directory', async () => {
  expect(await config('check')).toMatchObject({ code: 0, stdout: 'martlet.yaml is in order\n' });
});
