import type { LogFile } from '../files/log-files.ts';
import { StoreFailure } from '../files/store-failure.ts';
import type { CommitAttempt } from './commit-attempt.ts';

/** At a fifth of a MB a second, this is a step in five seconds. */
const STEP_BYTES: number = 2 ** 20;

/**
 * Writes in calls of a bounded size, each counted as a step of the attempt: a slow disk shows that it gets on. Nothing
 * of it counts before all of it is there, so that it may end after any step.
 *
 * @throws what the disk says; {StoreFailure} if the attempt is over before the last step
 */
export async function writeInSteps(
  file: LogFile,
  pieces: readonly Uint8Array[],
  position: number,
  synced: boolean,
  attempt: CommitAttempt,
): Promise<void> {
  let at = position;
  let step: Uint8Array[] = [];
  let stepBytes = 0;
  const write = async (): Promise<void> => {
    if (attempt.isOver) throw new StoreFailure('store-silent', 'the commit has been given up meanwhile');
    await file.write(step, at, synced);
    attempt.steps++;
    at += stepBytes;
    step = [];
    stepBytes = 0;
  };
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      const end = Math.min(piece.length, from + STEP_BYTES - stepBytes);
      step.push(piece.subarray(from, end));
      stepBytes += end - from;
      from = end;
      if (stepBytes === STEP_BYTES) await write();
    }
  }
  if (stepBytes > 0) await write();
}
