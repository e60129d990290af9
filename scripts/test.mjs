// `npm test`: everything that must hold before a change lands, in one command.
//
//   other programs ─▶ build, which is the type check ─▶ lint ─▶ generated documents ─▶ tests ─▶ closing line
//
// A step that fails does not stop the ones after it, so that one run tells all; each counts as one failure.
// Arguments go to Vitest: `npm test -- packages/protocol`, `npm test -- -t 'MQTT-3.3.1-5'`.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { traceRepository } from './conformance.mjs';
import { installCommand, installDebianTools, missingDebianTools } from './debian-tools.mjs';
import { installRuntimes, missingRuntimes, runtimesCommand } from './other-runtimes.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tallyFile = fileURLToPath(new URL('../.cache/tally.json', import.meta.url));
/** Whether a statement of the specification with neither a test nor a reason for having none fails the run. */
const requireEveryStatement = true;
const inCi = process.env['CI'] === 'true';

/** @type {{ passed: number, failed: number, skipped: number }} */
const total = { passed: 0, failed: 0, skipped: 0 };

/** @param {string} line */
const say = (line) => process.stdout.write(`${line}\n`);

/** @param {number} startMs */
const secondsSince = (startMs) => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;

/**
 * Runs a step of which only a failure is worth reading.
 * @param {string} name
 * @param {string} script A file under the root, run by this Node.js.
 * @param {readonly string[]} args
 */
function check(name, script, args) {
  const startMs = performance.now();
  const run = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (run.status === 0) {
    say(`${name}: ok (${secondsSince(startMs)})`);
    return;
  }
  total.failed++;
  say(`${name}: FAILED (${secondsSince(startMs)})`);
  say(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error ? run.error.message : ''}`.trimEnd());
}

/** @returns {import('./debian-tools.mjs').DebianTool[]} What is still missing, and so will be skipped. */
function prepareTools() {
  const missing = missingDebianTools();
  if (missing.length === 0 || !inCi) return missing;
  const startMs = performance.now();
  const { ok, output } = installDebianTools(missing);
  const stillMissing = missingDebianTools();
  if (ok && stillMissing.length === 0) {
    say(`Debian's test programs: installed (${secondsSince(startMs)})`);
    return [];
  }
  total.failed++;
  say(`Debian's test programs: FAILED to install ${stillMissing.map((tool) => tool.program).join(', ')}`);
  say(output.trimEnd());
  return stillMissing;
}

/** @returns {import('./other-runtimes.mjs').OtherRuntime[]} What is still missing, and so will be skipped. */
function prepareRuntimes() {
  const missing = missingRuntimes();
  if (missing.length === 0 || !inCi) return missing;
  const startMs = performance.now();
  const { ok, output } = installRuntimes();
  const stillMissing = missingRuntimes();
  if (ok && stillMissing.length === 0) {
    say(`Other runtimes: installed (${secondsSince(startMs)})`);
    return [];
  }
  total.failed++;
  say(`Other runtimes: FAILED to install ${stillMissing.map(({ name }) => name).join(', ')}`);
  say(output.trimEnd());
  return stillMissing;
}

/** @param {readonly string[]} args */
function runTests(args) {
  mkdirSync(new URL('.', new URL('../.cache/tally.json', import.meta.url)), { recursive: true });
  rmSync(tallyFile, { force: true });
  const reporters = [
    '--reporter=default',
    `--reporter=${fileURLToPath(new URL('tally-reporter.mjs', import.meta.url))}`,
  ];
  const run = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], {
    cwd: root,
    env: { ...process.env, TALLY_FILE: tallyFile },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const tally = readTally();
  if (tally === undefined) {
    total.failed++;
    say('Vitest ended before its tests did.');
    return;
  }
  total.passed += tally.passed;
  total.skipped += tally.skipped;
  // Vitest may fail for a reason that is no test: no file matched, a worker died.
  total.failed += run.status !== 0 && tally.failed === 0 ? 1 : tally.failed;
  // With a name pattern Vitest calls everything skipped that does not match.
  const byName = args.some((arg) => /^(?:-t|--testNamePattern)/.test(arg));
  const skippedSuites = byName ? [] : Object.entries(tally.skippedBySuite);
  if (skippedSuites.length > 0) say('Skipped:');
  for (const [suite, count] of skippedSuites) say(`  ${count} in ${suite}`);
  if (args.length === 0) checkStatementsPassed(new Set(tally.statements));
}

/**
 * docs/conformance.md reads the tests without running them; here the run confirms it.
 * @param {ReadonlySet<string>} passed
 */
function checkStatementsPassed(passed) {
  const claimed = traceRepository().traces.filter(({ tests }) => tests.length > 0);
  const unconfirmed = claimed.filter(({ statement }) => !passed.has(`${statement.id} ${statement.version}`));
  for (const { statement, tests } of unconfirmed) {
    say(`${statement.id} of MQTT ${statement.version}: no test named by it passed; see ${tests[0]?.path}`);
  }
  if (unconfirmed.length > 0) total.failed++;
}

/** @returns {import('./tally-reporter.mjs').Tally | undefined} */
function readTally() {
  try {
    return JSON.parse(readFileSync(tallyFile, 'utf8'));
  } catch {
    return undefined;
  }
}

const missing = prepareTools();
const absentRuntimes = prepareRuntimes();
check('build', 'node_modules/typescript/bin/tsc', ['-b']);
check('lint', 'node_modules/@biomejs/biome/bin/biome', ['ci', '--colors=off', '--error-on-warnings', '.']);
check('generated documents', 'scripts/docs.mjs', [
  '--check',
  ...(requireEveryStatement ? ['--complete'] : []),
]);
runTests(process.argv.slice(2));

if (missing.length > 0) {
  say(
    `Not on this machine: ${missing.map((tool) => tool.program).join(', ')}. Tests that need them were skipped.`,
  );
  say(`To run those too: ${installCommand(missing)}`);
}
if (absentRuntimes.length > 0) {
  say(
    `Not on this machine: ${absentRuntimes.map(({ name }) => name).join(', ')}. Tests that need them were skipped.`,
  );
  say(`To run those too: ${runtimesCommand}`);
}
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
