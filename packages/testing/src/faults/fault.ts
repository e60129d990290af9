import type { Direction } from '../network/logged-packet.ts';

/** A fault that has been ordered: until it has happened as often as it was to, or is taken back. */
export interface Fault {
  /** False when it is over. */
  readonly active: boolean;
  /** How often it has happened: packets, cuts or refused connections. 0 for what lasts, such as a delay. */
  readonly count: number;
  /** Takes it back. What it held up goes on; what was lost stays lost. */
  remove(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/** Which connections a fault concerns. */
export interface FaultScope {
  /** @default those of all clients */
  readonly clientId?: string;
}

export interface DirectedFaultScope extends FaultScope {
  /** @default both, unless it says otherwise */
  readonly direction?: Direction;
}

export interface CountedFaultScope extends DirectedFaultScope {
  /** How often it happens; Infinity for always. @default 1 */
  readonly times?: number;
}
