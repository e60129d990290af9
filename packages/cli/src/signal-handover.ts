/** Signals that from now on are answered by others. */

type HandedSignal = 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2';

/**
 * Has `install` add the new listeners before the old ones go: a process that listens to a signal for no moment loses one that has
 * come and has not been told of yet.
 */
export function handOverSignals(signals: readonly HandedSignal[], install: () => void): void {
  const before = signals.map((signal) => ({ signal, listeners: process.listeners(signal) }));
  install();
  for (const { signal, listeners } of before) {
    for (const listener of listeners) process.off(signal, listener);
  }
}
