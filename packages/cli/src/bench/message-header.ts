/**
 * The first 24 bytes of each payload: who sent it, as which of its messages, and when that was to be. By them receivers
 * prove what was lost, doubled or reordered, and measure from the intended time.
 *
 *     0  magic "MBH1"      4  run        8  publisher      12  sequence      16  intended time, µs (64 bits)
 *
 * All big-endian. The time counts from the beginning of the run, on the clock that all threads of the process share.
 */

/** What a payload has at least. */
export const HEADER_BYTES = 24;

const MAGIC = 0x4d_42_48_31;
const TWO_TO_32 = 0x1_0000_0000;

/** What is filled in behind the header. */
const FILLER = 0x78;

/** A payload of so many bytes without a header. */
export function blankPayload(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(FILLER);
}

/** @param intendedUs whole microseconds since the run began, at least 0 */
export function writeHeader(
  payload: Uint8Array,
  runId: number,
  publisher: number,
  sequence: number,
  intendedUs: number,
): void {
  write32(payload, 0, MAGIC);
  write32(payload, 4, runId);
  write32(payload, 8, publisher);
  write32(payload, 12, sequence);
  write32(payload, 16, Math.floor(intendedUs / TWO_TO_32));
  write32(payload, 20, intendedUs % TWO_TO_32);
}

/** Whether a payload is one of this run. */
export function isOfRun(payload: Uint8Array, runId: number): boolean {
  return payload.length >= HEADER_BYTES && read32(payload, 0) === MAGIC && read32(payload, 4) === runId;
}

export function publisherOf(payload: Uint8Array): number {
  return read32(payload, 8);
}

export function sequenceOf(payload: Uint8Array): number {
  return read32(payload, 12);
}

export function intendedUsOf(payload: Uint8Array): number {
  return read32(payload, 16) * TWO_TO_32 + read32(payload, 20);
}

/** Whether what follows the header is as it was sent, by its length, its first and its last byte. */
export function isWhole(payload: Uint8Array, bytes: number): boolean {
  if (payload.length !== bytes) return false;
  return bytes === HEADER_BYTES || (payload[HEADER_BYTES] === FILLER && payload[bytes - 1] === FILLER);
}

function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
