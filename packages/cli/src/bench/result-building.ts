/** Puts together what a run has found. Pure. */
import type { BenchPlan } from './bench-plan.ts';
import type { BenchResult, BrokerFigures, GeneratorFigures, SeriesPoint } from './bench-result.ts';
import { distributionOf, RESULT_FORMAT } from './bench-result.ts';
import type { RunOutcome } from './bench-run.ts';
import { connectionsMade } from './bench-run.ts';
import { BUSY_LIMIT, judge, LATE_SHARE_LIMIT } from './judgement.ts';
import type { LoadRecord, RecordedPoint } from './load-record.ts';
import type { ProcessSampler } from './process-sampler.ts';

/** What is known beside the run itself. */
export interface RunSurroundings {
  readonly title: string;
  readonly startedAt: string;
  readonly machine: BenchResult['machine'];
  readonly server: BenchResult['server'];
  readonly sampler: ProcessSampler;
  readonly brokerSource: BrokerFigures['source'] | null;
  readonly generatorMemoryBytes: number;
}

export function buildResult(plan: BenchPlan, outcome: RunOutcome, around: RunSurroundings): BenchResult {
  const { record, connecting, measuredMs } = outcome;
  const { totals, measured } = record;
  const perSecond = (count: number): number => (count / measuredMs) * 1000;
  // What the scenario is about.
  const main = plan.scenario === 'connections' ? connecting : record;
  const { asked, made } = connectionsMade(plan, outcome);
  const unjudged = {
    format: RESULT_FORMAT,
    title: around.title,
    startedAt: around.startedAt,
    machine: around.machine,
    server: around.server,
    plan,
    end: outcome.end,
    measuredMs,
    connections: {
      asked,
      made,
      lost: totals.lostConnections,
      tookMs: outcome.connectingMs,
      perSecond: (made / outcome.connectingMs) * 1000,
      refusedBecause: outcome.refused,
      lostBecause: outcome.lost,
    },
    messages: {
      sent: totals.sent,
      answered: totals.answered,
      failed: totals.failed,
      unanswered: outcome.unanswered,
      delivered: totals.delivered,
      sentPerSecond: perSecond(measured.sent),
      answeredPerSecond: perSecond(measured.answered),
      deliveredPerSecond: perSecond(measured.delivered),
      deliveredBytesPerSecond: perSecond(measured.deliveredBytes),
      failedBecause: outcome.failures,
    },
    delivery: distributionOf(record.delivery),
    answer: distributionOf(record.answer),
    connect: distributionOf(connecting.answer),
    proof: outcome.proof,
    generator: generatorFigures(plan, outcome, main, around),
    broker: brokerFigures(plan, outcome, around),
    pointMs: main.pointMs,
    series: seriesOf(main.series(), main.pointMs, around.sampler),
  } as const;
  return { ...unjudged, verdicts: judge(unjudged) };
}

/** When what a scenario is about began and ended, on the clock of the samples. */
function stretchOf(
  plan: BenchPlan,
  { measuredMs, connectingMs }: RunOutcome,
): { fromMs: number; toMs: number } {
  if (plan.scenario === 'connections') return { fromMs: 0, toMs: connectingMs };
  return { fromMs: plan.warmUpMs, toMs: plan.warmUpMs + measuredMs };
}

function generatorFigures(
  plan: BenchPlan,
  outcome: RunOutcome,
  main: LoadRecord,
  around: RunSurroundings,
): GeneratorFigures {
  const { totals } = outcome.record;
  const { fromMs, toMs } = stretchOf(plan, outcome);
  const cpuMs = around.sampler.cpuMs('generatorCpuMs', fromMs, toMs) ?? 0;
  const isLate = plan.rate !== null && totals.late / Math.max(1, totals.sent) >= LATE_SHARE_LIMIT;
  return {
    threads: plan.threads,
    cpuMs,
    cores: cpuMs / (toMs - fromMs),
    memoryBytes: around.generatorMemoryBytes,
    busy: main.busy,
    lateMessages: plan.rate === null ? 0 : totals.late,
    heldBackMessages: plan.rate === null ? 0 : totals.heldBack,
    unsentMessages: outcome.behind,
    stalls: totals.stalls,
    wasLimit: main.busy >= BUSY_LIMIT || isLate,
  };
}

function brokerFigures(plan: BenchPlan, outcome: RunOutcome, around: RunSurroundings): BrokerFigures | null {
  const { sampler, brokerSource } = around;
  const memory = sampler.samples.map((sample) => sample.brokerMemoryBytes).filter((bytes) => bytes !== null);
  const { fromMs, toMs } = stretchOf(plan, outcome);
  const cpuMs = sampler.cpuMs('brokerCpuMs', fromMs, toMs);
  if (brokerSource === null || (memory.length === 0 && cpuMs === null)) return null;
  const { delivered, sent } = outcome.record.measured;
  const { connected } = outcome.connecting.totals;
  const messages = plan.scenario === 'connections' ? connected : delivered > 0 ? delivered : sent;
  return {
    source: brokerSource,
    cpuMs,
    cores: cpuMs === null ? null : cpuMs / (toMs - fromMs),
    cpuUsPerMessage: cpuMs === null || messages === 0 ? null : (cpuMs * 1000) / messages,
    memoryBeforeBytes: memory[0] ?? null,
    memoryMaximumBytes: memory.length === 0 ? null : Math.max(...memory),
  };
}

function seriesOf(
  points: readonly RecordedPoint[],
  pointMs: number,
  sampler: ProcessSampler,
): readonly SeriesPoint[] {
  // What followed the last that happened is the waiting for more.
  const last = points.findLastIndex(({ counts }) => counts.sent + counts.delivered + counts.answered > 0);
  return points.slice(0, last + 1).map(({ counts, delivery, answer, busy }, index) => {
    const fromMs = index * pointMs;
    const atMs = fromMs + pointMs;
    const latency = delivery ?? answer;
    const cpuMs = sampler.cpuMs('brokerCpuMs', fromMs, atMs);
    const sample = sampler.samples.findLast((each) => each.atMs <= atMs);
    return {
      atMs,
      sentPerSecond: (counts.sent / pointMs) * 1000,
      deliveredPerSecond: (counts.delivered / pointMs) * 1000,
      answeredPerSecond: (counts.answered / pointMs) * 1000,
      p50Ms: latency === null ? null : latency.p50Us / 1000,
      p99Ms: latency === null ? null : latency.p99Us / 1000,
      maximumMs: latency === null ? null : latency.maximumUs / 1000,
      generatorBusy: busy,
      brokerCores: cpuMs === null ? null : cpuMs / pointMs,
      brokerMemoryBytes: sample?.brokerMemoryBytes ?? null,
    };
  });
}
