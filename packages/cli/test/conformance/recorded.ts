// What a run has found, made up so that everything occurs that reports have to show.

import type { CheckResult, ServerReport, TestReport } from '../../src/conformance/report.ts';

const PASSED: Readonly<CheckResult> = {
  id: 'connect-accepted',
  group: 'Connecting',
  title: 'answers a valid CONNECT by a CONNACK that accepts it, before anything else',
  version: 5,
  statements: ['MQTT-3.2.0-1'],
  verdict: 'passed',
  tookMs: 3.4,
};

const FAILED: Readonly<CheckResult> = {
  id: 'ping-answered',
  group: 'Connections and packets',
  title: 'answers PINGREQ by PINGRESP',
  version: 5,
  statements: ['MQTT-3.12.4-1'],
  verdict: 'failed',
  reason: 'expected PINGRESP within 2 s (--timeout), got PUBLISH "<a>&" QoS 0 "\u0000\u001b[31m"',
  exchange: ['    0.1 ms  client → PINGREQ', '    0.2 ms  client ← PUBLISH "<a>&" QoS 0 "\u0000"'],
  tookMs: 2003,
};

const SKIPPED: Readonly<CheckResult> = {
  ...PASSED,
  id: 'auth-method',
  verdict: 'skipped',
  reason: 'the server has none of the methods',
};

const NOTED: Readonly<CheckResult> = {
  ...PASSED,
  id: 'connect-takes-over',
  notes: ['does not say Session taken over (0x8e) on the older connection'],
};

const OPEN: Readonly<CheckResult> = {
  ...FAILED,
  version: 4,
  verdict: 'inconclusive',
  reason: 'the server refused the subscription that the check needs: a/b',
};

export const SERVERS: Readonly<Record<'good' | 'bad' | 'lost' | 'old', ServerReport>> = {
  good: {
    name: 'good.example:1883',
    capabilities: [
      { name: 'versions of MQTT', value: '5.0, 3.1.1', from: 'tried' },
      { name: 'maximum QoS', value: '2', from: 'said' },
    ],
    refused: [],
    results: [PASSED, SKIPPED, { ...PASSED, version: 4 }],
  },
  bad: {
    name: 'bad.example:1883',
    capabilities: [{ name: 'maximum QoS', value: '1', from: 'said' }],
    refused: [],
    results: [PASSED, NOTED, FAILED, OPEN],
  },
  lost: {
    name: 'lost.example:1',
    capabilities: [],
    refused: [],
    results: [],
    unreachable: 'cannot connect to mqtt://lost.example:1: nothing listens there',
  },
  old: {
    name: 'old.example',
    capabilities: [],
    refused: [{ version: 5, reason: '0x84 Unsupported Protocol Version' }],
    results: [{ ...PASSED, version: 4 }],
  },
};

export function reportOf(...servers: readonly ServerReport[]): TestReport {
  return { format: 'martlet-test-1', startedAt: '2026-11-20T20:00:00.123Z', servers };
}
