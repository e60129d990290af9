// `npm start`: builds, and runs `martlet start` in this very process, with the arguments given.
//
// npm runs a script in a shell, and hands SIGTERM to that shell, which dies without handing it on. So the broker would
// outlive the npm that someone stopped. It therefore ends itself when its parent has gone.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PARENT_CHECK_MS = 200;

const root = fileURLToPath(new URL('..', import.meta.url));
/** @param {readonly string[]} args */
const run = (...args) =>
  spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;

// The command without its types: whoever starts it has not changed it, and need not wait for a check.
const isBuilt =
  run('node_modules/typescript/bin/tsc', '-b', 'packages/protocol', 'packages/broker') &&
  run('scripts/command-files.mjs');
if (isBuilt) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);
  watch.unref();
  // Told once, by whomever, is enough: a second signal would cut the orderly end short.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => clearInterval(watch));
  const main = new URL('../packages/cli/dist/main.js', import.meta.url);
  process.argv.splice(1, 1, fileURLToPath(main), 'start');
  await import(main.href);
} else {
  process.exitCode = 1;
}
