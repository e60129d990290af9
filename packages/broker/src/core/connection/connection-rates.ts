/**
 * What the rates of one connection make it wait for: to be read, and to be sent more messages. Two deadlines and the meter; a
 * connection for which nothing is bounded has none of this.
 */
import type { Deadline } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import type { Outbox } from '../output/outbox.ts';
import type { OutboxMeter } from '../output/outbox-meter.ts';
import type { Origin } from '../ports/transport.ts';
import type { Meter } from '../rates/meter.ts';
import type { Refusal } from './handshake.ts';
import type { MeteredPhase } from './phase.ts';

/** The connection that waits. */
interface RatedConnection {
  readonly peer: string;
  readonly origin: Origin;
  readonly outbox: Outbox;
  /** It may be read again. */
  onIncomingRoom(): void;
  /** It may be sent messages again. */
  onRoom(): void;
}

export class ConnectionRates implements OutboxMeter {
  readonly meter: Meter;
  /** It is not read now. */
  awaitsIncoming: boolean;
  reason: string;
  readonly #context: CoreContext;
  readonly #connection: RatedConnection;
  readonly #incoming: Deadline;
  readonly #outgoing: Deadline;

  constructor(context: CoreContext, meter: Meter, connection: RatedConnection) {
    this.meter = meter;
    this.awaitsIncoming = false;
    this.reason = '';
    this.#context = context;
    this.#connection = connection;
    this.#incoming = { heapIndex: -1, onDue: (nowMs) => this.#onIncomingDue(nowMs) };
    this.#outgoing = { heapIndex: -1, onDue: (nowMs) => this.#onOutgoingDue(nowMs) };
  }

  waitForIncoming(untilMs: number): void {
    this.awaitsIncoming = true;
    this.#context.deadlines.set(this.#incoming, untilMs);
  }

  /** The client is who it says. From now on what is sent to it is charged, if that is bounded. */
  admit(clientId: string, username: string | undefined): Refusal | null {
    const refusal = this.meter.admit(clientId, username, this.#context.nowMs);
    if (refusal === null) this.#onIdentified();
    return refusal;
  }

  /** The client is served already. */
  goOn(served: MeteredPhase): void {
    served.goOnWith(this.meter);
    this.#onIdentified();
  }

  #onIdentified(): void {
    this.#connection.outbox.meter = this.meter.boundsOutgoing ? this : null;
  }

  onSent(messages: number, bytes: number): void {
    const { nowMs, deadlines } = this.#context;
    this.meter.chargeOutgoing(messages, bytes, nowMs);
    const waitMs = this.meter.outgoingWaitMs(nowMs);
    if (waitMs === 0) return;
    this.reason = this.meter.outgoingReason(nowMs);
    this.#connection.outbox.heldBack = true;
    deadlines.set(this.#outgoing, nowMs + waitMs);
  }

  /** Nothing waits any more, and what it had is given back. */
  close(): void {
    const { deadlines, nowMs } = this.#context;
    const { outbox } = this.#connection;
    deadlines.clear(this.#incoming);
    deadlines.clear(this.#outgoing);
    outbox.meter = null;
    outbox.heldBack = false;
    this.awaitsIncoming = false;
    this.meter.close(nowMs);
  }

  /** Others may have used up meanwhile what they share. */
  #onIncomingDue(nowMs: number): void {
    const waitMs = this.meter.incomingWaitMs(nowMs);
    if (waitMs > 0) {
      this.#context.deadlines.set(this.#incoming, nowMs + waitMs);
      return;
    }
    this.awaitsIncoming = false;
    this.#connection.onIncomingRoom();
  }

  #onOutgoingDue(nowMs: number): void {
    const waitMs = this.meter.outgoingWaitMs(nowMs);
    if (waitMs > 0) {
      this.#context.deadlines.set(this.#outgoing, nowMs + waitMs);
      return;
    }
    this.#connection.outbox.heldBack = false;
    this.#connection.onRoom();
  }
}

/**
 * By the rates as they are now; null if they bound nothing for this connection.
 * @param old its rates until now, which are given back
 * @param served null while its client is not
 */
export function ratesAnew(
  context: CoreContext,
  connection: RatedConnection,
  old: ConnectionRates | null,
  served: MeteredPhase | null,
): ConnectionRates | null {
  old?.close();
  const meter = context.rates.meterFor(connection.peer, connection.origin, context.nowMs);
  if (meter === null) return null;
  const rates = new ConnectionRates(context, meter, connection);
  if (served !== null) rates.goOn(served);
  return rates;
}
