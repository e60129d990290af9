import type { LogFiles } from '../files/log-files.ts';
import type { Damage } from '../files/store-open-error.ts';
import { StoreOpenError } from '../files/store-open-error.ts';
import { batchSeed, SEGMENT_HEADER_BYTES, segmentName } from './batch-format.ts';
import { findSegments } from './segment-directory.ts';
import { SegmentScan } from './segment-scan.ts';

/** What is known to be on the disk, as the process remembers it. */
export interface KnownOnDisk {
  readonly storeId: Uint8Array;
  /** The segments that were finished and that nobody removes; oldest first. Older files are not looked at. */
  readonly segments: readonly number[];
  /** The last batch that was synced, if this process wrote it. */
  readonly lastSynced:
    | { readonly segment: number; readonly start: number; readonly sequence: number }
    | undefined;
}

/**
 * Looks, after the disk has failed, whether what was kept is still there: every segment has its header, and the last
 * batch that was synced is whole. Reads a few KiB a segment at most.
 *
 * @throws {StoreOpenError}, or what the file system says
 */
export async function checkKept(files: LogFiles, known: KnownOnDisk): Promise<void> {
  const onDamage = (damage: Damage): never => {
    throw StoreOpenError.damaged(damage);
  };
  const { segments } = await findSegments(files, onDamage, known.segments[0]);
  for (const number of known.segments) {
    if (!segments.some(({ header }) => header.segment === number)) {
      throw StoreOpenError.damaged({ file: segmentName(number), offset: 0, text: 'expected this file' });
    }
  }
  if (known.lastSynced !== undefined) await checkBatch(files, known.storeId, known.lastSynced);
}

async function checkBatch(
  files: LogFiles,
  storeId: Uint8Array,
  batch: NonNullable<KnownOnDisk['lastSynced']>,
): Promise<void> {
  const { segment, start, sequence } = batch;
  const file = await files.open(segmentName(segment), 'read');
  try {
    const seed = batchSeed(storeId, segment);
    const scan = new SegmentScan(file, await file.size(), segment, seed, 'all');
    const end = await scan.run(
      Math.max(start, SEGMENT_HEADER_BYTES),
      sequence,
      sequence + 1,
      () => undefined,
    );
    if (end.fault !== null || end.sequence !== sequence + 1) {
      const text = end.fault ?? `expected batch ${sequence}, the file ends`;
      throw StoreOpenError.damaged({ file: segmentName(segment), offset: start, text });
    }
  } finally {
    await file.close();
  }
}
