/**
 * What a server keeps of a user of SCRAM (RFC 5802, section 3): enough to tell who knows the password, too little to be that
 * user elsewhere. As text, in the form that PostgreSQL has too:
 *
 *     SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>
 *
 * with salt and keys in base64.
 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

export const SCRAM_MECHANISMS: readonly ScramMechanism[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

export interface ScramCredentials {
  readonly mechanism: ScramMechanism;
  readonly iterations: number;
  readonly salt: Uint8Array;
  /** H(HMAC(salted password, "Client Key")). */
  readonly storedKey: Uint8Array;
  /** HMAC(salted password, "Server Key"). */
  readonly serverKey: Uint8Array;
}

/** What RFC 7677 asks for at least, and most clients too. */
export const LEAST_SCRAM_ITERATIONS = 4096;
/** The client computes them at each first connect. */
export const DEFAULT_SCRAM_ITERATIONS = 10_000;
export const MOST_SCRAM_ITERATIONS = 10_000_000;

const SALT_BYTES = 16;
const MOST_SALT_BYTES = 64;

/** The name by which `node:crypto` knows the hash. */
export function scramDigest(mechanism: ScramMechanism): 'sha256' | 'sha512' {
  return mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512';
}

function digestBytes(mechanism: ScramMechanism): number {
  return mechanism === 'SCRAM-SHA-256' ? 32 : 64;
}

export interface ScramOptions {
  /** @default 10_000 */
  readonly iterations?: number;
  /** @default 16 random bytes */
  readonly salt?: Uint8Array;
}

/** @param password prepared by SASLprep, in UTF-8 */
export async function makeScramCredentials(
  password: Uint8Array,
  mechanism: ScramMechanism,
  { iterations = DEFAULT_SCRAM_ITERATIONS, salt = randomBytes(SALT_BYTES) }: ScramOptions = {},
): Promise<ScramCredentials> {
  const digest = scramDigest(mechanism);
  const salted = await new Promise<Uint8Array>((resolve, reject) => {
    pbkdf2(password, salt, iterations, digestBytes(mechanism), digest, (error, derived) =>
      error === null ? resolve(derived) : reject(error),
    );
  });
  const clientKey = createHmac(digest, salted).update('Client Key').digest();
  return {
    mechanism,
    iterations,
    salt: new Uint8Array(salt),
    storedKey: new Uint8Array(createHash(digest).update(clientKey).digest()),
    serverKey: new Uint8Array(createHmac(digest, salted).update('Server Key').digest()),
  };
}

/** As it stands in a file, behind the user name and a colon. */
export function scramCredentialsText(credentials: ScramCredentials): string {
  const { mechanism, iterations, salt, storedKey, serverKey } = credentials;
  return `${mechanism}$${iterations}:${base64Of(salt)}$${base64Of(storedKey)}:${base64Of(serverKey)}`;
}

/** @returns undefined for what is none, or asks for fewer iterations than 4096 or more than 10,000,000 */
export function parseScramCredentials(text: string): ScramCredentials | undefined {
  const [, mechanism, count, saltText = '', storedText = '', serverText = ''] =
    /^(SCRAM-SHA-(?:256|512))\$(\d{1,8}):([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2}):([A-Za-z0-9+/]+={0,2})$/.exec(
      text,
    ) ?? [];
  if (mechanism !== 'SCRAM-SHA-256' && mechanism !== 'SCRAM-SHA-512') return undefined;
  const iterations = Number(count);
  const [salt, storedKey, serverKey] = [bytesOf(saltText), bytesOf(storedText), bytesOf(serverText)];
  const length = digestBytes(mechanism);
  if (iterations < LEAST_SCRAM_ITERATIONS || iterations > MOST_SCRAM_ITERATIONS) return undefined;
  if (salt.length < 1 || salt.length > MOST_SALT_BYTES) return undefined;
  if (storedKey.length !== length || serverKey.length !== length) return undefined;
  return { mechanism, iterations, salt, storedKey, serverKey };
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
