/**
 * The authenticator of a configuration: whoever is banned is told so before anything is computed; then the methods decide; what
 * they decided is counted, and a refusal told the later the more of them there were.
 */
import { ReasonCode } from '@martlet/protocol';
import type { AuthenticationCounts } from '../../core/ports/authentication-counts.ts';
import type {
  AuthenticationAnswer,
  AuthenticationAttempt,
  Authenticator,
} from '../../core/ports/authenticator.ts';
import type { AuthenticationChain } from './authentication-chain.ts';
import type { MethodAnswer, MethodRefusal } from './authentication-method.ts';
import type { AuthenticationServices } from './authentication-services.ts';
import type { Ban } from './failures/bans.ts';
import type { FailureGuard } from './failures/failure-guard.ts';
import type { FlappingGuard } from './failures/flapping-guard.ts';

/** Refusals that wait at once; beyond, they are told at once. Each has its connection, which ends with its own deadline. */
const MOST_DELAYS = 10_000;

type Decided = Exclude<MethodAnswer, undefined>;
type Acceptance = AuthenticationAnswer & { readonly kind: 'accept' };
type Services = Pick<AuthenticationServices, 'memory' | 'clock' | 'log' | 'profile'>;

export class GuardedAuthenticator implements Authenticator {
  readonly #chain: AuthenticationChain;
  readonly #failures: FailureGuard;
  readonly #flapping: FlappingGuard | null;
  readonly #services: Services;

  constructor(
    chain: AuthenticationChain,
    failures: FailureGuard,
    flapping: FlappingGuard | null,
    services: Services,
  ) {
    this.#chain = chain;
    this.#failures = failures;
    this.#flapping = flapping;
    this.#services = services;
  }

  get counts(): AuthenticationCounts {
    return this.#services.memory.counters;
  }

  authenticate(
    attempt: AuthenticationAttempt,
    answer: (answer: AuthenticationAnswer) => void,
  ): AuthenticationAnswer | undefined {
    // The object is shown again at the next step, with other data in it.
    const who: AuthenticationAttempt = { ...attempt };
    const ban = this.#banOf(attempt);
    if (ban !== undefined) {
      this.#services.memory.counters.bannedRefused++;
      return this.#banned(ban);
    }
    // Of those that come at once, all wait before the first has failed.
    const isWanted = (): boolean => this.#banOf(who) === undefined;
    let decided: ReturnType<AuthenticationChain['authenticate']>;
    try {
      decided = this.#chain.authenticate(attempt, isWanted);
    } catch (error) {
      decided = this.#failed(error);
    }
    if (!(decided instanceof Promise)) return this.#settle(who, decided, answer);
    decided
      .catch((error: unknown) => this.#failed(error))
      .then((late) => {
        const settled = this.#settle(who, late, answer);
        if (settled !== undefined) answer(settled);
      });
    return undefined;
  }

  #banOf(attempt: AuthenticationAttempt): Ban | undefined {
    if (attempt.reauthentication || attempt.state !== undefined) return undefined;
    return this.#failures.ban(attempt) ?? this.#flapping?.ban(attempt.clientId, attempt.username);
  }

  /** @returns undefined: `answer` is called later */
  #settle(
    who: AuthenticationAttempt,
    decided: Decided,
    answer: (answer: AuthenticationAnswer) => void,
  ): AuthenticationAnswer | undefined {
    switch (decided.kind) {
      case 'continue':
        return decided;
      case 'accept':
        return this.#accepted(who, decided);
      case 'refuse':
        return this.#refused(who, decided, answer);
    }
  }

  #accepted(attempt: AuthenticationAttempt, acceptance: Acceptance): AuthenticationAnswer {
    const username = acceptance.username ?? attempt.username;
    const who = { ...attempt, username };
    // A certificate, a token and SCRAM name another user than CONNECT, or the only one; others may have failed meanwhile.
    const failed = attempt.reauthentication ? undefined : this.#failures.ban(who);
    if (failed === undefined) this.#failures.succeeded(who);
    if (attempt.reauthentication) return acceptance;
    const ban = failed ?? this.#flapping?.connected(attempt.clientId, username);
    if (ban !== undefined) {
      this.#services.memory.counters.bannedRefused++;
      return this.#banned(ban);
    }
    this.#services.memory.counters.accepted++;
    return acceptance;
  }

  #refused(
    attempt: AuthenticationAttempt,
    { username = attempt.username, ...refusal }: MethodRefusal,
    answer: (answer: AuthenticationAnswer) => void,
  ): AuthenticationAnswer | undefined {
    const { memory, clock } = this.#services;
    if (refusal.reasonCode === ReasonCode.ServerBusy) memory.counters.busyRefused++;
    if (refusal.reasonCode === ReasonCode.ServerUnavailable) memory.counters.unavailableRefused++;
    if (!isForCredentials(refusal)) return refusal;
    const ban = this.#failures.ban({ ...attempt, username });
    if (ban !== undefined) {
      memory.counters.bannedRefused++;
      return this.#banned(ban);
    }
    memory.counters.refused++;
    const told = this.#inProfile(refusal);
    const delayMs = this.#failures.failed({ ...attempt, username });
    if (delayMs === 0 || memory.delays >= MOST_DELAYS) return told;
    memory.delays++;
    memory.counters.delayed++;
    clock.setTimer(
      () => {
        memory.delays--;
        answer(told);
      },
      delayMs,
      false,
    );
    return undefined;
  }

  /** Mosquitto has one code for all of them. */
  #inProfile(refusal: MethodRefusal): MethodRefusal {
    const { profile } = this.#services;
    if (profile !== 'mosquitto') return refusal;
    return { ...refusal, reasonCode: ReasonCode.NotAuthorized };
  }

  #banned({ by, reason, untilMs }: Ban): MethodRefusal {
    const seconds = Math.ceil((untilMs - this.#services.clock.nowMs()) / 1000);
    const reasonString = `banned for ${seconds} s more: ${reason} by ${BANNED_BY[by]}`;
    return { kind: 'refuse', reasonCode: ReasonCode.Banned, reasonString };
  }

  #failed(error: unknown): MethodRefusal {
    this.#services.log.write(
      'error',
      'authentication-failed',
      `a client was refused, since what decides about it failed: ${error instanceof Error ? error.message : String(error)}`,
    );
    return {
      kind: 'refuse',
      reasonCode: ReasonCode.ServerUnavailable,
      reasonString: 'the server cannot check credentials at the moment',
    };
  }
}

const BANNED_BY: Readonly<Record<Ban['by'], string>> = {
  user: 'this user',
  clientId: 'this client identifier',
  address: 'this address',
  flapping: 'this client identifier',
};

function isForCredentials({ reasonCode }: MethodRefusal): boolean {
  return reasonCode === ReasonCode.BadUserNameOrPassword || reasonCode === ReasonCode.NotAuthorized;
}
