// `npm run size`: what the client weighs in a browser, module by module, beside what it may weigh and what others do.
// A test holds the budgets (test/packages/bundle-size.test.ts); this file states them and prints.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserBundler, gzipLength } from './browser-bundle.mjs';
import { root } from './source-files.mjs';

/**
 * @typedef {object} Budget
 * @property {string} name
 * @property {readonly string[]} entries Entry points, each with everything that it exports; shared code counts once.
 * @property {number} promisedBytes Of what is loaded at first, minified, through gzip: what it is to weigh, and does not yet.
 * @property {number} maximumBytes What it may weigh until then: it is not to grow. It follows the figure down, never up.
 */

/** @type {readonly Budget[]} */
export const budgets = [
  { name: 'The client', entries: ['@martlet/client'], promisedBytes: 15_000, maximumBytes: 27_910 },
  {
    name: 'The client with SCRAM, the IndexedDB store and typed topics',
    entries: [
      '@martlet/client',
      '@martlet/client/scram',
      '@martlet/client/indexed-db-store',
      '@martlet/client/topics',
    ],
    promisedBytes: 22_000,
    maximumBytes: 31_655,
  },
];

/**
 * The source of an application that uses everything that a budget is about.
 * @param {Budget} budget
 */
export function userOf({ entries }) {
  return entries.map((entry) => `export * from '${entry}';\n`).join('');
}

/**
 * A bundle's modules and their shares, then those of folders, as lines; the last says how it does against the maximum.
 * @param {import('./browser-bundle.mjs').BrowserBundle} bundle
 * @param {number} maximumBytes
 * @returns {string}
 */
export function sizeTable(bundle, maximumBytes) {
  const over = bundle.gzipBytes - maximumBytes;
  const verdict = over > 0 ? `${over} too many` : `${-over} to spare`;
  return [
    ...bundle.modules.map(({ path, gzipBytes }) => row(gzipBytes, path)),
    ...folderShares(bundle).map(([folder, gzipBytes]) => row(gzipBytes, `${folder}/`)),
    ...bundle.later.map(({ name, gzipBytes }) =>
      row(gzipBytes, `${name}, which is loaded when it is needed first`),
    ),
    row(bundle.gzipBytes, `of at most ${maximumBytes}: ${verdict} (${bundle.minifiedBytes} before gzip)`),
  ].join('\n');
}

/**
 * @param {import('./browser-bundle.mjs').BrowserBundle} bundle
 * @returns {(readonly [folder: string, gzipBytes: number])[]} Folders right under `src/`, largest first.
 */
function folderShares({ modules }) {
  /** @type {Map<string, number>} */
  const shares = new Map();
  for (const { path, gzipBytes } of modules) {
    const folder = path.split('/').slice(0, -1).slice(0, 4).join('/');
    shares.set(folder, (shares.get(folder) ?? 0) + gzipBytes);
  }
  return [...shares].sort(([, a], [, b]) => b - a);
}

/**
 * @param {number} bytes
 * @param {string} what
 */
function row(bytes, what) {
  return `${Math.round(bytes).toString().padStart(8)}  ${what}`;
}

/** Other clients' bundles for browsers, as lines. */
function references() {
  const mqttJs = readFileSync(join(root, 'node_modules/mqtt/dist/mqtt.esm.js'));
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/mqtt/package.json'), 'utf8'));
  return [
    row(gzipLength(mqttJs), `MQTT.js ${version}, as it ships (${mqttJs.length} before gzip)`),
    // Not installed here; taken from its package, version 0.6, in 2026.
    row(7_400, 'u8-mqtt 0.6, without QoS 2 and without flow control (18900 before gzip)'),
  ].join('\n');
}

async function print() {
  const bundle = await browserBundler();
  for (const budget of budgets) {
    const whole = await bundle(userOf(budget));
    console.log(`${budget.name}, bytes through gzip\n${sizeTable(whole, budget.maximumBytes)}`);
    console.log(
      `${row(budget.promisedBytes, `are promised: ${whole.gzipBytes - budget.promisedBytes} to go`)}\n`,
    );
  }
  const connectOnly = await bundle("export { connect } from '@martlet/client';");
  console.log(`For comparison\n${row(connectOnly.gzipBytes, 'an application that only imports connect')}`);
  console.log(references());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await print();
