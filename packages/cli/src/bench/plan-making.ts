/** From flags to a plan, or to one line that says which of them do not go together. */
import type { FlagValues } from '../flags/flag.ts';
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import type { BenchFlags } from './bench-flags.ts';
import type { BenchPlan } from './bench-plan.ts';
import { connectionsOf } from './bench-plan.ts';
import { TICK_MS } from './load-meter.ts';
import type { Scenario, ScenarioName } from './scenarios.ts';
import { SCENARIO_NAMES, scenarioOf } from './scenarios.ts';

const DEFAULT_SIZE = 64;
const DEFAULT_IN_FLIGHT = 20;
const DEFAULT_DURATION_MS = 10_000;
const DEFAULT_WARM_UP_MS = 1000;
const DEFAULT_DRAIN_MS = 3000;
const DEFAULT_SUBSCRIPTIONS = 10;
const IN_FLIGHT_BYTES = 32 * 1_048_576;
const MOST_TOPICS = 1_000_000;
const MOST_STREAMS = 10_000_000;
/** How long connections are held, in ms. */
const DEFAULT_HOLD_MS = 1000;

/** What flags a plan is made of. */
export type PlanValues = Pick<
  FlagValues<BenchFlags>,
  | 'publishers'
  | 'subscribers'
  | 'connections'
  | 'subscriptions'
  | 'rate'
  | 'maximumInFlight'
  | 'size'
  | 'qos'
  | 'subscribeQos'
  | 'retain'
  | 'topic'
  | 'url'
  | 'topics'
  | 'duration'
  | 'warmUp'
  | 'count'
  | 'drain'
  | 'connectRate'
  | 'workers'
>;

/** @throws {UsageError} for a word that is no scenario, with the nearest one */
export function parseScenario(word: string | undefined): ScenarioName {
  if (word === undefined) return 'pairs';
  const found = SCENARIO_NAMES.find((name) => name === word);
  if (found !== undefined) return found;
  const near = nearest(word, SCENARIO_NAMES);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  throw new UsageError(`expected one of ${SCENARIO_NAMES.join(', ')}, got ${quoted(word)}${hint}`);
}

/** @throws {UsageError} for more words than one */
export function onlyScenario(words: readonly string[]): string | undefined {
  if (words.length < 2) return words[0];
  throw new UsageError(`expected one scenario, got ${quoted(words[1]!)} too`);
}

/**
 * @param runId 32 bits at random
 * @param cores of this machine
 * @throws {UsageError} for flags that do not go together
 */
export function makePlan(name: ScenarioName, values: PlanValues, runId: number, cores: number): BenchPlan {
  const scenario = scenarioOf(name);
  refuseForeignFlags(scenario, values);
  const roles = rolesOf(scenario, values);
  const qos = values.qos ?? 0;
  const isLoad = roles.publishers > 0;
  const payloadBytes = values.size ?? DEFAULT_SIZE;
  const durationMs = values.duration ?? (name === 'connections' ? DEFAULT_HOLD_MS : DEFAULT_DURATION_MS);
  const hasWarmUp = isLoad && values.count === undefined;
  const plan = {
    scenario: name,
    runId,
    ...roles,
    topicPrefix: values.topic ?? (values.url?.topic || `bench/${runId.toString(16)}`),
    topicsEach: values.topics ?? 1,
    subscriptionsEach: name === 'subscribe' ? (values.subscriptions ?? DEFAULT_SUBSCRIPTIONS) : 0,
    payloadBytes,
    qos,
    subscribeQos: values.subscribeQos ?? qos,
    retain: values.retain,
    rate: values.rate ?? null,
    inFlight: values.maximumInFlight ?? Math.min(DEFAULT_IN_FLIGHT, mostInFlight(payloadBytes)),
    connectRate: values.connectRate ?? null,
    warmUpMs: inTicks(values.warmUp ?? (hasWarmUp ? DEFAULT_WARM_UP_MS : 0)),
    durationMs: inTicks(durationMs),
    count: values.count ?? null,
    drainMs: values.drain ?? DEFAULT_DRAIN_MS,
  } as const;
  refuseTopic(plan.topicPrefix);
  refuseTooMuch(plan);
  // One thread has no use for fewer connections than threads.
  const threads = Math.min(values.workers ?? Math.max(1, cores - 1), connectionsOf({ ...plan, threads: 1 }));
  return { ...plan, threads };
}

function rolesOf(
  scenario: Scenario,
  { publishers, subscribers, connections }: PlanValues,
): Pick<BenchPlan, 'publishers' | 'subscribers' | 'idle'> {
  if (scenario.idle > 0) return { publishers: 0, subscribers: 0, idle: connections ?? scenario.idle };
  if (scenario.name !== 'pairs') {
    return {
      publishers: publishers ?? scenario.publishers,
      subscribers: subscribers ?? scenario.subscribers,
      idle: 0,
    };
  }
  const pairs = publishers ?? subscribers ?? scenario.publishers;
  if ((subscribers ?? pairs) !== pairs) {
    throw new UsageError(
      `pairs: expected as many subscribers as publishers, got ${publishers} and ${subscribers}; fan-in and fan-out take any numbers`,
    );
  }
  return { publishers: pairs, subscribers: pairs, idle: 0 };
}

function refuseForeignFlags({ name, idle, subscribers }: Scenario, values: PlanValues): void {
  const refuse = (flag: string, isGiven: boolean, why: string): void => {
    if (isGiven) throw new UsageError(`${flag}: expected it not with ${name}, ${why}`);
  };
  const isGiven = (value: unknown): boolean => value !== undefined && value !== false;
  if (idle > 0) {
    const why = 'which sends no messages';
    refuse('--publishers', isGiven(values.publishers), `${why}; -n says how many connections`);
    refuse('--subscribers', isGiven(values.subscribers), `${why}; -n says how many connections`);
    refuse('--size', isGiven(values.size), why);
    refuse('--retain', isGiven(values.retain), why);
    refuse('--count', isGiven(values.count), why);
    refuse('--warm-up', isGiven(values.warmUp), why);
  } else {
    refuse('-n', isGiven(values.connections), 'where --publishers and --subscribers say it');
    if (subscribers === 0) refuse('--subscribers', isGiven(values.subscribers), 'which has none');
  }
  if (name !== 'subscribe') {
    refuse('--subscriptions', isGiven(values.subscriptions), 'only with subscribe');
  }
  if (name === 'connections') refuse('--rate', isGiven(values.rate), 'where --connect-rate says it');
  if (isGiven(values.rate) && isGiven(values.maximumInFlight)) {
    throw new UsageError('--rate and --in-flight: expected one of them, got both: an open or a closed loop');
  }
}

/** Messages of one publisher that may be under way: their payloads take memory here. */
function mostInFlight(payloadBytes: number): number {
  return Math.max(1, Math.floor(IN_FLIGHT_BYTES / payloadBytes));
}

/** @throws {UsageError} for what would take more memory than it tells */
function refuseTooMuch({ publishers, subscribers, ...plan }: Omit<BenchPlan, 'threads'>): void {
  if (plan.rate === null && plan.inFlight > mostInFlight(plan.payloadBytes)) {
    throw new UsageError(
      `--in-flight: expected at most ${mostInFlight(plan.payloadBytes)} with payloads of ${plan.payloadBytes} bytes, got ${plan.inFlight}`,
    );
  }
  const topics = publishers * plan.topicsEach;
  if (topics > MOST_TOPICS) {
    throw new UsageError(
      `--topics: expected at most ${MOST_TOPICS} of all publishers together, got ${topics}`,
    );
  }
  const streams = plan.scenario === 'pairs' ? publishers : publishers * subscribers;
  if (streams > MOST_STREAMS) {
    throw new UsageError(
      `--publishers and --subscribers: expected at most ${MOST_STREAMS} ways from one to another, got ${streams}`,
    );
  }
}

/** @throws {UsageError} for what messages cannot be published to */
function refuseTopic(topicPrefix: string): void {
  if (!/[+#\0]/.test(topicPrefix) && topicPrefix.length <= 60_000 && !topicPrefix.startsWith('$')) return;
  throw new UsageError(
    `--topic: expected the beginning of a topic without + and #, and not with $ in front, got ${quoted(topicPrefix)}`,
  );
}

/** Everything is counted in ticks. */
function inTicks(ms: number): number {
  return Math.ceil(ms / TICK_MS) * TICK_MS;
}
