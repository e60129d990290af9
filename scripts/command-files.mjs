// The `martlet` command as npm publishes it: a file for what every command needs, and one for each command, which is loaded
// when that runs. Read as some two hundred modules of their own they would take longer to load than all else that a short
// command does. `npm run build` writes them to `packages/cli/dist/`; types are checked apart from it, by tsc.
//
// Protocol, client, gateway, broker and `ws` are in them. Other people's libraries stay packages of their own, which are loaded by those
// commands that need them.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { root } from './source-files.mjs';

const cli = join(root, 'packages/cli');
const directory = join(cli, 'dist');

/** Names of the files that are started, and the sources that they start from: the command, and what runs in threads. */
const entries = { main: 'packages/cli/src/main.ts', ...threadEntries() };

/** The licences of others whose code is in the files. */
const LICENCES = 'LICENCES-OF-OTHERS.txt';
const OTHERS = ['ws'];

/** Packages that are not in the files, and so must be declared by the command's manifest. */
export const LEFT_OUT = /** @type {const} */ ([
  'commander',
  'hash-wasm',
  'jose',
  'node-sqlite3-wasm',
  'yaml',
  'zod',
]);

/**
 * A source that ends in `-thread.ts` is started in a thread, by `new Worker(new URL("./name.js", import.meta.url))`.
 * @returns {Record<string, string>}
 */
function threadEntries() {
  const paths = readdirSync(join(cli, 'src'), { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    paths
      .filter((path) => path.endsWith('-thread.ts'))
      .map((path) => [path.replace(/^.*\//, '').replace(/\.ts$/, ''), `packages/cli/src/${path}`]),
  );
}

/** What nearly every command needs; nothing in it may load what only some do, such as a broker or TLS. */
const everyCommands = new RegExp(
  `packages/cli/src/(${[
    'flags/.+',
    'connection/(?!certificates|dial-for|packet-log|secret-prompt|socks-proxy).+',
    'amount-text|progress-bar|standard-output|text-style',
    'command-failure|exit-code|interruption|process-io|run-command|run-process|termination|usage-error|version-text',
  ].join('|')})\\.ts$`,
);

/** @returns {Promise<ReadonlyMap<string, string>>} Texts by the names of files in `packages/cli/dist/`. */
export async function commandFiles() {
  const bundle = await rolldown({
    cwd: root,
    input: entries,
    platform: 'node',
    // Tools of C++ that ws would use if they were installed.
    external: [
      ...LEFT_OUT,
      ...LEFT_OUT.map((name) => new RegExp(`^${name}/`)),
      'bufferutil',
      'utf-8-validate',
    ],
    resolve: { conditionNames: ['martlet-source', 'node', 'import', 'default'] },
    checks: { bundlerTimings: false },
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  try {
    const { output } = await bundle.generate({
      format: 'esm',
      dir: directory,
      sourcemap: true,
      minify: { compress: false, mangle: false },
      chunkFileNames: '[name]-[hash].js',
      // Few files: opening one more costs about as much as reading what stands in it.
      codeSplitting: {
        groups: [
          { name: 'protocol', test: /packages\/protocol\/src\//, priority: 3 },
          { name: 'command', test: everyCommands, priority: 2 },
          {
            name: 'messages',
            test: /packages\/cli\/src\/(messages|pub|rr|sub)\//,
            minShareCount: 2,
            priority: 1,
          },
          { name: 'client', test: /packages\/client\/src\//, priority: 1 },
        ],
      },
    });
    checkOthers(output);
    const files = new Map(output.map((file) => [file.fileName, textOf(file)]));
    return files.set(LICENCES, licencesText());
  } finally {
    await bundle.close();
  }
}

/** @param {import('rolldown').OutputChunk | import('rolldown').OutputAsset} file */
function textOf(file) {
  return file.type === 'chunk' ? file.code : String(file.source);
}

/**
 * What has come in without its licence would be published so.
 * @param {readonly (import('rolldown').OutputChunk | import('rolldown').OutputAsset)[]} output
 */
function checkOthers(output) {
  for (const file of output) {
    for (const path of file.type === 'chunk' ? Object.keys(file.modules) : []) {
      const [, name = 'ws'] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path) ?? [];
      if (!OTHERS.includes(name))
        throw new Error(`${name} is in ${file.fileName}: leave it out, or add its licence`);
    }
  }
}

function licencesText() {
  const texts = OTHERS.map((name) => {
    const licence = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8');
    return `${name}\n\n${licence}`;
  });
  return `The files of this directory contain code of:\n\n${texts.join('\n')}`;
}

/**
 * Writes what has changed, each file in one step, and removes what is no longer there: a command that runs meanwhile finds
 * its files as long as the sources stay as they are.
 * @param {ReadonlyMap<string, string>} files
 */
function write(files) {
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of files) {
    const path = join(directory, name);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    const made = `${path}.${process.pid}`;
    writeFileSync(made, text, { mode: name === 'main.js' ? 0o755 : 0o644 });
    renameSync(made, path);
  }
  for (const name of readdirSync(directory)) {
    if (!files.has(name)) rmSync(join(directory, name), { recursive: true });
  }
}

/**
 * `npx martlet` in this repository. npm links the commands of a package when it installs it, and leaves out those whose file is
 * not there, as here before the first build. Mosquitto's names are left out: they would hide Debian's tools from the tests.
 */
function link() {
  const path = join(root, 'node_modules/.bin/martlet');
  if (process.platform === 'win32' || existsSync(path)) return;
  try {
    symlinkSync('../martlet/dist/main.js', path);
  } catch (error) {
    // Another build has just made it.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  write(await commandFiles());
  link();
}
