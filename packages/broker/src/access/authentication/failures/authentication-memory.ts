/**
 * What authentication remembers of clients: failures, bans, how often they came. It belongs to a server, not to a configuration:
 * a reload makes new authenticators and keeps this, so that nobody is let off by it.
 */
import { randomBytes } from 'node:crypto';
import type { AuthenticationCounts } from '../../../core/ports/authentication-counts.ts';
import { NOTHING_AUTHENTICATED } from '../../../core/ports/authentication-counts.ts';
import type { Ban, BanSelection } from './bans.ts';
import { Bans } from './bans.ts';
import { BoundedMap } from './bounded-map.ts';

export interface AuthenticationMemoryOptions {
  /** Entries of each of its tables; beyond, the oldest are forgotten. @default 10_000 */
  readonly entries?: number;
  /**
   * 32 bytes from which it is made up what strangers are shown in place of a user that is not there (SCRAM). Kept over a
   * restart, it shows them the same again. @default random
   */
  readonly secret?: Uint8Array;
}

/** How often something happened within a window. */
export interface Count {
  count: number;
  /** Monotonic. */
  sinceMs: number;
  /** Whose failures they are: a user's, or undefined once they are of several. */
  username: string | undefined;
}

const ENTRIES = 10_000;

export class AuthenticationMemory {
  readonly secret: Uint8Array;
  readonly bans: Bans;
  /** By kind and key. */
  readonly failures: BoundedMap<Count>;
  /** By user and client identifier. */
  readonly connects: BoundedMap<Count>;
  /** Users and client identifiers that came in from an address: nobody elsewhere can lock them out there. */
  readonly acquainted: BoundedMap<true>;
  readonly counters: { -readonly [Name in keyof AuthenticationCounts]: number };
  /** Refusals that wait to be told. */
  delays: number;

  constructor({ entries = ENTRIES, secret = randomBytes(32) }: AuthenticationMemoryOptions = {}) {
    this.secret = secret;
    this.bans = new Bans(entries);
    this.failures = new BoundedMap(entries);
    this.connects = new BoundedMap(entries);
    this.acquainted = new BoundedMap(entries);
    this.counters = { ...NOTHING_AUTHENTICATED };
    this.delays = 0;
  }

  /** Who is banned now. @param nowMs monotonic */
  listBans(nowMs: number): readonly Ban[] {
    return this.bans.list(nowMs);
  }

  /**
   * Lets them in again; their failures are counted from 0.
   *
   *     memory.unban({ by: 'address', key: '192.0.2.1' });
   *     memory.unban({}); // everybody
   *
   * @returns how many bans were taken back
   */
  unban(selection: BanSelection): number {
    return this.bans.remove(selection);
  }
}
