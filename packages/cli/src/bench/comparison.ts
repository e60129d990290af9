/** Two results beside each other: what the figures are, their ratio, and what makes the runs hard to compare. Pure. */
import type { BenchPlan } from './bench-plan.ts';
import type { BenchResult } from './bench-result.ts';
import { countedNoun, mainLatencyOf } from './bench-result.ts';
import { figureText } from './figure-text.ts';
import { planText } from './plan-text.ts';

export interface ComparedRow {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly [number | null, number | null];
  /** The second by the first; null where there is none. */
  readonly ratio: number | null;
  /** Of the second; a difference of less than 5 % is none. */
  readonly verdict: 'better' | 'worse' | 'same';
}

export interface Comparison {
  readonly rows: readonly ComparedRow[];
  /** Sentences: what differs between the runs beside what was measured. */
  readonly differences: readonly string[];
  /** What was wrong with either run, with its name in front. */
  readonly complaints: readonly string[];
}

/** Within this, two runs of the same thing differ. */
const SAME_WITHIN = 0.05;

/** What the two are called: as they were titled, or else by their servers; told apart where they are called the same. */
export function namesOf(first: BenchResult, second: BenchResult): readonly [string, string] {
  const isTitled = [first, second].some(({ title, plan }) => title !== planText(plan));
  if (isTitled && first.title !== second.title) return [first.title, second.title];
  const [one, other] = [first, second].map(({ server }) => server.version ?? server.url);
  return one !== other ? [one!, other!] : ['first', 'second'];
}

export function compare(first: BenchResult, second: BenchResult): Comparison {
  const rows: ComparedRow[] = [];
  const row = (
    name: string,
    unit: string,
    isMoreBetter: boolean,
    value: (result: BenchResult) => number | null | undefined,
  ): void => {
    const values = [value(first) ?? null, value(second) ?? null] as const;
    if (values[0] === null && values[1] === null) return;
    const ratio = values[0] === null || values[1] === null || values[0] === 0 ? null : values[1] / values[0];
    rows.push({ name, unit, values, ratio, verdict: verdictOf(ratio, isMoreBetter) });
  };
  const { plan } = first;
  if (plan.scenario === 'connections')
    row('connections', '/s', true, ({ connections }) => connections.perSecond);
  else row('sent', '/s', true, ({ messages }) => messages.sentPerSecond);
  if (plan.qos > 0 || plan.idle > 0) {
    row('acknowledged', '/s', true, ({ messages }) => nonZero(messages.answeredPerSecond));
  }
  row('delivered', '/s', true, ({ messages }) => nonZero(messages.deliveredPerSecond));
  const percentiles = [
    ['p50', 'p50Ms'],
    ['p90', 'p90Ms'],
    ['p99', 'p99Ms'],
    ['p99.9', 'p999Ms'],
    ['longest', 'maximumMs'],
    ['mean', 'meanMs'],
  ] as const;
  const latencyName = (mainLatencyOf(first) ?? mainLatencyOf(second))?.name;
  for (const [name, key] of percentiles) {
    row(`${latencyName}, ${name}`, 'ms', false, (result) => {
      const latency = mainLatencyOf(result);
      return latency?.name === latencyName ? latency?.of[key] : undefined;
    });
  }
  row(`broker CPU a ${countedNoun(plan)}`, 'µs', false, ({ broker }) => broker?.cpuUsPerMessage);
  // The memory of a process and the heap that a server tells of are two things.
  for (const source of ['process', '$SYS'] as const) {
    const name = source === 'process' ? 'broker memory at most' : 'broker heap at most ($SYS)';
    row(name, 'MiB', false, ({ broker }) =>
      broker?.source !== source || broker.memoryMaximumBytes === null
        ? null
        : broker.memoryMaximumBytes / 1_048_576,
    );
  }
  row('lost', 'messages', false, ({ proof }) => proof?.lost);
  return { rows, differences: differencesOf(first, second), complaints: complaintsOf(first, second) };
}

export function ratioText(ratio: number | null): string {
  return ratio === null ? '–' : `× ${figureText(ratio)}`;
}

function verdictOf(ratio: number | null, isMoreBetter: boolean): ComparedRow['verdict'] {
  if (ratio === null || Math.abs(ratio - 1) < SAME_WITHIN) return 'same';
  return ratio > 1 === isMoreBetter ? 'better' : 'worse';
}

function nonZero(value: number): number | null {
  return value === 0 ? null : value;
}

/** Those that change what is measured; the run's own numbers and names do not. */
const TELLING: readonly (readonly [keyof BenchPlan, string])[] = [
  ['scenario', 'scenario'],
  ['publishers', 'publishers'],
  ['subscribers', 'subscribers'],
  ['idle', 'connections'],
  ['topicsEach', 'topics of each publisher'],
  ['subscriptionsEach', 'subscriptions of each connection'],
  ['payloadBytes', 'bytes of payload'],
  ['qos', 'QoS'],
  ['subscribeQos', 'QoS of the subscriptions'],
  ['retain', 'retained'],
  ['rate', 'messages a second'],
  ['inFlight', 'messages in flight'],
  ['connectRate', 'connections a second'],
  ['threads', 'threads of the generator'],
  ['count', 'messages in all'],
  ['durationMs', 'ms of measuring'],
  ['warmUpMs', 'ms of warm-up'],
];

function differencesOf(first: BenchResult, second: BenchResult): readonly string[] {
  const differences = TELLING.flatMap(([key, name]) => {
    const [one, other] = [first.plan[key], second.plan[key]];
    return one === other
      ? []
      : [`The runs differ in ${name}: ${settingText(one)} and ${settingText(other)}.`];
  });
  if (first.server.protocolVersion !== second.server.protocolVersion) {
    differences.push('The runs differ in the version of MQTT.');
  }
  if (first.machine.processors !== second.machine.processors)
    differences.push('The runs were on different machines.');
  return differences;
}

/** Without a rate there is none, and without a count. */
function settingText(value: BenchPlan[keyof BenchPlan]): string {
  return value === null ? 'no limit' : String(value);
}

function complaintsOf(first: BenchResult, second: BenchResult): readonly string[] {
  const names = namesOf(first, second);
  return [first, second].flatMap(({ verdicts }, index) =>
    verdicts
      .filter(({ kind }) => kind === 'bad' || kind === 'warning')
      .map(({ text }) => `${names[index]}: ${text}`),
  );
}
