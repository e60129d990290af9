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
import { variableByteIntegerEnd, variableByteIntegerValue } from './variable-byte-integer.ts';

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
   * The bytes are valid during this call only, unless `PlacedPacketStream.owned` is true.
   */
  onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult;

  /**
   * Bytes that were shown are about to be used for something else: whatever refers to them is to be done now. Told by
   * `PlacedPacketStream`.
   */
  onShown?(): void;
}

/** What is kept while nothing is. */
export const NOTHING_KEPT: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
/** An unfinished packet gets no more memory than this at first, however long it says it is. */
const FIRST_TAIL_BYTES = 4096;
/** From this length on a packet is large: {@link PlacedPacketStream} reads it into memory of its own. */
export const LARGE_PACKET_BYTES = 16_384;

export class PacketStream {
  /** Bytes; the fixed header counts. */
  maximumPacketSize: number;
  readonly #sink: FrameSink;
  /** The length of the last packet if it was large: the next one is likely to be as long. */
  protected largeLength: number;
  /** Its first `tailLength` bytes are kept for later. */
  protected tail: Uint8Array;
  protected tailLength: number;
  #stopped: boolean;

  constructor(sink: FrameSink, maximumPacketSize: number) {
    this.maximumPacketSize = maximumPacketSize;
    this.#sink = sink;
    this.largeLength = 0;
    this.tail = NOTHING_KEPT;
    this.tailLength = 0;
    this.#stopped = false;
  }

  /** Bytes kept for later: of an unfinished packet, or of whatever arrived while stopped. */
  get keptBytes(): number {
    return this.tailLength;
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
      this.#keep(bytes, start, end, this.tailLength + end - start);
      return;
    }
    const at = this.tailLength === 0 ? start : this.#finishTail(bytes, start, end);
    if (at < end) this.#show(bytes, at, end);
  }

  /** Shows what was kept while stopped. */
  resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    if (this.tailLength > 0) this.showTail();
  }

  /** Forgets everything; nothing more is shown. */
  close(): void {
    this.#stopped = true;
    this.tail = NOTHING_KEPT;
    this.tailLength = 0;
  }

  /** Shows a packet that was kept; it begins at 0. */
  protected showTail(): void {
    const { tail, tailLength } = this;
    this.tail = NOTHING_KEPT;
    this.tailLength = 0;
    this.#show(tail, 0, tailLength);
  }

  #show(bytes: Uint8Array, from: number, end: number): void {
    const sink = this.#sink;
    let at = from;
    while (end - at >= 2) {
      let length = bytes[at + 1]!;
      let body = at + 2;
      if (length >= 0x80) {
        body = variableByteIntegerEnd(bytes, at + 1, end);
        if (body === 0) break;
        length = variableByteIntegerValue(bytes, at + 1, body);
      }
      const packetEnd = body + length;
      if (packetEnd - at > this.maximumPacketSize) this.refuse(packetEnd - at);
      if (packetEnd > end) break;
      this.largeLength = packetEnd - at >= LARGE_PACKET_BYTES ? packetEnd - at : 0;
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
    let total = packetLengthAt(this.tail, 0, this.tailLength);
    while (total === 0 && at < end) {
      // Not even the length is whole: it ends within the next four bytes.
      this.#keep(bytes, at, at + 1, 0);
      at++;
      total = packetLengthAt(this.tail, 0, this.tailLength);
    }
    if (total > this.maximumPacketSize) this.refuse(total);
    const take = Math.min(total - this.tailLength, end - at);
    if (take > 0) {
      this.#keep(bytes, at, at + take, total);
      at += take;
    }
    if (total === 0 || this.tailLength < total) return end;
    this.showTail();
    if (!this.#stopped) return at;
    this.#keep(bytes, at, end, this.tailLength + end - at);
    return end;
  }

  #keep(bytes: Uint8Array, start: number, end: number, wanted: number): void {
    const length = this.tailLength + end - start;
    if (length > this.tail.length) {
      this.growTail(Math.max(length, Math.min(wanted, Math.max(length * 2, FIRST_TAIL_BYTES))));
    }
    this.tail.set(bytes.subarray(start, end), this.tailLength);
    this.tailLength = length;
  }

  protected growTail(capacity: number): void {
    this.moveTail(new Uint8Array(capacity));
  }

  protected moveTail(grown: Uint8Array): void {
    grown.set(this.tail.subarray(0, this.tailLength));
    this.tail = grown;
  }

  protected refuse(length: number): never {
    throw new MalformedPacketError(
      `expected a packet of at most ${this.maximumPacketSize} bytes, got ${length}`,
      ReasonCode.PacketTooLarge, // [MQTT-3.2.2-15]
    );
  }
}

/** The whole length of the packet at `at`, 0 if its fixed header is not whole. */
export function packetLengthAt(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return 0;
  const body = variableByteIntegerEnd(bytes, at + 1, end);
  return body === 0 ? 0 : body - at + variableByteIntegerValue(bytes, at + 1, body);
}
