// The `martlet` command as it is built: Node.js 20 runs no TypeScript.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN: string = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

/** Brings the `dist/` of the command and of what it needs up to date, which takes a moment when it is. */
export function buildMartlet(): void {
  buildPackages(['packages/protocol', 'packages/client', 'packages/broker']);
  // Not by tsc, which checks its types and no more.
  runScript('scripts/command-files.mjs');
}

/** Brings the `dist/` of libraries up to date, such as `packages/client`. */
export function buildPackages(packages: readonly string[]): void {
  runScript('node_modules/typescript/bin/tsc', '-b', ...packages);
  if (packages.includes('packages/client')) runScript('scripts/browser-files.mjs');
}

function runScript(script: string, ...args: readonly string[]): void {
  const run = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`the sources do not build:\n${run.stdout}${run.stderr}`);
}

/** Free ports, and nothing that depends on what else runs on this machine. */
export const FREE_PORTS: readonly string[] = ['--port', '0', '--ws-port', '0'];

/** Nothing is written. */
export const IN_MEMORY: readonly string[] = ['--durability', 'memory'];

/** The URL in a line such as `MQTT: mqtt://127.0.0.1:40123`. */
export function urlIn(line: string): string {
  const url = /\b(?:mqtt|ws):\/\/\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`no URL in ${JSON.stringify(line)}`);
  return url;
}
