/** The tables that are printed: what was measured beside the targets and what other brokers were measured at. */
import { summarize } from './samples.mjs';

const FLOW = [
  ['scenario', (row) => row.scenario.name],
  ['µs/msg', (row) => spread(row.martlet.cpu_us_per_msg)],
  ['mosquitto', (row) => spread(row.mosquitto?.cpu_us_per_msg)],
  ['ratio', (row) => spread(row.ratio)],
  ['target', (row) => number(row.target?.target)],
  ['target ratio', (row) => number(row.target?.ratio)],
  ['flashmq', (row) => number(row.target?.flashmq)],
  ['mosq 2.1', (row) => number(row.target?.mosquitto21)],
  ['mosq 2.0', (row) => number(row.target?.mosquitto20)],
  ['msg/s', (row) => count(row.martlet.recv_per_s)],
  ['mosquitto', (row) => count(row.mosquitto?.recv_per_s)],
  ['p50 µs', (row) => count(row.martlet.p50_us)],
  ['p99 µs', (row) => count(row.martlet.p99_us)],
  [
    'mosquitto',
    (row) => (row.mosquitto ? `${count(row.mosquitto.p50_us)} / ${count(row.mosquitto.p99_us)}` : ''),
  ],
  ['MB', (row) => number(row.martlet.rss_kb?.median / 1024)],
  ['load %', (row) => count(row.martlet.load_cpu_pct)],
  ['', notesOf],
];

const CONNECTIONS = [
  ['scenario', (row) => row.scenario.name],
  ['clients', (row) => count(row.martlet.clients)],
  ['KB each', (row) => spread(row.martlet.kb_per_client)],
  ['mosquitto', (row) => spread(row.mosquitto?.kb_per_client)],
  ['target', (row) => number(row.target?.kbPerConnection?.target)],
  ['flashmq', (row) => number(row.target?.kbPerConnection?.flashmq)],
  ['µs to connect', (row) => spread(row.martlet.connect_cpu_us)],
  ['mosquitto', (row) => spread(row.mosquitto?.connect_cpu_us)],
  ['connects/s', (row) => count(row.martlet.connect_per_s)],
  ['mosquitto', (row) => count(row.mosquitto?.connect_per_s)],
  ['', notesOf],
];

/** @returns {string} the measured rows as Markdown, which is also readable as it is */
export function tables(rows) {
  const flow = rows.filter(({ scenario }) => scenario.figure !== 'connections');
  const connections = rows.filter(({ scenario }) => scenario.figure === 'connections');
  return [
    flow.length > 0 ? table(FLOW, flow) : '',
    connections.length > 0 ? table(CONNECTIONS, connections) : '',
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** One scenario's measurements, summarised. */
export function rowOf({ scenario, target, measured, errors, otherErrors, faults }) {
  const ratios = measured.martlet
    .map((result, round) => result.cpu_us_per_msg / measured.mosquitto[round]?.cpu_us_per_msg)
    .filter(Number.isFinite);
  const [ratio] = Object.values(summarize(ratios.map((value) => ({ value }))));
  return {
    scenario,
    target,
    martlet: summarize(measured.martlet),
    mosquitto: measured.mosquitto.length > 0 ? summarize(measured.mosquitto) : null,
    ratio,
    errors,
    otherErrors,
    faults,
  };
}

function notesOf(row) {
  const latency = row.target?.latencyUs?.target;
  const target = latency === undefined ? '' : `target: p50 ${latency.p50}, p99 ${latency.p99} µs`;
  return [
    target,
    row.faults.martlet,
    ...row.errors,
    ...row.otherErrors,
    row.faults.mosquitto && `mosquitto: ${row.faults.mosquitto}`,
  ]
    .filter(Boolean)
    .join('; ');
}

function table(columns, rows) {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const lines = cells.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))),
  );
  const rule = widths.map(
    (width, column) => `${'-'.repeat(Math.max(width - 1, 1))}${column === 0 ? '-' : ':'}`,
  );
  return [lines[0], rule, ...lines.slice(1)].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** `0.21 (0.20–0.25)`, or the median alone after one round. */
function spread(value) {
  if (value === undefined || value === null || !Number.isFinite(value.median)) return '';
  const { median, min, max } = value;
  return min === max ? number(median) : `${number(median)} (${number(min)}–${number(max)})`;
}

function number(value) {
  if (value === undefined || !Number.isFinite(value)) return '';
  const digits = Math.abs(value) < 1 ? 3 : Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toFixed(digits);
}

function count(value) {
  return value === undefined || !Number.isFinite(value.median)
    ? ''
    : Math.round(value.median).toLocaleString('en');
}
