// Runs every generator of documents: `npm run docs` writes them, `--check` compares them with what is committed.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const generators = [
  'configuration.mjs',
  'conformance.mjs',
  'limits.mjs',
  'mosquitto-options.mjs',
  'statement-texts.mjs',
  'sys-topics.mjs',
  'tested-brokers.mjs',
];

for (const generator of generators) {
  const script = fileURLToPath(new URL(generator, import.meta.url));
  const run = spawnSync(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (run.status !== 0) process.exitCode = 1;
}
