/** Runs checks against one server, several at a time. */
import type { Capabilities } from './capabilities.ts';
import { lackOf } from './capabilities.ts';
import type { Check } from './check.ts';
import { statementsOf } from './check.ts';
import { CheckFailure, CheckInconclusive, CheckSkipped } from './check-failure.ts';
import { CheckWorld } from './check-world.ts';
import type { Target } from './target.ts';
import type { Verdict, VerdictKind } from './verdict.ts';

export interface RunOptions {
  readonly target: Target;
  readonly version: 4 | 5;
  readonly capabilities: Capabilities;
  /** Begins all topics of the run. */
  readonly topicPrefix: string;
  /** Tells the run from every other: at most {@link LONGEST_RUN_ID} letters and digits. */
  readonly runId: string;
  /** Whether the server takes MQTT 5.0 too. */
  readonly takesV5: boolean;
  /** How long an answer may take, in ms. */
  readonly timeoutMs: number;
  /** Checks under way at once. */
  readonly concurrency: number;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  readonly onVerdict?: (verdict: Verdict) => void;
}

/** What a run is told by, in the names that it uses. */
export const LONGEST_RUN_ID = 6;

/** The checks that there are for a version and a way to connect, in their order. */
export function checksFor(checks: readonly Check[], version: 4 | 5, isWebSocket: boolean): readonly Check[] {
  return checks.filter(
    (check) => statementsOf(check, version) !== undefined && (check.over === undefined || isWebSocket),
  );
}

/** @returns a verdict for each check, in their order; for those that had come to an end, once the signal has aborted */
export async function runChecks(checks: readonly Check[], options: RunOptions): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const { signal } = options;
  const worlds = new Set<CheckWorld>();
  const interrupt = (): void => {
    for (const world of worlds) world.interrupt(signal.reason);
  };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < checks.length && !signal.aborted) {
      const at = next++;
      const world = worldOf(at, options);
      worlds.add(world);
      const verdict = await runCheck(checks[at]!, world, options);
      worlds.delete(world);
      if (signal.aborted) return;
      verdicts[at] = verdict;
      options.onVerdict?.(verdict);
    }
  };
  signal.addEventListener('abort', interrupt);
  try {
    await Promise.all(Array.from({ length: options.concurrency }, worker));
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
  return verdicts.filter((verdict) => verdict !== undefined);
}

function worldOf(at: number, options: RunOptions): CheckWorld {
  const { target, version, capabilities, topicPrefix, runId, takesV5, timeoutMs, nowMs } = options;
  const own = `${at.toString(36).padStart(2, '0')}v${version}`;
  return new CheckWorld({
    target,
    version,
    capabilities,
    takesV5,
    timeoutMs,
    nowMs,
    topicPrefix: `${topicPrefix}/${runId}/${own}`,
    clientIdPrefix: `m${runId}${own}`,
  });
}

async function runCheck(check: Check, world: CheckWorld, options: RunOptions): Promise<Verdict> {
  const { version, nowMs, signal } = options;
  const startMs = nowMs();
  const [kind, reason] = await verdictOf(check, world, signal);
  const exchange = kind === 'passed' ? [] : [...world.exchange.lines];
  await world.end();
  return {
    check,
    version,
    kind,
    ...(reason === undefined ? {} : { reason }),
    notes: world.notes,
    exchange,
    tookMs: nowMs() - startMs,
  };
}

async function verdictOf(
  check: Check,
  world: CheckWorld,
  signal: AbortSignal,
): Promise<readonly [VerdictKind, string?]> {
  for (const capability of check.needs ?? []) {
    const lack = lackOf(capability, world.capabilities);
    if (lack !== undefined) return ['skipped', lack];
  }
  try {
    await check.run(world);
    return ['passed'];
  } catch (error) {
    if (error instanceof CheckFailure) return ['failed', error.message];
    if (error instanceof CheckSkipped) return ['skipped', error.message];
    if (error instanceof CheckInconclusive) return ['inconclusive', error.message];
    if (signal.aborted && error === signal.reason) return ['inconclusive', 'the run was ended'];
    throw error;
  }
}
