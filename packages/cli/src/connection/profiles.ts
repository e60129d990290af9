/**
 * Profiles: how to connect, under a name, as an options file in `~/.config/martlet/profiles`. Passwords may stand in one, so
 * only its owner may read it.
 */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { bytesOfText } from '../flags/bytes-in-text.ts';
import type { Flag, FlagTable } from '../flags/flag.ts';
import { nearest } from '../flags/nearest.ts';
import type { GivenFlag } from '../flags/parse-flags.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import { configurationDirectory } from './configuration-directory.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { CONNECTION_FLAGS } from './connection-flags.ts';
import { readOptionsFile } from './options-file.ts';

/** Names of files: without a way out of the directory. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Flags of a connection that are no part of how to connect. */
const NOT_KEPT: readonly string[] = ['profile', 'saveProfile', 'optionsFile', 'debug', 'quiet'];

/**
 * The words of a profile.
 * @throws {UsageError} if there is none of that name, with the nearest
 */
export async function readProfile(
  name: string,
  table: FlagTable,
  env: CommandIo['env'],
): Promise<readonly string[]> {
  const words = await readOptionsFile(pathOf(name, env), table);
  if (words !== undefined) return words;
  const names = await profileNames(env);
  const near = nearest(name, names);
  const hint =
    near !== undefined
      ? `did you mean ${near}?`
      : names.length > 0
        ? `there are ${names.join(', ')}`
        : '--save-profile makes one';
  throw new UsageError(`--profile: expected the name of a profile, got ${quoted(name)}; ${hint}`);
}

/**
 * Keeps those of the flags that say how to connect, in place of an earlier profile of that name.
 * @throws {UsageError} if it cannot have that name
 * @throws {CommandFailure} if it cannot be written
 */
export async function saveProfile(
  name: string,
  given: readonly GivenFlag[],
  env: CommandIo['env'],
): Promise<void> {
  const path = pathOf(name, env);
  const kept = given.filter(({ key }) => Object.hasOwn(CONNECTION_FLAGS, key) && !NOT_KEPT.includes(key));
  if (kept.length === 0)
    throw new UsageError('--save-profile: expected flags that say how to connect, got none');
  const lines = kept.map((flag) => lineOf(flag));
  if (lines.some((line) => /[\r\n]/.test(line)))
    throw new UsageError('--save-profile: expected values of one line each, got one of several');
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, bytesOfText(`${lines.join('\n')}\n`), { mode: 0o600 });
    // The mode above is that of a new file only.
    await chmod(path, 0o600);
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}

/** As it can be read from any directory, and without a topic, which is no part of how to connect. */
function lineOf({ key, words }: GivenFlag): string {
  const flag: Flag = CONNECTION_FLAGS[key as keyof ConnectionFlags];
  if (flag.kind === 'switch') return words.join(' ');
  const [first = '', ...rest] = words;
  const equals = first.indexOf('=');
  // Behind `--flag=` a space would be taken for the end of the flag.
  const [name, value] =
    rest.length > 0 || equals < 0
      ? [first, rest.join(' ')]
      : [first.slice(0, equals), first.slice(equals + 1)];
  if (flag.completes === 'file' || flag.completes === 'directory') return `${name} ${resolve(value)}`;
  return `${name} ${key === 'url' ? withoutTopic(value) : value}`;
}

function withoutTopic(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^/]*).*$/s, '$1');
}

function pathOf(name: string, env: CommandIo['env']): string {
  if (!NAME.test(name))
    throw new UsageError(
      `expected a profile's name of letters, digits, dot, dash and underscore, got ${quoted(name)}`,
    );
  return join(directoryOf(env), name);
}

function directoryOf(env: CommandIo['env']): string {
  return join(configurationDirectory(env), 'martlet', 'profiles');
}

async function profileNames(env: CommandIo['env']): Promise<readonly string[]> {
  try {
    return (await readdir(directoryOf(env))).sort();
  } catch {
    return [];
  }
}
