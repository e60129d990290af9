// Counts what a Vitest run did, for the closing line of `npm test`, and remembers what was skipped.
// Written to the file that TALLY_FILE names when the run ends; absent, when the run never came to its end.

import { writeFileSync } from 'node:fs';
import { tagsInTestName } from './statement-tags.mjs';

/** @typedef {import('vitest/node').Reporter} Reporter */

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed Tests, plus files and suites that failed outside any test, plus errors that nobody caught.
 * @property {number} skipped
 * @property {Record<string, number>} skippedBySuite How many tests were skipped under each outermost suite.
 * @property {string[]} statements The statements of the specification that passed tests are named by.
 */

/**
 * The outermost suite of a test names its subject; the file does where a test stands alone.
 * @param {import('vitest/node').TestCase} test
 * @returns {string}
 */
function subjectOf(test) {
  /** @type {import('vitest/node').TestCase | import('vitest/node').TestSuite} */
  let outermost = test;
  while (outermost.parent.type === 'suite') outermost = outermost.parent;
  const file = test.module.relativeModuleId;
  return outermost.type === 'suite' ? `${file}: ${outermost.name}` : file;
}

/** @implements {Reporter} */
export class TallyReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} testModules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(testModules, unhandledErrors) {
    /** @type {Tally} */
    const tally = {
      passed: 0,
      failed: unhandledErrors.length,
      skipped: 0,
      skippedBySuite: {},
      statements: [],
    };
    /** @type {Set<string>} */
    const statements = new Set();
    for (const module of testModules) {
      tally.failed += module.errors().length;
      for (const suite of module.children.allSuites()) tally.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') {
          tally.passed++;
          for (const { id, version } of tagsInTestName(test.fullName).tags)
            statements.add(`${id} ${version}`);
        } else if (state === 'failed') tally.failed++;
        else {
          tally.skipped++;
          const subject = subjectOf(test);
          tally.skippedBySuite[subject] = (tally.skippedBySuite[subject] ?? 0) + 1;
        }
      }
    }
    tally.statements = [...statements];
    const file = process.env['TALLY_FILE'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally));
  }
}

// Vitest loads a reporter by the default export of its file.
// biome-ignore lint/style/noDefaultExport: what Vitest asks for
export default TallyReporter;
