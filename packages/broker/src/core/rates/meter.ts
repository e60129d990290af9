/**
 * The rates that hold for one connection: of its address and listener from its first byte on, of its client and user once
 * they are known. What the connection does is charged to all of them.
 *
 *     accepted ──CONNECT──▶ admitted at the door ──authenticated──▶ admitted ──▶ closed: everything is given back
 *
 * It exists only where something is bounded, and asks for no timer while nothing is exceeded.
 */
import { ReasonCode } from '@martlet/protocol';
import type { Refusal } from '../connection/handshake.ts';
import type { RateName } from '../options/rates.ts';
import type { Allowance } from './allowance.ts';
import { boundsText } from './bounds-text.ts';

/** Where meters get their allowances, and find each other. */
export interface MeterHome {
  /** Of a client and its user, for one more connection. */
  takeInside(clientId: string, username: string | undefined, nowMs: number): readonly Allowance[];
  release(allowance: Allowance, nowMs: number): void;
  /** Of the client's connection; undefined if it has none. */
  meterOf(clientId: string): Meter | undefined;
  setMeterOf(clientId: string, meter: Meter): void;
  forgetMeterOf(clientId: string, meter: Meter): void;
}

export class Meter {
  readonly #limits: MeterHome;
  /** Of the address and the listener. */
  readonly #door: readonly Allowance[];
  /** Of the client and the user; empty until they are known. */
  #inside: readonly Allowance[];
  /** Of those above, the ones that bound messages or bytes in, or out. */
  #incoming: readonly Allowance[];
  #outgoing: readonly Allowance[];
  #admitted: boolean;
  /** Why its CONNECT will be refused; null if it will not. */
  readonly #tooFast: Allowance | null;
  #clientId: string | null;
  #subscriptions: number;
  #closed: boolean;

  /** @param tooFast to whom it came too fast; null if it did not */
  constructor(limits: MeterHome, door: readonly Allowance[], tooFast: Allowance | null) {
    this.#limits = limits;
    this.#door = door;
    this.#inside = [];
    this.#incoming = door.filter(({ boundsIncoming }) => boundsIncoming);
    this.#outgoing = door.filter(({ boundsOutgoing }) => boundsOutgoing);
    this.#admitted = false;
    this.#tooFast = tooFast;
    this.#clientId = null;
    this.#subscriptions = 0;
    this.#closed = false;
  }

  get boundsIncoming(): boolean {
    return this.#incoming.length > 0;
  }

  get boundsOutgoing(): boolean {
    return this.#outgoing.length > 0;
  }

  /** All that hold for it. */
  get allowances(): readonly Allowance[] {
    return [...this.#door, ...this.#inside];
  }

  /**
   * Its CONNECT has come, and nobody has been authenticated: may it go on, as far as its address and listener go?
   * @param clientId whose place it will take if that client is connected already
   */
  admitAtDoor(clientId: string): Refusal | null {
    if (this.#tooFast !== null) return tooFast(this.#tooFast);
    const replaced = this.#limits.meterOf(clientId);
    const full = this.#door.find((allowance) => isFull(allowance, replaced));
    if (full !== undefined) return tooMany(full, 'connections');
    this.#admitted = true;
    for (const allowance of this.#door) allowance.connections++;
    return null;
  }

  /** The client is who it says: may it go on, as far as its own rates and its user's go? */
  admit(clientId: string, username: string | undefined, nowMs: number): Refusal | null {
    this.#identify(clientId, username, nowMs);
    const replaced = this.#limits.meterOf(clientId);
    for (const allowance of this.#inside) {
      let refusal: Refusal | null = null;
      if (isFull(allowance, replaced)) refusal = tooMany(allowance, 'connections');
      else if (!allowance.hasRoomForConnect(nowMs)) refusal = tooFast(allowance);
      if (refusal === null) continue;
      this.#releaseInside(nowMs);
      return refusal;
    }
    for (const allowance of this.#inside) {
      allowance.chargeConnect(nowMs);
      allowance.connections++;
    }
    this.#clientId = clientId;
    this.#limits.setMeterOf(clientId, this);
    return null;
  }

  /** Begins anew for a client that is connected: the rates have changed, and nothing is refused for that. */
  goOn(clientId: string, username: string | undefined, nowMs: number): void {
    this.#admitted = true;
    for (const allowance of this.#door) allowance.connections++;
    this.#identify(clientId, username, nowMs);
    for (const allowance of this.#inside) allowance.connections++;
    this.#clientId = clientId;
    this.#limits.setMeterOf(clientId, this);
  }

  #identify(clientId: string, username: string | undefined, nowMs: number): void {
    this.#inside = this.#limits.takeInside(clientId, username, nowMs);
    const all = [...this.#door, ...this.#inside];
    this.#incoming = all.filter(({ boundsIncoming }) => boundsIncoming);
    this.#outgoing = all.filter(({ boundsOutgoing }) => boundsOutgoing);
  }

  /** Whether a connection of this allowance is this one. */
  isCountedBy(allowance: Allowance): boolean {
    return this.#admitted && (this.#door.includes(allowance) || this.#inside.includes(allowance));
  }

  // ---- what it does ------------------------------------------------------------------------------------------------

  chargeIncoming(messages: number, bytes: number, nowMs: number): void {
    for (const allowance of this.#incoming) allowance.chargeIncoming(messages, bytes, nowMs);
  }

  /** Ms for which its connection is not to be read; 0 for not at all. */
  incomingWaitMs(nowMs: number): number {
    let waitMs = 0;
    for (const allowance of this.#incoming) {
      if (allowance.rates.whenExceeded !== 'wait') continue;
      const own = allowance.incomingWaitMs(nowMs);
      if (own > waitMs) waitMs = own;
    }
    return waitMs;
  }

  /** Whose rate is exceeded that does not let it wait; null if none is. */
  exceeded(nowMs: number): Allowance | null {
    for (const allowance of this.#incoming) {
      if (allowance.rates.whenExceeded !== 'wait' && allowance.incomingWaitMs(nowMs) > 0) return allowance;
    }
    return null;
  }

  chargeOutgoing(messages: number, bytes: number, nowMs: number): void {
    for (const allowance of this.#outgoing) allowance.chargeOutgoing(messages, bytes, nowMs);
  }

  /** Ms for which nothing more is to be published to it; 0 for not at all. */
  outgoingWaitMs(nowMs: number): number {
    let waitMs = 0;
    for (const allowance of this.#outgoing) waitMs = Math.max(waitMs, allowance.outgoingWaitMs(nowMs));
    return waitMs;
  }

  /** Whose rate that is; empty if none is exceeded. */
  outgoingReason(nowMs: number): string {
    const exceeded = this.#outgoing.find((allowance) => allowance.outgoingWaitMs(nowMs) > 0);
    if (exceeded === undefined) return '';
    const { messagesOutPerSecond, bytesOutPerSecond } = exceeded.rates;
    const bounds = boundsText({ messagesOutPerSecond, bytesOutPerSecond });
    return `${exceeded.name} is sent more than it may (${bounds})`;
  }

  /** Its session has so many subscriptions. */
  countSubscriptions(count: number): void {
    const difference = count - this.#subscriptions;
    if (difference === 0 || this.#closed) return;
    this.#subscriptions = count;
    for (const allowance of this.#door) allowance.subscriptions += difference;
    for (const allowance of this.#inside) allowance.subscriptions += difference;
  }

  /** Why it may not have one more subscription; undefined if it may. */
  refusesSubscription(): string | undefined {
    const full = this.allowances.find(
      ({ rates, subscriptions }) => rates.subscriptions !== null && subscriptions >= rates.subscriptions,
    );
    return full === undefined ? undefined : tooMany(full, 'subscriptions').reasonString;
  }

  /** The connection is gone, or its client is not served any more. */
  close(nowMs: number): void {
    if (this.#closed) return;
    this.countSubscriptions(0);
    this.#closed = true;
    if (this.#clientId !== null) {
      for (const allowance of this.#inside) allowance.connections--;
      this.#limits.forgetMeterOf(this.#clientId, this);
    }
    this.#releaseInside(nowMs);
    for (const allowance of this.#door) {
      if (this.#admitted) allowance.connections--;
      this.#limits.release(allowance, nowMs);
    }
  }

  #releaseInside(nowMs: number): void {
    for (const allowance of this.#inside) this.#limits.release(allowance, nowMs);
    this.#inside = [];
  }
}

function isFull(allowance: Allowance, replaced: Meter | undefined): boolean {
  const maximum = allowance.rates.connections;
  if (maximum === null) return false;
  return allowance.connections - (replaced?.isCountedBy(allowance) ? 1 : 0) >= maximum;
}

function tooMany(allowance: Allowance, name: RateName & ('connections' | 'subscriptions')): Refusal {
  return {
    reasonCode: ReasonCode.QuotaExceeded,
    reasonString: `${allowance.name} has ${allowance[name]} ${name}, as many as it may (${name} ${allowance.rates[name]})`,
  };
}

function tooFast(allowance: Allowance): Refusal {
  const { connectsPerSecond, connectsPerMinute } = allowance.rates;
  const bounds = boundsText({ connectsPerSecond, connectsPerMinute });
  return {
    reasonCode: ReasonCode.ConnectionRateExceeded,
    reasonString: `${allowance.name} connects more often than it may (${bounds})`,
  };
}
