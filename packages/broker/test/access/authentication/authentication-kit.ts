/** What tests of authenticators need: a clock that stands, attempts, files that go away, an answer as a promise. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { AuthenticationClock } from '../../../src/access/authentication/authentication-services.ts';
import type { BuiltAuthenticator } from '../../../src/access/authentication/build-authenticator.ts';
import { buildAuthenticator } from '../../../src/access/authentication/build-authenticator.ts';
import { AuthenticationMemory } from '../../../src/access/authentication/failures/authentication-memory.ts';
import type {
  AuthenticationConfiguration,
  AuthenticationMethodConfiguration,
  HttpConfiguration,
  JwtConfiguration,
} from '../../../src/config/access-configuration.ts';
import { ConfigurationError } from '../../../src/config/configuration-error.ts';
import type { UsernameSource } from '../../../src/config/listener-configuration.ts';
import type {
  AuthenticationAnswer,
  AuthenticationAttempt,
  Authenticator,
} from '../../../src/core/ports/authenticator.ts';
import { RecordedLog } from '../../host/recorded-log.ts';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** Stands until it is moved; then what is due rings in order. */
export class StandingClock implements AuthenticationClock {
  #nowMs = 1_000_000;
  #wallMs = Date.UTC(2026, 0, 1);
  #timers: { readonly dueMs: number; readonly callback: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    this.#wallMs += ms;
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ dueMs }) => dueMs > this.#nowMs);
    for (const { callback } of due.sort((a, b) => a.dueMs - b.dueMs)) callback();
  }
}

export function attemptOf(attempt: Partial<AuthenticationAttempt> = {}): AuthenticationAttempt {
  return {
    clientId: 'c',
    username: undefined,
    password: undefined,
    protocolVersion: 5,
    origin: { listener: 'tcp:1883', kind: 'stream' },
    peer: '192.0.2.1:50000',
    proxyPeer: undefined,
    security: undefined,
    authenticationMethod: undefined,
    authenticationData: undefined,
    reauthentication: false,
    state: undefined,
    ...attempt,
  };
}

/** A CONNECT with these. */
export function credentials(username: string, password: string | Uint8Array): AuthenticationAttempt {
  return attemptOf({ username, password: typeof password === 'string' ? bytesOf(password) : password });
}

/** The answer, whichever way it comes; rejects if it comes twice, or from inside the call. */
export function answerOf(
  authenticator: Authenticator,
  attempt: AuthenticationAttempt,
): Promise<AuthenticationAnswer> {
  return new Promise((resolve, reject) => {
    let isAsking = true;
    let count = 0;
    const once = (answer: AuthenticationAnswer): void => {
      if (++count > 1) reject(new Error('answered twice'));
      else resolve(answer);
    };
    const atOnce = authenticator.authenticate(attempt, (answer) => {
      if (isAsking) reject(new Error('answered from inside the call'));
      else once(answer);
    });
    isAsking = false;
    if (atOnce !== undefined) once(atOnce);
  });
}

const FAILURES = {
  delayMs: 0,
  maximumDelayMs: 0,
  banAfter: 0,
  withinSeconds: 60,
  banSeconds: 300,
  by: ['address'],
  exempt: ['127.0.0.0/8', '::1'],
} as const;

export function authenticationOf(
  methods: readonly AuthenticationMethodConfiguration[],
  rest: Partial<AuthenticationConfiguration> = {},
): AuthenticationConfiguration {
  return {
    anonymous: false,
    methods,
    hashing: { concurrency: 2, queue: 100 },
    failures: FAILURES,
    flapping: null,
    ...rest,
  };
}

export const failuresOf = (
  failures: Partial<AuthenticationConfiguration['failures']>,
): AuthenticationConfiguration['failures'] => ({ ...FAILURES, ...failures });

export function jwtOf(method: Partial<JwtConfiguration>): JwtConfiguration {
  return {
    type: 'jwt',
    keyFile: null,
    secretFile: null,
    jwksUrl: null,
    caFile: null,
    algorithms: ['ES256', 'EdDSA', 'RS256', 'PS256'],
    issuers: [],
    audiences: [],
    usernameClaim: 'sub',
    clientIdClaim: null,
    groupsClaim: null,
    permissionsClaim: 'permissions',
    requireExpiry: true,
    clockToleranceSeconds: 5,
    cacheSeconds: 600,
    cooldownSeconds: 30,
    timeoutMs: 5000,
    ...method,
  };
}

export function httpOf(method: Partial<HttpConfiguration> & { readonly url: string }): HttpConfiguration {
  return {
    type: 'http',
    format: 'json',
    timeoutMs: 5000,
    concurrency: 4,
    queue: 4,
    cacheSeconds: 0,
    cacheEntries: 100,
    whenDown: 'refuse',
    retryAfterSeconds: 5,
    headers: [],
    caFile: null,
    certificateFile: null,
    keyFile: null,
    ...method,
  };
}

export interface AuthenticationTest {
  readonly built: BuiltAuthenticator;
  readonly clock: StandingClock;
  readonly log: RecordedLog;
  readonly memory: AuthenticationMemory;
  ask(attempt: AuthenticationAttempt): Promise<AuthenticationAnswer>;
}

/** With a directory for files and whatever else is to be undone after each test. */
export class AuthenticationKit {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'martlet-authentication-'));
  readonly #undo: (() => void | Promise<void>)[] = [];
  #count = 0;

  constructor() {
    afterEach(async () => {
      for (const undo of this.#undo.splice(0).reverse()) await undo();
    });
  }

  onEnd(undo: () => void | Promise<void>): void {
    this.#undo.push(undo);
  }

  /** @returns its path */
  file(content: string | Uint8Array, mode = 0o600): string {
    const path = join(this.directory, `file-${++this.#count}`);
    writeFileSync(path, content, { mode });
    this.onEnd(() => rmSync(path, { force: true }));
    return path;
  }

  async build(
    methods: readonly AuthenticationMethodConfiguration[],
    rest: Partial<AuthenticationConfiguration> = {},
    services: {
      readonly usernameFrom?: (listener: string) => UsernameSource;
      readonly profile?: 'martlet' | 'mosquitto';
      readonly memory?: AuthenticationMemory;
      readonly clock?: StandingClock;
    } = {},
  ): Promise<AuthenticationTest> {
    const { clock = new StandingClock(), memory = new AuthenticationMemory() } = services;
    const log = new RecordedLog();
    const built = await buildAuthenticator(authenticationOf(methods, rest), {
      ...services,
      clock,
      log,
      memory,
    });
    this.onEnd(() => built.close());
    return { built, clock, log, memory, ask: (attempt) => answerOf(built.authenticator, attempt) };
  }

  /** The problems of a configuration that must not be taken, as `line: text`. */
  async problems(...methods: readonly AuthenticationMethodConfiguration[]): Promise<readonly string[]> {
    const error: unknown = await this.build(methods).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ConfigurationError))
      throw new Error('expected a ConfigurationError', { cause: error });
    return error.problems.map(({ line, text }) => `${line ?? '-'}: ${text}`);
  }
}
