// `martlet store` when its surroundings refuse, or somebody interrupts it: one line that says why, and nothing left behind.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildMartlet, MAIN } from './martlet-command.ts';
import type { Exit } from './program.ts';
import { Programs } from './program.ts';

const EXPORT =
  '{"format":"martlet-store-export","version":1}\n' +
  '{"type":"session","clientId":"c","sessionExpiryInterval":9}\n' +
  '{"type":"end","sessions":1,"subscriptions":0,"receivedPacketIds":0,"messages":0,"retained":0,"queued":0,"inFlight":0,"lost":0}\n';

const programs = new Programs();
let kept: string;
let data: string;
let parent: string;

function store(...args: string[]): Promise<Exit> {
  return programs.run(process.execPath, [MAIN, 'store', ...args], { cwd: parent });
}

beforeAll(() => {
  buildMartlet();
  kept = mkdtempSync(join(tmpdir(), 'martlet-kept-'));
  data = join(kept, 'data');
  const run = spawnSync(process.execPath, [MAIN, 'store', 'import', '--data-dir', data], { input: EXPORT });
  if (run.status !== 0) throw new Error(run.stderr.toString());
});
afterAll(() => rmSync(kept, { recursive: true }));
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'martlet-trouble-'));
});
afterEach(async () => {
  await programs.stopAll();
  rmSync(parent, { recursive: true });
});

describe('A target that cannot be used is said in one line, by its name', () => {
  test.each(['backup', 'import'])('a file, and a path through a file: %s', async (command) => {
    const file = join(parent, 'file');
    writeFileSync(file, '');
    const input = join(parent, 'export');
    writeFileSync(input, EXPORT);
    for (const target of [file, join(file, 'below')]) {
      const { code, stderr } =
        command === 'backup'
          ? await store('backup', target, '--data-dir', data)
          : await store('import', '--data-dir', target, '--input', input);
      expect(stderr).toMatch(/^martlet: .+\n$/);
      expect(stderr).toContain(file);
      expect(stderr).not.toMatch(/bug in Martlet|\n {4}at /);
      expect(code).toBe(1);
    }
  });

  test.skipIf(!existsSync('/dev/full')).each(['stats', 'check', 'export'])(
    'a standard output on a full disk: %s',
    async (command) => {
      const { status, stderr } = spawnSync(
        '/bin/sh',
        ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, MAIN, 'store', command, '--data-dir', data],
        { encoding: 'utf8' },
      );
      expect(stderr).toMatch(/^martlet: standard output: no space is left on its disk; .+\n$/);
      expect(status).toBe(1);
    },
  );
});

describe('What fails leaves no directory that was not there before', () => {
  test('an import of nothing, into a directory whose parent is missing too', async () => {
    const { code } = await store('import', '--data-dir', join(parent, 'new', 'data'));
    expect(code).toBe(1);
    expect(readdirSync(parent)).toEqual([]);
  });

  test('and takes away nothing else', async () => {
    const { code } = await store('import', '--data-dir', parent);
    expect(code).toBe(1);
    expect(readdirSync(parent)).toEqual([]);
    expect(existsSync(parent)).toBe(true);
  });
});

describe('A signal ends a command that is not done', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: what it had made is gone, and the exit code tells', async (signal, code) => {
    const target = join(parent, 'new');
    const importing = programs.start(process.execPath, [MAIN, 'store', 'import', '--data-dir', target]);
    importing.child.stdin!.write(EXPORT.slice(0, 60));
    await vi.waitFor(() => expect(readdirSync(target)).not.toEqual([]), 20_000);
    importing.signal(signal);
    expect(await importing.exit).toMatchObject({ code, stderr: '', stdout: '' });
    expect(readdirSync(parent)).toEqual([]);
  });
});

test('martlet help knows the commands of commands', async () => {
  const help = (...names: string[]): Promise<Exit> =>
    programs.run(process.execPath, [MAIN, 'help', ...names]);
  const check = await help('store', 'check');
  expect(check).toMatchObject({ code: 0, stderr: '' });
  expect(check.stdout).toBe((await store('check', '--help')).stdout);
  expect((await help()).stdout).toContain('Usage: martlet <command>');
  expect(await help('store', 'chek')).toMatchObject({
    code: 2,
    stderr: "martlet: unknown command 'store chek'; martlet help lists them\n",
  });
});
