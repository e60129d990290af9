/**
 * One network connection: from its first byte to its end.
 *
 *     Opening ──CONNECT accepted──▶ Serving ──▶ closed
 *        └── refused, timed out ──────────────────▶
 *
 * Bytes come in by `receive`, and everything a peer can do wrong is caught there, and ends this connection only. What
 * a connection is at a time is its phase; this class has what all phases need: the stream, the outbox, the gate, the
 * deadline, and an end that happens once.
 *
 * The *gate* is closed while an authenticator or authoriser has not answered: then nothing more is read.
 */

import type { Deadline, FrameSink } from '@martlet/protocol';
import { FrameResult, PacketStream, ReasonCode, RemoteError } from '@martlet/protocol';
import { Opening } from './opening.ts';
import { Outbox } from './outbox.ts';
import type { ConnectionHandle, CoreParts, Phase } from './phase.ts';
import type { Origin, Transport, TransportSink } from './ports/transport.ts';

export class Connection implements ConnectionHandle, FrameSink, Deadline, TransportSink {
  readonly peer: string;
  readonly origin: Origin;
  readonly outbox: Outbox;
  lastReceivedMs: number;
  closed: boolean;
  /** Of Deadlines. */
  dueMs: number;
  heapIndex: number;
  readonly #parts: CoreParts;
  readonly #transport: Transport;
  readonly #stream: PacketStream;
  readonly #onGone: (connection: Connection) => void;
  #phase: Phase;
  #gateClosed: boolean;
  /** The peer is not read because it does not read its answers. */
  #throttled: boolean;

  /** @param onGone called once, when the transport is gone too */
  constructor(
    parts: CoreParts,
    transport: Transport,
    origin: Origin,
    onGone: (connection: Connection) => void,
  ) {
    this.peer = transport.peer;
    this.origin = origin;
    this.#parts = parts;
    this.#transport = transport;
    this.#onGone = onGone;
    const { context } = parts;
    const { limits } = context.profile;
    this.lastReceivedMs = context.nowMs;
    this.closed = false;
    this.dueMs = 0;
    this.heapIndex = -1;
    this.#gateClosed = false;
    this.#throttled = false;
    this.outbox = new Outbox(context, transport, limits.outboxBytes);
    this.#stream = new PacketStream(
      this,
      Math.min(limits.connectPacketSize, limits.maximumPacketSize),
      context.largeMemory,
    );
    this.#phase = new Opening(parts, this);
    this.outbox.listener = this.#phase;
  }

  // ---- inputs from the transport -----------------------------------------------------------------------------------

  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.closed) return;
    const { context } = this.#parts;
    context.sampleClock();
    this.lastReceivedMs = context.nowMs;
    context.metrics.bytesReceived += end - start;
    try {
      this.#stream.receive(bytes, start, end);
      this.#phase.onReadEnd();
    } catch (error) {
      this.#onError(error);
    }
    this.#throttle();
  }

  /** What a message-based transport may gather: no more than a packet, and little before CONNECT. */
  get maximumMessageBytes(): number {
    return this.#stream.maximumPacketSize;
  }

  readInto(): Uint8Array | null {
    return this.closed || this.#gateClosed ? null : this.#stream.readInto();
  }

  onDrained(): void {
    this.#parts.context.sampleClock();
    this.outbox.onDrained();
    if (!this.closed) this.#phase.onRoom();
    this.#throttle();
  }

  onClosed(cause: string | null): void {
    const { context } = this.#parts;
    context.sampleClock();
    if (!this.closed) {
      this.closed = true;
      this.#phase.onReadEnd();
      this.#stream.close();
      this.#phase.onLost(cause);
    }
    context.deadlines.clear(this);
    this.#phase.onUnsent(this.outbox.close());
    this.#onGone(this);
  }

  // ---- inputs from the core ----------------------------------------------------------------------------------------

  onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult {
    const result = this.#phase.onFrame(bytes, start, body, end, this.#stream.owned);
    if (this.closed) return FrameResult.Stop; // [MQTT-3.1.4-6] [MQTT-3.1.4-5] 3.1.1
    return result === FrameResult.Next && this.#gateClosed ? FrameResult.Stop : result;
  }

  onDue(nowMs: number): void {
    if (this.closed) this.#transport.destroy();
    else this.#phase.onDeadline(nowMs);
  }

  shutDown(reasonCode: ReasonCode, reasonString: string): void {
    if (!this.closed) this.#phase.onShutDown(reasonCode, reasonString);
  }

  forgetRights(): void {
    this.#phase.forgetRights();
  }

  // ---- the phases' handle ------------------------------------------------------------------------------------------

  get gateClosed(): boolean {
    return this.#gateClosed;
  }

  closeGate(): void {
    if (this.#gateClosed || this.closed) return;
    this.#gateClosed = true;
    this.#transport.pause();
  }

  onAnswer(act: () => void): void {
    if (this.closed) return;
    this.#parts.context.sampleClock();
    this.lastReceivedMs = this.#parts.context.nowMs;
    this.#gateClosed = false;
    try {
      act();
      if (!this.#gateClosed && !this.closed) this.#stream.resume();
      this.#phase.onReadEnd();
    } catch (error) {
      this.#onError(error);
    }
    if (!this.#gateClosed && !this.#throttled && !this.closed) this.#transport.resume();
  }

  become(phase: Phase, maximumPacketSize: number): void {
    this.#phase = phase;
    this.#stream.maximumPacketSize = maximumPacketSize;
    this.outbox.listener = phase;
  }

  setDeadline(atMs: number): void {
    this.#parts.context.deadlines.set(this, atMs);
  }

  end(): void {
    if (this.closed) return;
    this.closed = true;
    const { context } = this.#parts;
    this.#stream.close();
    context.deadlines.clear(this);
    this.outbox.end();
    if (this.outbox.blocked) this.setDeadline(context.nowMs + context.profile.limits.closeTimeoutMs);
  }

  #throttle(): void {
    if (this.#throttled === this.outbox.overrun || this.closed) return;
    this.#throttled = !this.#throttled;
    if (this.#throttled) this.#transport.pause();
    else if (!this.#gateClosed) this.#transport.resume();
  }

  /** The one place where what a peer did wrong is caught. */
  #onError(error: unknown): void {
    if (this.closed) return;
    if (error instanceof RemoteError) {
      this.#phase.onReadEnd();
      this.#phase.onRemoteError(error);
      return;
    }
    // Ours, not the peer's: this connection ends, the broker goes on.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#parts.context.log.write('error', 'internal-error', `${this.peer}: ${text}`);
    this.#phase.onShutDown(ReasonCode.ImplementationSpecificError, 'internal error of the broker');
  }
}
