/** Who is not let in for a while, by user, client identifier or address, or for connecting too often. */
import { BoundedMap, shortKey } from './bounded-map.ts';

/** `flapping`: a client identifier of a user that connected too often. */
export type BanKind = 'user' | 'clientId' | 'address' | 'flapping';

export interface Ban {
  readonly by: BanKind;
  /** The user, the client identifier, or the address (of IPv6: the /64); a very long one by its hash. */
  readonly key: string;
  /** Of `flapping`: whose client it is; undefined for an anonymous one. */
  readonly username?: string | undefined;
  /** In words, such as `20 failed attempts within 60 s`. */
  readonly reason: string;
  /** Monotonic. */
  readonly untilMs: number;
}

/** Which bans to take back; what is absent does not matter. */
export interface BanSelection {
  readonly by?: BanKind;
  readonly key?: string;
}

export class Bans {
  readonly #bans: BoundedMap<Ban>;

  constructor(limit: number) {
    this.#bans = new BoundedMap(limit);
  }

  get size(): number {
    return this.#bans.size;
  }

  add(ban: Ban): void {
    this.#bans.set(idOf(ban.by, ban.key, ban.username), { ...ban, key: shortKey(ban.key) });
  }

  find(by: BanKind, key: string, username: string | undefined, nowMs: number): Ban | undefined {
    const id = idOf(by, key, username);
    const ban = this.#bans.get(id);
    if (ban === undefined || ban.untilMs > nowMs) return ban;
    this.#bans.delete(id);
    return undefined;
  }

  /** Those that last. */
  list(nowMs: number): readonly Ban[] {
    const lasting: Ban[] = [];
    for (const [id, ban] of this.#bans.entries()) {
      if (ban.untilMs > nowMs) lasting.push(ban);
      else this.#bans.delete(id);
    }
    return lasting;
  }

  /** @returns how many were taken back */
  remove({ by, key }: BanSelection): number {
    let count = 0;
    for (const [id, ban] of this.#bans.entries()) {
      if (by !== undefined && ban.by !== by) continue;
      if (key !== undefined && ban.key !== shortKey(key)) continue;
      this.#bans.delete(id);
      count++;
    }
    return count;
  }
}

/** Two texts of clients cannot be mistaken for one: MQTT has no NUL in them. */
function idOf(by: BanKind, key: string, username: string | undefined): string {
  return `${by}\0${shortKey(key)}${username === undefined ? '' : `\0${shortKey(username)}`}`;
}
