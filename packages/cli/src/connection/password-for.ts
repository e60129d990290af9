/** Who connects, and the password: from a flag, the URL, a file, the environment or the terminal. */
import { readFile } from 'node:fs/promises';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { textOfBytes, textOrBytes } from '../flags/bytes-in-text.ts';
import { UsageError } from '../usage-error.ts';
import type { ConnectionValues } from './connection-flags.ts';

/** Looked at when a user is named and nothing is said of the password. */
const ENVIRONMENT_NAME = 'MARTLET_PASSWORD';

export interface GivenCredentials {
  readonly username?: string;
  readonly password?: string | Uint8Array;
}

/**
 * @throws {UsageError} if the password is to come from two places, or from a variable that is not there
 * @throws {CommandFailure} if it cannot be read
 */
export async function credentialsFor(values: ConnectionValues, io: CommandIo): Promise<GivenCredentials> {
  const username = values.username ?? values.url?.username;
  const password = await passwordFor(values, io, username);
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

async function passwordFor(
  values: ConnectionValues,
  io: CommandIo,
  username: string | undefined,
): Promise<string | Uint8Array | undefined> {
  const { password, passwordPrompt, passwordFile, passwordEnv, url } = values;
  const places = [
    ...(password === undefined ? [] : ['-P']),
    ...(passwordPrompt ? ['--password-prompt'] : []),
    ...(passwordFile === undefined ? [] : ['--password-file']),
    ...(passwordEnv === undefined ? [] : ['--password-env']),
  ];
  if (places.length > 1)
    throw new UsageError(`expected the password from one place, got ${places.join(' and ')}`);
  if (password !== undefined) return password;
  if (passwordFile !== undefined) return firstLineOf(passwordFile);
  if (passwordEnv !== undefined) return fromEnvironment(passwordEnv, io);
  if (passwordPrompt) {
    const { askSecret } = await import('./secret-prompt.ts');
    return askSecret(username === undefined ? 'Password: ' : `Password of ${username}: `);
  }
  return url?.password ?? (username === undefined ? undefined : io.env[ENVIRONMENT_NAME]);
}

async function firstLineOf(path: string): Promise<string | Uint8Array> {
  let text: string;
  try {
    text = textOfBytes(await readFile(path));
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
  const [line] = text.split(/\r?\n/, 1);
  if (line === undefined || line === '')
    throw new CommandFailure(`${path}: expected a password in the first line, got an empty one`);
  return textOrBytes(line);
}

function fromEnvironment(name: string, { env }: CommandIo): string {
  const password = env[name];
  if (password === undefined)
    throw new UsageError(`--password-env: expected a variable that is set, got ${name}, which is not`);
  return password;
}
