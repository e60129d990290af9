// A plan as the tests of single parts need one.

import type { BenchPlan } from '../../src/bench/bench-plan.ts';

export function samplePlan(changes: Partial<BenchPlan> = {}): BenchPlan {
  return {
    scenario: 'pairs',
    runId: 1,
    threads: 1,
    publishers: 1,
    subscribers: 1,
    idle: 0,
    topicPrefix: 'bench/1',
    topicsEach: 1,
    subscriptionsEach: 1,
    payloadBytes: 64,
    qos: 1,
    subscribeQos: 1,
    retain: false,
    rate: null,
    inFlight: 10,
    connectRate: null,
    warmUpMs: 0,
    durationMs: 1000,
    count: null,
    drainMs: 1000,
    ...changes,
  };
}
