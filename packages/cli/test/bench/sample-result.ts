// A result of figures that the test chooses, put together as the command does it.

import type { BenchPlan } from '../../src/bench/bench-plan.ts';
import type { BenchResult } from '../../src/bench/bench-result.ts';
import type { RunOutcome } from '../../src/bench/bench-run.ts';
import type { DeliveryProof } from '../../src/bench/delivery-proof.ts';
import { LatencyHistogram } from '../../src/bench/latency-histogram.ts';
import type { LoadCounts } from '../../src/bench/load-meter.ts';
import { noCounts } from '../../src/bench/load-meter.ts';
import { LoadRecord } from '../../src/bench/load-record.ts';
import { ProcessSampler } from '../../src/bench/process-sampler.ts';
import { buildResult } from '../../src/bench/result-building.ts';
import { samplePlan } from './sample-plan.ts';

export const CLEAN_PROOF: Readonly<DeliveryProof> = {
  expected: 400,
  received: 400,
  lost: 0,
  duplicates: 0,
  reordered: 0,
  foreign: 0,
  altered: 0,
  receiversLeftOut: 0,
  examples: [],
};

export interface SampleResult {
  readonly plan?: Partial<BenchPlan>;
  readonly outcome?: Partial<RunOutcome>;
  /** Of each of the four ticks of a second. */
  readonly counts?: Partial<LoadCounts>;
  readonly title?: string;
  readonly version?: string;
  readonly latencyUs?: number;
  readonly busy?: number;
  readonly generatorCores?: number;
  readonly hasBroker?: boolean;
}

/** A second in which 100 messages were sent and delivered every quarter, with 1 ms and 2 ms in turn. */
export function sampleResult(sample: SampleResult = {}): BenchResult {
  const { latencyUs = 1000, busy = 0.2 } = sample;
  const plan = samplePlan({ topicPrefix: 'bench/1', ...sample.plan });
  const record = new LoadRecord(plan.warmUpMs, plan.warmUpMs + plan.durationMs);
  const connecting = new LoadRecord(0, 1000);
  const latency = new LatencyHistogram();
  for (let tick = 0; tick < 4; tick++) {
    for (let number = 0; number < 100; number++) latency.record(latencyUs * (1 + (number % 2)));
    const counts = {
      ...noCounts(),
      sent: 100,
      answered: 100,
      delivered: 100,
      deliveredBytes: 6400,
      ...sample.counts,
    };
    record.add(0, {
      ...counts,
      tick,
      deliveryUs: latency.take(),
      answerUs: null,
      busyUs: busy * 250_000,
      passedUs: 250_000,
      lastUs: 0,
    });
  }
  latency.record(500);
  connecting.add(0, {
    ...noCounts(),
    connected: 2,
    tick: 0,
    deliveryUs: null,
    answerUs: latency.take(),
    busyUs: busy * 250_000,
    passedUs: 250_000,
    lastUs: 0,
  });
  let at = 0;
  const sampler = new ProcessSampler({
    nowMs: () => at,
    broker: () =>
      sample.hasBroker === false ? null : { cpuMs: 500 + at * 0.1, memoryBytes: 10_485_760 + at },
    generatorCpuMs: () => at * (sample.generatorCores ?? 0.5),
  });
  sampler.begin(0);
  for (at = 250; at <= 1000; at += 250) sampler.sample();
  return buildResult(
    plan,
    {
      ...{ end: 'complete', connecting, connectingMs: 20, refused: {}, record, measuredMs: plan.durationMs },
      ...{ behind: 0, failures: {}, lost: {}, unanswered: 0, proof: CLEAN_PROOF },
      ...sample.outcome,
    },
    {
      title: sample.title ?? 'a run',
      startedAt: '2026-01-01T00:00:00.000Z',
      machine: {
        ...{
          system: 'Linux 6.1',
          processors: '2 × Example',
          memoryBytes: 2 ** 32,
          runtime: 'Node.js 20.20.2',
        },
        martlet: '0.1.0',
      },
      server: { url: 'mqtt://localhost', version: sample.version ?? null, protocolVersion: 4 },
      sampler,
      brokerSource: sample.hasBroker === false ? null : 'process',
      generatorMemoryBytes: 50_000_000,
    },
  );
}
