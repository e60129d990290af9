/** Password files, for tools that write them: `@martlet/broker/access`. */
export type { PasswordLine } from './password-file.ts';
export { PasswordFile, usernameProblem } from './password-file.ts';
export type {
  Argon2Hash,
  HashingOptions,
  PasswordHash,
  PasswordHashKind,
  Pbkdf2Hash,
  Sha512Hash,
} from './password-hash.ts';
export {
  DEFAULT_ITERATIONS,
  hashPassword,
  MOST_ITERATIONS,
  parsePasswordHash,
  passwordHashText,
  verifyPassword,
} from './password-hash.ts';
export type { PasswordHashingOptions } from './password-hashing.ts';
export { PasswordHashing } from './password-hashing.ts';
export type { ScramCredentials, ScramMechanism, ScramOptions } from './scram-credentials.ts';
export {
  DEFAULT_SCRAM_ITERATIONS,
  LEAST_SCRAM_ITERATIONS,
  MOST_SCRAM_ITERATIONS,
  makeScramCredentials,
  parseScramCredentials,
  SCRAM_MECHANISMS,
  scramCredentialsText,
} from './scram-credentials.ts';
