import type { LogFile, LogFiles } from '../files/log-files.ts';
import type { SegmentHeader } from './batch-format.ts';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, segmentName } from './batch-format.ts';
import type { CommitAttempt } from './commit-attempt.ts';
import type { SealedBatch } from './sealed-batch.ts';
import { writeInSteps } from './stepped-write.ts';

/**
 * Makes a segment with its first batches. The header, which makes the file a segment and ends what counts of the one
 * before, is written when the batches are on the disk: whenever the power goes, one of the two files has them all.
 *
 * A file that an earlier attempt left is removed. So two attempts must not be under way at the same time.
 */
export async function beginSegment(
  files: LogFiles,
  header: SegmentHeader,
  batches: readonly SealedBatch[],
  attempt: CommitAttempt,
): Promise<LogFile> {
  const name = segmentName(header.segment);
  await files.remove(name);
  const file = await files.create(name);
  try {
    await writeInSteps(file, piecesOf(batches), SEGMENT_HEADER_BYTES, true, attempt);
    await file.write([encodeSegmentHeader(header)], 0, true);
    return file;
  } catch (error) {
    file.close().catch(() => undefined);
    throw error;
  }
}

/** What is written of batches that lie one behind the other. */
export function piecesOf(batches: readonly SealedBatch[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (const { header, data, meta } of batches) pieces.push(header, data, meta);
  return pieces;
}
