/** `martlet passwd`: users and their passwords in the files that Mosquitto and Martlet read. */
import type { PasswordHash, PasswordHashKind } from '@martlet/broker/access';
import {
  DEFAULT_ITERATIONS,
  hashPassword,
  PasswordFile,
  passwordHashText,
  usernameProblem,
} from '@martlet/broker/access';
import { counted } from '../amount-text.ts';
import type { Command, CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { bytesOfText, hasStrayBytes } from '../flags/bytes-in-text.ts';
import type { FlagValues } from '../flags/flag.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { quoted } from '../flags/value-parsers.ts';
import { isMosquittoName } from '../run-command.ts';
import { UsageError } from '../usage-error.ts';
import type { PasswdFlags } from './passwd-flags.ts';
import { PASSWD_FLAGS } from './passwd-flags.ts';
import { readPasswordFile, writePasswordFile } from './password-file-writing.ts';
import { checkOneKind, checkScramIterations, scramSecrets, scramUsername } from './scram-lines.ts';
import { typedPassword } from './typed-password.ts';

export const command: Readonly<Command> = {
  name: 'passwd',
  summary: 'Keep users and passwords in a password file',
  usage: '[-c] file user | -b [-c] file user password | -D file user | -U file | --scram hash [-c] file user',
  flags: PASSWD_FLAGS,
  examples: [
    { line: '-c passwords ann', text: 'a new file, with the password of ann, which is asked for' },
    { line: 'passwords bob', text: 'another user, or another password' },
    { line: '-D passwords bob', text: 'without bob' },
    { line: '- carol', text: "carol's line on standard output, and no file" },
    {
      line: '--scram both -c scram-users ann',
      text: 'a file for SCRAM, by which clients need not send their password',
    },
  ],
  run,
};

type PasswdValues = FlagValues<PasswdFlags>;

/** In place of a file: the line goes to standard output. */
const STANDARD_OUTPUT = '-';

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(PASSWD_FLAGS, words, {
    positionals: {
      takesBytes: true,
      name: 'file, user and password',
      minimum: 0,
      maximum: 3,
    },
  });
  refuseCombinations(values);
  const [path, username, given] = namesFrom(positionals, values);
  if (values.upgrade) return upgrade(path, values, io);
  if (values.delete) return deleteUser(path, username!, io);
  return setUser(path, username!, given, values, io);
}

function refuseCombinations({
  create,
  batch,
  delete: isDelete,
  upgrade: isUpgrade,
  hash,
  iterations,
  scram,
}: PasswdValues): void {
  if (isDelete && (create || batch))
    throw new UsageError('expected -D without -c and -b, got both', '-c and -D cannot be used together.');
  if (isUpgrade && (create || isDelete || batch))
    throw new UsageError(
      'expected -U alone with the file, got more',
      `-${create ? 'c' : isDelete ? 'D' : 'b'} and -U cannot be used together.`,
    );
  if (scram !== undefined && (hash !== undefined || isUpgrade))
    throw new UsageError(`expected --scram without ${isUpgrade ? '-U' : '-H'}, got both`);
  if (scram !== undefined) checkScramIterations(iterations);
  if (iterations !== undefined && hash !== undefined && hash !== 'sha512-pbkdf2')
    throw new UsageError(`-I: expected it with sha512-pbkdf2, which alone has iterations, got ${hash}`);
}

/** The file, and what else the flags ask for. @throws {UsageError} */
function namesFrom(
  positionals: readonly string[],
  { batch, upgrade: isUpgrade }: PasswdValues,
): readonly [path: string, username?: string, password?: string] {
  const expected = isUpgrade ? 'a file' : batch ? 'a file, a user and a password' : 'a file and a user';
  const { length } = positionals;
  if (length !== (isUpgrade ? 1 : batch ? 3 : 2)) {
    const got = length === 3 ? 'a password too, which -b would take' : counted(length, 'word');
    throw new UsageError(`expected ${expected}, got ${length === 0 ? 'nothing' : got}`);
  }
  const [path, username, password] = positionals;
  // Of all these a password alone is bytes.
  const noText = positionals.slice(0, 2).find(hasStrayBytes);
  if (noText !== undefined)
    throw new UsageError(`expected a file and a user in UTF-8, got ${quoted(noText)}`);
  const problem = username === undefined ? undefined : usernameProblem(username);
  if (problem !== undefined)
    throw new UsageError(
      problem,
      username!.includes(':') ? "Username must not contain the ':' character." : problem,
    );
  return [path!, username!, password!];
}

async function setUser(
  path: string,
  username: string,
  given: string | undefined,
  values: PasswdValues,
  io: CommandIo,
): Promise<number> {
  const isFile = path !== STANDARD_OUTPUT;
  // What is wrong with the file is said before anybody types a password.
  const file = isFile && !values.create ? await existingFile(path, io) : new PasswordFile();
  if (isFile) checkOneKind(path, file, values.scram !== undefined);
  const name = values.scram === undefined ? username : scramUsername(username);
  const password = given ?? (await typedPassword(name, io));
  const secrets = await secretsOf(password, values);
  if (!isFile) {
    for (const secret of secrets) io.stdout.write(`${name}:${secret}\n`);
    return ExitCode.Success;
  }
  const wasThere = file.setSecrets(name, secrets);
  await writePasswordFile(path, file);
  tell(`${wasThere ? 'Updated' : 'Added'} ${name} in ${path}`, io);
  return ExitCode.Success;
}

async function deleteUser(path: string, username: string, io: CommandIo): Promise<number> {
  const file = await existingFile(path, io);
  if (!file.delete(username)) {
    if (!isMosquittoName(io.programName)) throw new CommandFailure(`${path}: there is no user ${username}`);
    io.stderr.write(`Warning: User ${username} not found in password file.\n`);
    return ExitCode.Failure;
  }
  await writePasswordFile(path, file);
  tell(`Deleted ${username} from ${path}`, io);
  return ExitCode.Success;
}

async function upgrade(path: string, values: PasswdValues, io: CommandIo): Promise<number> {
  const file = await existingFile(path, io);
  checkOneKind(path, file, false);
  let count = 0;
  for (const [at, { username, secret, hash, text }] of file.lines.entries()) {
    if (username === undefined || hash !== undefined) continue;
    if (secret.startsWith('$'))
      throw new CommandFailure(
        `${path}: expected a password or a known hash in the line of ${username}, got ${text.slice(username.length + 1, username.length + 8)}…`,
      );
    file.setLine(at, await hashed(secret, values));
    count += 1;
  }
  if (count > 0) await writePasswordFile(path, file);
  tell(`${counted(count, 'password')} hashed in ${path}`, io);
  return ExitCode.Success;
}

/** mosquitto_passwd says nothing of what it has done. */
function tell(text: string, { stderr, programName }: CommandIo): void {
  if (!isMosquittoName(programName)) stderr.write(`${text}\n`);
}

/** @throws {CommandFailure} in the words of mosquitto_passwd under its name */
async function existingFile(path: string, { programName }: CommandIo): Promise<PasswordFile> {
  try {
    return await readPasswordFile(path);
  } catch (error) {
    if (!isMosquittoName(programName) || !existsNot(error)) throw error;
    throw new CommandFailure(`Unable to open password file ${path}. No such file or directory.`, {
      cause: error,
    });
  }
}

function existsNot(error: unknown): boolean {
  const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
  return cause?.code === 'ENOENT';
}

/** What stands behind the name: a hash, or for SCRAM a line for each mechanism. */
async function secretsOf(password: string, values: PasswdValues): Promise<readonly string[]> {
  const { scram, iterations } = values;
  if (scram !== undefined) return scramSecrets(password, scram, iterations);
  return [passwordHashText(await hashed(password, values))];
}

function hashed(password: string, { hash, iterations }: PasswdValues): Promise<PasswordHash> {
  const kind: PasswordHashKind = hash ?? 'sha512-pbkdf2';
  return hashPassword(bytesOfText(password), kind, {
    iterations: iterations ?? DEFAULT_ITERATIONS,
  });
}
