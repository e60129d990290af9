/**
 * Hashes of passwords as Mosquitto keeps them in its password files:
 *
 *     $7$<iterations>$<salt>$<hash>                 PBKDF2 with SHA-512, of Mosquitto 2.0
 *     $6$<salt>$<hash>                              SHA-512 once, of Mosquitto 1.6 and older
 *     $argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>      Argon2id, of Mosquitto 2.1
 *
 * Salt and hash are in base64. Argon2id is there where the runtime has it: Node.js 24.7 and later.
 */
import * as crypto from 'node:crypto';
import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';

export type PasswordHashKind = 'sha512-pbkdf2' | 'sha512' | 'argon2id';

export interface Pbkdf2Hash {
  readonly kind: 'sha512-pbkdf2';
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export interface Sha512Hash {
  readonly kind: 'sha512';
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export interface Argon2Hash {
  readonly kind: 'argon2id';
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export type PasswordHash = Pbkdf2Hash | Sha512Hash | Argon2Hash;

/** Mosquitto 2.0 takes no other length, in bytes; 2.1 this one too. */
const SALT_BYTES = 12;
const HASH_BYTES = 64;
/** Of Mosquitto 2.1. A server computes it for every client that connects. */
export const DEFAULT_ITERATIONS = 1000;
/** More would keep a server busy for seconds with each client. */
export const MOST_ITERATIONS = 10_000_000;
/** Of Mosquitto 2.1. */
const ARGON2: Readonly<Pick<Argon2Hash, 'memory' | 'passes' | 'parallelism'>> = {
  memory: 47_104,
  passes: 1,
  parallelism: 1,
};
const ARGON2_SALT_BYTES = 64;
/** Of what a file may ask for, in KiB: a gigabyte. */
const MOST_ARGON2_MEMORY = 1_048_576;

/** Whether this runtime can compute and verify Argon2id. */
export function hasArgon2(): boolean {
  return 'argon2' in crypto;
}

/**
 * @param text such as `$7$101$…$…`
 * @returns undefined if it is no such hash, or one that asks for more than anybody should compute
 */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [empty, kind, ...fields] = text.split('$');
  if (empty !== '') return undefined;
  if (kind === '7') return pbkdf2HashFrom(fields);
  if (kind === '6') return sha512HashFrom(fields);
  if (kind === 'argon2id') return argon2HashFrom(fields);
  return undefined;
}

function pbkdf2HashFrom(fields: readonly string[]): Pbkdf2Hash | undefined {
  const [iterationsText, saltText, hashText] = fields;
  const iterations = wholeNumber(iterationsText, MOST_ITERATIONS);
  const parts = saltAndHash(saltText, hashText);
  if (fields.length !== 3 || iterations === undefined || parts === undefined) return undefined;
  return { kind: 'sha512-pbkdf2', iterations, ...parts };
}

function sha512HashFrom(fields: readonly string[]): Sha512Hash | undefined {
  const parts = saltAndHash(fields[0], fields[1]);
  return fields.length !== 2 || parts === undefined ? undefined : { kind: 'sha512', ...parts };
}

function argon2HashFrom(fields: readonly string[]): Argon2Hash | undefined {
  const [version, costs = '', saltText, hashText] = fields;
  const [, m, t, p] = /^m=(\d+),t=(\d+),p=(\d+)$/.exec(costs) ?? [];
  const memory = wholeNumber(m, MOST_ARGON2_MEMORY);
  const passes = wholeNumber(t, 1000);
  const parallelism = wholeNumber(p, 255);
  const parts = saltAndHash(saltText, hashText);
  const isWhole = fields.length === 4 && version === 'v=19' && parts !== undefined;
  if (!isWhole || memory === undefined || passes === undefined || parallelism === undefined) return undefined;
  return { kind: 'argon2id', memory, passes, parallelism, ...parts };
}

function wholeNumber(text: string | undefined, most: number): number | undefined {
  const number = /^\d{1,8}$/.test(text ?? '') ? Number(text) : 0;
  return number >= 1 && number <= most ? number : undefined;
}

function saltAndHash(
  saltText: string | undefined,
  hashText: string | undefined,
): { readonly salt: Uint8Array; readonly hash: Uint8Array } | undefined {
  const [salt, hash] = [bytesFrom(saltText), bytesFrom(hashText)];
  return salt === undefined || hash?.length !== HASH_BYTES ? undefined : { salt, hash };
}

function bytesFrom(base64: string | undefined): Uint8Array | undefined {
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** As it stands in a file. */
export function passwordHashText(hash: PasswordHash): string {
  const [salt, value] = [base64Of(hash.salt), base64Of(hash.hash)];
  switch (hash.kind) {
    case 'sha512-pbkdf2':
      return `$7$${hash.iterations}$${salt}$${value}`;
    case 'sha512':
      return `$6$${salt}$${value}`;
    case 'argon2id':
      // As libargon2 writes it: without padding.
      return `$argon2id$v=19$m=${hash.memory},t=${hash.passes},p=${hash.parallelism}$${unpadded(salt)}$${unpadded(value)}`;
  }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/, '');
}

export interface HashingOptions {
  /** Of PBKDF2. @default 1000 */
  readonly iterations?: number;
}

/**
 * A new hash, with a salt of its own.
 * @throws {RangeError} for Argon2id in a runtime without it; see {@link hasArgon2}
 */
export async function hashPassword(
  password: Uint8Array,
  kind: PasswordHashKind,
  { iterations = DEFAULT_ITERATIONS }: HashingOptions = {},
): Promise<PasswordHash> {
  const none = new Uint8Array(0);
  const salt = new Uint8Array(randomBytes(kind === 'argon2id' ? ARGON2_SALT_BYTES : SALT_BYTES));
  const bare: PasswordHash =
    kind === 'sha512-pbkdf2'
      ? { kind, iterations, salt, hash: none }
      : kind === 'sha512'
        ? { kind, salt, hash: none }
        : { kind, ...ARGON2, salt, hash: none };
  return { ...bare, hash: new Uint8Array(await computed(password, bare)) };
}

/**
 * Whether it is this password. Takes as long for a wrong one as for the right one.
 * @throws {RangeError} for Argon2id in a runtime without it
 */
export async function verifyPassword(password: Uint8Array, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await computed(password, hash), hash.hash);
}

function computed(password: Uint8Array, hash: PasswordHash): Promise<Uint8Array> {
  switch (hash.kind) {
    case 'sha512':
      return Promise.resolve(createHash('sha512').update(password).update(hash.salt).digest());
    case 'sha512-pbkdf2':
      return new Promise((resolve, reject) => {
        pbkdf2(password, hash.salt, hash.iterations, HASH_BYTES, 'sha512', (error, derived) =>
          error === null ? resolve(derived) : reject(error),
        );
      });
    case 'argon2id':
      return argon2(password, hash);
  }
}

/** What Node.js has from 24.7 on, and its types for 20 do not know. */
type Argon2 = (
  algorithm: 'argon2id',
  parameters: {
    readonly message: Uint8Array;
    readonly nonce: Uint8Array;
    readonly parallelism: number;
    readonly tagLength: number;
    readonly memory: number;
    readonly passes: number;
  },
  callback: (error: Error | null, derived: Uint8Array) => void,
) => void;

function argon2(message: Uint8Array, { memory, passes, parallelism, salt }: Argon2Hash): Promise<Uint8Array> {
  const compute = (crypto as { readonly argon2?: Argon2 }).argon2;
  if (compute === undefined)
    throw new RangeError(
      `expected a runtime with Argon2id (Node.js 24.7 or later), got ${process.version}: use sha512-pbkdf2`,
    );
  return new Promise((resolve, reject) => {
    compute(
      'argon2id',
      { message, nonce: salt, parallelism, tagLength: HASH_BYTES, memory, passes },
      (error, derived) => (error === null ? resolve(derived) : reject(error)),
    );
  });
}
