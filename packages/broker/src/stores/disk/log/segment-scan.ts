import { crc32 } from 'node:zlib';
import type { LogFile } from '../files/log-files.ts';
import type { BatchHeader } from './batch-format.ts';
import {
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  decodeBatchHeader,
  MAXIMUM_BATCH_BYTES,
  SEGMENT_HEADER_BYTES,
} from './batch-format.ts';
import { ReadWindow } from './read-window.ts';

/** How much of each batch is read, and held against its checksum. */
export type ScanDepth = 'headers' | 'metas' | 'all';

/** A batch that was found whole, as far as it was read. */
export interface ScannedBatch {
  readonly segment: number;
  /** Of its header, in the file. */
  readonly start: number;
  readonly header: BatchHeader;
  /** Valid until the callback returns; empty if only headers are read. */
  readonly meta: Uint8Array;
}

/** Where a scan came to its end. */
export interface ScanEnd {
  /** Of the first batch that was not found whole. */
  readonly sequence: number;
  readonly offset: number;
  /** What is wrong there; null if the file ends there, or what follows is not wanted. */
  readonly fault: string | null;
}

/** Big enough to be cheap, small enough to skip a data area that nobody verifies. */
const SKIPPING_CHUNK_BYTES = 256 * 1024;
const READING_CHUNK_BYTES = 1024 * 1024;

const BATCH_MAGIC_BYTES: readonly number[] = [0, 8, 16, 24].map((shift) => (BATCH_MAGIC >>> shift) & 0xff);

/** Reads the batches of one segment, one behind the other. It judges nothing: it says where the first bad one is. */
export class SegmentScan {
  readonly segment: number;
  readonly fileBytes: number;
  readonly #seed: number;
  readonly #depth: ScanDepth;
  readonly #window: ReadWindow;

  constructor(file: LogFile, fileBytes: number, segment: number, seed: number, depth: ScanDepth) {
    this.segment = segment;
    this.fileBytes = fileBytes;
    this.#seed = seed;
    this.#depth = depth;
    const chunkBytes = depth === 'all' ? READING_CHUNK_BYTES : SKIPPING_CHUNK_BYTES;
    this.#window = new ReadWindow(
      file,
      fileBytes,
      Math.min(chunkBytes, Math.max(fileBytes, SEGMENT_HEADER_BYTES)),
    );
  }

  /**
   * Shows all batches from this one on.
   * @param limit the sequence number of the first batch that is not wanted
   */
  async run(
    offset: number,
    sequence: number,
    limit: number,
    onBatch: (batch: ScannedBatch) => void,
  ): Promise<ScanEnd> {
    const window = this.#window;
    let start = offset;
    let expected = sequence;
    while (expected < limit && start < this.fileBytes) {
      if (!window.holds(start, BATCH_HEADER_BYTES) && !(await window.fill(start, BATCH_HEADER_BYTES))) {
        const fault = `expected the header of batch ${expected}, the file ends ${this.fileBytes - start} bytes on`;
        return { sequence: expected, offset: start, fault };
      }
      const header = decodeBatchHeader(window.view(start, BATCH_HEADER_BYTES), this.#seed);
      const fault = this.#faultOf(header, start, expected) ?? (await this.#faultBehind(header!, start));
      if (fault !== null) return { sequence: expected, offset: start, fault };
      const { dataLength, metaLength } = header!;
      const metaStart = start + BATCH_HEADER_BYTES + dataLength;
      const meta = window.view(metaStart, this.#depth === 'headers' ? 0 : metaLength);
      onBatch({ segment: this.segment, start, header: header!, meta });
      start = metaStart + metaLength;
      expected++;
    }
    return { sequence: expected, offset: start, fault: null };
  }

  /** The next place from `offset` on where the header of a batch of this file begins, whatever lies between. */
  async findHeader(offset: number): Promise<{ start: number; header: BatchHeader } | undefined> {
    const window = this.#window;
    const magic = Buffer.from(BATCH_MAGIC_BYTES);
    let from = offset;
    while (from + BATCH_HEADER_BYTES <= this.fileBytes) {
      const length = Math.min(SKIPPING_CHUNK_BYTES, this.fileBytes - from);
      if (!window.holds(from, length) && !(await window.fill(from, length))) return undefined;
      const bytes = window.view(from, length);
      const last = length - BATCH_HEADER_BYTES;
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let at = chunk.indexOf(magic); at >= 0 && at <= last; at = chunk.indexOf(magic, at + 1)) {
        const header = decodeBatchHeader(bytes.subarray(at, at + BATCH_HEADER_BYTES), this.#seed);
        if (header !== undefined) return { start: from + at, header };
      }
      from += last + 1;
    }
    return undefined;
  }

  #faultOf(header: BatchHeader | undefined, start: number, expected: number): string | null {
    if (header === undefined) return `expected the header of batch ${expected}, its checksum is wrong`;
    if (header.sequence !== expected) return `expected batch ${expected}, found batch ${header.sequence}`;
    const length = header.dataLength + header.metaLength;
    const rest = this.fileBytes - start - BATCH_HEADER_BYTES;
    if (length > rest) return `expected ${length} bytes of batch ${expected}, the file has ${rest}`;
    return length > MAXIMUM_BATCH_BYTES ? `expected a batch, found the length ${length}` : null;
  }

  async #faultBehind(header: BatchHeader, start: number): Promise<string | null> {
    const dataStart = start + BATCH_HEADER_BYTES;
    if (this.#depth === 'all' && (await this.#crcOf(dataStart, header.dataLength)) !== header.dataCrc) {
      return `expected the data of batch ${header.sequence}, its checksum is wrong`;
    }
    const metaStart = dataStart + header.dataLength;
    if (this.#depth === 'headers') return null;
    const window = this.#window;
    if (!window.holds(metaStart, header.metaLength)) await window.fill(metaStart, header.metaLength);
    const isWhole =
      window.holds(metaStart, header.metaLength) &&
      crc32(window.view(metaStart, header.metaLength)) === header.metaCrc;
    return isWhole ? null : `expected the records of batch ${header.sequence}, their checksum is wrong`;
  }

  /** Undefined if the file ends before. */
  async #crcOf(position: number, length: number): Promise<number | undefined> {
    const window = this.#window;
    let crc = 0;
    for (let done = 0; done < length; ) {
      const count = Math.min(length - done, READING_CHUNK_BYTES);
      if (!window.holds(position + done, count) && !(await window.fill(position + done, count)))
        return undefined;
      crc = crc32(window.view(position + done, count), crc);
      done += count;
    }
    return crc;
  }
}
