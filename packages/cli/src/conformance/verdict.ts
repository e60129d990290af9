/** How a check can end. */
import type { Check } from './check.ts';

/** The server did not do what the statement says. The message says what was expected, and what came. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
}

/** The check does not apply to this server, which lacks what is optional. */
export class CheckSkipped extends Error {
  override readonly name = 'CheckSkipped';
}

/** Nothing can be said of the server: it could not be reached, or refused what the check needs first. */
export class CheckInconclusive extends Error {
  override readonly name = 'CheckInconclusive';
}

export type VerdictKind = 'passed' | 'failed' | 'skipped' | 'inconclusive';

export interface Verdict {
  readonly check: Check;
  /** 5: MQTT 5.0; 4: MQTT 3.1.1. */
  readonly version: 4 | 5;
  readonly kind: VerdictKind;
  /** Why, unless it passed. */
  readonly reason?: string;
  /** What the specification recommends and the server does otherwise; no failure. */
  readonly notes: readonly string[];
  /** What was sent and received, a line a packet; kept unless it passed. */
  readonly exchange: readonly string[];
  readonly tookMs: number;
}
