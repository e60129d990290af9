/**
 * What one connection is to send, collected during a turn and written once at its end.
 *
 *     append… ──▶ [ bytes │ large payload by reference │ bytes ] ──flush──▶ Transport
 *     hold(commit)… ──▶ held ──(commit done)──▶ append
 *
 * Small packets are copied into memory from the pool. What tells the peer something that must survive is held until
 * its commit is done; what needs no keeping goes at once. While the
 * transport still has bytes of ours, everything gathers here, within a limit that QoS 0 messages obey and that QoS 1 and
 * 2 messages wait for in their queue. It knows packets only by their bytes.
 */

import { FIXED_BOUNDS } from '../options/fixed-bounds.ts';
import type { Transport } from '../ports/transport.ts';
import type { Metrics } from '../telling/metrics.ts';
import type { BufferPool } from './buffer-pool.ts';
import { HeldOutput } from './held-output.ts';
import type { LargeMemory } from './large-memory.ts';
import type { OutboxListener } from './outbox-listener.ts';
import type { OutboxMeter } from './outbox-meter.ts';
import type { Piece } from './piece.ts';
import { viewsOf } from './piece.ts';

const NOTHING: Uint8Array = new Uint8Array(0);
/** A payload of this size or more is sent by reference if its memory is not reused. */
export const BY_REFERENCE_BYTES = 16_384;
/** An outbox that collects more than this within one turn is written at once, so that a burst is no slow reader. */
const EARLY_FLUSH_BYTES: number = FIXED_BOUNDS.earlyFlushBytes.value;

/** What the outbox needs from the core that owns it. */
export interface OutboxOwner {
  readonly pool: BufferPool;
  readonly largeMemory: LargeMemory;
  readonly metrics: Metrics;
  /** The commits that are done: everything staged up to this number is kept. */
  readonly commitsDone: number;
  /** Output that waits for all clients that read too slowly, in bytes; every outbox adds its own. */
  blockedBytes: number;
  readonly blockedBytesLimit: number;
  /** Asks for a flush at the end of this turn; called once until flushed. */
  markDirty(outbox: Outbox): void;
  /** Asks for `releaseHeld` once a commit is done. */
  awaitCommit(outbox: Outbox): void;
  /** The outbox is closed: it waits for no commit any more. */
  forgetOutbox(outbox: Outbox): void;
}

export class Outbox {
  bytes: Uint8Array;
  length: number;
  dirty: boolean;
  /** The transport still reads bytes that it was given. */
  blocked: boolean;
  /** CONNACK never left: the client must be sent nothing else. */
  connackDropped: boolean;
  /** Null if no rate bounds what is sent. */
  meter: OutboxMeter | null;
  /** A rate is exceeded: no more messages for a while. */
  heldBack: boolean;
  /** Close the transport when everything has left. */
  #ending: boolean;
  #closed: boolean;
  /** Bytes handed to the transport that it has not done with. */
  #inTransport: number;
  #pieces: Piece[] | null;
  /** Pieces that the transport still reads. */
  #piecesInTransport: readonly Piece[] | null;
  #pieceBytes: number;
  /** Made while something waits for a commit. */
  #held: HeldOutput | null;
  /** Nothing at all leaves before this commit: it carries CONNACK. */
  #notBefore: number;
  /** QoS 0 messages and final acknowledgements in `bytes`. */
  #qos0: number;
  #acknowledgements: number;
  /** Bytes of answers that were added since the peer stopped reading. */
  #unreadAnswerBytes: number;
  /** What of ours the owner counts as blocked. */
  #blockedBytes: number;
  /** It was full when it was last written, and whoever was told so has not been told that there is room. */
  #roomAwaited: boolean;
  /** Told when acknowledgements leave. */
  listener: OutboxListener | null;
  readonly #owner: OutboxOwner;
  readonly #transport: Transport;
  #limitBytes: number;
  #earlyFlushBytes: number;

  constructor(owner: OutboxOwner, transport: Transport, limitBytes: number) {
    this.bytes = NOTHING;
    this.length = 0;
    this.dirty = false;
    this.blocked = false;
    this.connackDropped = false;
    this.meter = null;
    this.heldBack = false;
    this.#ending = false;
    this.#closed = false;
    this.#inTransport = 0;
    this.#pieces = null;
    this.#piecesInTransport = null;
    this.#pieceBytes = 0;
    this.#held = null;
    this.#notBefore = 0;
    this.#qos0 = 0;
    this.#acknowledgements = 0;
    this.#unreadAnswerBytes = 0;
    this.#blockedBytes = 0;
    this.#roomAwaited = false;
    this.listener = null;
    this.#owner = owner;
    this.#transport = transport;
    this.#limitBytes = 0;
    this.#earlyFlushBytes = 0;
    this.limitBytes = limitBytes;
  }

  /** How much may wait; from now on. */
  set limitBytes(limitBytes: number) {
    this.#limitBytes = limitBytes;
    // Below the limit, so that it is reached only by a peer that does not read: such a one tells when it has room.
    this.#earlyFlushBytes = Math.min(EARLY_FLUSH_BYTES, limitBytes / 2);
  }

  /** Bytes that wait for a commit or the peer, here and in the transport. */
  get pendingBytes(): number {
    return this.length + this.#pieceBytes + this.#heldBytes + this.#inTransport;
  }

  /** False when so much waits that more QoS 0 is dropped and QoS 1 and 2 stay in their queue. */
  get hasRoom(): boolean {
    if (this.#closed || this.heldBack || this.pendingBytes >= this.#limitBytes) return false;
    return !this.blocked || this.#owner.blockedBytes < this.#owner.blockedBytesLimit;
  }

  /** True when the peer goes on asking while no answers leave: then it is not to be read either. */
  get overrun(): boolean {
    const behindConnack = this.#notBefore > this.#owner.commitsDone ? this.length : 0;
    return this.#unreadAnswerBytes + this.#heldBytes + behindConnack > this.#limitBytes;
  }

  /** True when it is overrun only because of what waits for a commit: the peer is not to blame. */
  get overrunByCommit(): boolean {
    return this.overrun && this.#unreadAnswerBytes <= this.#limitBytes;
  }

  /** True when `bytes` more keep within the limit; a message alone may be larger than it. */
  accepts(bytes: number): boolean {
    if (this.#closed || this.heldBack) return false;
    const pending = this.pendingBytes;
    if (pending === 0) return true;
    if (pending + bytes > this.#limitBytes) return false;
    return !this.blocked || this.#owner.blockedBytes + bytes <= this.#owner.blockedBytesLimit;
  }

  /** Makes room for `count` bytes and returns where in `bytes` they are to be written. */
  reserve(count: number): number {
    const offset = this.length;
    const length = offset + count;
    if (length > this.bytes.length) this.#grow(length);
    this.length = length;
    if (this.blocked) this.#countBlocked(this.pendingBytes);
    if (!this.dirty) {
      this.dirty = true;
      this.#owner.markDirty(this);
    }
    return offset;
  }

  /** Copies `[start, end)` and returns where in `bytes` the copy begins. */
  append(source: Uint8Array, start: number, end: number): number {
    const offset = this.reserve(end - start);
    this.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), offset);
    return offset;
  }

  /** Adds a payload by reference: its memory must never change. */
  appendPiece(payload: Uint8Array): void {
    this.reserve(0);
    this.#owner.largeMemory.lend(payload);
    (this.#pieces ??= []).push({ at: this.length, payload });
    this.#pieceBytes += payload.length;
    if (this.blocked) this.#countBlocked(this.pendingBytes);
  }

  /** A packet that answers one of the peer's. */
  appendAnswer(packet: Uint8Array): void {
    this.append(packet, 0, packet.length);
    if (this.blocked) this.#unreadAnswerBytes += packet.length;
  }

  /** A two-byte acknowledgement in its short form. */
  appendAcknowledgement(firstByte: number, packetId: number): void {
    const offset = this.reserve(4);
    if (this.blocked) this.#unreadAnswerBytes += 4;
    const bytes = this.bytes;
    bytes[offset] = firstByte;
    bytes[offset + 1] = 2;
    bytes[offset + 2] = packetId >> 8;
    bytes[offset + 3] = packetId & 0xff; // [MQTT-2.2.1-5] [MQTT-2.3.1-6] 3.1.1
  }

  /** Counts QoS 0 messages that were appended: they are delivered when they are handed to the network. */
  countQos0(messages: number): void {
    this.#qos0 += messages;
  }

  /** Counts the acknowledgement, just added, of a finished exchange: the peer's quota is free again when it leaves. */
  countAcknowledgement(): void {
    if (this.#held === null) this.#acknowledgements++;
    else this.#held.countAcknowledgement();
  }

  /** True while acknowledgements wait for a commit: later ones must queue behind them. [MQTT-4.6.0-2] */
  get holding(): boolean {
    return this.#held !== null;
  }

  /** Sends `packet` once `commit` is done, after everything held before it. */
  hold(packet: Uint8Array, commit: number): void {
    if (this.#held === null) {
      this.#held = new HeldOutput();
      this.#owner.awaitCommit(this);
    }
    this.#held.add(packet, commit);
  }

  /** A commit failed: what told of it must never leave. */
  dropHeld(): void {
    this.#held = null;
    if (this.#notBefore > 0) {
      this.connackDropped = true;
      const lost = this.#qos0;
      this.#qos0 = 0;
      this.#acknowledgements = 0;
      if (lost > 0) this.listener?.onUnsent(lost);
      this.length = 0;
      this.#release(this.#pieces);
      this.#pieces = null;
      this.#pieceBytes = 0;
      this.#notBefore = 0;
    }
  }

  get waitsForCommit(): boolean {
    return this.#held !== null || this.#notBefore > 0;
  }

  get firstAwaitedCommit(): number {
    const held = this.#held?.firstCommit ?? Number.POSITIVE_INFINITY;
    return this.#notBefore > 0 ? Math.min(held, this.#notBefore) : held;
  }

  /** Moves what was held for finished commits into the outbox. */
  releaseHeld(): void {
    const wasFull = this.#roomAwaited || !this.hasRoom || this.overrun;
    const done = this.#owner.commitsDone;
    if (this.#notBefore <= done) this.#notBefore = 0;
    for (let part = this.#held?.take(done); part !== undefined; part = this.#held?.take(done)) {
      if (this.#held!.isEmpty) this.#held = null;
      this.appendAnswer(part.packets);
      this.#acknowledgements += part.acknowledgements;
    }
    if (!wasFull || this.#closed || this.#ending) return;
    this.flush();
    this.#roomAwaited = false;
    this.listener?.onRoom();
  }

  /** Nothing leaves before `commit` is done: what is in the outbox tells of something that must survive. */
  notBefore(commit: number): void {
    if (commit <= this.#owner.commitsDone) return;
    this.#notBefore = commit;
    this.#owner.awaitCommit(this);
  }

  /** True when this turn has collected enough to be written at once. */
  get overfull(): boolean {
    return this.length + this.#pieceBytes > this.#earlyFlushBytes && !this.blocked;
  }

  /** Writes everything in one go. The owner has taken it off its list of dirty outboxes, or leaves it there. */
  flush(): void {
    if (this.blocked || this.#closed || this.#notBefore > this.#owner.commitsDone) return;
    // Also when it is written in the middle of a turn, where nobody can be told yet.
    if (!this.hasRoom) this.#roomAwaited = true;
    const total = this.length + this.#pieceBytes;
    if (total > 0) {
      const metrics = this.#owner.metrics;
      metrics.bytesSent += total;
      metrics.socketWrites++;
      const buffer = this.bytes;
      const pieces = this.#pieces;
      const taken =
        pieces === null
          ? this.#transport.write(buffer.subarray(0, this.length))
          : this.#transport.writeAll(viewsOf(buffer, this.length, pieces));
      this.bytes = NOTHING;
      this.length = 0;
      this.#pieces = null;
      this.#pieceBytes = 0;
      const acknowledgements = this.#acknowledgements;
      const qos0 = this.#qos0;
      this.#acknowledgements = 0;
      this.#qos0 = 0;
      if ((acknowledgements | qos0) !== 0) this.listener?.onHandedOver(acknowledgements, qos0);
      if (!taken) {
        this.blocked = true;
        this.#inTransport = total;
        this.#piecesInTransport = pieces;
        this.#countBlocked(total);
        return;
      }
      if (buffer !== NOTHING) this.#owner.pool.give(buffer);
      this.#release(pieces);
    }
    if (this.#ending) this.#transport.end();
  }

  /** `flush` at the end of the turn; whoever waited for room that this turn's output had filled goes on. */
  flushTurn(): void {
    this.flush();
    if (!this.#roomAwaited || !this.hasRoom || this.#ending) return;
    this.#roomAwaited = false;
    this.listener?.onRoom();
  }

  /** The transport is done with what it was given; the caller tells that there may be room. */
  onDrained(): void {
    this.blocked = false;
    this.#inTransport = 0;
    this.#unreadAnswerBytes = 0;
    this.#release(this.#piecesInTransport);
    this.#piecesInTransport = null;
    this.#countBlocked(0);
    this.flush();
    this.#roomAwaited = false;
  }

  /** Sends what has been appended, then closes the transport. What is held is not sent. */
  end(): void {
    this.#held = null;
    this.#ending = true;
    this.flush();
  }

  /** The connection is gone: nothing leaves any more. Returns the QoS 0 messages that did not. */
  close(): number {
    const lost = this.#qos0;
    if (!this.#closed) {
      this.#closed = true;
      if (this.bytes !== NOTHING) this.#owner.pool.give(this.bytes);
      this.bytes = NOTHING;
      this.length = 0;
      this.#release(this.#pieces);
      this.#release(this.#piecesInTransport);
      this.#pieces = null;
      this.#piecesInTransport = null;
      this.#pieceBytes = 0;
      this.#inTransport = 0;
      this.#held = null;
      this.#notBefore = 0;
      this.#qos0 = 0;
      this.#countBlocked(0);
      this.#owner.forgetOutbox(this);
    }
    return lost;
  }

  get #heldBytes(): number {
    return this.#held?.bytes ?? 0;
  }

  #countBlocked(bytes: number): void {
    this.#owner.blockedBytes += bytes - this.#blockedBytes;
    this.#blockedBytes = bytes;
  }

  #grow(length: number): void {
    const grown = this.#owner.pool.take(Math.max(length, this.bytes.length * 2));
    if (this.length > 0) grown.set(this.bytes.subarray(0, this.length));
    if (this.bytes !== NOTHING) this.#owner.pool.give(this.bytes);
    this.bytes = grown;
  }

  #release(pieces: readonly Piece[] | null): void {
    if (pieces === null) return;
    for (const { payload } of pieces) this.#owner.largeMemory.release(payload);
  }
}
