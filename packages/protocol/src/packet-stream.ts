/**
 * Turns a stream of bytes, split anywhere, into whole packets.
 *
 * Packets are shown where they lie in the caller's buffer. Only what is unfinished at its end is copied, into memory
 * that grows with what has really arrived, never with what a header claims. A packet above the limit is refused as soon
 * as its fixed header is known.
 *
 * It does not look into packets: reserved flags and content are the sink's.
 */
import { MalformedPacketError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';

export const FrameResult = {
  /** Taken; go on. */
  Next: 0,
  /** Taken; show nothing more until `resume`. */
  Stop: 1,
  /** Not taken; show it again on `resume`. */
  Again: 2,
} as const;
export type FrameResult = (typeof FrameResult)[keyof typeof FrameResult];

export interface FrameSink {
  /**
   * One whole packet: its fixed header at `start`, its variable header at `body`, its end (exclusive) at `end`.
   * The bytes are valid during this call only, unless `PacketStream.owned` is true.
   */
  onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult;
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** An unfinished packet gets no more memory than this at first, however long it says it is. */
const FIRST_TAIL_BYTES = 4096;

export class PacketStream {
  /** Bytes; the fixed header counts. */
  maximumPacketSize: number;
  /** During `onFrame`: nobody else will write to these bytes, so a view of them may be kept. */
  owned: boolean;
  readonly #sink: FrameSink;
  #tail: Uint8Array;
  #tailLength: number;
  #stopped: boolean;

  constructor(sink: FrameSink, maximumPacketSize: number) {
    this.maximumPacketSize = maximumPacketSize;
    this.owned = false;
    this.#sink = sink;
    this.#tail = NOTHING;
    this.#tailLength = 0;
    this.#stopped = false;
  }

  /** Bytes kept for later: of an unfinished packet, or of whatever arrived while stopped. */
  get keptBytes(): number {
    return this.#tailLength;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Takes bytes `[start, end)` and shows the packets that they complete.
   * @throws RemoteError from the sink, or MalformedPacketError for a length that is none or above the limit.
   */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.#stopped) {
      this.#keep(bytes, start, end, this.#tailLength + end - start);
      return;
    }
    const at = this.#tailLength === 0 ? start : this.#finishTail(bytes, start, end);
    if (at < end) this.#show(bytes, at, end);
  }

  /** Shows what was kept while stopped. */
  resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    const tail = this.#tail;
    const length = this.#tailLength;
    this.#tail = NOTHING;
    this.#tailLength = 0;
    if (length === 0) return;
    this.owned = true;
    try {
      this.#show(tail, 0, length);
    } finally {
      this.owned = false;
    }
  }

  /** Forgets everything; nothing more is shown. */
  close(): void {
    this.#stopped = true;
    this.#tail = NOTHING;
    this.#tailLength = 0;
  }

  #show(bytes: Uint8Array, from: number, end: number): void {
    const sink = this.#sink;
    let at = from;
    while (end - at >= 2) {
      let length = bytes[at + 1]!;
      let body = at + 2;
      if (length >= 0x80) {
        body = remainingLengthEnd(bytes, at, end);
        if (body === 0) break;
        length = remainingLength(bytes, at + 1, body);
      }
      const packetEnd = body + length;
      if (packetEnd - at > this.maximumPacketSize) this.#refuse(packetEnd - at);
      if (packetEnd > end) break;
      const result = sink.onFrame(bytes, at, body, packetEnd);
      if (result === FrameResult.Next) {
        at = packetEnd;
      } else {
        this.#stopped = true;
        if (result === FrameResult.Stop) at = packetEnd;
        break;
      }
    }
    if (at < end) this.#keep(bytes, at, end, packetLengthAt(bytes, at, end));
  }

  /** Completes the packet whose beginning was kept; returns where the next one starts in `bytes`. */
  #finishTail(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let total = packetLengthAt(this.#tail, 0, this.#tailLength);
    while (total === 0 && at < end) {
      // Not even the length is whole: it ends within the next four bytes.
      this.#keep(bytes, at, at + 1, 0);
      at++;
      total = packetLengthAt(this.#tail, 0, this.#tailLength);
    }
    if (total > this.maximumPacketSize) this.#refuse(total);
    const take = Math.min(total - this.#tailLength, end - at);
    if (take > 0) {
      this.#keep(bytes, at, at + take, total);
      at += take;
    }
    if (total === 0 || this.#tailLength < total) return end;
    const tail = this.#tail;
    this.#tail = NOTHING;
    this.#tailLength = 0;
    this.owned = true;
    try {
      this.#show(tail, 0, total);
    } finally {
      this.owned = false;
    }
    if (!this.#stopped) return at;
    this.#keep(bytes, at, end, this.#tailLength + end - at);
    return end;
  }

  #keep(bytes: Uint8Array, start: number, end: number, wanted: number): void {
    const length = this.#tailLength + end - start;
    if (length > this.#tail.length) {
      const capacity = Math.max(length, Math.min(wanted, Math.max(length * 2, FIRST_TAIL_BYTES)));
      const grown = new Uint8Array(capacity);
      grown.set(this.#tail.subarray(0, this.#tailLength));
      this.#tail = grown;
    }
    this.#tail.set(bytes.subarray(start, end), this.#tailLength);
    this.#tailLength = length;
  }

  #refuse(length: number): never {
    throw new MalformedPacketError(
      `a packet of ${length} bytes came, expected at most ${this.maximumPacketSize}`,
      ReasonCode.PacketTooLarge, // [MQTT-3.2.2-15]
    );
  }
}

/** Where the Remaining Length that starts after the byte at `at` ends; 0 if it is not whole yet. */
function remainingLengthEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at + 1; i < at + 5; i++) {
    if (i >= end) return 0;
    const byte = bytes[i]!;
    if (byte < 0x80) {
      if (byte === 0 && i > at + 1) break; // [MQTT-1.5.5-1]
      return i + 1;
    }
  }
  throw new MalformedPacketError('the Remaining Length is not a variable byte integer of one to four bytes');
}

function remainingLength(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = to - 1; i >= from; i--) value = value * 128 + (bytes[i]! & 0x7f);
  return value;
}

/** The whole length of the packet at `at`, 0 if its fixed header is not whole. */
function packetLengthAt(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return 0;
  const body = remainingLengthEnd(bytes, at, end);
  return body === 0 ? 0 : body - at + remainingLength(bytes, at + 1, body);
}
