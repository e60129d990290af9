// Whether the tests that are named by a statement notice when the code that obeys it is gone.
//
//   npm run mutate                                      every citation; minutes
//   npm run mutate -- --id MQTT-3.3.1-5                 one statement, in both versions
//   npm run mutate -- --file packages/protocol/src/x.ts one source file
//
// For each line that cites a statement the code there is taken out (see mutants.mjs) and only the tests that are
// named by the statement run. A statement is noticed at a line if one of the ways to take the line out fails one of
// its tests. Fails if any is not.

import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { traceRepository } from './conformance.mjs';
import { citationsWithEdits, edited } from './mutants.mjs';
import { importedPaths, packageDirectories, typeScriptUnder } from './source-files.mjs';
import { tagsInTestName } from './statement-tags.mjs';

/** @typedef {import('./mutants.mjs').Citation} Citation */
/** @typedef {import('./mutation-runner.mjs').Answer} Answer */
/** @typedef {import('./mutation-runner.mjs').Request} Request */
/** @typedef {import('./statement-tags.mjs').Tag} Tag */

/** Longer than any test named by a statement needs; an edit that makes a loop endless is ended then. */
const timeLimitMs = 15_000;

const { values: options } = parseArgs({ options: { id: { type: 'string' }, file: { type: 'string' } } });

/** @param {Tag} tag */
const keyOf = ({ id, version }) => `${id} of MQTT ${version}`;

/** A pattern for Vitest that every test named by the tag matches, and few others. @param {Tag} tag */
const patternOf = ({ id }) => `\\[${id.replaceAll('.', '\\.')}\\]`;

/** Runs requests one after the other, in a process that is replaced when it hangs. */
class Runner {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;

  /** @param {Request} request @returns {Promise<Answer | 'hangs'>} */
  async run(request) {
    this.#child ??= await this.#start();
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end('hangs'), timeLimitMs);
      const onExit = () => end('hangs');
      const onMessage = (/** @type {Answer} */ answer) => end(answer);
      const end = (/** @type {Answer | 'hangs'} */ outcome) => {
        clearTimeout(timer);
        child.off('exit', onExit).off('message', onMessage).off('error', reject);
        if (outcome === 'hangs') {
          child.kill('SIGKILL');
          this.#child = undefined;
        }
        resolve(outcome);
      };
      child.on('exit', onExit).on('message', onMessage).on('error', reject);
      child.send(request);
    });
  }

  close() {
    this.#child?.disconnect();
  }

  /** @returns {Promise<import('node:child_process').ChildProcess>} */
  #start() {
    const child = fork(new URL('mutation-runner.mjs', import.meta.url), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return new Promise((resolve, reject) => {
      child.once('message', () => resolve(child));
      child.once('exit', (code) => reject(new Error(`the mutation runner ended with ${code}`)));
    });
  }
}

const sources = packageDirectories().flatMap((directory) => typeScriptUnder(`${directory}/src`));
const sourceOf = new Map(sources.map((file) => [file.path, file]));
const { traces } = traceRepository();
const testSources = [...packageDirectories().map((directory) => `${directory}/test`), 'test'].flatMap(
  typeScriptUnder,
);

/**
 * The test files that take their names from a file: itself, or those that import it, when it is a table of cases.
 * @param {string} path
 * @returns {string[]}
 */
function testFilesNaming(path) {
  if (path.endsWith('.test.ts')) return [path];
  const importers = testSources.filter((file) => importedPaths(file).includes(path) && file.path !== path);
  return importers.flatMap((file) => testFilesNaming(file.path));
}

const testFilesOf = new Map(
  traces.map(({ statement, tests }) => [
    keyOf(statement),
    [...new Set(tests.flatMap(({ path }) => testFilesNaming(path)))],
  ]),
);

/** @param {Tag} tag */
const isWanted = (tag) => options.id === undefined || tag.id === options.id;
const citations = sources
  .filter((file) => options.file === undefined || file.path === options.file)
  .flatMap(citationsWithEdits)
  .filter((citation) => citation.tags.some(isWanted));

const runner = new Runner();
/** @type {Map<string, boolean>} */
const passesUnchanged = new Map();

/** @param {readonly Tag[]} tags @returns {Pick<Request, 'testFiles' | 'pattern'>} */
function testsOf(tags) {
  const testFiles = [...new Set(tags.flatMap((tag) => testFilesOf.get(keyOf(tag)) ?? []))];
  return { testFiles, pattern: tags.map(patternOf).join('|') };
}

/** @param {readonly string[]} names The full names of tests. @param {Tag} tag */
const nameTag = (names, tag) =>
  names.some((name) => tagsInTestName(name).tags.some((one) => keyOf(one) === keyOf(tag)));

/** A test that fails as things are cannot tell a mutant from the original. @param {Tag} tag */
async function passes(tag) {
  const key = keyOf(tag);
  const known = passesUnchanged.get(key);
  if (known !== undefined) return known;
  const answer = await runner.run(testsOf([tag]));
  const result = answer !== 'hangs' && nameTag(answer.passed, tag) && !nameTag(answer.failed, tag);
  passesUnchanged.set(key, result);
  return result;
}

/**
 * @param {Citation} citation
 * @returns {Promise<{ noticed: Tag[], survived: Tag[], untested: Tag[], failing: Tag[] }>}
 */
async function examine(citation) {
  const wanted = citation.tags.filter(isWanted);
  const untested = wanted.filter((tag) => (testFilesOf.get(keyOf(tag)) ?? []).length === 0);
  /** @type {Tag[]} */
  const failing = [];
  /** @type {Tag[]} */
  let survived = [];
  for (const tag of wanted.filter((one) => !untested.includes(one))) {
    (await passes(tag)) ? survived.push(tag) : failing.push(tag);
  }
  /** @type {Tag[]} */
  const noticed = [];
  const file = sourceOf.get(citation.path);
  for (const edit of citation.edits) {
    if (survived.length === 0 || file === undefined) break;
    const answer = await runner.run({ path: file.path, text: edited(file, edit), ...testsOf(survived) });
    const isNoticed = (/** @type {Tag} */ tag) =>
      answer === 'hangs' || answer.broken !== undefined || nameTag(answer.failed, tag);
    noticed.push(...survived.filter(isNoticed));
    survived = survived.filter((tag) => !isNoticed(tag));
  }
  return { noticed, survived, untested, failing };
}

const counts = { noticed: 0, survived: 0, untested: 0, failing: 0, withoutCode: 0 };
for (const citation of citations) {
  const where = `${citation.path}:${citation.line}`;
  if (citation.edits.length === 0) {
    counts.withoutCode += citation.tags.filter(isWanted).length;
    console.log(`no code to take out  ${where}`);
    continue;
  }
  const { noticed, survived, untested, failing } = await examine(citation);
  for (const tag of survived) console.log(`NOT NOTICED          ${where} ${keyOf(tag)}`);
  for (const tag of untested) console.log(`no test              ${where} ${keyOf(tag)}`);
  for (const tag of failing) console.log(`fails as it is       ${where} ${keyOf(tag)}`);
  counts.noticed += noticed.length;
  counts.survived += survived.length;
  counts.untested += untested.length;
  counts.failing += failing.length;
}
runner.close();

const tested = traces.filter(({ statement, tests, sources: cited }) => {
  return tests.length > 0 && cited.length === 0 && isWanted(statement);
});
if (options.file === undefined) {
  for (const { statement } of tested) console.log(`cited nowhere        ${keyOf(statement)}`);
}
console.log(
  `${citations.length} citations: ${counts.noticed} noticed, ${counts.survived} not noticed, ` +
    `${counts.untested} without a test, ${counts.failing} failing as they are, ${counts.withoutCode} without code`,
);
process.exitCode = counts.survived + counts.failing === 0 ? 0 : 1;
