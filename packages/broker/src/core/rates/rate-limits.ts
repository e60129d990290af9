/** The rates of a broker: who is counted by what, and a meter for each connection for which anything is bounded. */
import type { Limits } from '../options/limits.ts';
import type { RateScope, RateSet, RateSetOptions, Rates } from '../options/rates.ts';
import { resolveRateSet } from '../options/resolve-rates.ts';
import type { Origin } from '../ports/transport.ts';
import type { Allowance } from './allowance.ts';
import { Allowances } from './allowances.ts';
import type { MeterHome } from './meter.ts';
import { Meter } from './meter.ts';
import { peerAddress } from './peer-address.ts';

/** So many times its connections may be open at an address or listener that has as many as it may: they are told so. */
const OPEN_FACTOR = 2;

/** Options as they are now. */
export interface RateOptions {
  readonly rates: Rates;
  readonly limits: Limits;
}

/** A listener's own rates, resolved once for each that it was given. */
interface ListenerRates {
  readonly given: RateSetOptions;
  /** What held for what it leaves out. */
  readonly otherwise: RateSet | null;
  readonly rates: RateSet | null;
}

export class RateLimits implements MeterHome {
  readonly #options: () => RateOptions;
  readonly #scopes: { readonly [Scope in RateScope]: Allowances };
  /** Of clients that are connected. */
  readonly #meters: Map<string, Meter>;
  readonly #listeners: Map<string, ListenerRates>;

  /** @param options as they are now: they may change */
  constructor(options: () => RateOptions) {
    const maximumIdle = (): number => options().limits.rememberedRates;
    this.#options = options;
    this.#scopes = {
      perClient: new Allowances('perClient', maximumIdle),
      perUser: new Allowances('perUser', maximumIdle),
      perListener: new Allowances('perListener', maximumIdle),
      perAddress: new Allowances('perAddress', maximumIdle),
    };
    this.#meters = new Map();
    this.#listeners = new Map();
  }

  /**
   * A connection has been accepted.
   * @returns its meter; null if nothing is bounded for it; false if it is to be closed at once
   */
  accept(peer: string, origin: Origin, nowMs: number): Meter | null | false {
    const door = this.#takeDoor(peer, origin, nowMs);
    if (door.length === 0 && !this.#boundsInside) return null;
    for (const { rates, references } of door) {
      if (rates.connections === null || references <= rates.connections * OPEN_FACTOR) continue;
      for (const allowance of door) this.release(allowance, nowMs);
      return false;
    }
    const tooFast = door.find((allowance) => !allowance.hasRoomForConnect(nowMs)) ?? null;
    if (tooFast === null) for (const allowance of door) allowance.chargeConnect(nowMs);
    return new Meter(this, door, tooFast);
  }

  /** Allowances that are remembered, of all scopes. */
  get size(): number {
    return Object.values(this.#scopes).reduce((sum, { size }) => sum + size, 0);
  }

  /** For a connection that is there already: rates have changed, and it is counted anew. Null if nothing bounds it. */
  meterFor(peer: string, origin: Origin, nowMs: number): Meter | null {
    const door = this.#takeDoor(peer, origin, nowMs);
    return door.length === 0 && !this.#boundsInside ? null : new Meter(this, door, null);
  }

  /** Who has no user name belongs to no user. */
  takeInside(clientId: string, username: string | undefined, nowMs: number): readonly Allowance[] {
    const { perClient, perUser, users } = this.#options().rates;
    const taken: Allowance[] = [];
    if (perClient !== null) taken.push(this.#scopes.perClient.take(clientId, perClient, nowMs));
    if (username === undefined) return taken;
    const ofUser = users.get(username);
    const rates = ofUser === undefined ? perUser : ofUser;
    if (rates !== null) taken.push(this.#scopes.perUser.take(username, rates, nowMs));
    return taken;
  }

  release(allowance: Allowance, nowMs: number): void {
    this.#scopes[allowance.scope].release(allowance, nowMs);
  }

  meterOf(clientId: string): Meter | undefined {
    return this.#meters.get(clientId);
  }

  setMeterOf(clientId: string, meter: Meter): void {
    this.#meters.set(clientId, meter);
  }

  forgetMeterOf(clientId: string, meter: Meter): void {
    if (this.#meters.get(clientId) === meter) this.#meters.delete(clientId);
  }

  get #boundsInside(): boolean {
    const { perClient, perUser, users } = this.#options().rates;
    return perClient !== null || perUser !== null || users.size > 0;
  }

  #takeDoor(peer: string, origin: Origin, nowMs: number): readonly Allowance[] {
    const { perAddress } = this.#options().rates;
    const ofListener = this.#ratesOfListener(origin);
    const door: Allowance[] = [];
    if (perAddress !== null) door.push(this.#scopes.perAddress.take(peerAddress(peer), perAddress, nowMs));
    if (ofListener !== null) door.push(this.#scopes.perListener.take(origin.listener, ofListener, nowMs));
    return door;
  }

  #ratesOfListener({ listener, policy }: Origin): RateSet | null {
    const { perListener } = this.#options().rates;
    const given = policy?.rates;
    if (given === undefined) return perListener;
    const known = this.#listeners.get(listener);
    if (known?.given === given && known.otherwise === perListener) return known.rates;
    const where = `rates of listener ${listener}`;
    const rates = resolveRateSet(where, given, 'perListener', perListener ?? {});
    this.#listeners.set(listener, { given, otherwise: perListener, rates });
    return rates;
  }
}
