/**
 * `type: jwt`: a JSON Web Token, as the password of CONNECT or as the data of the authentication method `jwt` of MQTT 5.0, by
 * which a connected client can also bring a new one before the old one expires. When it expires, the client is disconnected.
 *
 * Only algorithms of the configuration are taken; those with a secret are only ever verified with the secret, all others only with
 * public keys, so that no header of a token can turn the one into the other.
 */
import { ReasonCode } from '@martlet/protocol';
import type { JWTPayload, errors as joseErrors, KeyInput } from 'jose';
import type { JwtAlgorithm, JwtConfiguration } from '../../../config/access-configuration.ts';
import type { AuthenticationAttempt } from '../../../core/ports/authenticator.ts';
import type { AuthenticationMethod, MethodAnswer } from '../authentication-method.ts';
import { tooBusy } from '../authentication-method.ts';
import type { AuthenticationClock } from '../authentication-services.ts';
import { tokenClaims } from './token-claims.ts';
import type { TokenKeySource } from './token-keys.ts';
import { KeysUnavailable } from './token-keys.ts';

export type Jose = typeof import('jose');

type JwtMethodOptions = Omit<
  JwtConfiguration,
  'type' | 'keyFile' | 'secretFile' | 'jwksUrl' | 'caFile' | 'cacheSeconds' | 'cooldownSeconds' | 'timeoutMs'
>;

/** What verifies; at least one of both. */
export interface TokenVerifiers {
  readonly secret: Uint8Array | undefined;
  readonly keys: readonly TokenKeySource[];
}

/** Tokens that are verified at once, or wait for keys. */
const MOST_UNDER_WAY = 1000;
const METHOD = 'jwt';
const NO_KEY = 'no key is known that it could be signed with';
const WRONG_SIGNATURE = 'its signature is wrong';

export class JwtMethod implements AuthenticationMethod {
  readonly type = 'jwt';
  readonly authenticationMethods: readonly string[] = [METHOD];
  readonly #jose: Jose;
  readonly #verifiers: TokenVerifiers;
  readonly #options: JwtMethodOptions;
  readonly #clock: AuthenticationClock;
  #underWay = 0;

  constructor(jose: Jose, verifiers: TokenVerifiers, options: JwtMethodOptions, clock: AuthenticationClock) {
    this.#jose = jose;
    this.#verifiers = verifiers;
    this.#options = options;
    this.#clock = clock;
  }

  authenticate(attempt: AuthenticationAttempt): MethodAnswer | Promise<MethodAnswer> {
    const isMethod = attempt.authenticationMethod === METHOD;
    const token = tokenFrom(isMethod ? attempt.authenticationData : attempt.password);
    if (token === undefined) return isMethod ? refusal('expected a JSON Web Token') : undefined;
    const header = this.#headerOf(token);
    if (header === undefined || !this.#isOurs(token)) return undefined;
    const algorithm = this.#options.algorithms.find((each) => each === header.alg);
    if (algorithm === undefined) return refusal('its algorithm is not taken here');
    if (this.#underWay >= MOST_UNDER_WAY) return tooBusy('the server has too many tokens to check');
    return this.#verify(attempt, token, algorithm, header.kid);
  }

  close(): void {
    for (const keys of this.#verifiers.keys) keys.close();
  }

  #headerOf(token: string): { readonly alg?: string; readonly kid?: string } | undefined {
    try {
      const { alg, kid } = this.#jose.decodeProtectedHeader(token);
      return typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')
        ? undefined
        : { alg, ...(kid === undefined ? undefined : { kid }) };
    } catch {
      return undefined;
    }
  }

  /** Two methods can have issuers of their own. Whether the token tells the truth about it is seen when it is verified. */
  #isOurs(token: string): boolean {
    const { issuers } = this.#options;
    if (issuers.length === 0) return true;
    try {
      return issuers.includes(String(this.#jose.decodeJwt(token).iss));
    } catch {
      return false;
    }
  }

  async #verify(
    attempt: AuthenticationAttempt,
    token: string,
    algorithm: JwtAlgorithm,
    keyId: string | undefined,
  ): Promise<MethodAnswer> {
    const { clientId, username, reauthentication } = attempt;
    this.#underWay++;
    try {
      const claims = await this.#payloadOf(token, algorithm, keyId);
      if (typeof claims === 'string') return refusal(claims);
      const said = tokenClaims(claims, this.#options, clientId);
      if (typeof said === 'string') return refusal(said);
      if (username !== undefined && username !== '' && username !== said.username)
        return refusal(
          reauthentication
            ? 'a connected client can only authenticate again as the same user'
            : 'expected the user name of CONNECT, if there is one, to be that of the token',
        );
      return { kind: 'accept', ...said };
    } catch (error) {
      if (!(error instanceof KeysUnavailable)) throw error;
      return {
        kind: 'refuse',
        reasonCode: ReasonCode.ServerUnavailable,
        reasonString: 'the server cannot check tokens at the moment',
      };
    } finally {
      this.#underWay--;
    }
  }

  /** @returns a text if the token is not good */
  async #payloadOf(
    token: string,
    algorithm: JwtAlgorithm,
    keyId: string | undefined,
  ): Promise<JWTPayload | string> {
    const { secret, keys } = this.#verifiers;
    if (algorithm.startsWith('HS'))
      return secret === undefined ? NO_KEY : this.#tryKeys(token, algorithm, [secret], NO_KEY);
    let outcome: JWTPayload | string = NO_KEY;
    let unavailable: KeysUnavailable | undefined;
    for (const source of keys) {
      try {
        const found = await source.find(algorithm, keyId);
        outcome = await this.#tryKeys(
          token,
          algorithm,
          found.map(({ key }) => key),
          outcome,
        );
      } catch (error) {
        if (!(error instanceof KeysUnavailable)) throw error;
        unavailable = error;
      }
      if (outcome !== NO_KEY && outcome !== WRONG_SIGNATURE) return outcome;
    }
    // The right key may be among those that cannot be had now.
    if (unavailable !== undefined) throw unavailable;
    return outcome;
  }

  /** @returns `otherwise` if there is no key to try; a text if the token is not good */
  async #tryKeys(
    token: string,
    algorithm: JwtAlgorithm,
    keys: readonly KeyInput[],
    otherwise: string,
  ): Promise<JWTPayload | string> {
    let outcome = otherwise;
    for (const key of keys) {
      try {
        const { payload } = await this.#jose.jwtVerify(token, key, this.#checks(algorithm));
        return payload;
      } catch (error) {
        outcome = this.#problemOf(error);
        // Another key may be the one; what is wrong with a token whose signature is right stays wrong.
        if (outcome !== WRONG_SIGNATURE) return outcome;
      }
    }
    return outcome;
  }

  #checks(algorithm: JwtAlgorithm): Parameters<Jose['jwtVerify']>[2] {
    const { issuers, audiences, clockToleranceSeconds, requireExpiry } = this.#options;
    return {
      algorithms: [algorithm],
      ...(issuers.length === 0 ? undefined : { issuer: [...issuers] }),
      ...(audiences.length === 0 ? undefined : { audience: [...audiences] }),
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(this.#clock.wallMs()),
      requiredClaims: requireExpiry ? ['exp'] : [],
    };
  }

  #problemOf(error: unknown): string {
    const { errors } = this.#jose;
    if (error instanceof errors.JWSSignatureVerificationFailed) return WRONG_SIGNATURE;
    if (error instanceof errors.JWTExpired) return 'it has expired';
    if (error instanceof errors.JWTClaimValidationFailed) return claimProblem(error);
    return 'it cannot be read, or demands something that is not known here';
  }
}

function claimProblem({ claim, reason }: joseErrors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `the claim ${claim} is missing`;
  return claim === 'nbf' ? 'it is not valid yet' : `the claim ${claim} says something else than expected`;
}

/** @returns undefined for what has not the form of a signed token */
function tokenFrom(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString('latin1');
  return /^eyJ[\w-]*\.[\w-]*\.[\w-]+$/.test(text) ? text : undefined;
}

function refusal(problem: string): MethodAnswer {
  return {
    kind: 'refuse',
    reasonCode: ReasonCode.BadUserNameOrPassword,
    reasonString: `the token is not accepted: ${problem}`,
  };
}
