/** Ctrl+C and SIGTERM while a command works: it takes away what it had made, and ends as the shells expect. */
import { constants } from 'node:os';
import { SIGNAL_EXIT_CODE } from './exit-code.ts';
import type { EndingSignal, SignalledProcess } from './termination.ts';
import { endingSignal } from './termination.ts';

/** A signal came before the work was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** 130 for SIGINT, 143 for SIGTERM. */
  readonly exitCode: number;

  constructor(signal: EndingSignal) {
    super(`${signal} came before the work was done`);
    this.exitCode = SIGNAL_EXIT_CODE + constants.signals[signal];
  }
}

/**
 * Does work that the first signal is to interrupt, by the `AbortSignal` that the work is given; a second one ends the process
 * at once. Rejects with an `Interrupted` if the work fails after a signal: it was the signal then.
 *
 * @example
 * await interruptible((abort) => copy({ onProgress: () => abort.throwIfAborted() }));
 */
export async function interruptible<Result>(
  work: (abort: AbortSignal) => Promise<Result>,
  signalled: SignalledProcess = process,
): Promise<Result> {
  const controller = new AbortController();
  endingSignal(signalled).then((signal) => controller.abort(new Interrupted(signal)));
  try {
    return await work(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  }
}

/** Lets the first signal end the process: for a command that makes nothing which would have to be taken away. */
export function endAtSignal(signalled: SignalledProcess = process): void {
  endingSignal(signalled).then((signal) => signalled.exit(new Interrupted(signal).exitCode));
}
