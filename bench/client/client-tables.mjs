/** The set `client` as Markdown tables, by the names of their marks in a document. */
import { spreadText, valueText, wholeText } from '../figures.mjs';

const MESSAGES = [
  ['scenario', ({ scenario }) => `${scenario.name}: ${scenario.text}`],
  ['µs/msg', ({ martlet }) => spreadText(martlet?.cpu_us_per_msg)],
  ['MQTT.js', ({ mqttjs }) => spreadText(mqttjs?.cpu_us_per_msg)],
  ['ratio', ({ ratio }) => spreadText(ratio)],
  ['target', ({ target }) => valueText(target)],
  ['bare socket', ({ floor }) => spreadText(floor?.cpu_us_per_msg)],
  ['msg/s', ({ martlet }) => wholeText(martlet?.msg_per_s)],
  ['MQTT.js', ({ mqttjs }) => wholeText(mqttjs?.msg_per_s)],
  ['bare socket', ({ floor }) => wholeText(floor?.msg_per_s)],
  ['MB', ({ martlet }) => wholeText(martlet?.max_rss_mb)],
  ['MQTT.js', ({ mqttjs }) => wholeText(mqttjs?.max_rss_mb)],
  ['', ({ faults, errors }) => [...faults, ...errors].join('; ')],
];

const RECONNECTS = [
  ['', ({ name }) => name],
  ['reconnects', ({ figures }) => wholeText(figures.connections)],
  ['heap after a quarter, KB', ({ figures }) => wholeText(figures.first_heap_kb)],
  ['after all', ({ figures }) => wholeText(figures.last_heap_kb)],
  ['bytes each', ({ figures }) => spreadText(figures.heap_bytes_each)],
  ['RSS after a quarter, MB', ({ figures }) => spreadText(figures.first_rss_mb)],
  ['after all', ({ figures }) => spreadText(figures.last_rss_mb)],
  ['µs each', ({ figures }) => wholeText(figures.cpu_us_each)],
  ['', ({ notes }) => notes],
];

/** @returns {Record<string, string>} */
export function clientTables({ rows }) {
  const messages = rows.filter(({ scenario }) => scenario.way !== 'reconnect');
  const reconnects = rows.filter(({ scenario }) => scenario.way === 'reconnect').flatMap(clientsOf);
  return {
    ...(messages.length > 0 ? { clients: table(MESSAGES, messages) } : {}),
    ...(reconnects.length > 0 ? { 'client-reconnects': table(RECONNECTS, reconnects) } : {}),
  };
}

/** Whether a message was lost, altered or added, a client failed, or ours grew. */
export function clientsFailed({ rows }) {
  return rows.some(({ faults, errors }) => faults.length > 0 || errors.length > 0);
}

function clientsOf({ martlet, mqttjs, faults, errors }) {
  return [
    ['Martlet', 'martlet', martlet],
    ['MQTT.js', 'mqttjs', mqttjs],
  ]
    .filter(([, , figures]) => figures)
    .map(([name, key, figures]) => ({
      name,
      figures,
      notes: [...faults, ...errors].filter((text) => text.startsWith(key)).join('; '),
    }));
}

function table(columns, rows) {
  const lines = [columns.map(([title]) => title), columns.map((_, i) => (i === 0 ? '---' : '---:'))];
  for (const row of rows) lines.push(columns.map(([, cell]) => cell(row)));
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
