// The process that `mutate.mjs` drives: one Vitest that stays up and runs chosen tests on sources with one edit.
// The edit is made where Vite loads the file; nothing on disk changes. It is a process of its own so that an edit that
// makes a loop endless can be ended with it.
//
// It is sent { path, text, testFiles, pattern } and answers with an Answer. Without path it runs the sources as they are.

import { join } from 'node:path';
import { createVitest } from 'vitest/node';
import { root } from './source-files.mjs';

/** @typedef {{ path?: string, text?: string, testFiles: string[], pattern: string }} Request */
/** @typedef {{ passed: string[], failed: string[], broken: string | undefined }} Answer `broken` is why a file did not load. */

/** @type {{ file: string, text: string } | undefined} */
let mutant;

const editPlugin = {
  name: 'edit-one-file',
  enforce: /** @type {const} */ ('pre'),
  /** @param {string} id */
  load: (id) => (mutant !== undefined && id.split('?')[0] === mutant.file ? mutant.text : undefined),
};

const vitest = await createVitest(
  'test',
  {
    root,
    config: join(root, 'vitest.config.ts'),
    watch: false,
    // Threads end with this process, however busy they are.
    pool: 'threads',
    maxWorkers: 1,
    reporters: [{}],
    // What a mutant prints or leaves rejected says no more than the tests that it fails.
    onConsoleLog: () => false,
    dangerouslyIgnoreUnhandledErrors: true,
    retry: 0,
    bail: 0,
  },
  { plugins: [editPlugin], server: { watch: null } },
);
await vitest.standalone();
await vitest.globTestSpecifications();

/** @param {string} path */
const invalidate = (path) => vitest.invalidateFile(join(root, path));

/**
 * @param {Request} request
 * @returns {Promise<Answer>}
 */
async function run({ path, text, testFiles, pattern }) {
  mutant = path === undefined || text === undefined ? undefined : { file: join(root, path), text };
  if (path !== undefined) invalidate(path);
  try {
    vitest.setGlobalTestNamePattern(pattern);
    const specifications = testFiles.flatMap((file) => vitest.getModuleSpecifications(join(root, file)));
    const { testModules } = await vitest.runTestSpecifications(specifications);
    /** @type {Answer} */
    const answer = { passed: [], failed: [], broken: undefined };
    for (const module of testModules) {
      const [error] = module.errors();
      if (error !== undefined) answer.broken = error.message;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') answer.passed.push(test.fullName);
        if (state === 'failed') answer.failed.push(test.fullName);
      }
    }
    return answer;
  } finally {
    mutant = undefined;
    if (path !== undefined) invalidate(path);
  }
}

process.on('message', async (/** @type {Request} */ request) => {
  process.send?.(await run(request));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
