/** What a broker takes from the platform besides the network and the store: time, chance and a moment later. */
import { randomBytes, randomUUID } from 'node:crypto';

/**
 * An argument, so that a broker can live in another time than the process: a test's, a simulation's.
 * @see nodeEnvironment for what it is if nothing is said
 */
export interface BrokerEnvironment {
  /** Milliseconds that only grow, from any beginning; may be fractional. */
  nowMs(): number;
  /** Milliseconds since 1970, which may jump. */
  wallMs(): number;
  /** A client identifier that nobody can guess; another one each time. */
  newClientId(): string;
  /** Any 32-bit integer that peers cannot guess; asked for once. */
  hashSeed(): number;
  /** Bytes of memory in use; for `$SYS/broker/heap`. */
  heapBytes(): number;
  /**
   * Calls back once, after so many milliseconds: at most 2,147,483,647.
   * @param keepsAlive whether the process is to live until then
   * @returns what takes it back
   */
  setTimer(callback: () => void, delayMs: number, keepsAlive: boolean): () => void;
  /** Calls back once, soon, and never from inside this call: when all inputs of this round have come. */
  soon(callback: () => void): void;
}

/** Node's clocks, its event loop, and randomness that nobody can guess. */
export function nodeEnvironment(): BrokerEnvironment {
  return {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    newClientId: () => `martlet-${randomUUID()}`,
    hashSeed: () => randomBytes(4).readInt32LE(),
    heapBytes: () => process.memoryUsage.rss(),
    setTimer: (callback, delayMs, keepsAlive) => {
      const timer = setTimeout(callback, delayMs);
      if (!keepsAlive) timer.unref();
      return () => clearTimeout(timer);
    },
    soon: (callback) => {
      setImmediate(callback);
    },
  };
}
