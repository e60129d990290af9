/**
 * A stream of packets that says where bytes are best put before they are read, so that large packets are not copied. It
 * is for transports that read into memory which they are given; those of browsers do not.
 */
import type { FrameSink } from './packet-stream.ts';
import { LARGE_PACKET_BYTES, NOTHING_KEPT, PacketStream, packetLengthAt } from './packet-stream.ts';

/** Where the memory of large unfinished packets comes from. */
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

export interface PlacedFrameSink extends FrameSink {
  onShown(): void;
}

/** Memory for a packet that is only expected is no larger than this. */
const AHEAD_BYTES = 262_144;
/** Less than this is copied rather than read separately. */
const READ_INTO_BYTES = 4096;

export class PlacedPacketStream extends PacketStream {
  /** During `onFrame`: nobody else will write to these bytes, so a view of them may be kept. */
  owned: boolean;
  readonly #sink: PlacedFrameSink;
  readonly #memory: PacketMemory;

  /** @param memory of large packets; the sink must say to its owner what it keeps of it */
  constructor(sink: PlacedFrameSink, maximumPacketSize: number, memory: PacketMemory) {
    super(sink, maximumPacketSize);
    this.owned = false;
    this.#sink = sink;
    this.#memory = memory;
  }

  /**
   * Where the next bytes are best put: behind what is kept of a large packet, so that its rest is not copied; or, after
   * a large packet that ended with the read, into memory for another one. Null: anywhere. What was really put there is
   * told to `receive` with this very view.
   */
  readInto(): Uint8Array | null {
    if (this.stopped) return null;
    const kept = this.tailLength;
    if (kept === 0) {
      if (this.largeLength === 0 || this.largeLength > AHEAD_BYTES) return null;
      const ahead = this.tail === NOTHING_KEPT ? this.#memory.takeAhead(this.largeLength) : null;
      if (ahead !== null) this.tail = ahead;
      return ahead;
    }
    const total = packetLengthAt(this.tail, 0, kept);
    if (total < LARGE_PACKET_BYTES || total > this.maximumPacketSize || total - kept < READ_INTO_BYTES)
      return null;
    const wanted = Math.min(total, Math.max(kept * 2, READ_INTO_BYTES * 16));
    if (this.tail.length < wanted) this.growTail(wanted);
    return this.tail.subarray(kept, Math.min(total, this.tail.length));
  }

  override receive(bytes: Uint8Array, start: number, end: number): void {
    if (bytes.buffer === this.tail.buffer && this.tail !== NOTHING_KEPT) this.#receiveInPlace(end - start);
    else super.receive(bytes, start, end);
  }

  /** Bytes that `readInto` had put where they belong. */
  #receiveInPlace(count: number): void {
    const length = this.tailLength + count;
    const total = packetLengthAt(this.tail, 0, length);
    this.tailLength = length;
    if (total > this.maximumPacketSize) this.refuse(total);
    if (total === 0 || length < total) {
      // A short packet after a large one would hold the large one's memory.
      if (total !== 0 && total < LARGE_PACKET_BYTES) this.largeLength = 0;
      return;
    }
    this.showTail();
  }

  override close(): void {
    this.#memory.abandon(this.tail);
    super.close();
  }

  protected override showTail(): void {
    const memory = this.tail;
    this.owned = true;
    try {
      super.showTail();
    } finally {
      this.owned = false;
      try {
        this.#sink.onShown();
      } finally {
        this.#memory.release(memory);
      }
    }
  }

  protected override growTail(capacity: number): void {
    const old = this.tail;
    this.moveTail(capacity < LARGE_PACKET_BYTES ? new Uint8Array(capacity) : this.#memory.take(capacity));
    this.#memory.release(old);
  }
}
