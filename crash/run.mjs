/**
 * `npm run crash`: a broker under load that dies again and again, by `kill -9` at random moments and by its own hand at
 * numbered points, and whether everything that it had acknowledged is still there. Ends with code 1 when it is not.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { helpText, listText, parseOptions, UsageError } from './crash-options.mjs';
import { machineText } from './machine.mjs';
import { Progress } from './progress.mjs';
import { resultText } from './report.mjs';
import { isSound, run } from './rig.mjs';

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return console.log(helpText());
  if (options.list) return console.log(listText());
  if (options.build) build();
  const { target, kills, points, seed, json } = options;
  const progress = new Progress(kills + points.length);
  const result = await run({ ...options, onStep: (done, text) => progress.show(done, text) });
  progress.end();
  const machine = machineText();
  if (json === '-') console.log(JSON.stringify({ machine, target, seed, result }, null, 1));
  else console.log(`${resultText(titleOf(target, seed), result)}\n\n${machine}`);
  if (json !== undefined && json !== '-')
    writeFileSync(json, `${JSON.stringify({ machine, target, seed, result }, null, 1)}\n`);
  if (!isSound(result)) process.exitCode = 1;
}

/** What is killed is what the sources say. */
function build() {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new UsageError('the build failed');
}

/** @param {import('./broker-process.mjs').Target} target @param {number} seed */
function titleOf({ name, durability, mutant, autosaveSeconds }, seed) {
  const level = name === 'martlet' ? `durability ${durability}` : `autosave ${autosaveSeconds ?? 1800} s`;
  return `${name}, ${level}${mutant === undefined ? '' : `, broken on purpose: ${mutant}`}, seed ${seed}`;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${helpText()}`);
  process.exitCode = 2;
}
