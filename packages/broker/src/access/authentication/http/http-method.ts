/**
 * `type: http`: a service of the operator's decides. What it is asked and what its answers mean stands in
 * docs/guides/who-may-connect.md; what follows when it is down, in the configuration.
 */
import { ReasonCode } from '@martlet/protocol';
import type { HttpConfiguration } from '../../../config/access-configuration.ts';
import type { AuthenticationAttempt } from '../../../core/ports/authenticator.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { AuthenticationMethod, MethodAnswer } from '../authentication-method.ts';
import { tooBusy, wrongCredentials } from '../authentication-method.ts';
import type { AuthenticationClock } from '../authentication-services.ts';
import { addressOf } from '../failures/peer-address.ts';
import { AnswerCache } from './answer-cache.ts';
import type { HttpService } from './bounded-request.ts';
import { HttpFailure } from './bounded-request.ts';
import { Circuit } from './circuit.ts';
import type { ServiceAnswer } from './service-answer.ts';
import { serviceAnswer } from './service-answer.ts';

/** A client whose password was corrected a moment ago need not wait long. */
const LONGEST_DENIAL_MS = 5000;

type HttpMethodOptions = Pick<
  HttpConfiguration,
  'format' | 'concurrency' | 'queue' | 'cacheSeconds' | 'cacheEntries' | 'whenDown' | 'retryAfterSeconds'
>;

export class HttpMethod implements AuthenticationMethod {
  readonly type = 'http';
  readonly #service: HttpService;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: HttpMethodOptions;
  readonly #clock: AuthenticationClock;
  readonly #log: Log;
  readonly #cache: AnswerCache<ServiceAnswer>;
  readonly #circuit: Circuit;
  #underWay = 0;

  /** @param headers with their values, which are secrets */
  constructor(
    service: HttpService,
    headers: Readonly<Record<string, string>>,
    options: HttpMethodOptions,
    clock: AuthenticationClock,
    log: Log,
  ) {
    this.#service = service;
    this.#headers = headers;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#cache = new AnswerCache(options.cacheEntries);
    this.#circuit = new Circuit(options.retryAfterSeconds * 1000);
  }

  authenticate(attempt: AuthenticationAttempt): MethodAnswer | Promise<MethodAnswer> {
    const { cacheSeconds, concurrency, queue } = this.#options;
    const key = cacheSeconds === 0 ? undefined : this.#cache.keyOf(Object.values(factsOf(attempt)));
    const nowMs = this.#clock.nowMs();
    const known = key === undefined ? undefined : this.#cache.find(key, nowMs);
    if (known !== undefined) return this.#meaning(known);
    if (this.#underWay >= concurrency + queue) return tooBusy('the server has too many clients to check');
    if (!this.#circuit.mayAsk(nowMs)) return this.#whenDown();
    return this.#ask(attempt, key);
  }

  close(): void {
    this.#service.close();
  }

  async #ask(attempt: AuthenticationAttempt, key: string | undefined): Promise<MethodAnswer> {
    this.#underWay++;
    let answer: ServiceAnswer;
    try {
      answer = serviceAnswer(await this.#service.ask(this.#question(attempt)));
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      answer = { kind: 'down', text: error.message };
    } finally {
      this.#underWay--;
    }
    this.#note(answer);
    if (key !== undefined) this.#keep(key, answer);
    return this.#meaning(answer);
  }

  #question(attempt: AuthenticationAttempt): Parameters<HttpService['ask']>[0] {
    const facts = Object.entries(factsOf(attempt)).flatMap(([name, value]) => fieldOf(name, value));
    const isJson = this.#options.format === 'json';
    const body = isJson
      ? JSON.stringify(Object.fromEntries(facts))
      : new URLSearchParams(Object.fromEntries(facts)).toString();
    const contentType = isJson ? 'application/json' : 'application/x-www-form-urlencoded';
    return {
      method: 'POST',
      headers: {
        Accept: 'application/json',
        ...this.#headers,
        'Content-Type': contentType,
        'Content-Length': String(Buffer.byteLength(body)),
      },
      body,
    };
  }

  /** Tells when the service goes down, and when it is back. */
  #note(answer: ServiceAnswer): void {
    const wasDown = this.#circuit.isDown;
    if (answer.kind === 'down') {
      this.#circuit.failed(this.#clock.nowMs());
      const text = answer.text.startsWith(this.#service.name)
        ? answer.text
        : `${this.#service.name} ${answer.text}`;
      if (!wasDown)
        this.#log.write(
          'warning',
          'authentication-service-down',
          `${text}; ${CONSEQUENCES[this.#options.whenDown]}`,
        );
      return;
    }
    this.#circuit.succeeded();
    if (wasDown)
      this.#log.write('notice', 'authentication-service-up', `${this.#service.name} answers again`);
  }

  #keep(key: string, answer: ServiceAnswer): void {
    const keptMs = this.#options.cacheSeconds * 1000;
    const nowMs = this.#clock.nowMs();
    if (answer.kind === 'deny') this.#cache.keep(key, answer, nowMs + Math.min(keptMs, LONGEST_DENIAL_MS));
    if (answer.kind !== 'allow') return;
    const { expiresAtWallMs = Number.POSITIVE_INFINITY } = answer.permission;
    this.#cache.keep(key, answer, nowMs + Math.min(keptMs, expiresAtWallMs - this.#clock.wallMs()));
  }

  #meaning(answer: ServiceAnswer): MethodAnswer {
    switch (answer.kind) {
      case 'allow':
        return { kind: 'accept', ...answer.permission };
      case 'deny':
        return wrongCredentials({ source: this.#service.name, line: undefined, text: answer.text });
      case 'ignore':
        return undefined;
      case 'busy':
        return tooBusy('the service that decides is busy');
      case 'down':
        return this.#whenDown();
    }
  }

  #whenDown(): MethodAnswer {
    switch (this.#options.whenDown) {
      case 'refuse':
        return {
          kind: 'refuse',
          reasonCode: ReasonCode.ServerUnavailable,
          reasonString: 'the server cannot check credentials at the moment',
        };
      case 'next':
        return undefined;
      case 'allow':
        return { kind: 'accept' };
    }
  }
}

/** What is asked, and by what an answer is remembered. Without the port, which is another one each time. */
function factsOf(attempt: AuthenticationAttempt): Readonly<Record<string, string | Uint8Array | undefined>> {
  const { clientId, username, password, protocolVersion, origin, peer, security } = attempt;
  return {
    clientId,
    username,
    password,
    address: addressOf(peer),
    listener: origin.listener,
    protocolVersion: VERSIONS[protocolVersion],
    certificateCommonName: security?.certificate?.commonName,
    certificateFingerprint: security?.certificate?.fingerprint256,
    pskIdentity: security?.pskIdentity,
  };
}

const CONSEQUENCES: Readonly<Record<HttpConfiguration['whenDown'], string>> = {
  refuse: 'clients are refused',
  next: 'the next method decides',
  allow: 'everyone may connect',
};

const VERSIONS: Readonly<Record<3 | 4 | 5, string>> = { 3: '3.1', 4: '3.1.1', 5: '5.0' };

/** A password need not be text: one that is not goes as `passwordBase64`. */
function fieldOf(
  name: string,
  value: string | Uint8Array | undefined,
): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [[name, value]];
  try {
    return [[name, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)]];
  } catch {
    return [[`${name}Base64`, Buffer.from(value).toString('base64')]];
  }
}
