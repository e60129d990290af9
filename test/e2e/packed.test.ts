// The packages as npm packs them, installed into an empty project without a registry.

import {
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
import { connectAsync } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LEFT_OUT } from '../../scripts/command-files.mjs';
import { buildMartlet, FREE_PORTS, ROOT, urlIn } from './martlet-command.ts';
import { Programs } from './program.ts';

const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-packed-'));
const project = join(directory, 'project');

/** Ours, and what they need: npm gets those from files too, since there is no registry here. */
const OURS = ['protocol', 'client', 'broker', 'gateway-sn', 'cli'].map((name) => `packages/${name}`);
const NEEDED = ['ws', ...LEFT_OUT].map((name) => directoryOf(name));

/** Where npm has put it: beside the command, if others need another version of it. */
function directoryOf(name: string): string {
  const besideTheCommand = `packages/cli/node_modules/${name}`;
  return existsSync(join(ROOT, besideTheCommand)) ? besideTheCommand : `node_modules/${name}`;
}

/** npm packs and installs a dozen packages, which a busy machine takes its time for. */
const INSTALLED_WITHIN_MS = 300_000;

beforeAll(async () => {
  buildMartlet();
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
  await npm(
    ROOT,
    'pack',
    '--pack-destination',
    directory,
    ...[...OURS, ...NEEDED].map((path) => `./${path}`),
  );
  const tarballs = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  expect(tarballs).toHaveLength(OURS.length + NEEDED.length);
  await npm(project, 'install', '--offline', ...tarballs.map((name) => join(directory, name)));
}, INSTALLED_WITHIN_MS);
afterEach(() => programs.stopAll());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function npm(cwd: string, command: string, ...args: string[]): Promise<string> {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, stdout, stderr } = await programs.run('npm', [command, ...options, ...args], { cwd });
  expect(code, stderr).toBe(0);
  return stdout;
}

describe('Installed from the packed files,', () => {
  test('npx martlet runs, and the command serves', async () => {
    expect(await npm(project, 'exec', '--offline', '--', 'martlet', '--version')).toMatch(
      /^\d+\.\d+\.\d+\n$/,
    );
    const pub = await programs.run(join(project, 'node_modules/.bin/mosquitto_pub'), ['--hots'], {
      cwd: project,
    });
    expect(pub.stderr).toContain("Error: Unknown option '--hots'.");
    // Not by npx, which hands signals to a shell that keeps them.
    const broker = programs.start(join(project, 'node_modules/.bin/martlet'), ['start', ...FREE_PORTS], {
      cwd: project,
    });
    const client = await connectAsync(urlIn(await broker.line(/mqtt:\/\//)));
    await client.publishAsync('t', 'x', { qos: 2 });
    await client.endAsync();
    broker.signal('SIGTERM');
    expect(await broker.exit).toMatchObject({ code: 0, stderr: expect.stringContaining('stopped') });
    // A project keeps its data with it.
    expect(readdirSync(project)).toContain('martlet-data');
  });

  test('installed globally, its data is in the state directory of the user', async () => {
    const prefix = join(directory, 'global');
    const tarballs = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
    const files = tarballs.map((name) => join(directory, name));
    await npm(project, 'install', '--offline', '--global', '--prefix', prefix, ...files);
    const { STATE_DIRECTORY: _service, XDG_STATE_HOME: _state, ...rest } = process.env;
    const broker = programs.start(join(prefix, 'bin/martlet'), ['start', ...FREE_PORTS], {
      cwd: project,
      env: { ...rest, HOME: directory },
    });
    expect(await broker.line(/^Data: /)).toContain(`Data: ${join(directory, '.local/state/martlet')}, `);
    broker.signal('SIGTERM');
    expect((await broker.exit).code).toBe(0);
  });

  test('the library is imported by its name', async () => {
    writeFileSync(
      join(project, 'use.js'),
      `import { createBroker } from '@martlet/broker';
      const broker = createBroker();
      broker.subscribe('a/#', (message) => { console.log(message.text()); void broker.close(); });
      await broker.publish('a/b', 'hello');`,
    );
    const run = await programs.run(process.execPath, ['use.js'], { cwd: project });
    expect(run).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });
  });

  test('TypeScript finds the types', async () => {
    writeFileSync(
      join(project, 'typed.ts'),
      `import { createBroker } from '@martlet/broker';
      import type { Broker, ListenerAddress } from '@martlet/broker';
      const broker: Broker = createBroker({ limits: { connections: 5 } });
      const address: ListenerAddress = (await broker.listen({ port: 0 })).address;
      broker.on('clientConnected', ({ clientId }) => console.log(clientId satisfies string, address));
      // @ts-expect-error The payload is bytes or text.
      await broker.publish('t', 5);`,
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck'];
    const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'];
    const run = await programs.run(process.execPath, [tsc, ...options, ...types, 'typed.ts'], {
      cwd: project,
    });
    expect(run).toMatchObject({ stdout: '', code: 0 });
  });

  test('no built program imports TypeScript, and tests and build states stayed at home', () => {
    for (const name of ['@martlet/protocol', '@martlet/client', '@martlet/broker', 'martlet']) {
      const home = join(project, 'node_modules', name);
      const files = readdirSync(home, { recursive: true, encoding: 'utf8' });
      expect(files).toContain('package.json');
      expect(files.filter((file) => /^test|tsbuildinfo|tsconfig/.test(file))).toEqual([]);
      const built = files.filter((file) => file.startsWith('dist') && file.endsWith('.js'));
      expect(built.length).toBeGreaterThan(0);
      const importing = built.filter((file) =>
        /from '\.[^']*\.ts'/.test(readFileSync(join(home, file), 'utf8')),
      );
      expect(importing).toEqual([]);
    }
  });
});
