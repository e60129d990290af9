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
   * The bytes are valid during this call only, unless `PacketStream.owned` is true.
   */
  onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult;

  /** Bytes that were shown are about to be used for something else: whatever refers to them is to be done now. */
  onShown(): void;
}

/** Where the memory of unfinished packets comes from. */
export interface PacketMemory {
  /** Its content is undefined. */
  take(bytes: number): Uint8Array;
  /** The same for a packet that is only expected; null if memory is short. */
  takeAhead(bytes: number): Uint8Array | null;
  /** The stream has shown what was in it and will not touch it again. */
  release(memory: Uint8Array): void;
  /** The stream is closed, but somebody may still write to it: a transport that was lent it. It must not be used again. */
  abandon(memory: Uint8Array): void;
}

const FRESH_MEMORY: Readonly<PacketMemory> = {
  take: (bytes) => new Uint8Array(bytes),
  takeAhead: () => null,
  release: () => {},
  abandon: () => {},
};

const NOTHING: Uint8Array = new Uint8Array(0);
/** An unfinished packet gets no more memory than this at first, however long it says it is. */
const FIRST_TAIL_BYTES = 4096;
/** From this length on a packet is read into memory of its own. */
const LARGE_BYTES = 16_384;
/** Memory for a packet that is only expected is no larger than this. */
const AHEAD_BYTES = 262_144;
/** Less than this is copied rather than read separately. */
const READ_INTO_BYTES = 4096;

export class PacketStream {
  /** Bytes; the fixed header counts. */
  maximumPacketSize: number;
  /** During `onFrame`: nobody else will write to these bytes, so a view of them may be kept. */
  owned: boolean;
  readonly #sink: FrameSink;
  readonly #memory: PacketMemory;
  /** The length of the last packet that was large: the next one is likely to be as long. */
  #largeLength: number;
  #tail: Uint8Array;
  #tailLength: number;
  #stopped: boolean;

  /** @param memory of large packets; the sink must say to its owner what it keeps of it */
  constructor(sink: FrameSink, maximumPacketSize: number, memory: PacketMemory = FRESH_MEMORY) {
    this.#memory = memory;
    this.maximumPacketSize = maximumPacketSize;
    this.owned = false;
    this.#sink = sink;
    this.#largeLength = 0;
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
   * Where the next bytes are best put: behind what is kept of a large packet, so that its rest is not copied; or, after
   * a large packet that ended with the read, into memory for another one. Null: anywhere. What was really put there is
   * told to `receive` with this very view.
   */
  readInto(): Uint8Array | null {
    if (this.#stopped) return null;
    const kept = this.#tailLength;
    if (kept === 0) {
      if (this.#largeLength === 0 || this.#largeLength > AHEAD_BYTES) return null;
      const ahead = this.#tail === NOTHING ? this.#memory.takeAhead(this.#largeLength) : null;
      if (ahead !== null) this.#tail = ahead;
      return ahead;
    }
    const total = packetLengthAt(this.#tail, 0, kept);
    if (total < LARGE_BYTES || total > this.maximumPacketSize || total - kept < READ_INTO_BYTES) return null;
    const wanted = Math.min(total, Math.max(kept * 2, READ_INTO_BYTES * 16));
    if (this.#tail.length < wanted) this.#growTail(wanted);
    return this.#tail.subarray(kept, Math.min(total, this.#tail.length));
  }

  /**
   * Takes bytes `[start, end)` and shows the packets that they complete.
   * @throws RemoteError from the sink, or MalformedPacketError for a length that is none or above the limit.
   */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (bytes.buffer === this.#tail.buffer && this.#tail !== NOTHING) {
      this.#receiveInPlace(end - start);
      return;
    }
    if (this.#stopped) {
      this.#keep(bytes, start, end, this.#tailLength + end - start);
      return;
    }
    const at = this.#tailLength === 0 ? start : this.#finishTail(bytes, start, end);
    if (at < end) this.#show(bytes, at, end);
  }

  /** Bytes that `readInto` had put where they belong. */
  #receiveInPlace(count: number): void {
    const tail = this.#tail;
    const length = this.#tailLength + count;
    const total = packetLengthAt(tail, 0, length);
    this.#tailLength = length;
    if (total > this.maximumPacketSize) this.#refuse(total);
    if (total === 0 || length < total) {
      // A short packet after a large one would hold the large one's memory.
      if (total !== 0 && total < LARGE_BYTES) this.#largeLength = 0;
      return;
    }
    this.#tail = NOTHING;
    this.#tailLength = 0;
    this.#showTail(tail, length);
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
    this.#showTail(tail, length);
  }

  /** Forgets everything; nothing more is shown. */
  close(): void {
    this.#stopped = true;
    this.#memory.abandon(this.#tail);
    this.#tail = NOTHING;
    this.#tailLength = 0;
  }

  #showTail(tail: Uint8Array, length: number): void {
    this.owned = true;
    try {
      this.#show(tail, 0, length);
    } finally {
      this.owned = false;
      try {
        this.#sink.onShown();
      } finally {
        this.#memory.release(tail);
      }
    }
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
      if (packetEnd - at > this.maximumPacketSize) this.#refuse(packetEnd - at);
      if (packetEnd > end) break;
      this.#largeLength = packetEnd - at >= LARGE_BYTES ? packetEnd - at : 0;
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
    this.#showTail(tail, total);
    if (!this.#stopped) return at;
    this.#keep(bytes, at, end, this.#tailLength + end - at);
    return end;
  }

  #keep(bytes: Uint8Array, start: number, end: number, wanted: number): void {
    const length = this.#tailLength + end - start;
    if (length > this.#tail.length) {
      this.#growTail(Math.max(length, Math.min(wanted, Math.max(length * 2, FIRST_TAIL_BYTES))));
    }
    this.#tail.set(bytes.subarray(start, end), this.#tailLength);
    this.#tailLength = length;
  }

  #growTail(capacity: number): void {
    const grown = capacity < LARGE_BYTES ? new Uint8Array(capacity) : this.#memory.take(capacity);
    grown.set(this.#tail.subarray(0, this.#tailLength));
    this.#memory.release(this.#tail);
    this.#tail = grown;
  }

  #refuse(length: number): never {
    throw new MalformedPacketError(
      `expected a packet of at most ${this.maximumPacketSize} bytes, got ${length}`,
      ReasonCode.PacketTooLarge, // [MQTT-3.2.2-15]
    );
  }
}

/** The whole length of the packet at `at`, 0 if its fixed header is not whole. */
function packetLengthAt(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return 0;
  const body = variableByteIntegerEnd(bytes, at + 1, end);
  return body === 0 ? 0 : body - at + variableByteIntegerValue(bytes, at + 1, body);
}
