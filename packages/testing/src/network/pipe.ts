/**
 * One direction of a connection: what is written waits here until it is handed over, in order and as whole as it came,
 * in a later round than it was written, when nothing holds it up.
 */
import type { VirtualTime } from '../time/virtual-time.ts';
import type { TrackedPacket } from './logged-packet.ts';
import { joined } from './packet-splitter.ts';

/** What holds a direction up. */
export interface PipeConditions {
  readonly stalled: boolean;
  /** How long bytes are on their way. */
  readonly delayMs: number;
  /** Infinity: as fast as they come. */
  readonly bytesPerSecond: number;
  /** Until the connection is cut; Infinity if it is not. */
  readonly bytesToCut: number;
}

/** Both ends of a pipe, and what lies between them. */
export interface PipeEnds {
  conditions(): PipeConditions;
  /** Bytes arrive; they are not written to again. */
  onBytes(bytes: Uint8Array): void;
  /** So many bytes have arrived. */
  onCarried(bytes: number): void;
  /** Everything written before the end has arrived: once, and last. */
  onEnd(): void;
  /** More may be written, after `hasRoom` was false. */
  onRoom(): void;
}

/** Bytes above which the writer should hold back, and bytes that arrive at once at most: those of a socket. */
const FULL_BYTES = 65_536;
const READ_BYTES = 65_536;
/** A slow reader reads this often, or less often if it is so slow that there is not a byte for it. */
const READS_PER_SECOND = 10;

interface Piece {
  bytes: Uint8Array;
  readonly packet: TrackedPacket | null;
  readonly arrivesAtMs: number;
}

export class Pipe {
  readonly #time: VirtualTime;
  readonly #ends: PipeEnds;
  #pieces: Piece[];
  #backlogBytes: number;
  #full: boolean;
  /** When the end arrives; null while more may be written. */
  #endsAtMs: number | null;
  #over: boolean;
  #paused: boolean;
  #scheduled: boolean;
  #cancelTimer: (() => void) | null;
  /** Bytes that a slow reader may take, as of a moment. */
  #allowance: number;
  #allowanceAtMs: number;

  constructor(time: VirtualTime, ends: PipeEnds) {
    this.#time = time;
    this.#ends = ends;
    this.#pieces = [];
    this.#backlogBytes = 0;
    this.#full = false;
    this.#endsAtMs = null;
    this.#over = false;
    this.#paused = false;
    this.#scheduled = false;
    this.#cancelTimer = null;
    this.#allowance = 0;
    this.#allowanceAtMs = time.nowMs;
  }

  /** Whether the writer need not hold back. Once it is false, `onRoom` follows. */
  get hasRoom(): boolean {
    this.#full ||= this.#backlogBytes > FULL_BYTES;
    return !this.#full;
  }

  /** @param packet what the bytes are, to be told how they fare; null if they are none */
  push(bytes: Uint8Array, packet: TrackedPacket | null): void {
    if (this.#over || this.#endsAtMs !== null) {
      if (packet !== null) packet.state = 'lost';
      return;
    }
    this.#pieces.push({ bytes, packet, arrivesAtMs: this.#arrivalMs() });
    this.#backlogBytes += bytes.length;
    this.flow();
  }

  /** Nothing more is written. What has been written arrives, then the end. */
  end(): void {
    if (this.#over || this.#endsAtMs !== null) return;
    this.#endsAtMs = this.#arrivalMs();
    this.flow();
  }

  /** What has not arrived is lost; the end arrives. */
  breakOff(): void {
    this.#lose();
    this.end();
  }

  /** Nothing arrives any more, not even the end: nobody is there. */
  abandon(): void {
    this.#over = true;
    this.#lose();
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.flow();
  }

  /** Soon hands over what nothing holds up: after anything that may have let go of it. */
  flow(): void {
    if (this.#scheduled || this.#over) return;
    this.#scheduled = true;
    this.#time.soon(() => {
      this.#scheduled = false;
      this.#handOver();
    });
  }

  #handOver(): void {
    if (this.#over || this.#paused) return;
    const { stalled, bytesPerSecond, bytesToCut } = this.#ends.conditions();
    const allowed = this.#allow(bytesPerSecond);
    if (stalled) return;
    const bytes = this.#take(Math.min(READ_BYTES, bytesToCut, allowed));
    if (bytes !== null) {
      if (bytesPerSecond !== Number.POSITIVE_INFINITY) this.#allowance -= bytes.length;
      this.#ends.onBytes(bytes);
      this.#ends.onCarried(bytes.length);
    } else if (bytesToCut <= 0 && this.#pieces.length > 0) {
      this.#ends.onCarried(0);
    }
    if (this.#over) return;
    if (this.#full && this.#backlogBytes <= FULL_BYTES) {
      this.#full = false;
      this.#ends.onRoom();
    }
    this.#goOn(bytesPerSecond);
  }

  /** Takes out at most so many bytes of what may arrive now, and tells the packets that end with them. */
  #take(limit: number): Uint8Array | null {
    const taken: Uint8Array[] = [];
    let room = limit;
    while (room > 0) {
      const piece = this.#pieces[0];
      if (piece === undefined || piece.arrivesAtMs > this.#time.nowMs) break;
      const part = piece.bytes.subarray(0, room);
      taken.push(part);
      room -= part.length;
      this.#backlogBytes -= part.length;
      if (part.length < piece.bytes.length) {
        piece.bytes = piece.bytes.subarray(part.length);
      } else {
        this.#pieces.shift();
        if (piece.packet !== null) piece.packet.state = 'arrived';
      }
    }
    if (taken.length === 0) return null;
    return taken.length === 1 ? taken[0]! : joined(taken);
  }

  /** Sees to it that what is left is handed over as soon as it may be, and the end behind it. */
  #goOn(bytesPerSecond: number): void {
    const next = this.#pieces[0];
    if (next === undefined) {
      if (this.#endsAtMs === null) return;
      if (this.#endsAtMs > this.#time.nowMs) {
        this.#wakeIn(this.#endsAtMs - this.#time.nowMs);
        return;
      }
      this.#over = true;
      this.#ends.onEnd();
      return;
    }
    const waitMs = Math.max(
      next.arrivesAtMs - this.#time.nowMs,
      this.#allowanceWaitMs(next.bytes.length, bytesPerSecond),
    );
    if (waitMs > 0) this.#wakeIn(waitMs);
    else this.flow();
  }

  #wakeIn(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#time.setTimer(() => {
      this.#cancelTimer = null;
      this.#handOver();
    }, ms);
  }

  /** What a slow reader may take now: a second's worth at most, however long nothing came. */
  #allow(bytesPerSecond: number): number {
    const { nowMs } = this.#time;
    const passedMs = nowMs - this.#allowanceAtMs;
    this.#allowanceAtMs = nowMs;
    if (bytesPerSecond === Number.POSITIVE_INFINITY) {
      this.#allowance = 0;
      return Number.POSITIVE_INFINITY;
    }
    this.#allowance = Math.min(bytesPerSecond, this.#allowance + (bytesPerSecond * passedMs) / 1000);
    return Math.floor(this.#allowance);
  }

  /** Whole ms until the next bytes may be read. */
  #allowanceWaitMs(nextBytes: number, bytesPerSecond: number): number {
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return 0;
    const wanted = Math.min(nextBytes, Math.max(1, Math.floor(bytesPerSecond / READS_PER_SECOND)));
    return Math.ceil((Math.max(0, wanted - this.#allowance) * 1000) / bytesPerSecond);
  }

  /** Nothing overtakes what was written before. */
  #arrivalMs(): number {
    const atMs = this.#time.nowMs + this.#ends.conditions().delayMs;
    return Math.max(atMs, this.#pieces.at(-1)?.arrivesAtMs ?? 0);
  }

  #lose(): void {
    for (const { packet } of this.#pieces) if (packet !== null) packet.state = 'lost';
    this.#pieces = [];
    this.#backlogBytes = 0;
  }
}
