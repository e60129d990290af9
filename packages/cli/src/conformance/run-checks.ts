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
  /** Begins all names that the run uses; unique to it. */
  readonly prefix: string;
  /** How long an answer may take, in ms. */
  readonly timeoutMs: number;
  /** Checks under way at once. */
  readonly concurrency: number;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  readonly onVerdict?: (verdict: Verdict) => void;
}

/** The checks that there are for a version, in their order. */
export function checksFor(checks: readonly Check[], version: 4 | 5): readonly Check[] {
  return checks.filter((check) => statementsOf(check, version) !== undefined);
}

/** @returns a verdict for each check, in their order */
export async function runChecks(checks: readonly Check[], options: RunOptions): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < checks.length) {
      const at = next++;
      const verdict = await runCheck(checks[at]!, at, options);
      verdicts[at] = verdict;
      options.onVerdict?.(verdict);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return verdicts;
}

async function runCheck(check: Check, at: number, options: RunOptions): Promise<Verdict> {
  const { target, version, capabilities, timeoutMs, nowMs, signal } = options;
  signal.throwIfAborted();
  const startMs = nowMs();
  const prefix = `${options.prefix}${at.toString(36)}v${version}`;
  const world = new CheckWorld({ target, version, capabilities, prefix, timeoutMs, nowMs, signal });
  const [kind, reason] = await verdictOf(check, world);
  const exchange = kind === 'passed' ? [] : [...world.exchange.lines];
  await world.end();
  signal.throwIfAborted();
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

async function verdictOf(check: Check, world: CheckWorld): Promise<readonly [VerdictKind, string?]> {
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
    throw error;
  }
}
