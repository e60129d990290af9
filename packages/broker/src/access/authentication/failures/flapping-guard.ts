/**
 * Clients that connect again and again: two devices with one identifier that take it from each other, or one that dies at
 * each start. Only those that were let in are counted, by user and client identifier, so that no stranger can have somebody banned.
 */
import type { FlappingConfiguration } from '../../../config/access-configuration.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { AuthenticationClock } from '../authentication-services.ts';
import type { AuthenticationMemory } from './authentication-memory.ts';
import type { Ban } from './bans.ts';
import { shortKey } from './bounded-map.ts';

export class FlappingGuard {
  readonly #configuration: FlappingConfiguration;
  readonly #memory: AuthenticationMemory;
  readonly #clock: AuthenticationClock;
  readonly #log: Log;

  constructor(
    configuration: FlappingConfiguration,
    memory: AuthenticationMemory,
    clock: AuthenticationClock,
    log: Log,
  ) {
    this.#configuration = configuration;
    this.#memory = memory;
    this.#clock = clock;
    this.#log = log;
  }

  ban(clientId: string, username: string | undefined): Ban | undefined {
    return this.#memory.bans.find('flapping', clientId, username, this.#clock.nowMs());
  }

  /** Somebody may come in. @returns a ban if it is once too often */
  connected(clientId: string, username: string | undefined): Ban | undefined {
    const standing = this.ban(clientId, username);
    if (standing !== undefined) return standing;
    const { connects, withinSeconds, banSeconds } = this.#configuration;
    const nowMs = this.#clock.nowMs();
    const id = `${shortKey(clientId)}\0${username === undefined ? '' : `u${shortKey(username)}`}`;
    const before = this.#memory.connects.get(id);
    const isNew = before === undefined || nowMs - before.sinceMs >= withinSeconds * 1000;
    const count = isNew ? { count: 0, sinceMs: nowMs, username: undefined } : before;
    count.count++;
    this.#memory.connects.set(id, count);
    if (count.count < connects) return undefined;
    this.#memory.connects.delete(id);
    const reason = `${connects} connects within ${withinSeconds} s`;
    const ban: Ban = {
      by: 'flapping',
      key: clientId,
      username,
      reason,
      untilMs: nowMs + banSeconds * 1000,
    };
    this.#memory.bans.add(ban);
    this.#memory.counters.flappingBansGiven++;
    const name = JSON.stringify(shortKey(clientId));
    this.#log.write('warning', 'client-banned', `client ${name} for ${banSeconds} s: ${reason}`);
    return ban;
  }
}
