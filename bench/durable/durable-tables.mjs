/** The tables of the set `durable`, as Markdown, for a terminal and for the document alike. */
import { spreadText as spread, valueText as value, wholeText as whole } from '../figures.mjs';

const ANON = 1024;
const LOADS = [
  ['scenario', ({ name }) => name],
  ['kept', ({ keeper }) => (keeper === 'mosquitto' ? 'Mosquitto' : keeper)],
  [
    'kept messages/s',
    ({ name, figures }) => whole(name === 'keep-online' ? figures.recv_per_s : figures.acked_per_s),
  ],
  ['µs of CPU each', ({ figures }) => spread(figures.cpu_us_per_msg)],
  ['above memory', ({ keeper, figures }) => (isLogged(keeper) ? spread(figures.above_memory_us) : '–')],
  ['target', targetOf],
  ['p50 / p99 / p99.9, ms', latency],
  [
    'bytes of log each',
    ({ keeper, figures }) => (isLogged(keeper) ? value(figures.log_bytes_each?.median) : '–'),
  ],
  ['given back a second', ({ figures }) => whole(figures.collected_per_s)],
  ['µs of CPU each', ({ figures }) => spread(figures.collect_cpu_us)],
  ['', notes],
];
const FLOOR = [
  ['group', ({ group }) => `${group}`],
  ['way', ({ way }) => way],
  ['messages/s', ({ per_s }) => Math.round(per_s).toLocaleString('en')],
  ['µs of CPU each', ({ cpu_us }) => value(cpu_us)],
  ['p50 / p99, ms', ({ p50_us, p99_us }) => `${value(p50_us / 1000)} / ${value(p99_us / 1000)}`],
];
const NOTHING = [
  ['scenario', ({ scenario }) => scenario.name],
  ['µs/msg, or KB each', ({ scenario, martlet }) => spread(figureOf(scenario, martlet))],
  ['Mosquitto here', ({ scenario, mosquitto }) => spread(mosquitto && figureOf(scenario, mosquitto))],
  ['ratio', ({ scenario, ratio }) => (scenario.figure === 'connections' ? '–' : spread(ratio))],
  ['target', ({ target }) => value(target?.ratio)],
  ['p99, µs', ({ martlet }) => whole(martlet.p99_us)],
  [
    '',
    ({ faults, errors, otherErrors }) =>
      [faults.martlet, ...errors, ...otherErrors].filter(Boolean).join('; '),
  ],
];
const SESSIONS = [
  ['sessions', ({ sessions }) => sessions.toLocaleString('en')],
  ['with', ({ text }) => text],
  ['RssAnon after a start, MB', ({ anonymousKb }) => value(anonymousKb / ANON)],
  ['bytes each, whole process', ({ bytesEach }) => value(bytesEach)],
  ['bytes each, above an empty broker', ({ addedBytesEach }) => value(addedBytesEach)],
  ['RssAnon before it, MB', ({ runningKb }) => (runningKb === undefined ? '–' : value(runningKb / ANON))],
  ['loaded in, s', ({ loadMs }) => value(loadMs / 1000)],
  ['CPU of that, s', ({ startCpuMs }) => value(startCpuMs / 1000)],
  ['listening after, s', ({ startMs }) => value(startMs / 1000)],
  ['MB of log', ({ storeBytes }) => value(storeBytes / 1024 / 1024)],
];

/** @returns {Record<string, string>} by the name of their mark in the document */
export function durableTables(durable) {
  const { rows, floor, disk, nothing, sessions, size } = durable;
  const { p50_us, p99_us } = disk.sync;
  const times = `${value(p50_us / 1000)} ms at the median and ${value(p99_us / 1000)} ms at p99`;
  const tables = {
    'durable-disk': `\`fdatasync\` after an append of 4 KiB: ${times} (${disk.fileSystem} on ${disk.device}).`,
  };
  if (rows.length > 0) tables['durable-kept'] = table(LOADS, rows);
  tables['durable-floor'] = `${table(FLOOR, floor.rows)}\n\n${value(floor.messageBytes)} bytes a message.`;
  if (nothing !== null)
    tables['durable-nothing'] = `${table(NOTHING, nothing.rows)}\n\n${nothingText(nothing)}`;
  if (sessions !== null)
    tables['durable-sessions'] =
      `${table(SESSIONS, sessionRows(sessions))}\n\nAn empty broker: ${value(sessions.emptyKb / ANON)} MB.`;
  if (size !== null) tables['durable-size'] = size.series.map(sizeText).join('\n');
  return tables;
}

/** Whether our broker lost, doubled or disordered something, or a run failed. */
export function durableFailed({ rows, nothing, failures }) {
  const failed = ({ keeper, faults, errors }) =>
    keeper !== 'mosquitto' && (faults !== '' || errors.length > 0);
  return (
    failures.length > 0 ||
    rows.some(failed) ||
    (nothing?.rows ?? []).some(({ faults, errors }) => faults.martlet !== '' || errors.length > 0)
  );
}

function isLogged(keeper) {
  return keeper === 'disk' || keeper === 'os';
}

function targetOf({ target = {} }) {
  const { acked_per_s, cpu_us_per_msg, above_memory_us, p99_us } = target;
  const texts = [
    acked_per_s && `${acked_per_s.toLocaleString('en')} a second`,
    cpu_us_per_msg && `${cpu_us_per_msg} µs`,
    above_memory_us && `${above_memory_us} µs above memory`,
    p99_us && `p99 ${p99_us / 1000} ms`,
  ];
  return texts.filter(Boolean).join(', ') || '–';
}

function latency({ figures: { p50_us, p99_us, p999_us } }) {
  return [p50_us, p99_us, p999_us].map((each) => value(each?.median / 1000)).join(' / ');
}

function notes({ faults, errors }) {
  return [faults, ...errors].filter(Boolean).join('; ');
}

function figureOf({ figure }, summary) {
  return figure === 'connections' ? summary.kb_per_client : summary.cpu_us_per_msg;
}

function nothingText({ storeBytes, untouchedBytes }) {
  const written =
    storeBytes === untouchedBytes
      ? `as large as one that was opened and closed (${untouchedBytes} bytes): nothing was written`
      : `${storeBytes} bytes, and one that was opened and closed ${untouchedBytes}`;
  return `The store afterwards: ${written}.`;
}

function sessionRows({ withMessages, subscribed }) {
  return [
    { ...withMessages, text: 'a subscription and 10 messages each' },
    { ...subscribed, text: 'a subscription each' },
  ];
}

function sizeText({ backlog, points, result }) {
  const megabytes = points.slice(points.length >> 1).map(({ bytes }) => bytes / 1024 / 1024);
  const { acked } = points.at(-1);
  const hours = value(acked / 10_000 / 3600);
  const range = `${value(Math.min(...megabytes))} to ${value(Math.max(...megabytes))} MB`;
  const waiting = backlog === 0 ? 'Nothing else waits' : `${backlog.toLocaleString('en')} messages wait`;
  const loss =
    result.missing === 0 && result.gaps === 0 ? '' : ` missing=${result.missing} gaps=${result.gaps}`;
  return `- ${waiting}: ${acked.toLocaleString('en')} messages (${hours} hours at 10,000 a second); in the second half the log had ${range}.${loss}`;
}

function table(columns, rows) {
  const lines = [columns.map(([title]) => title), columns.map((_, i) => (i < 2 ? '---' : '---:'))];
  for (const row of rows) lines.push(columns.map(([, cell]) => cell(row)));
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
