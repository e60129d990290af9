import type { RecoveredLog } from './recovery.ts';

/** Tells an operator what a recovery has passed over. */
export function noteRecovery(found: RecoveredLog, onNote: (code: string, text: string) => void): void {
  const { tornTail, unfinished } = found;
  if (tornTail !== undefined) {
    const { file, offset, bytes } = tornTail;
    const text = `${file} ends at byte ${offset}: the ${bytes} bytes behind it are no whole batch, and nothing proves that they were on the disk`;
    onNote('store-torn-tail', text);
  }
  if (unfinished !== undefined) {
    onNote('store-unfinished-file', `${unfinished} was never finished, and is made anew when needed`);
  }
}
