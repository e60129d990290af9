import { crc32 } from 'node:zlib';

// The bytes around what a store keeps: a segment file is a segment header and batches one behind the other.
//
//   segment header, 64 bytes                        batch: header, 64 bytes | data area | meta area
//    0  "MARTLET\0"                                  0  u32 magic
//    8  u32 format version                           4  u32 crc of 8..63, begun with the file's seed
//   12  u32 segment number                           8  u64 sequence: from 1, one more for each batch
//   16  u64 sequence of the first batch             16  u64 all batches up to this one were synced before
//   24  16 bytes: store id                          24  u32 bytes of the data area
//   40  zeros                                       28  u32 bytes of the meta area
//   60  u32 crc of 0..59                            32  u32 crc of the data area
//                                                   36  u32 crc of the meta area
// Little endian. The CRC is that of zlib.            40  u32 flags, then zeros
//
// The seed is the crc of the store id and the segment number: a batch is one of this file or none. Nobody outside knows
// the id, so no published payload can look like a batch.

/** The format that is written, and the newest that is read. Its header keeps place 8 in every version to come. */
export const FORMAT_VERSION = 1;

export const SEGMENT_HEADER_BYTES = 64;
export const BATCH_HEADER_BYTES = 64;
export const STORE_ID_BYTES = 16;

/** In the header of a segment. */
export const STORE_ID_AT = 24;
export const CHECKSUM_AT = 60;

/** A batch longer than this is a mistake in the program or in the file. */
export const MAXIMUM_BATCH_BYTES: number = 2 ** 30;

/** The first four bytes of every batch: "MBAT". */
export const BATCH_MAGIC = 0x5441_424d;

/** The process that wrote this batch stopped in order right after it. */
export const CLEAN_STOP = 1;

const SEGMENT_MAGIC: readonly number[] = [0x4d, 0x41, 0x52, 0x54, 0x4c, 0x45, 0x54, 0];
const SEGMENT_NAME: Readonly<RegExp> = /^\d{8,10}\.log$/;

export interface SegmentHeader {
  readonly version: number;
  readonly segment: number;
  readonly firstSequence: number;
  /** 16 random bytes, the same in all segments of a store. */
  readonly storeId: Uint8Array;
}

export interface BatchHeader {
  readonly sequence: number;
  readonly syncedSequence: number;
  readonly dataLength: number;
  readonly metaLength: number;
  readonly dataCrc: number;
  readonly metaCrc: number;
  readonly flags: number;
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.log`;
}

/** The number in the name of a segment, or undefined: any other file. */
export function segmentOfName(name: string): number | undefined {
  if (!SEGMENT_NAME.test(name)) return undefined;
  const segment = Number.parseInt(name, 10);
  return segment > 0 && segmentName(segment) === name ? segment : undefined;
}

/** What the checksums of a segment's batches begin with. */
export function batchSeed(storeId: Uint8Array, segment: number): number {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, segment, true);
  return crc32(number, crc32(storeId));
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(SEGMENT_MAGIC, 0);
  view.setUint32(8, header.version, true);
  view.setUint32(12, header.segment, true);
  view.setBigUint64(16, BigInt(header.firstSequence), true);
  bytes.set(header.storeId, STORE_ID_AT);
  view.setUint32(CHECKSUM_AT, crc32(bytes.subarray(0, CHECKSUM_AT)), true);
  return bytes;
}

/** Undefined if these 64 bytes are no header: wrong magic or checksum. The version is the caller's to judge. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  if (SEGMENT_MAGIC.some((byte, at) => bytes[at] !== byte)) return undefined;
  if (view.getUint32(CHECKSUM_AT, true) !== crc32(bytes.subarray(0, CHECKSUM_AT))) return undefined;
  return {
    version: view.getUint32(8, true),
    segment: view.getUint32(12, true),
    firstSequence: Number(view.getBigUint64(16, true)),
    storeId: bytes.slice(STORE_ID_AT, STORE_ID_AT + STORE_ID_BYTES),
  };
}

/** Writes the header of a batch into the first 64 bytes of `bytes`, which must be zeros or an earlier header. */
export function encodeBatchHeader(bytes: Uint8Array, header: BatchHeader, seed: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, BATCH_HEADER_BYTES);
  view.setUint32(0, BATCH_MAGIC, true);
  setSequence(view, 8, header.sequence);
  setSequence(view, 16, header.syncedSequence);
  view.setUint32(24, header.dataLength, true);
  view.setUint32(28, header.metaLength, true);
  view.setUint32(32, header.dataCrc, true);
  view.setUint32(36, header.metaCrc, true);
  view.setUint32(40, header.flags, true);
  view.setUint32(4, crc32(bytes.subarray(8, BATCH_HEADER_BYTES), seed), true);
}

/** Undefined if these 64 bytes are no batch's header of this segment. */
export function decodeBatchHeader(bytes: Uint8Array, seed: number): BatchHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, BATCH_HEADER_BYTES);
  if (view.getUint32(0, true) !== BATCH_MAGIC) return undefined;
  if (view.getUint32(4, true) !== crc32(bytes.subarray(8, BATCH_HEADER_BYTES), seed)) return undefined;
  return batchFields(view);
}

/** The fields of a header whose checksum is not looked at. Undefined without the magic. */
export function peekBatchHeader(bytes: Uint8Array): BatchHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, BATCH_HEADER_BYTES);
  return view.getUint32(0, true) === BATCH_MAGIC ? batchFields(view) : undefined;
}

function batchFields(view: DataView): BatchHeader {
  return {
    sequence: getSequence(view, 8),
    syncedSequence: getSequence(view, 16),
    dataLength: view.getUint32(24, true),
    metaLength: view.getUint32(28, true),
    dataCrc: view.getUint32(32, true),
    metaCrc: view.getUint32(36, true),
    flags: view.getUint32(40, true),
  };
}

/** A u64 that stays below 2^53, without a BigInt. */
function setSequence(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function getSequence(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
