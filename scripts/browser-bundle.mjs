// What a bundler makes of Martlet's sources for a browser: one file, tree-shaken and minified. Sizes are taken from it,
// and the tests in a browser run it.

import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { minifySync } from 'rolldown/utils';
import { root } from './source-files.mjs';

/**
 * @typedef {object} ModuleShare
 * @property {string} path From the root, with `/`.
 * @property {number} gzipBytes Its share of the bundle's `gzipBytes`, by its minified length. The shares add up to the whole.
 */

/**
 * @typedef {object} BrowserBundle
 * @property {string} code
 * @property {number} minifiedBytes
 * @property {number} gzipBytes At gzip's level 9, which is what a server would send.
 * @property {readonly ModuleShare[]} modules Largest first.
 * @property {readonly string[]} imports What is left to load, because it was not found or is not for browsers.
 */

const entryId = '\0entry';

/**
 * Bundles a module for browsers, with the packages' sources in place of their `dist/`.
 * @param {string} source The text of an ES module; it imports packages as an application would.
 * @param {{ minify?: boolean }} [options]
 * @returns {Promise<BrowserBundle>}
 */
export async function bundleForBrowser(source, { minify = true } = {}) {
  const bundle = await rolldown({
    cwd: root,
    input: entryId,
    platform: 'browser',
    resolve: { conditionNames: ['martlet-source', 'browser', 'import', 'module', 'default'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entryId ? entryId : undefined),
        load: (id) => (id === entryId ? source : undefined),
      },
    ],
    // What cannot be resolved stays an import, and so stands in `imports`.
    onLog: () => {},
  });
  try {
    const { output } = await bundle.generate({ format: 'esm', minify, codeSplitting: false });
    const chunk = output[0];
    const gzipBytes = gzipLength(chunk.code);
    return {
      code: chunk.code,
      minifiedBytes: Buffer.byteLength(chunk.code),
      gzipBytes,
      modules: shares(chunk.modules, gzipBytes),
      imports: [...chunk.imports, ...chunk.dynamicImports],
    };
  } finally {
    await bundle.close();
  }
}

/**
 * @param {string | Uint8Array} data
 * @returns {number}
 */
export function gzipLength(data) {
  return gzipSync(data, { level: 9 }).length;
}

/**
 * @param {Readonly<Record<string, { code: string | null }>>} modules As they stand in the bundle before it is minified.
 * @param {number} gzipBytes
 * @returns {ModuleShare[]}
 */
function shares(modules, gzipBytes) {
  const lengths = Object.entries(modules).map(
    ([id, { code }]) => /** @type {const} */ ([pathOf(id), minifiedLength(id, code ?? '')]),
  );
  const whole = lengths.reduce((sum, [, length]) => sum + length, 0);
  return lengths
    .filter(([, length]) => length > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([path, length]) => ({ path, gzipBytes: (gzipBytes * length) / whole }));
}

/**
 * @param {string} id
 * @param {string} code
 */
function minifiedLength(id, code) {
  return minifySync(`${id}.js`, code, { mangle: { toplevel: true }, compress: false }).code.length;
}

/** @param {string} id */
function pathOf(id) {
  return id.startsWith(root) ? id.slice(root.length) : id.replace('\0', '');
}
