// The repository's TypeScript, as files and as syntax trees: what the checks and generators read.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'rolldown/utils';

/** The root of the repository, with a separator at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {object} SourceFile
 * @property {string} path From the root, with `/`.
 * @property {string} text
 */

const notOurs = new Set(['node_modules', 'dist', '.git', '.cache']);

/**
 * Every TypeScript file under a directory, in a fixed order; none when there is no such directory.
 * @param {string} directory From the root.
 * @returns {SourceFile[]}
 */
export function typeScriptUnder(directory) {
  const entries = readdirIfAny(join(root, directory)).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = relative(root, join(root, directory, entry.name))
      .split(sep)
      .join('/');
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : typeScriptUnder(path);
    return entry.name.endsWith('.ts') ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : [];
  });
}

/**
 * The directories `packages/*`, from the root.
 * @returns {string[]}
 */
export function packageDirectories() {
  const entries = readdirIfAny(join(root, 'packages')).filter((entry) => entry.isDirectory());
  return entries.map((entry) => `packages/${entry.name}`).sort();
}

/** @param {string} directory */
function readdirIfAny(directory) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * The syntax tree (ESTree with TypeScript's nodes), the comments and the imports of a file.
 * @param {SourceFile} file
 */
export function parse(file) {
  const result = parseSync(file.path, file.text, { sourceType: 'module' });
  const [error] = result.errors;
  if (error !== undefined) throw new SyntaxError(`${file.path}: ${error.message}`);
  return result;
}

/**
 * @param {string} text
 * @param {number} offset
 * @returns {number} The line, from 1.
 */
export function lineAt(text, offset) {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

/**
 * The files that a file imports by a relative path.
 * @param {SourceFile} file
 * @returns {string[]} From the root.
 */
export function importedPaths(file) {
  const specifiers = parse(file).module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
  const own = specifiers.filter((specifier) => specifier.startsWith('.'));
  return own.map((specifier) => posix.join(posix.dirname(file.path), specifier));
}
