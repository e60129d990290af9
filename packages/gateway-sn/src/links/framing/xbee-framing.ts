/**
 * Frames of an XBee module in API mode 1 or 2 (escaped): one message of MQTT-SN is the data of a Transmit Request (0x10) or a
 * Receive Packet (0x90). A node is its 64-bit and its 16-bit address; of the latter the module tells a newer one when it has one.
 *
 *   7E │ length (2) │ frame data … │ FF − sum of the frame data        escaped: 7E 7D 11 13 behind the first octet
 *
 * Tried with frames on a pseudo-terminal, never on a radio.
 */
import type { Frame, Framing } from './framing.ts';

const START = 0x7e;
const ESCAPE = 0x7d;
const ESCAPED: ReadonlySet<number> = new Set([START, ESCAPE, 0x11, 0x13]);
const TRANSMIT_REQUEST = 0x10;
const RECEIVE_PACKET = 0x90;
const TRANSMIT_STATUS = 0x8b;
const UNKNOWN_16 = [0xff, 0xfe] as const;
const BROADCAST_64 = [0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;
/** Type, 64-bit address, 16-bit address, options. */
const RECEIVED_HEAD = 12;
/** What a module takes at most; more is noise. */
const MAXIMUM_FRAME_BYTES = 512;
/** A pause within a frame that a module does not make. */
const GAP_MS = 100;
/** Frame identifier 0 asks for no status, and the module tells nothing. */
const FIRST_FRAME_ID = 1;

export interface XbeeOptions {
  /** 2 escapes. @default 2 */
  readonly apiMode?: 1 | 2;
  /** Bytes of a message: 60 in the specification, 72 to 84 in most networks. @default 60 */
  readonly maximumMessageBytes?: number;
  /** Told of messages that the module could not deliver: its status, such as 0x21 for no acknowledgement. */
  readonly onUndelivered?: (status: number) => void;
}

export class XbeeFraming implements Framing {
  readonly maximumMessageBytes: number;
  readonly #escapes: boolean;
  readonly #onUndelivered: (status: number) => void;
  #skipped = 0;
  #bytes: number[] | null = null;
  #escaped = false;
  #frameId = FIRST_FRAME_ID;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor({ apiMode = 2, maximumMessageBytes = 60, onUndelivered }: XbeeOptions = {}) {
    this.maximumMessageBytes = maximumMessageBytes;
    this.#escapes = apiMode === 2;
    this.#onUndelivered = onUndelivered ?? (() => {});
  }

  get skipped(): number {
    return this.#skipped;
  }

  push(bytes: Uint8Array, nowMs: number): readonly Frame[] {
    // A module writes a frame in one go: what a pause interrupts has lost its rest.
    const frames: Frame[] = [];
    while (this.#bytes !== null && nowMs - this.#lastMs > GAP_MS) this.#readAgain(frames);
    this.#lastMs = nowMs;
    for (const byte of bytes) this.#feed(byte, frames);
    return frames;
  }

  /** What was taken for a frame and is none is read again from where one may begin: each octet begins one at most once. */
  #feed(byte: number, frames: Frame[]): void {
    const result = this.#take(byte);
    if (result === 'broken') this.#readAgain(frames);
    else if (result !== null) frames.push(result);
  }

  #readAgain(frames: Frame[]): void {
    for (const byte of this.#startAnew()) this.#feed(byte, frames);
  }

  #take(byte: number): Frame | 'broken' | null {
    // Escaped, it stands nowhere else; unescaped, it may be within a frame, of which only the length knows the end.
    if (byte === START && (this.#escapes || this.#bytes === null)) {
      if (this.#bytes !== null) this.#skipped++;
      this.#bytes = [];
      this.#escaped = false;
      return null;
    }
    if (this.#bytes === null) return null;
    if (this.#escapes && byte === ESCAPE && !this.#escaped) {
      this.#escaped = true;
      return null;
    }
    this.#bytes.push(this.#escaped ? byte ^ 0x20 : byte);
    this.#escaped = false;
    return this.#whole(this.#bytes);
  }

  #whole(bytes: readonly number[]): Frame | 'broken' | null {
    if (bytes.length < 2) return null;
    const length = (bytes[0]! << 8) | bytes[1]!;
    if (length === 0 || length > MAXIMUM_FRAME_BYTES) return 'broken';
    if (bytes.length < length + 3) return null;
    const data = bytes.slice(2, length + 2);
    if (checksum(data) !== bytes[length + 2]) return 'broken';
    this.#bytes = null;
    return this.#received(data);
  }

  /** A byte was lost or altered. @returns what may hold the next frame: unescaped, its first octet was taken for data */
  #startAnew(): readonly number[] {
    const taken = this.#bytes ?? [];
    this.#skip();
    const next = this.#escapes ? -1 : taken.indexOf(START);
    return next < 0 ? [] : taken.slice(next);
  }

  #skip(): void {
    this.#skipped++;
    this.#bytes = null;
    this.#escaped = false;
  }

  #received(data: readonly number[]): Frame | null {
    if (data[0] === TRANSMIT_STATUS && data.length >= 6) {
      const status = data[5]!;
      if (status !== 0) this.#onUndelivered(status);
      return null;
    }
    if (data[0] !== RECEIVE_PACKET || data.length < RECEIVED_HEAD) return null;
    return { node: Uint8Array.from(data.slice(1, 11)), message: Uint8Array.from(data.slice(RECEIVED_HEAD)) };
  }

  encode({ node, message }: Frame): Uint8Array {
    const address = node === null ? [...BROADCAST_64, ...UNKNOWN_16] : addressOf(node);
    return this.#transmit(address, 0, message);
  }

  encodeBroadcast(message: Uint8Array, radius: number): Uint8Array {
    return this.#transmit([...BROADCAST_64, ...UNKNOWN_16], radius, message);
  }

  #transmit(address: readonly number[], radius: number, message: Uint8Array): Uint8Array {
    if (message.length > this.maximumMessageBytes) {
      throw new RangeError(
        `expected a message of at most ${this.maximumMessageBytes} bytes, got ${message.length}`,
      );
    }
    const frameId = this.#frameId;
    this.#frameId = this.#frameId === 255 ? FIRST_FRAME_ID : this.#frameId + 1;
    const data = [TRANSMIT_REQUEST, frameId, ...address, radius, 0, ...message];
    const behind = [data.length >> 8, data.length & 0xff, ...data, checksum(data)];
    const written = this.#escapes
      ? behind.flatMap((byte) => (ESCAPED.has(byte) ? [ESCAPE, byte ^ 0x20] : [byte]))
      : behind;
    return Uint8Array.from([START, ...written]);
  }
}

/** 8 bytes are a 64-bit address, 10 both, 2 a 16-bit one alone. */
function addressOf(node: Uint8Array): readonly number[] {
  switch (node.length) {
    case 10:
      return [...node];
    case 8:
      return [...node, ...UNKNOWN_16];
    case 2:
      // The module asks for this when only the 16-bit address is known.
      return [...new Array<number>(8).fill(0xff), ...node];
    default:
      throw new RangeError(`expected an address of 2, 8 or 10 bytes, got ${node.length}`);
  }
}

function checksum(data: readonly number[]): number {
  let sum = 0;
  for (const byte of data) sum += byte;
  return 0xff - (sum & 0xff);
}
