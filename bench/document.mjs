/**
 * Writes measured tables into a document, between marks that name them:
 *
 *     <!-- measured: compare -->
 *     …
 *     <!-- end -->
 *
 *     npm run bench -- --set compare,mixed,connections,durable,client --json results.json
 *     node --expose-gc bench/scale.mjs > scale.md
 *     node bench/document.mjs docs/performance.md results.json scale.md
 *
 * Of a file of JSON the sets of scenarios are taken; one in Markdown goes to the mark of its name.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { clientTables } from './client/client-tables.mjs';
import { durableTables } from './durable/durable-tables.mjs';
import { spreadText as range, valueText as value, wholeText as whole } from './figures.mjs';

const COLUMNS = {
  compare: [
    ['scenario', ({ scenario }) => `${scenario.name}: ${scenario.text}`],
    ['µs/msg', ({ martlet }) => range(martlet.cpu_us_per_msg)],
    ['target', ({ target }) => value(target.target)],
    ['ratio', ({ ratio }) => range(ratio)],
    ['target', ({ target }) => value(target.ratio)],
    ['Mosquitto here', ({ mosquitto }) => range(mosquitto?.cpu_us_per_msg)],
    ['FlashMQ', ({ target }) => value(target.flashmq)],
    ['Mosquitto 2.1', ({ target }) => value(target.mosquitto21)],
    ['Mosquitto 2.0', ({ target }) => value(target.mosquitto20)],
    ['prototype', ({ target }) => value(target.prototype)],
  ],
  latency: [
    ['p50 / p99, µs', ({ scenario }) => `${scenario.name}: ${scenario.text}`],
    ['here', ({ martlet }) => latency(martlet)],
    ['target', ({ target }) => pair(target?.latencyUs?.target)],
    ['Mosquitto here', ({ mosquitto }) => latency(mosquitto)],
    ['FlashMQ', ({ target }) => pair(target?.latencyUs?.flashmq)],
    ['Mosquitto 2.1', ({ target }) => pair(target?.latencyUs?.mosquitto21)],
    ['Mosquitto 2.0', ({ target }) => pair(target?.latencyUs?.mosquitto20)],
    ['prototype', ({ target }) => pair(target?.latencyUs?.prototype)],
  ],
  mixed: [
    ['scenario', ({ scenario }) => scenario.name],
    ['', ({ scenario }) => scenario.text],
    ['µs/msg', ({ martlet }) => range(martlet.cpu_us_per_msg)],
    ['Mosquitto here', ({ mosquitto }) => range(mosquitto?.cpu_us_per_msg)],
    ['ratio', ({ ratio }) => range(ratio)],
    ['msg/s', ({ martlet }) => whole(martlet.recv_per_s)],
    ['Mosquitto here', ({ mosquitto }) => whole(mosquitto?.recv_per_s)],
  ],
  connections: [
    ['scenario', ({ scenario }) => `${scenario.name}: ${scenario.text}`],
    ['clients', ({ martlet }) => whole(martlet.clients)],
    ['KB each', ({ martlet }) => range(martlet.kb_per_client)],
    ['Mosquitto here', ({ mosquitto }) => range(mosquitto?.kb_per_client)],
    ['µs to connect', ({ martlet }) => range(martlet.connect_cpu_us)],
    ['Mosquitto here', ({ mosquitto }) => range(mosquitto?.connect_cpu_us)],
    ['connects/s', ({ martlet }) => whole(martlet.connect_per_s)],
  ],
};

const [, , path, ...sources] = process.argv;
if (path === undefined || sources.length === 0) {
  console.error('node bench/document.mjs DOCUMENT RESULTS.json… NAME.md…');
  process.exit(2);
}
let text = readFileSync(path, 'utf8');
for (const source of sources) {
  const content = readFileSync(source, 'utf8');
  const blocks = source.endsWith('.json')
    ? blocksOf(JSON.parse(content))
    : { [basename(source, '.md')]: content };
  for (const [name, table] of Object.entries(blocks)) text = withBlock(text, name, table.trim());
}
writeFileSync(path, text);

function blocksOf({ rows, machine, rounds, secs, durable, clients }) {
  const blocks = {};
  for (const [name, block] of Object.entries(clients === undefined ? {} : clientTables(clients))) {
    const run = name === 'clients' ? `; ${clients.rounds} rounds of ${clients.secs} s` : '';
    blocks[name] = `${block}\n\n${machine}${run}.`;
  }
  for (const [name, block] of Object.entries(durable === undefined ? {} : durableTables(durable))) {
    const rounds = name === 'durable-kept' ? `; ${durable.rounds} rounds of ${secs} s` : '';
    blocks[name] = name === 'durable-disk' ? block : `${block}\n\n${machine}${rounds}.`;
  }
  for (const [name, columns] of Object.entries(COLUMNS)) {
    const chosen = rows.filter((row) => blockOf(row.scenario) === name);
    if (chosen.length === 0) continue;
    blocks[name] = `${table(columns, chosen)}\n\n${machine}; ${rounds} rounds of ${secs} s.`;
  }
  return blocks;
}

function blockOf({ set, figure }) {
  if (figure === 'latency') return 'latency';
  return figure === 'connections' ? 'connections' : set;
}

function withBlock(document, name, table) {
  const mark = `<!-- measured: ${name} -->`;
  const start = document.indexOf(mark);
  if (start < 0) throw new Error(`${path} has no mark ${mark}`);
  const end = document.indexOf('<!-- end -->', start);
  return `${document.slice(0, start + mark.length)}\n\n${table}\n\n${document.slice(end)}`;
}

function table(columns, rows) {
  const lines = [columns.map(([title]) => title), columns.map((_, i) => (i === 0 ? '---' : '---:'))];
  for (const row of rows) lines.push(columns.map(([, cell]) => cell(row)));
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function latency(summary) {
  return summary ? `${whole(summary.p50_us)} / ${whole(summary.p99_us)}` : '–';
}

function pair(percentiles) {
  return percentiles === undefined ? '–' : `${percentiles.p50 ?? '–'} / ${percentiles.p99 ?? '–'}`;
}
