/** Lines of a file for SCRAM: the name and the password as the client will prepare them, and what the file may hold besides. */
import type { PasswordFile, ScramMechanism } from '@martlet/broker/access';
import {
  LEAST_SCRAM_ITERATIONS,
  MOST_SCRAM_ITERATIONS,
  makeScramCredentials,
  parseScramCredentials,
  scramCredentialsText,
  usernameProblem,
} from '@martlet/broker/access';
import { saslPrep } from '@martlet/client/sasl-prep';
import { counted } from '../amount-text.ts';
import { CommandFailure } from '../command-failure.ts';
import { hasStrayBytes } from '../flags/bytes-in-text.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

/** @throws {UsageError} for a count that no server takes */
export function checkScramIterations(iterations: number | undefined): void {
  if (iterations === undefined) return;
  if (iterations < LEAST_SCRAM_ITERATIONS || iterations > MOST_SCRAM_ITERATIONS)
    throw new UsageError(
      `-I: expected ${LEAST_SCRAM_ITERATIONS} to ${MOST_SCRAM_ITERATIONS} with --scram, got ${iterations}`,
    );
}

/** @returns the name as SASLprep makes it, which is how a client sends it. @throws {UsageError} if it cannot */
export function scramUsername(username: string): string {
  const prepared = saslPrep(username);
  // Preparing can make a ':' of another character.
  if (prepared !== undefined && usernameProblem(prepared) === undefined) return prepared;
  throw new UsageError(`expected a user name that SASLprep (RFC 4013) allows, got ${quoted(username)}`);
}

/** What stands behind the name, one for each mechanism. @throws {CommandFailure} for a password that no client can send */
export async function scramSecrets(
  password: string,
  mechanisms: readonly ScramMechanism[],
  iterations: number | undefined,
): Promise<readonly string[]> {
  const prepared = hasStrayBytes(password) ? undefined : saslPrep(password);
  if (prepared === undefined || prepared === '')
    throw new CommandFailure(
      'expected a password in UTF-8 that SASLprep (RFC 4013) allows, got another one; nothing was changed',
    );
  const options = iterations === undefined ? {} : { iterations };
  const made = mechanisms.map((mechanism) =>
    makeScramCredentials(new TextEncoder().encode(prepared), mechanism, options),
  );
  return (await Promise.all(made)).map(scramCredentialsText);
}

/**
 * A server takes no file that has both kinds of lines.
 * @param isScram which kind is to be written
 * @throws {CommandFailure} if there are lines of the other one
 */
export function checkOneKind(path: string, file: PasswordFile, isScram: boolean): void {
  const users = file.lines.filter(({ username }) => username !== undefined);
  const others = users.filter(({ secret }) => (parseScramCredentials(secret) !== undefined) !== isScram);
  if (others.length === 0) return;
  throw new CommandFailure(
    isScram
      ? `${path}: expected users of SCRAM only, got ${counted(others.length, 'line')} of a password file; -c with another name makes a file for them`
      : `${path}: expected a password file, got users of SCRAM in it: --scram changes them`,
  );
}
