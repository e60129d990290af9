/** A report: one HTML file with everything in it, of one result or of two that are compared. */
import { bytesText } from '../../amount-text.ts';
import type { BenchResult, Distribution } from '../bench-result.ts';
import { countedNoun, mainLatencyOf } from '../bench-result.ts';
import type { ComparedRow } from '../comparison.ts';
import { compare, namesOf, ratioText } from '../comparison.ts';
import { countText, durationText, figureText, rateText } from '../figure-text.ts';
import { planText } from '../plan-text.ts';
import { escaped } from './markup.ts';
import { plotsOf } from './report-plots.ts';
import { REPORT_STYLE } from './report-style.ts';

/** @param results one, or the two of a comparison */
export function reportPage(results: readonly [BenchResult] | readonly [BenchResult, BenchResult]): string {
  const [first, second] = results;
  const title = second === undefined ? first.title : namesOf(first, second).join(' and ');
  const body = second === undefined ? bodyOfOne(first) : bodyOfTwo(first, second);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
${body.join('\n')}
<footer>martlet bench ${escaped(first.machine.martlet)}. Latencies count from the time at which a message was to be sent; what was late by then is in them.</footer>
</body>
</html>
`;
}

function bodyOfOne(result: BenchResult): readonly string[] {
  return [
    headOf(result),
    cardsOf(result),
    verdictsOf(result),
    ...plotsOf([result], ['']),
    '<h2>Latencies, ms</h2>',
    latencyTable(result),
    '<h2>The run</h2>',
    setupTable([result]),
  ];
}

function bodyOfTwo(first: BenchResult, second: BenchResult): readonly string[] {
  const names = namesOf(first, second);
  const { rows, differences } = compare(first, second);
  const notes = differences.map((text) => `<li class="warning">${escaped(text)}</li>`);
  return [
    `<h1>${names.map(escaped).join(' <small>and</small> ')}</h1>`,
    `<p class="soft">${escaped(planText(first.plan))}</p>`,
    notes.length === 0 ? '' : `<ul class="verdicts">${notes.join('')}</ul>`,
    comparisonTable(rows, names),
    ...plotsOf([first, second], names),
    ...[first, second].flatMap((result, index) => [`<h2>${escaped(names[index]!)}</h2>`, verdictsOf(result)]),
    '<h2>The runs</h2>',
    setupTable([first, second]),
  ];
}

function headOf({ title, plan, server }: BenchResult): string {
  const line = planText(plan);
  const sub = title === line ? '' : `<p>${escaped(line)}</p>`;
  const version = server.version === null ? '' : `, ${server.version}`;
  return `<h1>${escaped(title)}</h1>${sub}<p class="soft">${escaped(server.url + version)}</p>`;
}

function cardsOf(result: BenchResult): string {
  const { messages, broker, plan, connections, proof } = result;
  const cards: [string, string][] = [];
  const latency = mainLatencyOf(result);
  if (plan.scenario === 'connections') cards.push([rateText(connections.perSecond), 'connections']);
  else if (plan.subscribers > 0) cards.push([rateText(messages.deliveredPerSecond), 'delivered']);
  else
    cards.push([
      rateText(plan.qos > 0 || plan.idle > 0 ? messages.answeredPerSecond : messages.sentPerSecond),
      plan.qos > 0 || plan.idle > 0 ? 'acknowledged' : 'sent',
    ]);
  if (latency !== null) {
    cards.push([durationText(latency.of.p50Ms), `p50, ${latency.name}`]);
    cards.push([durationText(latency.of.p99Ms), 'p99']);
    cards.push([durationText(latency.of.maximumMs), 'longest']);
  }
  if (proof !== null) cards.push([countText(proof.lost), 'lost']);
  if (broker?.cpuUsPerMessage != null)
    cards.push([`${figureText(broker.cpuUsPerMessage)} µs`, `broker CPU a ${countedNoun(plan)}`]);
  const items = cards.map(
    ([figure, text]) => `<div class="card"><b>${escaped(figure)}</b><small>${escaped(text)}</small></div>`,
  );
  return `<div class="cards">${items.join('')}</div>`;
}

function verdictsOf({ verdicts }: BenchResult): string {
  const items = verdicts.map(({ kind, text }) => `<li class="${escaped(kind)}">${escaped(text)}</li>`);
  return `<ul class="verdicts">${items.join('')}</ul>`;
}

function latencyTable({ delivery, answer, connect }: BenchResult): string {
  const rows: readonly (readonly [string, Distribution | null])[] = [
    ['delivery', delivery],
    ['acknowledgement', answer],
    ['CONNACK', connect],
  ];
  const body = rows.flatMap(([name, of]) => {
    if (of === null) return [];
    const values = [
      of.minimumMs,
      of.p50Ms,
      of.p90Ms,
      of.p99Ms,
      of.p999Ms,
      of.p9999Ms,
      of.maximumMs,
      of.meanMs,
    ];
    return [rowMarkup([name, ...values.map(figureText), countText(of.count)])];
  });
  const head = ['', 'min', 'p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max', 'mean', 'count'];
  return tableMarkup(head, body);
}

function comparisonTable(rows: readonly ComparedRow[], names: readonly string[]): string {
  const body = rows.map(({ name, unit, values, ratio, verdict }) => {
    const figures = values.map((value) => `<td>${value === null ? '–' : escaped(figureText(value))}</td>`);
    return `<tr><td>${escaped(name)} <small>${escaped(unit)}</small></td>${figures.join('')}<td class="${verdict}">${escaped(ratioText(ratio))}</td></tr>`;
  });
  return tableMarkup(['', ...names, 'ratio'], body);
}

function setupTable(results: readonly BenchResult[]): string {
  const rows: (readonly [string, (result: BenchResult) => string])[] = [
    ['Begun', ({ startedAt }) => startedAt],
    ['Server', ({ server }) => `${server.url}${server.version === null ? '' : ` (${server.version})`}`],
    ['Load', ({ plan }) => planText(plan)],
    ['Messages', messagesText],
    ['Generator', generatorText],
    ['Broker', brokerText],
    [
      'Machine',
      ({ machine }) =>
        `${machine.processors}, ${bytesText(machine.memoryBytes)}, ${machine.system}, ${machine.runtime}`,
    ],
  ];
  const body = rows.map(([name, text]) => rowMarkup([name, ...results.map(text)]));
  return `<div class="wide"><table class="setup"><tbody>${body.join('')}</tbody></table></div>`;
}

function messagesText({ messages, connections }: BenchResult): string {
  const parts = [`${countText(connections.made)} connections`, `${countText(messages.sent)} sent`];
  if (messages.answered > 0) parts.push(`${countText(messages.answered)} acknowledged`);
  if (messages.delivered > 0) parts.push(`${countText(messages.delivered)} delivered`);
  return parts.join(', ');
}

function generatorText({ generator }: BenchResult): string {
  const threads = `${countText(generator.threads)} ${generator.threads === 1 ? 'thread' : 'threads'}`;
  const share = `the busiest worked ${Math.round(generator.busy * 100)} % of the time`;
  return `${threads}, ${share}, ${figureText(generator.cores)} cores, ${countText(generator.lateMessages)} messages late`;
}

function brokerText({ broker }: BenchResult): string {
  if (broker === null) return 'not measured';
  const memory = broker.memoryMaximumBytes === null ? '' : `${bytesText(broker.memoryMaximumBytes)} at most`;
  const cpu = broker.cores === null ? '' : `${figureText(broker.cores)} cores, `;
  return `${cpu}${memory} (${broker.source})`;
}

function rowMarkup(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
}

function tableMarkup(head: readonly string[], body: readonly string[]): string {
  const cells = head.map((cell) => `<th>${escaped(cell)}</th>`).join('');
  return `<div class="wide"><table><thead><tr>${cells}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
