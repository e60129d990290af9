/**
 * A served connection of which what comes in is bounded by rates. It stands in front of `Serving` only then, so that nobody else
 * pays for it: every packet is charged, and once a rate is exceeded the connection is not read until there is room.
 */
import type { RemoteError } from '@martlet/protocol';
import { FrameResult, ReasonCode } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import type { Allowance } from '../rates/allowance.ts';
import { boundsText } from '../rates/bounds-text.ts';
import type { Meter } from '../rates/meter.ts';
import type { MeteredPhase, Phase } from './phase.ts';

const PUBLISH = 3;

/** The connection, as far as this concerns it. */
interface MeteredConnection {
  /** Null if nothing is bounded for it. */
  readonly meter: Meter | null;
  readonly closed: boolean;
  /** It is not read until then, which is monotonic. */
  waitForRate(untilMs: number): void;
}

/** The phase with what its meter asks for in front of it, if it asks for anything. */
export function metered(inner: MeteredPhase, connection: MeteredConnection, context: CoreContext): Phase {
  const { meter } = connection;
  return meter?.boundsIncoming ? new Metered(inner, meter, connection, context) : inner;
}

class Metered implements Phase {
  readonly #inner: MeteredPhase;
  readonly #meter: Meter;
  readonly #connection: MeteredConnection;
  readonly #context: CoreContext;

  constructor(inner: MeteredPhase, meter: Meter, connection: MeteredConnection, context: CoreContext) {
    this.#inner = inner;
    this.#meter = meter;
    this.#connection = connection;
    this.#context = context;
  }

  onFrame(bytes: Uint8Array, start: number, body: number, end: number, owned: boolean): FrameResult {
    const { nowMs } = this.#context;
    const meter = this.#meter;
    const isPublish = bytes[start]! >> 4 === PUBLISH;
    const exceeded = isPublish ? meter.exceeded(nowMs) : null;
    if (exceeded !== null) return this.#onExcess(exceeded, bytes, start, body, end, owned);
    const result = this.#inner.onFrame(bytes, start, body, end, owned);
    if (result === FrameResult.Again || this.#connection.closed) return result;
    meter.chargeIncoming(isPublish ? 1 : 0, end - start, nowMs);
    const waitMs = meter.incomingWaitMs(nowMs);
    if (waitMs === 0) return result;
    this.#connection.waitForRate(nowMs + waitMs);
    return FrameResult.Stop;
  }

  /** What exceeds a rate that does not let it wait is not charged: who keeps on sending gets as much through as who does not. */
  #onExcess(
    exceeded: Allowance,
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
    owned: boolean,
  ): FrameResult {
    const { messagesInPerSecond, bytesInPerSecond, whenExceeded } = exceeded.rates;
    const bounds = boundsText({ messagesInPerSecond, bytesInPerSecond });
    const reasonString = `${exceeded.name} publishes more than it may (${bounds})`;
    if (whenExceeded === 'disconnect') {
      this.#inner.onShutDown(ReasonCode.MessageRateTooHigh, reasonString);
      return FrameResult.Stop;
    }
    const refusal = { reasonCode: ReasonCode.QuotaExceeded, reasonString };
    return this.#inner.onExcess(bytes, start, body, end, owned, refusal);
  }

  onReadEnd(): void {
    this.#inner.onReadEnd();
  }

  onRemoteError(error: RemoteError): void {
    this.#inner.onRemoteError(error);
  }

  onDeadline(nowMs: number): void {
    this.#inner.onDeadline(nowMs);
  }

  onLost(cause: string | null): void {
    this.#inner.onLost(cause);
  }

  onRoom(): void {
    this.#inner.onRoom();
  }

  onUnsent(qos0Messages: number): void {
    this.#inner.onUnsent(qos0Messages);
  }

  onHandedOver(acknowledgements: number, qos0Messages: number): void {
    this.#inner.onHandedOver(acknowledgements, qos0Messages);
  }

  onShutDown(reasonCode: ReasonCode, reasonString: string): void {
    this.#inner.onShutDown(reasonCode, reasonString);
  }

  forgetRights(): void {
    this.#inner.forgetRights();
  }

  onReconfigured(reauthenticates: boolean): void {
    this.#inner.onReconfigured(reauthenticates);
  }
}
