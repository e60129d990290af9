/** Tests one server: which versions it takes, what it can, and every check. */
import type { CommandIo } from '../command.ts';
import type { CapabilityLine, ProbedVersion, ProbeOptions } from './capability-probe.ts';
import { probeCapabilities, probeVersion } from './capability-probe.ts';
import type { Check } from './check.ts';
import { statementsOf } from './check.ts';
import { CheckInconclusive } from './check-failure.ts';
import type { CheckGroup } from './checks.ts';
import type { CheckResult, ServerReport, Version } from './report.ts';
import { resultOf } from './report.ts';
import { runChecks } from './run-checks.ts';
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
export function countChecks({ groups, versions }: Pick<TestWish, 'groups' | 'versions'>): number {
  return versions.reduce((sum, version) => sum + checksOf(groups, version).length, 0);
}

function checksOf(groups: readonly CheckGroup[], version: Version): readonly Check[] {
  return groups.flatMap(({ checks }) => checks).filter((check) => statementsOf(check, version) !== undefined);
}

/** @throws {CheckInconclusive} if there is no connection to be had at all */
export async function testServer(target: Target, wish: TestWish, io: CommandIo): Promise<ServerReport> {
  const { timeoutMs, topicPrefix } = wish;
  const run = Math.floor(io.random() * 0x1000_0000).toString(36);
  const options: ProbeOptions = {
    target,
    prefix: `${topicPrefix}/${run}`,
    timeoutMs,
    nowMs: () => io.nowMs(),
    signal: io.signal,
  };
  const probed: ProbedVersion[] = [];
  for (const version of [5, 4, 3] as const) probed.push(await probeVersion(version, options));
  const newest = probed.find(({ refusal }) => refusal === undefined);
  if (newest === undefined)
    throw new CheckInconclusive(`the server takes no version of MQTT: ${probed[0]?.refusal}`);
  const capabilities: readonly CapabilityLine[] = wish.withCapabilities
    ? await probeCapabilities(newest, probed, options)
    : [];
  const results: CheckResult[] = [];
  const refused: ServerReport['refused'][number][] = [];
  const headings = new Map(
    wish.groups.flatMap(({ heading, checks }) => checks.map((check) => [check.id, heading])),
  );
  for (const version of wish.versions) {
    const checks = checksOf(wish.groups, version);
    const { refusal, capabilities: has } = probed.find((each) => each.version === version)!;
    if (refusal !== undefined) {
      refused.push({ version, reason: refusal });
      for (const _ of checks) wish.onChecked();
      continue;
    }
    const verdicts = await runChecks(checks, {
      ...options,
      version,
      capabilities: has,
      concurrency: wish.parallel,
      onVerdict: wish.onChecked,
    });
    results.push(...verdicts.map((verdict) => resultOf(verdict, headings.get(verdict.check.id) ?? '')));
  }
  return { name: target.name, capabilities, refused, results };
}
