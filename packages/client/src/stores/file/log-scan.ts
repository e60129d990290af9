/** Reads a log batch by batch. It changes nothing, and says where the first batch is that is not whole. */
import { crc32 } from 'node:zlib';
import type { BatchHeader } from './log-format.ts';
import { BATCH_HEADER_BYTES, BATCH_MAGIC, decodeBatchHeader, FILE_HEADER_BYTES } from './log-format.ts';
import type { LogWindow } from './log-window.ts';

/** How far ahead a search looks at once. */
const SEARCH_BYTES = 64 * 1024;

export interface ScanEnd {
  /** Where the last whole batch begins, or the end if there is none. */
  readonly lastStart: number;
  /** Behind the last whole batch. */
  readonly end: number;
  /** Of the batch that is to come there. */
  readonly sequence: number;
  /** What is wrong there; undefined if the file ends there. */
  readonly fault: string | undefined;
}

/**
 * Shows the whole batches from the first on.
 * @param onBatch Is given a body, valid until it returns or fulfils, and its place in the file.
 */
export async function scanLog(
  window: LogWindow,
  seed: number,
  onBatch: (body: Uint8Array, bodyStart: number) => void | Promise<void>,
): Promise<ScanEnd> {
  let lastStart = FILE_HEADER_BYTES;
  let end = FILE_HEADER_BYTES;
  let sequence = 1;
  for (; end < window.fileBytes; sequence++) {
    if (!window.holds(end, BATCH_HEADER_BYTES) && !(await window.fill(end, BATCH_HEADER_BYTES))) {
      const fault = `expected the header of batch ${sequence}, the file ends ${window.fileBytes - end} bytes on`;
      return { lastStart, end, sequence, fault };
    }
    const header = decodeBatchHeader(window.view(end, BATCH_HEADER_BYTES), seed);
    if (header?.sequence !== sequence)
      return { lastStart, end, sequence, fault: headerFault(header, sequence) };
    const { bodyBytes, bodyCrc } = header;
    const bodyStart = end + BATCH_HEADER_BYTES;
    if (!window.holds(bodyStart, bodyBytes) && !(await window.fill(bodyStart, bodyBytes))) {
      const rest = window.fileBytes - bodyStart;
      return {
        lastStart,
        end,
        sequence,
        fault: `expected ${bodyBytes} bytes of batch ${sequence}, got ${rest}`,
      };
    }
    const body = window.view(bodyStart, bodyBytes);
    if (crc32(body) !== bodyCrc) {
      return {
        lastStart,
        end,
        sequence,
        fault: `expected the changes of batch ${sequence}, their checksum is wrong`,
      };
    }
    const done = onBatch(body, bodyStart);
    if (done !== undefined) await done;
    lastStart = end;
    end = bodyStart + bodyBytes;
  }
  return { lastStart, end, sequence, fault: undefined };
}

/** The sequence of a batch that follows the one at the end of a scan, wherever it begins. */
export async function laterBatch(
  window: LogWindow,
  seed: number,
  { end, sequence }: ScanEnd,
): Promise<number | undefined> {
  const magic = Buffer.from(BATCH_MAGIC);
  let from = end;
  while (from + BATCH_HEADER_BYTES <= window.fileBytes) {
    const length = Math.min(SEARCH_BYTES, window.fileBytes - from);
    if (!(await window.fill(from, length))) return undefined;
    const bytes = window.view(from, length);
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const last = length - BATCH_HEADER_BYTES;
    for (let at = chunk.indexOf(magic); at >= 0 && at <= last; at = chunk.indexOf(magic, at + 1)) {
      const header = decodeBatchHeader(bytes.subarray(at, at + BATCH_HEADER_BYTES), seed);
      if (header !== undefined && header.sequence > sequence) return header.sequence;
    }
    from += last + 1;
  }
  return undefined;
}

function headerFault(header: BatchHeader | undefined, sequence: number): string {
  return header === undefined
    ? `expected the header of batch ${sequence}, its checksum is wrong`
    : `expected batch ${sequence}, got batch ${header.sequence}`;
}
