/**
 * Signals that end the command: the first asks for an orderly end, a second one ends the process at once.
 *
 * One Ctrl+C can arrive twice: from the terminal, which sends it to every process of the group, and from npm, which
 * passes it on. So the same signal within a moment is the same wish.
 */
import { constants } from 'node:os';
import { SIGNAL_EXIT_CODE } from './exit-code.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
export type EndingSignal = (typeof SIGNALS)[number];

export const SAME_WISH_MS = 500;

/** What of a process this needs. */
export interface SignalledProcess {
  on(signal: EndingSignal, listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Resolves with the first signal. From then on, a second one ends the process.
 * @param nowMs A monotonic clock.
 */
export function endingSignal(
  signalled: SignalledProcess = process,
  nowMs: () => number = () => performance.now(),
): Promise<EndingSignal> {
  return new Promise((resolve) => {
    let first: { readonly signal: EndingSignal; readonly atMs: number } | undefined;
    const onSignal = (signal: EndingSignal): void => {
      if (first === undefined) {
        first = { signal, atMs: nowMs() };
        resolve(signal);
      } else if (signal !== first.signal || nowMs() - first.atMs >= SAME_WISH_MS) {
        signalled.exit(SIGNAL_EXIT_CODE + constants.signals[signal]);
      }
    };
    for (const signal of SIGNALS) signalled.on(signal, () => onSignal(signal));
  });
}
