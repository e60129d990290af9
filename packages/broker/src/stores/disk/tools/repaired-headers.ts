import type { LogFile, LogFiles } from '../files/log-files.ts';
import type { SegmentHeader } from '../log/batch-format.ts';
import {
  batchSeed,
  decodeSegmentHeader,
  encodeSegmentHeader,
  FORMAT_VERSION,
  SEGMENT_HEADER_BYTES,
  segmentOfName,
} from '../log/batch-format.ts';
import { SegmentScan } from '../log/segment-scan.ts';
import type { Findings } from './finding.ts';
import type { HeldSegments } from './held-segments.ts';

/** Where the store id stands in a segment's header. */
const STORE_ID_START = 24;
const STORE_ID_END = 40;

/**
 * Files whose damaged segment headers read as they must have been, for whoever wants what is behind them: without its
 * header, a whole segment could not be read. One bit that flipped is found by trying. Else the number is in the file's
 * name, the id of the store in other segments or perhaps undamaged in this one, and a batch whose checksum fits proves both.
 */
export async function withRepairedHeaders(held: HeldSegments, findings: Findings): Promise<LogFiles> {
  const names = await held.list();
  const firstBytes = new Map<string, Uint8Array>();
  const storeIds: Uint8Array[] = [];
  for (const name of names) {
    const bytes = await readFirstBytes(held.openSync(name));
    firstBytes.set(name, bytes);
    const header = decodeSegmentHeader(bytes);
    storeIds.push(header?.storeId ?? bytes.slice(STORE_ID_START, STORE_ID_END));
  }
  const repaired = new Map<string, Uint8Array>();
  for (const [name, bytes] of firstBytes) {
    if (decodeSegmentHeader(bytes) !== undefined || bytes.every((byte) => byte === 0)) continue;
    const header =
      withOneBitCorrected(bytes) ?? (await foundHeader(held.openSync(name), segmentOfName(name)!, storeIds));
    if (header === undefined) continue;
    repaired.set(name, encodeSegmentHeader(header));
    findings.damage('damaged', name, 0, 'expected the header of a segment, its checksum is wrong');
  }
  return repaired.size === 0 ? held : new RepairedHeaders(held, repaired);
}

async function readFirstBytes(file: LogFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  await file.read(bytes, 0);
  return bytes;
}

function withOneBitCorrected(bytes: Uint8Array): SegmentHeader | undefined {
  const tried = bytes.slice();
  for (let bit = 0; bit < SEGMENT_HEADER_BYTES * 8; bit++) {
    tried[bit >> 3]! ^= 1 << (bit & 7);
    const header = decodeSegmentHeader(tried);
    if (header !== undefined) return header;
    tried[bit >> 3]! ^= 1 << (bit & 7);
  }
  return undefined;
}

/** The header with which the first readable batch of the file is one of it. */
async function foundHeader(
  file: LogFile,
  segment: number,
  storeIds: readonly Uint8Array[],
): Promise<SegmentHeader | undefined> {
  const tried = new Set<number>();
  for (const storeId of storeIds) {
    const seed = batchSeed(storeId, segment);
    if (tried.has(seed)) continue;
    tried.add(seed);
    const scan = new SegmentScan(file, await file.size(), segment, seed, 'headers');
    const found = await scan.findHeader(SEGMENT_HEADER_BYTES);
    if (found === undefined) continue;
    // One less where something unreadable stands before it, so that it counts as coming behind that.
    const { sequence } = found.header;
    const firstSequence = found.start === SEGMENT_HEADER_BYTES ? sequence : sequence - 1;
    return { version: FORMAT_VERSION, segment, firstSequence, storeId };
  }
  return undefined;
}

class RepairedHeaders implements LogFiles {
  readonly #held: HeldSegments;
  readonly #headers: ReadonlyMap<string, Uint8Array>;

  constructor(held: HeldSegments, headers: ReadonlyMap<string, Uint8Array>) {
    this.#held = held;
    this.#headers = headers;
  }

  list(): Promise<readonly string[]> {
    return this.#held.list();
  }

  open(name: string, mode: 'read' | 'write'): Promise<LogFile> {
    if (mode === 'write') return this.#held.open(name, mode);
    return Promise.resolve(this.openSync(name));
  }

  openSync(name: string): LogFile {
    const file = this.#held.openSync(name);
    const header = this.#headers.get(name);
    if (header === undefined) return file;
    const { read, readSync } = file;
    file.read = async (target, position) => {
      const count = await read.call(file, target, position);
      return overlaid(header, target, position, count);
    };
    file.readSync = (target, position) =>
      overlaid(header, target, position, readSync.call(file, target, position));
    return file;
  }

  create(): Promise<LogFile> {
    return this.#held.create();
  }

  remove(): Promise<void> {
    return this.#held.remove();
  }
}

function overlaid(header: Uint8Array, target: Uint8Array, position: number, count: number): number {
  const end = Math.min(header.length, position + count);
  if (position < end) target.set(header.subarray(position, end), 0);
  return count;
}
