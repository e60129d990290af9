/**
 * What a client takes from the platform besides the network: time, randomness and a moment later. An argument, so that
 * tests own them.
 */
export interface ClientEnvironment {
  /** Milliseconds that only grow, from any beginning. */
  nowMs(): number;
  /** Milliseconds since 1970, which may jump. */
  wallMs(): number;
  /** At least 0, below 1. */
  random(): number;
  /** Calls back once, after so many milliseconds. Returns what takes it back. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Calls back once, soon: when what is happening now has happened. Everything written until then leaves together. */
  soon(callback: () => void): void;
}
