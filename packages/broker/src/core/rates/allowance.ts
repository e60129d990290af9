/** What one client, user, listener or address has used of what it may do, over all its connections. */
import type { RateScope, RateSet } from '../options/rates.ts';
import { TokenBucket } from './token-bucket.ts';

const SECONDS_PER_MINUTE = 60;

/** As texts name what a scope's key is. */
const NOUNS: { readonly [Scope in RateScope]: string } = {
  perClient: 'client',
  perUser: 'user',
  perListener: 'listener',
  perAddress: 'address',
};

export class Allowance {
  readonly scope: RateScope;
  readonly key: string;
  rates: RateSet;
  /** Connections that refer to it, admitted or not. */
  references: number;
  /** Connections that were admitted. */
  connections: number;
  /** Of the clients that are connected. */
  subscriptions: number;
  connectsPerSecond: TokenBucket | null;
  connectsPerMinute: TokenBucket | null;
  messagesIn: TokenBucket | null;
  bytesIn: TokenBucket | null;
  messagesOut: TokenBucket | null;
  bytesOut: TokenBucket | null;

  constructor(scope: RateScope, key: string, rates: RateSet, nowMs: number) {
    this.scope = scope;
    this.key = key;
    this.rates = rates;
    this.references = 0;
    this.connections = 0;
    this.subscriptions = 0;
    this.connectsPerSecond = null;
    this.connectsPerMinute = null;
    this.messagesIn = null;
    this.bytesIn = null;
    this.messagesOut = null;
    this.bytesOut = null;
    this.configure(rates, nowMs);
  }

  /** Rates have changed: what was used up under the old ones is forgotten. */
  configure(rates: RateSet, nowMs: number): void {
    const { burstSeconds, connectsPerSecond, connectsPerMinute } = rates;
    const bucket = (perSecond: number | null, seconds: number): TokenBucket | null =>
      perSecond === null ? null : new TokenBucket(perSecond, perSecond * seconds, nowMs);
    this.rates = rates;
    this.connectsPerSecond = bucket(connectsPerSecond, burstSeconds);
    const perSecond = connectsPerMinute === null ? null : connectsPerMinute / SECONDS_PER_MINUTE;
    this.connectsPerMinute = bucket(perSecond, SECONDS_PER_MINUTE);
    this.messagesIn = bucket(rates.messagesInPerSecond, burstSeconds);
    this.bytesIn = bucket(rates.bytesInPerSecond, burstSeconds);
    this.messagesOut = bucket(rates.messagesOutPerSecond, burstSeconds);
    this.bytesOut = bucket(rates.bytesOutPerSecond, burstSeconds);
  }

  /** Such as `user anna`. */
  get name(): string {
    return this.scope === 'perClient' || this.scope === 'perUser'
      ? `${NOUNS[this.scope]} ${JSON.stringify(this.key)}`
      : `${NOUNS[this.scope]} ${this.key}`;
  }

  get boundsIncoming(): boolean {
    return this.messagesIn !== null || this.bytesIn !== null;
  }

  get boundsOutgoing(): boolean {
    return this.messagesOut !== null || this.bytesOut !== null;
  }

  /** Whether one more may connect now, as far as the rate of connecting goes. */
  hasRoomForConnect(nowMs: number): boolean {
    return (
      this.connectsPerSecond?.hasRoom(nowMs) !== false && this.connectsPerMinute?.hasRoom(nowMs) !== false
    );
  }

  chargeConnect(nowMs: number): void {
    this.connectsPerSecond?.charge(1, nowMs);
    this.connectsPerMinute?.charge(1, nowMs);
  }

  chargeIncoming(messages: number, bytes: number, nowMs: number): void {
    if (messages > 0) this.messagesIn?.charge(messages, nowMs);
    this.bytesIn?.charge(bytes, nowMs);
  }

  /** Ms until it may publish again; 0 if it may. */
  incomingWaitMs(nowMs: number): number {
    return Math.max(this.messagesIn?.waitMs(nowMs) ?? 0, this.bytesIn?.waitMs(nowMs) ?? 0);
  }

  chargeOutgoing(messages: number, bytes: number, nowMs: number): void {
    this.messagesOut?.charge(messages, nowMs);
    this.bytesOut?.charge(bytes, nowMs);
  }

  /** Ms until it may be sent something again; 0 if it may. */
  outgoingWaitMs(nowMs: number): number {
    return Math.max(this.messagesOut?.waitMs(nowMs) ?? 0, this.bytesOut?.waitMs(nowMs) ?? 0);
  }

  /** Whether it is as if it were new: nothing would be lost if it was forgotten. */
  isUnused(nowMs: number): boolean {
    return (
      this.references === 0 &&
      this.connectsPerSecond?.isFull(nowMs) !== false &&
      this.connectsPerMinute?.isFull(nowMs) !== false &&
      this.messagesIn?.isFull(nowMs) !== false &&
      this.bytesIn?.isFull(nowMs) !== false &&
      this.messagesOut?.isFull(nowMs) !== false &&
      this.bytesOut?.isFull(nowMs) !== false
    );
  }
}
