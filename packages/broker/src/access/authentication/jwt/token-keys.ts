/** The keys by which tokens are verified, whichever way they came. */
import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import type { JwtAlgorithm } from '../../../config/access-configuration.ts';

export interface TokenKey {
  /** Undefined: it has no name, and may be meant by any. */
  readonly keyId: string | undefined;
  /** Those that it can be used for, without those that its owner excludes. Never an HMAC: those have secrets, not keys. */
  readonly algorithms: readonly JwtAlgorithm[];
  readonly key: KeyObject;
}

/** Where keys come from. */
export interface TokenKeySource {
  /**
   * Those that a token with this header may have been signed with.
   * @throws {KeysUnavailable} by the promise, if it cannot be known
   */
  find(
    algorithm: JwtAlgorithm,
    keyId: string | undefined,
  ): readonly TokenKey[] | Promise<readonly TokenKey[]>;
  close(): void;
}

/** The keys cannot be had now. The message says why; it has no secret. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** Of one token; more keys of the same kind without names are not tried. */
const MOST_TRIED = 10;

/** Bits; a shorter RSA key can be broken. */
const LEAST_RSA_BITS = 2048;

export function fittingKeys(
  keys: readonly TokenKey[],
  algorithm: JwtAlgorithm,
  keyId: string | undefined,
): readonly TokenKey[] {
  return keys
    .filter((key) => keyId === undefined || key.keyId === undefined || key.keyId === keyId)
    .filter(({ algorithms }) => algorithms.includes(algorithm))
    .slice(0, MOST_TRIED);
}

const ALL_RSA: readonly JwtAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const BY_CURVE: Readonly<Record<string, JwtAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** @returns what the key can be used for; a text if it is for nothing here */
export function algorithmsOf(key: KeyObject): readonly JwtAlgorithm[] | string {
  const { asymmetricKeyType, asymmetricKeyDetails: details } = key;
  switch (asymmetricKeyType) {
    case 'rsa': {
      const bits = details?.modulusLength ?? 0;
      return bits < LEAST_RSA_BITS ? `an RSA key of ${bits} bits, fewer than ${LEAST_RSA_BITS}` : ALL_RSA;
    }
    case 'ec': {
      const algorithm = BY_CURVE[details?.namedCurve ?? ''];
      return algorithm === undefined ? `a key on the curve ${details?.namedCurve}` : [algorithm];
    }
    case 'ed25519':
      return ['EdDSA'];
    default:
      return `a key of the kind ${asymmetricKeyType}`;
  }
}

/**
 * A key of a JWKS.
 * @returns a text that says why it is none for tokens; it has nothing of the key
 */
export function tokenKeyFromJwk(jwk: unknown): TokenKey | string {
  if (typeof jwk !== 'object' || jwk === null) return 'something that is no object';
  const { kty, kid, use, alg, d } = jwk as Readonly<Record<string, unknown>>;
  if (kty === 'oct') return 'a secret (kty "oct"), which belongs in secretFile';
  if (d !== undefined) return 'a private key, which only the issuer of the tokens should have';
  if (use !== undefined && use !== 'sig') return `a key for the use ${JSON.stringify(use)}`;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk as Record<string, unknown>, format: 'jwk' });
  } catch {
    return 'a key that cannot be read';
  }
  const able = algorithmsOf(key);
  if (typeof able === 'string') return able;
  const algorithms = alg === undefined ? able : able.filter((each) => each === alg);
  if (algorithms.length === 0) return `a key for ${JSON.stringify(alg)}`;
  return { keyId: typeof kid === 'string' ? kid : undefined, algorithms, key };
}
