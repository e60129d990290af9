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

import type { Deadline, PlacedFrameSink } from '@martlet/protocol';
import { FrameResult, PlacedPacketStream, ProtocolError, ReasonCode, RemoteError } from '@martlet/protocol';
import { logInternalError } from '../internal-error.ts';
import { Outbox } from '../output/outbox.ts';
import type { OutboxListener } from '../output/outbox-listener.ts';
import type { Origin, Transport, TransportSecurity, TransportSink } from '../ports/transport.ts';
import type { Meter } from '../rates/meter.ts';
import type { StagingSource } from '../staging-room.ts';
import { ConnectionRates, ratesAnew } from './connection-rates.ts';
import type { Refusal } from './handshake.ts';
import { metered } from './metered.ts';
import { Opening } from './opening.ts';
import { otherProtocol } from './other-protocol.ts';
import type { ConnectionHandle, CoreParts, MeteredPhase, Phase } from './phase.ts';

const CONNECT = 1;

export class Connection
  implements ConnectionHandle, PlacedFrameSink, Deadline, TransportSink, OutboxListener, StagingSource
{
  readonly peer: string;
  readonly origin: Origin;
  /** Stands for the listener through which it came; null if it was attached otherwise. */
  readonly listener: object | null;
  readonly outbox: Outbox;
  lastReceivedMs: number;
  closed: boolean;
  /** Of Deadlines. */
  heapIndex: number;
  readonly #parts: CoreParts;
  readonly #transport: Transport;
  readonly #stream: PlacedPacketStream;
  readonly #onGone: (connection: Connection) => void;
  #phase: Phase;
  #gateClosed: boolean;
  /** Null if nothing is bounded for it. */
  #rates: ConnectionRates | null;
  /** Null while its client is not served. */
  #served: MeteredPhase | null;
  /**
   * The peer is not read because it does not read its answers, because too many of them wait for a commit, or because
   * what it has sent does, with what others have.
   */
  #throttled: boolean;
  awaitsStagingRoom: boolean;
  /** Nothing has come yet. */
  #untouched: boolean;

  /**
   * @param meter null if nothing is bounded for it
   * @param onGone called once, when the transport is gone too
   */
  constructor(
    parts: CoreParts,
    transport: Transport,
    origin: Origin,
    listener: object | null,
    meter: Meter | null,
    onGone: (connection: Connection) => void,
  ) {
    this.peer = transport.peer;
    this.origin = origin;
    this.listener = listener;
    this.#parts = parts;
    this.#transport = transport;
    this.#onGone = onGone;
    const { context } = parts;
    const { limits } = context.profile;
    this.lastReceivedMs = context.nowMs;
    this.closed = false;
    this.heapIndex = -1;
    this.#gateClosed = false;
    this.#rates = meter === null ? null : new ConnectionRates(context, meter, this);
    this.#served = null;
    this.#throttled = false;
    this.awaitsStagingRoom = false;
    this.#untouched = true;
    this.outbox = new Outbox(context, transport, limits.outboxBytes);
    this.#stream = new PlacedPacketStream(
      this,
      Math.min(limits.connectPacketSize, limits.maximumPacketSize),
      context.largeMemory,
    );
    this.#phase = new Opening(parts, this);
    this.outbox.listener = this;
  }

  // ---- inputs from the transport -----------------------------------------------------------------------------------

  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.closed) return;
    const { context } = this.#parts;
    context.sampleClock();
    this.lastReceivedMs = context.nowMs;
    context.metrics.bytesReceived += end - start;
    const before = context.stagings;
    try {
      if (this.#untouched) this.#checkFirstBytes(bytes, start, end);
      this.#stream.receive(bytes, start, end);
      this.#phase.onReadEnd();
    } catch (error) {
      this.#onError(error);
    }
    if (context.stagings !== before) this.#awaitStagingRoom();
    this.#throttle();
  }

  /** What a message-based transport may gather: no more than a packet, and little before CONNECT. */
  get maximumMessageBytes(): number {
    return this.#stream.maximumPacketSize;
  }

  /** Who speaks something else, such as HTTP, is told so before a packet's worth has come. */
  #checkFirstBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#untouched = false;
    const other = otherProtocol(bytes, start, end);
    if (other !== undefined) throw new ProtocolError(`the first packet is not CONNECT: ${other}`); // [MQTT-3.1.0-1] [MQTT-3.1.0-1] 3.1.1
    if (bytes[start]! >> 4 !== CONNECT) throw new ProtocolError('the first packet is not CONNECT'); // [MQTT-3.1.0-1] [MQTT-3.1.0-1] 3.1.1
  }

  readInto(): Uint8Array | null {
    return this.closed || this.gateClosed ? null : this.#stream.readInto();
  }

  onDrained(): void {
    this.#parts.context.sampleClock();
    try {
      this.outbox.onDrained();
    } catch (error) {
      this.fail(error);
    }
    this.onRoom();
  }

  onClosed(cause: string | null): void {
    const { context } = this.#parts;
    context.sampleClock();
    if (!this.closed) {
      this.closed = true;
      this.#logged(() => this.#phase.onReadEnd());
      this.#stream.close();
      this.#logged(() => this.#phase.onLost(cause));
    }
    context.deadlines.clear(this);
    this.#rates?.close();
    context.stagingRoom.forget(this);
    this.#phase.onUnsent(this.outbox.close());
    this.#onGone(this);
  }

  // ---- inputs from the core ----------------------------------------------------------------------------------------

  onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult {
    const result = this.#phase.onFrame(bytes, start, body, end, this.#stream.owned);
    if (this.closed) return FrameResult.Stop; // [MQTT-3.1.4-6] [MQTT-3.1.4-5] 3.1.1
    return result === FrameResult.Next && this.#gateClosed ? FrameResult.Stop : result;
  }

  onShown(): void {
    this.#phase.onReadEnd();
  }

  onHandedOver(acknowledgements: number, qos0Messages: number): void {
    this.#phase.onHandedOver(acknowledgements, qos0Messages);
  }

  onUnsent(qos0Messages: number): void {
    this.#phase.onUnsent(qos0Messages);
  }

  onRoom(): void {
    try {
      if (!this.closed) this.#phase.onRoom();
    } catch (error) {
      this.fail(error);
    }
    this.#throttle();
  }

  onStagingRoom(): void {
    this.awaitsStagingRoom = false;
    this.#throttle();
  }

  onIncomingRoom(): void {
    if (!this.#gateClosed) this.#goOn(null);
  }

  onDue(nowMs: number): void {
    if (this.closed) {
      this.#transport.destroy();
      return;
    }
    try {
      this.#phase.onDeadline(nowMs);
    } catch (error) {
      this.fail(error);
    }
  }

  shutDown(reasonCode: ReasonCode, reasonString: string): void {
    if (this.closed) return;
    try {
      this.#phase.onShutDown(reasonCode, reasonString);
    } catch (error) {
      this.fail(error);
    }
  }

  forgetRights(): void {
    if (!this.closed) this.#phase.forgetRights();
  }

  reconfigure(reauthenticates: boolean): void {
    if (this.closed) return;
    this.outbox.limitBytes = this.#parts.context.profile.limits.outboxBytes;
    try {
      this.#phase.onReconfigured(reauthenticates);
      this.#meterAnew();
    } catch (error) {
      this.fail(error);
    }
  }

  // ---- the phases' handle ------------------------------------------------------------------------------------------

  get proxyPeer(): string | undefined {
    return this.#transport.proxyPeer;
  }

  get security(): TransportSecurity | undefined {
    return this.#transport.security;
  }

  get gateClosed(): boolean {
    return this.#gateClosed || this.#rates?.awaitsIncoming === true;
  }

  get meter(): Meter | null {
    return this.#rates?.meter ?? null;
  }

  admitAtDoor(clientId: string): Refusal | null {
    return this.#rates?.meter.admitAtDoor(clientId) ?? null;
  }

  admit(clientId: string, username: string | undefined): Refusal | null {
    return this.#rates?.admit(clientId, username) ?? null;
  }

  waitForRate(untilMs: number): void {
    this.#rates?.waitForIncoming(untilMs);
    this.#transport.pause();
  }

  /** The rates may have changed: it is counted by those of now, and what it waited for is over. */
  #meterAnew(): void {
    const old = this.#rates;
    const waited = old?.awaitsIncoming === true;
    this.#rates = ratesAnew(this.#parts.context, this, old, this.#served);
    if (old === null && this.#rates === null) return;
    if (this.#served !== null) this.#phase = metered(this.#served, this, this.#parts.context);
    this.onRoom();
    if (waited && !this.#gateClosed) this.#goOn(null);
  }

  closeGate(): void {
    if (this.#gateClosed || this.closed) return;
    this.#gateClosed = true;
    this.#transport.pause();
  }

  onAnswer(act: () => void): void {
    if (this.closed) return;
    this.#parts.context.sampleClock();
    this.#gateClosed = false;
    this.#goOn(act);
  }

  /** What kept it from being read is over. */
  #goOn(act: (() => void) | null): void {
    const { context } = this.#parts;
    this.lastReceivedMs = context.nowMs;
    const before = context.stagings;
    try {
      act?.();
      if (!this.gateClosed && !this.closed) this.#stream.resume();
      this.#phase.onReadEnd();
    } catch (error) {
      this.#onError(error);
    }
    if (context.stagings !== before) this.#awaitStagingRoom();
    this.#throttle();
    if (!this.gateClosed && !this.#throttled && !this.closed) this.#transport.resume();
  }

  become(phase: MeteredPhase, maximumPacketSize: number): void {
    this.#served = phase;
    this.#phase = metered(phase, this, this.#parts.context);
    this.#stream.maximumPacketSize = maximumPacketSize;
  }

  setDeadline(atMs: number): void {
    this.#parts.context.deadlines.set(this, atMs);
  }

  fail(error: unknown): void {
    logInternalError(this.#parts.context.errorLog, this.peer, error);
    if (this.closed) {
      this.#abandon();
      return;
    }
    try {
      this.#phase.onShutDown(ReasonCode.ImplementationSpecificError, 'internal error of the broker');
    } catch (second) {
      logInternalError(this.#parts.context.errorLog, this.peer, second);
      this.#abandon();
    }
  }

  end(): void {
    if (this.closed) return;
    this.closed = true;
    const { context } = this.#parts;
    this.#stream.close();
    context.deadlines.clear(this);
    this.#rates?.close();
    this.outbox.end();
    // Else the transport has been ended.
    if (this.outbox.blocked || this.outbox.waitsForCommit) {
      this.setDeadline(context.nowMs + context.profile.limits.closeTimeoutMs);
    }
  }

  /** What it sent is staged; so that this does not grow without bound, it is read again when there is room. */
  #awaitStagingRoom(): void {
    if (!this.closed) this.awaitsStagingRoom = this.#parts.context.stagingRoom.mustWait(this);
  }

  #throttle(): void {
    const throttled = this.awaitsStagingRoom || this.outbox.overrun;
    if (this.#throttled === throttled || this.closed) return;
    this.#throttled = !this.#throttled;
    if (this.#throttled) {
      this.#transport.pause();
      return;
    }
    this.lastReceivedMs = this.#parts.context.nowMs; // what it sent meanwhile could not be seen
    if (!this.gateClosed) this.#transport.resume();
  }

  /** The one place where what a peer did wrong is caught. */
  #onError(error: unknown): void {
    if (!(error instanceof RemoteError)) {
      this.fail(error);
      return;
    }
    if (this.closed) return;
    try {
      this.#phase.onReadEnd();
      this.#phase.onRemoteError(error);
    } catch (ours) {
      this.fail(ours);
    }
  }

  /** It cannot even end as it should: without a word, then. */
  #abandon(): void {
    if (!this.closed) {
      this.closed = true;
      this.#logged(() => this.#phase.onLost('internal error of the broker'));
    }
    this.#stream.close();
    this.#parts.context.deadlines.clear(this);
    this.#rates?.close();
    this.#transport.destroy();
  }

  /** Does what belongs to the end of a connection that is gone already: an error is logged, and the end goes on. */
  #logged(act: () => void): void {
    try {
      act();
    } catch (error) {
      logInternalError(this.#parts.context.errorLog, this.peer, error);
    }
  }
}
