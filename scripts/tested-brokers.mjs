// Writes what `martlet test` has found of brokers, from recorded runs: `docs/conformance/brokers.json` is what is kept of them.
//
//     node scripts/tested-brokers.mjs --record 'Mosquitto 2.0.11' mosquitto.json 'aedes 1.2.0' aedes.json
//
// makes a new record of reports that `--json` has written: the first server of each, under the name before it, without exchanges.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOrCheck } from './generated-document.mjs';
import { root } from './source-files.mjs';

/**
 * @typedef {{ id: string, version: 4 | 5, verdict: string, statements?: string[], title?: string, reason?: string, notes?: string[] }} Result
 * @typedef {{ name: string, date: string, capabilities: { name: string, value: string, from: string }[], refused: { version: 4 | 5, reason: string }[], results: Result[] }} Server
 * @typedef {{ id: string, version: string, role: string, gist: string, reason: string }} Statement
 */

const RECORD = join(root, 'docs/conformance/brokers.json');
const read = (/** @type {string} */ path) => JSON.parse(readFileSync(path, 'utf8'));
const NAMES = /** @type {const} */ ({ 5: '5.0', 4: '3.1.1' });
const VERSIONS = /** @type {const} */ ([5, 4]);

/** @param {readonly string[]} words name and file, in turns */
function record(words) {
  /** @type {Server[]} */
  const servers = [];
  for (let at = 0; at < words.length; at += 2) {
    const {
      startedAt,
      servers: [server],
    } = read(/** @type {string} */ (words[at + 1]));
    const { capabilities, refused, results } = server;
    servers.push({
      name: /** @type {string} */ (words[at]),
      date: startedAt.slice(0, 10),
      capabilities,
      refused,
      results: results.map((/** @type {Result} */ result) => {
        const { id, version, statements, verdict, title, reason, notes } = result;
        return verdict === 'passed' && notes === undefined
          ? { id, version, verdict }
          : { id, version, verdict, statements, title, reason, notes };
      }),
    });
  }
  writeFileSync(RECORD, `${JSON.stringify({ servers }, null, 1)}\n`);
}

/** @param {readonly (readonly string[])[]} rows the first is the heading */
function table(rows) {
  const [head = [], ...rest] = rows;
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rest.map(line)].join('\n');
}

/** @param {readonly Result[]} results */
function countsText(results) {
  const count = (/** @type {string} */ kind) => results.filter(({ verdict }) => verdict === kind).length;
  if (results.length === 0) return 'not taken';
  const [passed, failed, open, skipped] = ['passed', 'failed', 'inconclusive', 'skipped'].map(count);
  return `${passed} passed, ${failed} failed${open === 0 ? '' : `, ${open} not clear`}, ${skipped} skipped`;
}

/** @param {Server} server */
function failuresText({ name, results }) {
  const failed = results.filter(({ verdict }) => verdict === 'failed' || verdict === 'inconclusive');
  if (failed.length === 0) return `### ${name}\n\nNothing failed.`;
  const rows = failed.map(({ id, title = id, version, statements = [], reason = '' }) => [
    `${title} (\`${id}\`)`,
    NAMES[version],
    statements.join(', '),
    reason.replaceAll('<', '&lt;'),
  ]);
  return `### ${name}\n\n${table([['does not do', 'MQTT', 'statements', 'what came'], ...rows])}`;
}

/** @param {Server} server */
function notesText({ name, results }) {
  const notes = results.flatMap(({ notes = [], version }) =>
    notes.map((note) => `- ${name}, MQTT ${NAMES[version]}: ${note}`),
  );
  return [...new Set(notes)].join('\n');
}

/** @param {readonly Statement[]} statements @param {readonly Statement[]} unseen */
function coverageText(statements, unseen) {
  const rows = ['5.0', '3.1.1'].map((version) => {
    const bind = statements.filter((each) => each.version === version && each.role !== 'client').length;
    const out = unseen.filter((each) => each.version === version).length;
    return [version, String(bind), String(bind - out)];
  });
  const left = unseen.map(({ id, version, reason }) => [id, version, reason]);
  return `${table([['MQTT', 'statements that bind a server', 'cited by a check'], ...rows])}\n\n${table([['no check', 'MQTT', 'because'], ...left])}`;
}

function documentText() {
  /** @type {{ servers: Server[] }} */
  const { servers } = read(RECORD);
  const names = [...new Set(servers.flatMap(({ capabilities }) => capabilities.map(({ name }) => name)))];
  const summary = servers.map(({ name, date, results }) => [
    name,
    date,
    ...VERSIONS.map((version) => countsText(results.filter((each) => each.version === version))),
  ]);
  const capabilities = names.map((name) => [
    name,
    ...servers.map((server) => server.capabilities.find((line) => line.name === name)?.value ?? 'not said'),
  ]);
  return `# Brokers, tested

What \`martlet test\` has found: each broker as it comes, on one machine, over TCP. A check fails only for what a numbered statement
demands; what a broker may leave is no failure, and what is recommended is a note. Each failure was looked at by hand, packet by packet:
\`martlet test localhost\` shows what was sent and received.

Generated by \`npm run docs\` from \`docs/conformance/brokers.json\`: do not edit.

${table([['broker', 'tested on', 'MQTT 5.0', 'MQTT 3.1.1'], ...summary])}

## What they can

What MQTT 5.0 lets a server say in CONNACK, and at the end sizes that were tried, in steps.

${table([['', ...servers.map(({ name }) => name)], ...capabilities])}

## What failed

${servers.map(failuresText).join('\n\n')}

## Recommended otherwise

${servers
  .map(notesText)
  .filter((text) => text !== '')
  .join('\n')}

## What is checked

${coverageText(read(join(root, 'docs/conformance/statements.json')), read(join(root, 'docs/conformance/unseen.json')))}
`;
}

const args = process.argv.slice(2);
if (args[0] === '--record') record(args.slice(1));
writeOrCheck('docs/conformance/brokers.md', documentText(), args);
