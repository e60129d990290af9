/** The results of a run for people, on a terminal or in a file. */
import { bytesText, counted } from '../amount-text.ts';
import type { TextStyle } from '../text-style.ts';
import type { BenchResult, Distribution, VerdictKind } from './bench-result.ts';
import { countedNoun } from './bench-result.ts';
import { countText, durationText, figureText, rateText } from './figure-text.ts';
import { planText } from './plan-text.ts';

const LABEL_COLUMNS = 13;
const FIGURE_COLUMNS = 9;

export function summaryText(result: BenchResult, style: TextStyle): string {
  const { plan, connections } = result;
  const blocks = [
    headLines(result, style),
    rateLines(result),
    latencyLines(result, style),
    usageLines(result),
  ];
  if (plan.scenario !== 'connections') {
    const text = `${countText(connections.made)} made in ${durationText(connections.tookMs)}`;
    blocks[1]!.push(`${'connections'.padEnd(LABEL_COLUMNS)}${text}`);
  }
  blocks.push(result.verdicts.map(({ kind, text }) => `${markOf(kind, style)} ${text}`));
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headLines({ title, plan, server }: BenchResult, style: TextStyle): string[] {
  const version = { 5: 'MQTT 5.0', 4: 'MQTT 3.1.1', 3: 'MQTT 3.1' }[server.protocolVersion];
  const name = server.version === null ? '' : `, ${server.version}`;
  const line = planText(plan);
  return [
    style('bold', title === line ? line : `${title}: ${line}`),
    style('dim', `${server.url}, ${version}${name}`),
  ];
}

function rateLines({ plan, connections, messages }: BenchResult): string[] {
  const lines: string[] = [];
  const line = (label: string, text: string): void => {
    lines.push(`${label.padEnd(LABEL_COLUMNS)}${text}`);
  };
  if (plan.scenario === 'connections') {
    const rate = `${rateText(connections.perSecond)}, in ${durationText(connections.tookMs)}`;
    line('connections', `${countText(connections.made)} of ${countText(connections.asked)}, ${rate}`);
    return lines;
  }
  line('sent', `${rateText(messages.sentPerSecond)}, ${counted(messages.sent, countedNoun(plan))} in all`);
  if (plan.qos > 0 || plan.scenario === 'subscribe') {
    line('acknowledged', `${rateText(messages.answeredPerSecond)}, ${countText(messages.answered)} in all`);
  }
  if (plan.subscribers > 0) {
    const bytes = `${bytesText(Math.round(messages.deliveredBytesPerSecond))}/s`;
    line(
      'delivered',
      `${rateText(messages.deliveredPerSecond)}, ${bytes}, ${countText(messages.delivered)} in all`,
    );
  }
  return lines;
}

function latencyLines(result: BenchResult, style: TextStyle): string[] {
  const rows: readonly (readonly [string, Distribution | null])[] = [
    ['delivery', result.delivery],
    [result.plan.scenario === 'subscribe' ? 'SUBACK' : 'acknowledged', result.answer],
    ['CONNACK', result.connect],
  ];
  const shown = rows.filter(([, distribution]) => distribution !== null);
  if (shown.length === 0) return [];
  const names = ['p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max', 'mean'];
  const head = names.map((name) => name.padStart(FIGURE_COLUMNS)).join('');
  return [
    style('dim', `${'ms'.padEnd(LABEL_COLUMNS)}${head}`),
    ...shown.map(([label, distribution]) => `${label.padEnd(LABEL_COLUMNS)}${figuresOf(distribution!)}`),
  ];
}

function figuresOf(of: Distribution): string {
  const values = [of.p50Ms, of.p90Ms, of.p99Ms, of.p999Ms, of.p9999Ms, of.maximumMs, of.meanMs];
  return values.map((value) => figureText(value).padStart(FIGURE_COLUMNS)).join('');
}

function usageLines({ generator, broker, plan, connections }: BenchResult): string[] {
  const lines: string[] = [];
  if (broker !== null) {
    const parts: string[] = [];
    if (broker.cores !== null) parts.push(`${figureText(broker.cores)} cores`);
    if (broker.cpuUsPerMessage !== null)
      parts.push(`${figureText(broker.cpuUsPerMessage)} µs of CPU a ${countedNoun(plan)}`);
    if (broker.memoryMaximumBytes !== null && broker.memoryBeforeBytes !== null) {
      const before = bytesText(broker.memoryBeforeBytes);
      parts.push(`${bytesText(broker.memoryMaximumBytes)} of memory at most, ${before} before`);
      const more = (broker.memoryMaximumBytes - broker.memoryBeforeBytes) / connections.made;
      if (plan.scenario === 'connections') parts.push(`${bytesText(Math.round(more))} a connection`);
    }
    const source = broker.source === '$SYS' ? ', as it says' : '';
    lines.push(`${'broker'.padEnd(LABEL_COLUMNS)}${parts.join(', ')}${source}`);
  }
  const threads = counted(generator.threads, 'thread');
  const share = `busy ${Math.round(generator.busy * 100)} % of the time`;
  const cores = `${figureText(generator.cores)} cores`;
  lines.push(
    `${'generator'.padEnd(LABEL_COLUMNS)}${threads}, ${share}, ${cores}, ${bytesText(generator.memoryBytes)}`,
  );
  return lines;
}

function markOf(kind: VerdictKind, style: TextStyle): string {
  switch (kind) {
    case 'good':
      return style('cyan', '✓');
    case 'note':
      return style('dim', '·');
    case 'warning':
      return style('yellow', '!');
    case 'bad':
      return style('red', '✗');
  }
}
