import type { ClientEnvironment } from '../environment.ts';

/** The clock and the timers of Node.js, Deno and Bun. Writes of one round of the event loop leave together. */
export const nodeEnvironment: Readonly<ClientEnvironment> = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  random: () => Math.random(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  soon: (callback) => {
    setImmediate(callback);
  },
};
