/** How a check can end. */
import type { Check } from './check.ts';

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
