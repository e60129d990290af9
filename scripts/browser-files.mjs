// What browsers load of the client: its entry points with everything they need, minified, and with the names of inner
// properties shortened. `npm run build` writes them to `packages/client/dist/browser/`; the manifest's condition
// `browser` points there. Sizes are taken from them, and Chromium is tested with them.
//
// A bundler of an application minifies too, but it may not touch the names of properties, of which it cannot know who
// else uses them. Here it is known: see kept-names.mjs.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { minifySync } from 'rolldown/utils';
import { inlineNumbers } from './inline-numbers.mjs';
import { namesInStrings, platformNames, publicNames } from './kept-names.mjs';
import { root } from './source-files.mjs';
import { unusedMembers, withoutMembers } from './unused-members.mjs';

const client = 'packages/client';
const directory = join(root, client, 'dist/browser');

/** Names of the files that applications import, and the sources that they start from. */
export const browserEntries = /** @type {const} */ ({
  client: `${client}/src/browser.ts`,
  once: `${client}/src/browser-once.ts`,
  'json-codec': `${client}/src/codecs/json-codec.ts`,
  scram: `${client}/src/authentication/scram.ts`,
  'indexed-db-store': `${client}/src/stores/indexed-db-store.ts`,
  topics: `${client}/src/topics/index.ts`,
});

// Nothing is said to the minifier about side effects: told that writing a property has none, it leaves writes out.

/** Syntax of the browsers of 2022. */
const target = 'es2022';

/**
 * @typedef {object} BrowserFile
 * @property {string} name Such as `client.js`.
 * @property {string} code
 * @property {string} map Its source map, as JSON.
 * @property {readonly string[]} imports Files that are loaded with it.
 * @property {ReadonlyMap<string, number>} sources What each source has to do with it: its minified length, by path from the root.
 */

/** @returns {Promise<readonly BrowserFile[]>} Entries first. */
export async function browserFiles() {
  const readable = await chunks([]);
  // What a file loads later is reached through an object of the platform's, whose names are those of its exports.
  const exported = readable.flatMap(({ isDynamicEntry, exports }) => (isDynamicEntry ? exports : []));
  const whole = readable.map(({ code }) => code);
  const kept = keptNames(whole, exported);
  const unused = unusedMembers(whole, kept);
  const used = (/** @type {string} */ code) => withoutMembers(code, unused);
  const cache = shortNames(whole.map(used), kept);
  const small = await chunks([
    { name: 'minify', renderChunk: (code, { fileName }) => minified(fileName, used(code), cache) },
  ]);
  return small.map(({ fileName, code, map, imports }, index) => ({
    name: fileName,
    code,
    map: JSON.stringify(map),
    imports,
    sources: lengths(readable[index]?.modules ?? {}, cache, used),
  }));
}

/** @param {import('rolldown').Plugin[]} plugins */
async function chunks(plugins) {
  const bundle = await rolldown({
    cwd: root,
    input: browserEntries,
    platform: 'browser',
    // It would have fields stay that have no value before the constructor gives them one.
    tsconfig: false,
    resolve: { conditionNames: ['martlet-source', 'browser', 'import', 'default'] },
    transform: {
      typescript: { removeClassFieldsWithoutInitializer: true },
      define: { 'Number.POSITIVE_INFINITY': '1 / 0' },
    },
    experimental: { nativeMagicString: true },
    optimization: { inlineConst: { mode: 'all' } },
    checks: { bundlerTimings: false },
    plugins: [inlineNumbers(['packages/protocol/src', `${client}/src`]), ...plugins],
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  try {
    const options = { dir: directory, chunkFileNames: '[name].js', minify: false };
    const { output } = await bundle.generate({ format: 'esm', sourcemap: 'hidden', ...options });
    return output.filter((each) => each.type === 'chunk');
  } finally {
    await bundle.close();
  }
}

/**
 * The names by which somebody else may reach a property.
 * @param {readonly string[]} codes
 * @param {readonly string[]} exported
 * @returns {ReadonlySet<string>}
 */
function keptNames(codes, exported) {
  return new Set([
    ...exported,
    ...publicNames(Object.values(browserEntries)),
    ...platformNames(),
    ...codes.flatMap((code) => [...namesInStrings(code)]),
  ]);
}

/**
 * What every property is called from now on; the same in each file, since what the minifier gave in one is given in the next.
 * @param {readonly string[]} codes
 * @param {ReadonlySet<string>} kept
 * @returns {Names}
 */
function shortNames(codes, kept) {
  /** @type {Names} */
  const none = Object.fromEntries([...kept].map((name) => [name, false]));
  return codes.reduce((names, code) => minified('file.js', code, names).mangleCache ?? names, none);
}

/** @typedef {Record<string, string | false>} Names False for what keeps its name. */

/**
 * @param {string} fileName
 * @param {string} code
 * @param {Names} cache
 * @param {boolean} [drops] What is not used in it.
 */
function minified(fileName, code, cache, drops = true) {
  const result = minifySync(fileName, code, {
    module: true,
    sourcemap: true,
    compress: drops && { target },
    mangle: { toplevel: true },
    mangleProps: { include: /./, cache },
  });
  const [error] = result.errors;
  if (error !== undefined) throw new SyntaxError(`${fileName}: ${error.message}`);
  return result;
}

/**
 * @param {Readonly<Record<string, { code: string | null }>>} modules
 * @param {Names} cache
 * @param {(code: string) => string} used
 */
function lengths(modules, cache, used) {
  const entries = Object.entries(modules).filter(([, { code }]) => code);
  return new Map(
    entries.map(([id, { code }]) => [
      relative(root, id),
      minified(id, used(code ?? ''), cache, false).code.length,
    ]),
  );
}

/** Writes them, and their source maps, where the manifest says that they are. */
function write(/** @type {readonly BrowserFile[]} */ files) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const { name, code, map } of files) {
    writeFileSync(join(directory, name), `${code}//# sourceMappingURL=${name}.map\n`);
    writeFileSync(join(directory, `${name}.map`), map);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) write(await browserFiles());
