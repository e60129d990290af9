/**
 * Hashes of passwords as Mosquitto keeps them in its password files:
 *
 *     $7$<iterations>$<salt>$<hash>                 PBKDF2 with SHA-512, of Mosquitto 2.0
 *     $6$<salt>$<hash>                              SHA-512 once, of Mosquitto 1.6 and older
 *     $argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>      Argon2id, of Mosquitto 2.1
 *
 * Salt and hash are in base64. What a file may ask a server to compute for each client is bounded.
 */
import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ComputeArgon2 } from './argon2.ts';
import { computeArgon2 } from './argon2.ts';

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
/** Of what a file may have; Mosquitto has 12 or 64. */
const MOST_SALT_BYTES = 64;
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
/** Of what a file may ask for, in KiB: 256 MiB, five times what Mosquitto writes. */
const MOST_ARGON2_MEMORY = 262_144;
/** KiB times passes: some seconds of one core. */
const MOST_ARGON2_WORK = 4_194_304;
const MOST_ARGON2_LANES = 16;
/** KiB, by the algorithm, for each lane. */
const LEAST_ARGON2_MEMORY = 8;
/** Bytes. Mosquitto writes 64 of each; other tools write 16 and 32. */
const ARGON2_LENGTHS: Readonly<Record<'salt' | 'hash', readonly [least: number, most: number]>> = {
  salt: [8, MOST_SALT_BYTES],
  hash: [16, HASH_BYTES],
};

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
  const passes = wholeNumber(t, MOST_ARGON2_WORK);
  const parallelism = wholeNumber(p, MOST_ARGON2_LANES);
  const [salt, hash] = [bytesFrom(saltText), bytesFrom(hashText)];
  if (fields.length !== 4 || version !== 'v=19' || salt === undefined || hash === undefined) return undefined;
  if (memory === undefined || passes === undefined || parallelism === undefined) return undefined;
  if (memory * passes > MOST_ARGON2_WORK || memory < LEAST_ARGON2_MEMORY * parallelism) return undefined;
  if (!isWithin(salt, ARGON2_LENGTHS.salt) || !isWithin(hash, ARGON2_LENGTHS.hash)) return undefined;
  return { kind: 'argon2id', memory, passes, parallelism, salt, hash };
}

function isWithin({ length }: Uint8Array, [least, most]: readonly [number, number]): boolean {
  return length >= least && length <= most;
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
  if (salt === undefined || salt.length > MOST_SALT_BYTES || hash?.length !== HASH_BYTES) return undefined;
  return { salt, hash };
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

/** A new hash, with a salt of its own. @throws {RangeError} for Argon2id of an empty password */
export async function hashPassword(
  password: Uint8Array,
  kind: PasswordHashKind,
  { iterations = DEFAULT_ITERATIONS }: HashingOptions = {},
): Promise<PasswordHash> {
  if (kind === 'argon2id' && password.length === 0) throw new RangeError('expected a password, got none');
  const none = new Uint8Array(kind === 'argon2id' ? HASH_BYTES : 0);
  const salt = new Uint8Array(randomBytes(kind === 'argon2id' ? ARGON2_SALT_BYTES : SALT_BYTES));
  const bare: PasswordHash =
    kind === 'sha512-pbkdf2'
      ? { kind, iterations, salt, hash: none }
      : kind === 'sha512'
        ? { kind, salt, hash: none }
        : { kind, ...ARGON2, salt, hash: none };
  return { ...bare, hash: new Uint8Array(await computed(password, bare, computeArgon2)) };
}

/**
 * Whether it is this password. Takes as long for a wrong one as for the right one, and is computed off the event loop. A server bounds
 * how many are under way: see `PasswordHashing`.
 * @param argon2 what computes Argon2id. @default a thread for this one
 */
export async function verifyPassword(
  password: Uint8Array,
  hash: PasswordHash,
  argon2: ComputeArgon2 = computeArgon2,
): Promise<boolean> {
  // Nobody hashes an empty password with Argon2id, and its libraries refuse to; another one takes as long.
  const isEmpty = hash.kind === 'argon2id' && password.length === 0;
  const derived = await computed(isEmpty ? new Uint8Array(1) : password, hash, argon2);
  return timingSafeEqual(derived, hash.hash) && !isEmpty;
}

function computed(password: Uint8Array, hash: PasswordHash, argon2: ComputeArgon2): Promise<Uint8Array> {
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
      return argon2({ ...hash, password, hashBytes: hash.hash.length });
  }
}
