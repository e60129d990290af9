/**
 * The bytes of a session's log: a file header, and batches one behind the other. A batch is what one `write` changed.
 *
 *   file header, 32 bytes                       batch: header, 20 bytes, and body
 *    0  "MARTLETC"                               0  u32 magic "MCBT"
 *    8  u32 format version                       4  u32 crc of 8..19, begun with the file's seed
 *   12  16 random bytes: the file's id           8  u32 sequence: from 1, one more for each batch of the file
 *   28  u32 crc of 0..27                        12  u32 bytes of the body
 *                                               16  u32 crc of the body
 *   change, in a body one behind the other
 *    0  f64 key, an integer
 *    8  u32 bytes of the value; 0xffffffff: the record is removed, no value follows
 *   12  value
 *
 * Little endian. The CRC is that of zlib; the seed is the crc of the file's id, which nobody outside knows, so that no
 * payload can look like a batch. A batch is begun when the one before is on the disk. So only the last one can be torn:
 * a batch that is not whole is damaged if any with a greater sequence follows. An empty body is written at the end of
 * an orderly close: it makes damage to the last batch of changes known as such.
 */
import { crc32 } from 'node:zlib';
import { ClientError } from '../../client-error.ts';
import type { StoredChange } from '../session-store.ts';

/** The format that is written, and the newest that is read. Its place in the header stays in every version to come. */
export const FORMAT_VERSION = 1;

export const FILE_HEADER_BYTES = 32;
export const BATCH_HEADER_BYTES = 20;
export const CHANGE_HEADER_BYTES = 12;
export const FILE_ID_BYTES = 16;

/** The first four bytes of every batch: "MCBT". */
export const BATCH_MAGIC: readonly number[] = [0x4d, 0x43, 0x42, 0x54];

/** Of a removal, in place of the bytes of its value. */
const REMOVED = 0xffff_ffff;

const FILE_MAGIC: readonly number[] = [0x4d, 0x41, 0x52, 0x54, 0x4c, 0x45, 0x54, 0x43];
const BATCH_MAGIC_NUMBER = 0x5442_434d;

export interface BatchHeader {
  readonly sequence: number;
  readonly bodyBytes: number;
  readonly bodyCrc: number;
}

/** Called for each change of a body. `length` is -1 for a removal, and `start` a place in the body. */
export type OnChange = (key: number, start: number, length: number) => void;

export function encodeFileHeader(id: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(FILE_MAGIC);
  view.setUint32(8, FORMAT_VERSION, true);
  bytes.set(id, 12);
  view.setUint32(28, crc32(bytes.subarray(0, 28)), true);
  return bytes;
}

/** Undefined if these 32 bytes are no header. The version is the caller's to judge. */
export function decodeFileHeader(bytes: Uint8Array): { version: number; seed: number } | undefined {
  const view = viewOf(bytes);
  if (FILE_MAGIC.some((byte, at) => bytes[at] !== byte)) return undefined;
  if (view.getUint32(28, true) !== crc32(bytes.subarray(0, 28))) return undefined;
  return { version: view.getUint32(8, true), seed: seedOf(bytes.subarray(12, 28)) };
}

/** What the checksums of a file's batch headers begin with. */
export function seedOf(id: Uint8Array): number {
  return crc32(id);
}

/** @returns how long the batch of these changes is */
export function batchBytes(changes: readonly StoredChange[]): number {
  let bytes = BATCH_HEADER_BYTES;
  for (const { value } of changes) bytes += CHANGE_HEADER_BYTES + (value?.length ?? 0);
  return bytes;
}

/** @throws {ClientError} `STORE_FAILED` if a key is no safe integer */
export function encodeBatch(changes: readonly StoredChange[], sequence: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(batchBytes(changes));
  const view = new DataView(bytes.buffer);
  let at = BATCH_HEADER_BYTES;
  for (const { key, value } of changes) {
    if (!Number.isSafeInteger(key)) {
      throw new ClientError('STORE_FAILED', `expected a safe integer as the key of a record, got ${key}`);
    }
    view.setFloat64(at, key, true);
    view.setUint32(at + 8, value === null ? REMOVED : value.length, true);
    at += CHANGE_HEADER_BYTES;
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  bytes.set(BATCH_MAGIC);
  view.setUint32(8, sequence, true);
  view.setUint32(12, bytes.length - BATCH_HEADER_BYTES, true);
  view.setUint32(16, crc32(bytes.subarray(BATCH_HEADER_BYTES)), true);
  view.setUint32(4, crc32(bytes.subarray(8, BATCH_HEADER_BYTES), seed), true);
  return bytes;
}

/** Undefined if these 20 bytes are no header of a batch of this file. */
export function decodeBatchHeader(bytes: Uint8Array, seed: number): BatchHeader | undefined {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== BATCH_MAGIC_NUMBER) return undefined;
  if (view.getUint32(4, true) !== crc32(bytes.subarray(8, BATCH_HEADER_BYTES), seed)) return undefined;
  return {
    sequence: view.getUint32(8, true),
    bodyBytes: view.getUint32(12, true),
    bodyCrc: view.getUint32(16, true),
  };
}

/** @returns whether the body is made of whole changes; those before the first that is not have been shown */
export function readChanges(body: Uint8Array, onChange: OnChange): boolean {
  const view = viewOf(body);
  let at = 0;
  while (at + CHANGE_HEADER_BYTES <= body.length) {
    const key = view.getFloat64(at, true);
    const bytes = view.getUint32(at + 8, true);
    at += CHANGE_HEADER_BYTES;
    const length = bytes === REMOVED ? -1 : bytes;
    if (length > body.length - at || !Number.isSafeInteger(key)) return false;
    onChange(key, at, length);
    at += Math.max(0, length);
  }
  return at === body.length;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
