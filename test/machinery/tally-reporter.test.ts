import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/source-files.mjs';

const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const directory = mkdtempSync(join(cache, 'tally-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs Vitest on these files, in a process of its own, and gives what the reporter wrote. */
function tallyOf(files: Readonly<Record<string, string>>): unknown {
  const run = mkdtempSync(join(directory, 'run-'));
  const configuration = { 'vitest.config.mjs': 'export default {};' };
  for (const [name, text] of Object.entries({ ...configuration, ...files }))
    writeFileSync(join(run, name), text);
  const tallyFile = join(run, 'tally.json');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporter = `--reporter=${join(root, 'scripts/tally-reporter.mjs')}`;
  spawnSync(process.execPath, [vitest, 'run', '--root', run, reporter], {
    env: { ...process.env, TALLY_FILE: tallyFile },
    stdio: 'ignore',
  });
  return JSON.parse(readFileSync(tallyFile, 'utf8'));
}

const head = `import { beforeAll, describe, expect, test } from 'vitest';\n`;

describe('The tally of a run', () => {
  test('counts what passed, failed and was skipped, and names the statements of what passed', () => {
    const text = `${head}
      describe('[MQTT-1.5.4-1] v5', () => { test('passes', () => { expect(1).toBe(1); }); });
      test('[MQTT-1.5.4-2] v3.1.1 fails', () => { expect(1).toBe(2); });
      describe.skip('a subject', () => { test('one', () => {}); test('two', () => {}); });
      test.todo('three');
    `;
    expect(tallyOf({ 'a.test.ts': text })).toEqual({
      passed: 1,
      failed: 1,
      skipped: 3,
      skippedBySuite: { 'a.test.ts: a subject': 2, 'a.test.ts': 1 },
      statements: ['MQTT-1.5.4-1 5.0'],
    });
  });

  test('counts a file that does not load, and a suite that does not begin, as failures', () => {
    const broken = `throw new Error('does not load');`;
    const suite = `${head}describe('a', () => { beforeAll(() => { throw new Error('no'); }); test('b', () => {}); });`;
    expect(tallyOf({ 'broken.test.ts': broken, 'suite.test.ts': suite })).toMatchObject({
      passed: 0,
      failed: 2,
    });
  });
});
