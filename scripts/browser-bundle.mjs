// What the bundler of an application makes of its source for a browser: one file, tree-shaken and minified, in which the
// client is what the package brings for browsers, and beside it the files that the client loads later, when they are needed
// first. Sizes are taken from it, and the tests in a browser run it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { minifySync } from 'rolldown/utils';
import { browserFiles } from './browser-files.mjs';
import { root } from './source-files.mjs';

/**
 * @typedef {object} ModuleShare
 * @property {string} path From the root, with `/`.
 * @property {number} gzipBytes Its share of the bundle's `gzipBytes`, by its minified length. The shares add up to the whole.
 */

/**
 * @typedef {object} BrowserBundle
 * @property {string} code Everything that is loaded at first.
 * @property {number} minifiedBytes Of that.
 * @property {number} gzipBytes Of that, at gzip's level 9, which is what a server would send.
 * @property {readonly LaterFile[]} later What may be loaded after it.
 * @property {readonly ModuleShare[]} modules Largest first.
 * @property {readonly string[]} imports What is left to load, because it was not found or is not for browsers.
 */

/**
 * @typedef {object} LaterFile
 * @property {string} name Beside the first one.
 * @property {string} code
 * @property {number} gzipBytes
 */

const entryId = '\0entry';
const clientId = '\0client/';

/** @type {Record<string, { browser?: { default: string } }>} */
const exports = JSON.parse(readFileSync(join(root, 'packages/client/package.json'), 'utf8')).exports;

/**
 * Returns what bundles modules for browsers, with the client's files for browsers as the sources are now, and the sources
 * of the protocol package in place of its `dist/`.
 * @returns {Promise<(source: string) => Promise<BrowserBundle>>} It gets the text of an ES module, which imports packages
 * as an application would.
 */
export async function browserBundler() {
  const files = new Map((await browserFiles()).map((file) => [clientId + file.name, file]));
  return (source) => bundleForBrowser(source, files);
}

/**
 * @param {string} source
 * @param {ReadonlyMap<string, import('./browser-files.mjs').BrowserFile>} files
 * @returns {Promise<BrowserBundle>}
 */
async function bundleForBrowser(source, files) {
  const bundle = await rolldown({
    cwd: root,
    input: entryId,
    platform: 'browser',
    // An application exports nothing: its first file needs no other one to hand it on.
    preserveEntrySignatures: 'allow-extension',
    resolve: { conditionNames: ['martlet-source', 'browser', 'import', 'module', 'default'] },
    plugins: [
      {
        name: 'client',
        resolveId: (id, from) => (id === entryId ? entryId : fileOfClient(id, from)),
        load: (id) => (id === entryId ? source : files.get(id)?.code),
      },
    ],
    // What cannot be resolved stays an import, and so stands in `imports`.
    onLog: () => {},
  });
  try {
    const options = { entryFileNames: 'page.js', chunkFileNames: '[name].js', minify: true };
    const { output } = await bundle.generate({ format: 'esm', ...options });
    const [chunk, ...others] = output.filter((each) => each.type === 'chunk');
    if (chunk === undefined) throw new Error('expected a bundle, got none');
    const names = new Set(others.map(({ fileName }) => fileName));
    const apart = chunk.imports.filter((name) => names.has(name));
    if (apart.length > 0)
      throw new Error(`expected one file of what is loaded at first, got ${apart} beside it, unweighed`);
    const gzipBytes = gzipLength(chunk.code);
    return {
      later: others.map(({ fileName: name, code }) => ({ name, code, gzipBytes: gzipLength(code) })),
      code: chunk.code,
      minifiedBytes: Buffer.byteLength(chunk.code),
      gzipBytes,
      modules: shares(chunk.modules, files, gzipBytes),
      imports: [...chunk.imports, ...chunk.dynamicImports].filter((name) => !names.has(name)),
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
 * The file for browsers that the manifest names for an entry point, or that another of them imports.
 * @param {string} specifier
 * @param {string | undefined} from
 */
function fileOfClient(specifier, from) {
  if (from?.startsWith(clientId)) return clientId + specifier.slice('./'.length);
  const subpath = /^@martlet\/client(?:\/(.+))?$/.exec(specifier);
  if (subpath === null) return undefined;
  const entry = exports[subpath[1] === undefined ? '.' : `./${subpath[1]}`]?.browser?.default;
  return entry?.replace('./dist/browser/', clientId);
}

/**
 * @param {Readonly<Record<string, { code: string | null }>>} modules As they stand in the bundle before it is minified.
 * @param {ReadonlyMap<string, import('./browser-files.mjs').BrowserFile>} files
 * @param {number} gzipBytes
 * @returns {ModuleShare[]}
 */
function shares(modules, files, gzipBytes) {
  const lengths = Object.entries(modules).flatMap(([id, { code }]) => [
    ...(files.get(id)?.sources ?? new Map([[pathOf(id), minifiedLength(id, code ?? '')]])),
  ]);
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
