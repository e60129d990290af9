// A document that is generated is committed, so that it can be read where the repository is; a check keeps it true.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './source-files.mjs';

/** @param {string} path @returns {string | undefined} */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Writes the document; with `--check` among the arguments, compares instead and fails the process when it differs.
 * @param {string} path From the root.
 * @param {string} text
 * @param {readonly string[]} args
 */
export function writeOrCheck(path, text, args) {
  const file = join(root, path);
  if (!args.includes('--check')) {
    writeFileSync(file, text);
  } else if (readIfThere(file) !== text) {
    console.error(`${path} is out of date: run 'npm run docs' and commit it`);
    process.exitCode = 1;
  }
}
