/**
 * Keys from a JWKS that its issuer publishes. It is fetched when a token first needs it, kept, and fetched again when it is old or
 * a token names a key that is not in it, though not again and again: tokens come from strangers.
 */
import type { JwtAlgorithm } from '../../../config/access-configuration.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { AuthenticationClock } from '../authentication-services.ts';
import type { HttpService } from '../http/bounded-request.ts';
import type { TokenKey, TokenKeySource } from './token-keys.ts';
import { fittingKeys, KeysUnavailable, tokenKeyFromJwk } from './token-keys.ts';

/** While the issuer is not reached, what was fetched last is used for so long. A key that it took back stays good no longer. */
const LONGEST_USE_MS = 86_400_000;
const MOST_KEYS = 1000;

export interface JwksOptions {
  readonly cacheSeconds: number;
  readonly cooldownSeconds: number;
}

export class JwksSource implements TokenKeySource {
  readonly #service: HttpService;
  readonly #options: JwksOptions;
  readonly #clock: AuthenticationClock;
  readonly #log: Log;
  #keys: readonly TokenKey[] = [];
  /** Monotonic. */
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;
  #problem = 'was not asked yet';
  #fetch: Promise<void> | null = null;

  constructor(service: HttpService, options: JwksOptions, clock: AuthenticationClock, log: Log) {
    this.#service = service;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  find(
    algorithm: JwtAlgorithm,
    keyId: string | undefined,
  ): readonly TokenKey[] | Promise<readonly TokenKey[]> {
    const ageMs = this.#clock.nowMs() - this.#fetchedMs;
    if (ageMs >= LONGEST_USE_MS) return this.#afterFetch(algorithm, keyId);
    const keys = fittingKeys(this.#keys, algorithm, keyId);
    if (keys.length === 0) return this.#afterFetch(algorithm, keyId);
    // What is old is good enough for this token; the next ones get a new one.
    if (ageMs >= this.#options.cacheSeconds * 1000) void this.#fetchAgain();
    return keys;
  }

  close(): void {
    this.#service.close();
  }

  async #afterFetch(algorithm: JwtAlgorithm, keyId: string | undefined): Promise<readonly TokenKey[]> {
    await this.#fetchAgain();
    if (this.#clock.nowMs() - this.#fetchedMs >= LONGEST_USE_MS) throw new KeysUnavailable(this.#problem);
    return fittingKeys(this.#keys, algorithm, keyId);
  }

  /** One fetch at a time, and none within the cooldown of the last. */
  #fetchAgain(): Promise<void> {
    if (this.#fetch !== null) return this.#fetch;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#askedMs < this.#options.cooldownSeconds * 1000) return Promise.resolve();
    this.#askedMs = nowMs;
    this.#fetch = this.#fetchOnce().finally(() => {
      this.#fetch = null;
    });
    return this.#fetch;
  }

  async #fetchOnce(): Promise<void> {
    try {
      const { status, body } = await this.#service.ask({
        method: 'GET',
        headers: { Accept: 'application/json' },
      });
      const keys = status === 200 ? keysFrom(body) : undefined;
      if (keys === undefined || keys.length === 0) {
        const got = status === 200 ? 'something else' : `the answer ${status}`;
        throw new Error(`${this.#service.name}: expected a JWKS with public keys, got ${got}`);
      }
      this.#keys = keys;
      this.#fetchedMs = this.#clock.nowMs();
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#log.write(
        'warning',
        'token-keys-unavailable',
        `the keys of tokens were not fetched: ${this.#problem}`,
      );
    }
  }
}

/** Keys that are for something else are left out; their issuer has them for others. */
function keysFrom(body: Uint8Array): readonly TokenKey[] | undefined {
  try {
    const { keys } = JSON.parse(new TextDecoder().decode(body)) as { readonly keys?: unknown };
    if (!Array.isArray(keys)) return undefined;
    return keys
      .slice(0, MOST_KEYS)
      .map(tokenKeyFromJwk)
      .filter((key) => typeof key !== 'string');
  } catch {
    return undefined;
  }
}
