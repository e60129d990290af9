import type { LogFile, LogFiles } from '../files/log-files.ts';
import type { Damage } from '../files/store-open-error.ts';
import { StoreOpenError } from '../files/store-open-error.ts';
import type { SegmentHeader } from './batch-format.ts';
import {
  BATCH_HEADER_BYTES,
  CHECKSUM_AT,
  decodeSegmentHeader,
  encodeSegmentHeader,
  FORMAT_VERSION,
  peekBatchHeader,
  SEGMENT_HEADER_BYTES,
  STORE_ID_AT,
  STORE_ID_BYTES,
  segmentName,
  segmentOfName,
} from './batch-format.ts';

/** A segment whose header is in order. */
export interface FoundSegment {
  readonly header: SegmentHeader;
  /** Of the file. */
  readonly bytes: number;
}

export interface FoundSegments {
  /** Oldest first. */
  readonly segments: readonly FoundSegment[];
  /** The name of a last file that a crash left before it was a segment. */
  readonly unfinished: string | undefined;
}

/**
 * Finds the segments of a directory and reads their headers. Files with other names are not looked at.
 *
 * A segment gets its header when its first batches are on the disk. So a file whose header never wholly reached the disk holds
 * nothing that counts, and is passed over; what it was to hold is in the segment before it or in the one behind. That
 * no batch is missing between these two is looked at where they are read.
 *
 * @param onDamage told of each file that is missing or not what its name says; these are left out
 * @param from files of smaller numbers are not looked at: they may be about to be removed
 */
export async function findSegments(
  files: LogFiles,
  onDamage: (damage: Damage) => void,
  from = 1,
): Promise<FoundSegments> {
  const numbers = await segmentNumbers(files, from);
  const segments: FoundSegment[] = [];
  let unfinished: string | undefined;
  for (let index = 0; index < numbers.length; index++) {
    const segment = numbers[index]!;
    const previous = numbers[index - 1];
    if (previous !== undefined && segment !== previous + 1) {
      onDamage({ file: segmentName(previous + 1), offset: 0, text: 'expected this file, it is not there' });
    }
    const file = await files.open(segmentName(segment), 'read');
    try {
      const found = await readSegmentHeader(file, segment);
      if (typeof found !== 'string') {
        const fault = faultBetween(segments.at(-1)?.header, found.header);
        if (fault === null) segments.push(found);
        else onDamage({ file: segmentName(segment), offset: 0, text: fault });
      } else if (await wasNeverFinished(file, segment, segments.at(-1)?.header.storeId)) {
        if (index === numbers.length - 1) unfinished = segmentName(segment);
      } else {
        onDamage({ file: segmentName(segment), offset: 0, text: found });
      }
    } finally {
      await file.close();
    }
  }
  return { segments, unfinished };
}

async function segmentNumbers(files: LogFiles, from: number): Promise<readonly number[]> {
  let names: readonly string[];
  try {
    names = await files.list();
  } catch (error) {
    throw StoreOpenError.unreadable('the data directory', error);
  }
  const numbers = names
    .map(segmentOfName)
    .filter((segment): segment is number => segment !== undefined && segment >= from);
  return numbers.sort((a, b) => a - b);
}

/** The text says what is wrong with it. */
async function readSegmentHeader(file: LogFile, segment: number): Promise<FoundSegment | string> {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const count = await file.read(bytes, 0);
  if (count < SEGMENT_HEADER_BYTES)
    return `expected a header of ${SEGMENT_HEADER_BYTES} bytes, found ${count}`;
  const header = decodeSegmentHeader(bytes);
  if (header === undefined) return 'expected the header of a segment, its checksum is wrong';
  if (header.version > FORMAT_VERSION) {
    throw StoreOpenError.tooNew(segmentName(segment), header.version, FORMAT_VERSION);
  }
  if (header.segment !== segment) return `expected segment ${segment}, found segment ${header.segment}`;
  return { header, bytes: await file.size() };
}

function faultBetween(previous: SegmentHeader | undefined, header: SegmentHeader): string | null {
  if (previous === undefined) return null;
  if (previous.storeId.some((byte, at) => header.storeId[at] !== byte)) {
    return 'expected a file of the same store, found one of another';
  }
  return header.firstSequence < previous.firstSequence
    ? `expected batch ${previous.firstSequence} or a later one first, found ${header.firstSequence}`
    : null;
}

/**
 * Whether a file without a whole header is one that a crash left: what is in the header's place is part of the header that
 * was to be written, and no batch behind it was written after the first was on the disk.
 * @param storeId that of the files before, if there are any
 */
async function wasNeverFinished(
  file: LogFile,
  segment: number,
  storeId: Uint8Array | undefined,
): Promise<boolean> {
  const found = new Uint8Array(SEGMENT_HEADER_BYTES);
  const count = await file.read(found, 0);
  const bytes = new Uint8Array(BATCH_HEADER_BYTES);
  const size = await file.size();
  let start = SEGMENT_HEADER_BYTES;
  let first: number | undefined;
  while (start + BATCH_HEADER_BYTES <= size) {
    await file.read(bytes, start);
    const header = peekBatchHeader(bytes);
    if (header === undefined) break;
    first ??= header.sequence;
    if (header.syncedSequence >= first) return false;
    start += BATCH_HEADER_BYTES + header.dataLength + header.metaLength;
  }
  if (found.every((byte) => byte === 0)) return true;
  // The header is written when the batch behind it is there, and in one piece, which a power cut can tear.
  return (
    count === SEGMENT_HEADER_BYTES && first !== undefined && isTornHeader(found, segment, first, storeId)
  );
}

/** Whether each byte is that of the header which this file was to have, or none. */
function isTornHeader(
  found: Uint8Array,
  segment: number,
  firstSequence: number,
  storeId: Uint8Array | undefined,
): boolean {
  const version = FORMAT_VERSION;
  const wanted = encodeSegmentHeader({
    version,
    segment,
    firstSequence,
    storeId: storeId ?? found.subarray(STORE_ID_AT, STORE_ID_AT + STORE_ID_BYTES),
  });
  // Of the first file nobody else knows the id, so the checksum of what was wanted is not known either.
  const compared = storeId === undefined ? CHECKSUM_AT : SEGMENT_HEADER_BYTES;
  for (let at = 0; at < compared; at++) {
    if (found[at] !== 0 && found[at] !== wanted[at]) return false;
  }
  return true;
}
