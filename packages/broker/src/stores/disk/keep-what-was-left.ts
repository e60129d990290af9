import { Durability } from '../../core/ports/durability.ts';
import type { SegmentLog } from './log/segment-log.ts';
import { isSettledWithin } from './log/settled-within.ts';

/** What the process before this one had written and perhaps not synced survives a power cut from now on, if it can. */
export async function keepWhatWasLeft(
  log: SegmentLog,
  onNote: (code: string, text: string) => void,
  patienceMs: number,
): Promise<void> {
  const commit = log.commit(Durability.Disk);
  if (!(await isSettledWithin(commit, patienceMs))) log.abandon();
  try {
    await commit;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    onNote('store-not-synced', `${text}; what was kept before the start goes with the next commit`);
  }
}
