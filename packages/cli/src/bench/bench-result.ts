/** What a run has found, as it is written to a file, shown, drawn and compared. All of it is plain data. */
import type { BenchPlan } from './bench-plan.ts';
import type { DeliveryProof } from './delivery-proof.ts';
import type { LatencyHistogram } from './latency-histogram.ts';
import type { Reasons } from './thread-messages.ts';

/** Says what a file is; another version is refused. */
export const RESULT_FORMAT = 'martlet-bench/1';

export interface Distribution {
  readonly count: number;
  readonly minimumMs: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly p9999Ms: number;
  readonly maximumMs: number;
  /** Percentile and value in ms, in turn with it, for a plot. */
  readonly curve: readonly (readonly [number, number])[];
}

export interface SeriesPoint {
  /** Its end, in ms since the run began. */
  readonly atMs: number;
  readonly sentPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly answeredPerSecond: number;
  /** In ms, of deliveries, or of answers where nobody subscribes; null where nothing came. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maximumMs: number | null;
  /** How busy the busiest thread of the generator was, from 0 to 1. */
  readonly generatorBusy: number;
  /** Cores; null where it is not known. */
  readonly brokerCores: number | null;
  readonly brokerMemoryBytes: number | null;
}

/** Good news; something to know; something that spoils the figures; something that may not be. */
export type VerdictKind = 'good' | 'note' | 'warning' | 'bad';

export interface Verdict {
  readonly kind: VerdictKind;
  readonly text: string;
}

export interface BrokerFigures {
  /** Where the figures are from. */
  readonly source: 'process' | '$SYS';
  /** CPU time while it was measured, in ms; null where only memory is known. */
  readonly cpuMs: number | null;
  /** Of one core, from 0. */
  readonly cores: number | null;
  /** CPU for each message that was delivered, or else sent; or for each subscription or connection. */
  readonly cpuUsPerMessage: number | null;
  readonly memoryBeforeBytes: number | null;
  readonly memoryMaximumBytes: number | null;
}

export interface GeneratorFigures {
  readonly threads: number;
  readonly cpuMs: number;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Of the busiest thread, from 0 to 1. */
  readonly busy: number;
  /** Messages that left more than a millisecond late because a thread was busy. */
  readonly lateMessages: number;
  /** Those that were late because too much waited for the broker. */
  readonly heldBackMessages: number;
  /** Those that were to be sent and were not. */
  readonly unsentMessages: number;
  /** How often a closed loop gave up waiting for deliveries. */
  readonly stalls: number;
  readonly wasLimit: boolean;
}

export interface BenchResult {
  readonly format: typeof RESULT_FORMAT;
  readonly title: string;
  readonly startedAt: string;
  readonly machine: {
    readonly system: string;
    readonly processors: string;
    readonly memoryBytes: number;
    readonly runtime: string;
    readonly martlet: string;
  };
  readonly server: {
    readonly url: string;
    /** As it calls itself, or null. */
    readonly version: string | null;
    readonly protocolVersion: number;
  };
  readonly plan: BenchPlan;
  /** How it ended. */
  readonly end: 'complete' | 'interrupted' | 'all connections lost';
  /** What was measured, in ms. */
  readonly measuredMs: number;
  readonly connections: {
    readonly asked: number;
    readonly made: number;
    readonly lost: number;
    /** In ms, all of them. */
    readonly tookMs: number;
    readonly perSecond: number;
    readonly refusedBecause: Reasons;
    readonly lostBecause: Reasons;
  };
  readonly messages: {
    readonly sent: number;
    readonly answered: number;
    readonly failed: number;
    readonly unanswered: number;
    readonly delivered: number;
    readonly sentPerSecond: number;
    readonly answeredPerSecond: number;
    readonly deliveredPerSecond: number;
    readonly deliveredBytesPerSecond: number;
    readonly failedBecause: Reasons;
  };
  /** From the time at which a message was to be sent until it came to a subscriber. */
  readonly delivery: Distribution | null;
  /** From then until the server had answered: PUBACK or PUBCOMP; SUBACK where subscribing is measured. */
  readonly answer: Distribution | null;
  /** From then until CONNACK. */
  readonly connect: Distribution | null;
  readonly proof: DeliveryProof | null;
  readonly generator: GeneratorFigures;
  readonly broker: BrokerFigures | null;
  /** Of one point of the series, in ms. */
  readonly pointMs: number;
  readonly series: readonly SeriesPoint[];
  readonly verdicts: readonly Verdict[];
}

export function distributionOf(histogram: LatencyHistogram): Distribution | null {
  if (histogram.count === 0) return null;
  const at = (percentile: number): number => histogram.percentileUs(percentile) / 1000;
  return {
    count: histogram.count,
    minimumMs: histogram.minimumUs / 1000,
    meanMs: Math.round(histogram.meanUs) / 1000,
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    p9999Ms: at(99.99),
    maximumMs: histogram.maximumUs / 1000,
    curve: histogram.curve().map(({ percentile, valueUs }) => [percentile, valueUs / 1000] as const),
  };
}

/** What a scenario counts. */
export function countedNoun({ scenario }: BenchPlan): 'message' | 'subscription' | 'connection' {
  if (scenario === 'connections') return 'connection';
  return scenario === 'subscribe' ? 'subscription' : 'message';
}

/** What a scenario is about: its main latencies. */
export function mainLatencyOf(
  result: BenchResult,
): { readonly name: string; readonly of: Distribution } | null {
  const { delivery, answer, connect, plan } = result;
  if (delivery !== null) return { name: 'delivery', of: delivery };
  if (answer !== null) {
    return { name: plan.scenario === 'subscribe' ? 'subscribing' : 'acknowledgement', of: answer };
  }
  return connect === null ? null : { name: 'connecting', of: connect };
}
