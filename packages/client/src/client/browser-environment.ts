import type { ClientEnvironment } from '../environment.ts';

/** The clock and the timers of browsers and workers. What one task writes leaves together. */
export const browserEnvironment: Readonly<ClientEnvironment> = {
  nowMs: () => performance.now(),
  wallMs: Date.now,
  random: Math.random,
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  // A browser refuses to have it called as a method of anything else.
  soon: (callback) => queueMicrotask(callback),
};
