/**
 * What follows failed attempts: each refusal is told later than the one before, and whoever has failed too often is banned,
 * which costs nothing to tell him.
 *
 * Counted by address, and if asked for by user and client identifier. Those two a stranger can name: so they are banned only where
 * they have not come in before (`AuthenticationMemory.acquainted`), and a device that is known from its address stays.
 */
import type { FailureKey, FailuresConfiguration } from '../../../config/access-configuration.ts';
import type { AuthenticationAttempt } from '../../../core/ports/authenticator.ts';
import type { Log } from '../../../core/ports/log.ts';
import { AddressBlocks } from '../../authorization/address-blocks.ts';
import type { AuthenticationClock } from '../authentication-services.ts';
import type { AuthenticationMemory } from './authentication-memory.ts';
import type { Ban } from './bans.ts';
import { shortKey } from './bounded-map.ts';
import { addressKey, addressOf } from './peer-address.ts';

type Who = Pick<AuthenticationAttempt, 'clientId' | 'username' | 'peer'>;

interface Counted {
  readonly by: FailureKey;
  readonly key: string;
}

export class FailureGuard {
  readonly #configuration: FailuresConfiguration;
  readonly #memory: AuthenticationMemory;
  readonly #clock: AuthenticationClock;
  readonly #log: Log;
  readonly #exempt: AddressBlocks;

  constructor(
    configuration: FailuresConfiguration,
    memory: AuthenticationMemory,
    clock: AuthenticationClock,
    log: Log,
  ) {
    this.#configuration = configuration;
    this.#memory = memory;
    this.#clock = clock;
    this.#log = log;
    this.#exempt = new AddressBlocks();
    for (const block of configuration.exempt) this.#exempt.add(block);
  }

  /** The ban that keeps somebody out. */
  ban(who: Who): Ban | undefined {
    if (this.#configuration.banAfter === 0) return undefined;
    const nowMs = this.#clock.nowMs();
    for (const { by, key } of this.#countedBy(who)) {
      const ban = this.#memory.bans.find(by, key, undefined, nowMs);
      if (ban !== undefined && !this.#isAcquainted(by, key, who)) return ban;
    }
    return undefined;
  }

  /** Somebody's credentials were wrong. @returns ms after which to say so */
  failed(who: Who): number {
    let most = 0;
    for (const { by, key } of this.#countedBy(who)) {
      const count = this.#count(by, key, who.username);
      most = Math.max(most, count);
      if (this.#configuration.banAfter > 0 && count >= this.#configuration.banAfter) this.#ban(by, key);
    }
    const { delayMs, maximumDelayMs } = this.#configuration;
    return most === 0 ? 0 : Math.min(maximumDelayMs, delayMs * 2 ** Math.min(most - 1, 30));
  }

  /**
   * Somebody has come in: failures of this user and client identifier are forgotten. Those of the address only if they were all this
   * user's: who has one password could otherwise try others without end.
   */
  succeeded(who: Who): void {
    for (const { by, key } of this.#countedBy(who)) {
      const id = idOf(by, key);
      const failures = this.#memory.failures.get(id);
      if (by !== 'address') this.#memory.acquainted.set(acquaintanceOf(by, key, who), true);
      else if (failures !== undefined && failures.username !== (who.username ?? '')) continue;
      this.#memory.failures.delete(id);
    }
  }

  #countedBy({ clientId, username, peer }: Who): readonly Counted[] {
    const counted: Counted[] = [];
    for (const by of this.#configuration.by) {
      if (by === 'user' && username !== undefined) counted.push({ by, key: username });
      if (by === 'clientId') counted.push({ by, key: clientId });
      if (by === 'address') {
        const address = addressOf(peer);
        if (address === undefined || this.#exempt.includes(peer)) continue;
        counted.push({ by, key: addressKey(address) });
      }
    }
    return counted;
  }

  #count(by: FailureKey, key: string, username: string | undefined): number {
    const id = idOf(by, key);
    const nowMs = this.#clock.nowMs();
    const before = this.#memory.failures.get(id);
    const isNew = before === undefined || nowMs - before.sinceMs >= this.#configuration.withinSeconds * 1000;
    const failures = isNew ? { count: 0, sinceMs: nowMs, username: shortKey(username ?? '') } : before;
    failures.count++;
    if (failures.username !== shortKey(username ?? '')) failures.username = undefined;
    this.#memory.failures.set(id, failures);
    return failures.count;
  }

  #ban(by: FailureKey, key: string): void {
    const { banAfter, withinSeconds, banSeconds } = this.#configuration;
    const reason = `${banAfter} failed attempts within ${withinSeconds} s`;
    const untilMs = this.#clock.nowMs() + banSeconds * 1000;
    this.#memory.failures.delete(idOf(by, key));
    this.#memory.bans.add({ by, key, reason, untilMs });
    this.#memory.counters.bansGiven++;
    const name = JSON.stringify(shortKey(key));
    this.#log.write('warning', 'client-banned', `${NAMES[by]} ${name} for ${banSeconds} s: ${reason}`);
  }

  #isAcquainted(by: FailureKey, key: string, who: Who): boolean {
    return by !== 'address' && this.#memory.acquainted.get(acquaintanceOf(by, key, who)) === true;
  }
}

const NAMES: Readonly<Record<FailureKey, string>> = {
  user: 'user',
  clientId: 'client',
  address: 'address',
};

function idOf(by: FailureKey, key: string): string {
  return `${by}\0${shortKey(key)}`;
}

function acquaintanceOf(by: FailureKey, key: string, { peer }: Who): string {
  const address = addressOf(peer);
  return `${idOf(by, key)}\0${address === undefined ? '' : addressKey(address)}`;
}
