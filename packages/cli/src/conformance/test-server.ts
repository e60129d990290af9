/** Tests one server: which versions it takes, what it can, and every check. */
import type { CommandIo } from '../command.ts';
import type { CapabilityLine, ProbedVersion, ProbeOptions } from './capability-probe.ts';
import { probeCapabilities, probeVersion } from './capability-probe.ts';
import { CheckInconclusive } from './check-failure.ts';
import type { CheckGroup } from './checks.ts';
import type { CheckResult, ServerReport, Version } from './report.ts';
import { resultOf } from './report.ts';
import { checksFor, LONGEST_RUN_ID, runChecks } from './run-checks.ts';
import type { Target } from './target.ts';

export interface TestWish {
  readonly versions: readonly Version[];
  readonly groups: readonly CheckGroup[];
  readonly timeoutMs: number;
  readonly parallel: number;
  readonly topicPrefix: string;
  readonly withCapabilities: boolean;
  /** Told of each check that has ended. */
  readonly onChecked: () => void;
}

/** How many checks there are for these versions. */
export function countChecks(
  { groups, versions }: Pick<TestWish, 'groups' | 'versions'>,
  isWebSocket = true,
): number {
  const checks = groups.flatMap((group) => group.checks);
  return versions.reduce((sum, version) => sum + checksFor(checks, version, isWebSocket).length, 0);
}

/** @returns what is known when the signal of `io` aborts, or all */
export async function testServer(target: Target, wish: TestWish, io: CommandIo): Promise<ServerReport> {
  const { timeoutMs, topicPrefix, groups } = wish;
  const { signal } = io;
  const options: ProbeOptions = {
    target,
    topicPrefix,
    runId: runIdFor(io.random()),
    timeoutMs,
    nowMs: () => io.nowMs(),
    signal,
  };
  const probed: ProbedVersion[] = [];
  const results: CheckResult[] = [];
  const refused: ServerReport['refused'][number][] = [];
  let capabilities: readonly CapabilityLine[] = [];
  const report = (unreachable?: string): ServerReport => ({
    name: target.name,
    capabilities,
    refused,
    results,
    ...(unreachable === undefined ? {} : { unreachable }),
  });
  try {
    for (const version of [5, 4, 3] as const) {
      signal.throwIfAborted();
      probed.push(await probeVersion(version, options));
    }
    const newest = probed.find(({ refusal }) => refusal === undefined);
    if (newest === undefined) return report(`${target.name} takes no version of MQTT: ${probed[0]?.refusal}`);
    if (wish.withCapabilities) capabilities = await probeCapabilities(newest, probed, options);
  } catch (error) {
    if (error instanceof CheckInconclusive) return report(error.message);
    if (signal.aborted && error === signal.reason) return report();
    throw error;
  }
  const headings = new Map(
    groups.flatMap(({ heading, checks }) => checks.map((check) => [check.id, heading])),
  );
  const takesV5 = probed.some(({ version, refusal }) => version === 5 && refusal === undefined);
  for (const version of wish.versions) {
    const checks = checksFor(
      groups.flatMap((group) => group.checks),
      version,
      target.isWebSocket,
    );
    const { refusal, capabilities: has } = probed.find((each) => each.version === version)!;
    if (refusal !== undefined) {
      refused.push({ version, reason: refusal });
      for (const _ of checks) wish.onChecked();
      continue;
    }
    const verdicts = await runChecks(checks, {
      ...options,
      version,
      takesV5,
      capabilities: has,
      concurrency: wish.parallel,
      onVerdict: wish.onChecked,
    });
    results.push(...verdicts.map((verdict) => resultOf(verdict, headings.get(verdict.check.id) ?? '')));
  }
  return report();
}

/** @param random at least 0, below 1 */
function runIdFor(random: number): string {
  return Math.floor(random * 36 ** LONGEST_RUN_ID)
    .toString(36)
    .padStart(LONGEST_RUN_ID, '0');
}
