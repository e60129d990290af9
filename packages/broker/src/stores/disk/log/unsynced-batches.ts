import type { LogFiles } from '../files/log-files.ts';
import { StoreOpenError } from '../files/store-open-error.ts';
import { BATCH_HEADER_BYTES, segmentName } from './batch-format.ts';
import type { RecoveredLog } from './recovery.ts';
import { SealedBatch } from './sealed-batch.ts';

/**
 * Reads again what a recovery found and nobody knows to be on the disk, to be written again. A system whose sync failed
 * goes on showing what never reached the disk, so to sync it now would prove nothing.
 */
export async function readUnsynced(
  files: LogFiles,
  found: RecoveredLog['unsynced'],
): Promise<readonly SealedBatch[]> {
  const [first] = found;
  if (first === undefined) return [];
  const name = segmentName(first.segment);
  const batches: SealedBatch[] = [];
  try {
    const file = await files.open(name, 'read');
    try {
      for (const { segment, start, header } of found) {
        const dataStart = start + BATCH_HEADER_BYTES;
        const bytes = new Uint8Array(header.dataLength + header.metaLength);
        for (let done = 0; done < bytes.length; ) {
          const count = await file.read(bytes.subarray(done), dataStart + done);
          if (count === 0) throw new Error(`${name} became shorter while it was read`);
          done += count;
        }
        const data = bytes.subarray(0, header.dataLength);
        const meta = bytes.subarray(header.dataLength);
        const { sequence, syncedSequence, flags } = header;
        batches.push(
          new SealedBatch(sequence, syncedSequence, flags, { segment, dataStart }, data, meta, null),
        );
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw StoreOpenError.unreadable(name, error);
  }
  return batches;
}
