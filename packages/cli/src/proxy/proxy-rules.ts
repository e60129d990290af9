/** What the proxy does to what passes. */
import type { FaultRule } from './fault-rule.ts';

export interface ProxyRules {
  readonly delayToServerMs: number;
  readonly delayToClientMs: number;
  readonly jitterMs: number;
  readonly drop: readonly FaultRule[];
  readonly duplicate: readonly FaultRule[];
  /** Packets of both directions together, on each connection. */
  readonly cutAfterPackets: number | undefined;
  readonly cutAfterBytes: number | undefined;
  readonly halfOpenAfterPackets: number | undefined;
}
