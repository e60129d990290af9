// A broker in this process that checks are run against, and running them.

import type { Broker, BrokerOptions } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { openNodeTransport, parseServerUrl } from '@martlet/client/node-transport';
import { probeVersion } from '../../src/conformance/capability-probe.ts';
import type { Check } from '../../src/conformance/check.ts';
import { CHECK_GROUPS } from '../../src/conformance/checks.ts';
import { runChecks } from '../../src/conformance/run-checks.ts';
import type { Target } from '../../src/conformance/target.ts';
import type { Verdict } from '../../src/conformance/verdict.ts';

export const ALL_CHECKS: readonly Check[] = CHECK_GROUPS.flatMap(({ checks }) => checks);

/** Much more than a broker beside the test needs, in ms. */
export const PATIENT_MS = 20_000;

let runs = 0;

export interface TestedBroker {
  readonly target: Target;
  readonly broker: Broker;
  readonly webSocketUrl: string;
  readonly url: string;
  close(): Promise<void>;
}

export async function testedBroker(options: BrokerOptions = {}): Promise<TestedBroker> {
  const broker = createBroker(options);
  const [tcp, webSocket] = [await broker.listen({ port: 0 }), await broker.listenWebSocket({ port: 0 })];
  if (tcp.address.kind !== 'tcp' || webSocket.address.kind !== 'tcp') throw new Error('expected TCP ports');
  const url = `mqtt://127.0.0.1:${tcp.address.port}`;
  const { server } = parseServerUrl(url);
  const open = openNodeTransport();
  return {
    broker,
    url,
    webSocketUrl: `ws://127.0.0.1:${webSocket.address.port}/mqtt`,
    target: {
      name: 'broker',
      isWebSocket: false,
      open: (listener, signal) => open(server, listener, signal),
    },
    close: () => broker.close(),
  };
}

export interface RunWish {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onVerdict?: (verdict: Verdict) => void;
}

export async function run(
  target: Target,
  version: 4 | 5,
  checks: readonly Check[],
  { timeoutMs = PATIENT_MS, signal = new AbortController().signal, onVerdict = () => {} }: RunWish = {},
): Promise<readonly Verdict[]> {
  const nowMs = (): number => performance.now();
  runs += 1;
  const names = { topicPrefix: 'tests', runId: `r${runs}` };
  const { capabilities } = await probeVersion(version, { target, ...names, timeoutMs, nowMs, signal });
  return runChecks(checks, {
    target,
    version,
    ...names,
    capabilities,
    takesV5: true,
    timeoutMs,
    concurrency: 24,
    nowMs,
    signal,
    onVerdict,
  });
}

/** The checks of these ids. */
export function checksNamed(ids: readonly string[]): readonly Check[] {
  return ids.map((id) => {
    const check = ALL_CHECKS.find((each) => each.id === id);
    if (check === undefined) throw new Error(`there is no check ${id}`);
    return check;
  });
}
