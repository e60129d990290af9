/** Reads the flags of a command that connects: those typed, those of a profile, and those of an options file. */
import { join } from 'node:path';
import type { CommandIo } from '../command.ts';
import type { FlagTable } from '../flags/flag.ts';
import type { ParsedFlags, ParseOptions } from '../flags/parse-flags.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { isMosquittoName } from '../run-command.ts';
import { UsageError } from '../usage-error.ts';
import { configurationDirectory } from './configuration-directory.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import { wordsOfFiles } from './earlier-passwords.ts';
import { readOptionsFile } from './options-file.ts';
import { readProfile, saveProfile } from './profiles.ts';

export interface ParseConnectedOptions extends ParseOptions {
  /** The file in `~/.config` that is read unless `-o` names another: `mosquitto_pub`. @default none */
  readonly optionsFile?: string;
}

/**
 * What is typed counts more than a profile, and a profile more than an options file; what may be given several times is taken
 * from all. `--save-profile` is carried out here.
 *
 * @throws {UsageError} {@link parseFlags}; for a file with its line
 * @throws {CommandFailure} for a file that cannot be read or written
 * @throws {HelpRequest}
 */
export async function parseConnectedFlags<Table extends FlagTable & ConnectionFlags>(
  table: Table,
  words: readonly string[],
  io: CommandIo,
  given: ParseConnectedOptions = {},
): Promise<ParsedFlags<Table>> {
  const options = { ...given, asMosquitto: isMosquittoName(io.programName) };
  // First by themselves: what is wrong with them is said before what is wrong with a file.
  const typed = parseFlags<FlagTable & ConnectionFlags>(table, words, { ...options, checksCount: false });
  const { profile, saveProfile: newProfile } = typed.values;
  const files = [
    await wordsOfOptionsFile(table, typed.values.optionsFile, io, options),
    profile === undefined ? [] : await readProfile(profile, table, io.env),
  ];
  const more = wordsOfFiles(table, files, typed.given, options);
  const parsed = parseFlags(table, [...more, ...words], options);
  if (newProfile !== undefined) await saveProfile(newProfile, parsed.given, io.env);
  return parsed;
}

async function wordsOfOptionsFile(
  table: FlagTable,
  path: string | undefined,
  { env }: CommandIo,
  { optionsFile, asMosquitto }: ParseConnectedOptions,
): Promise<readonly string[]> {
  if (path !== undefined) {
    const words = await readOptionsFile(path, table, asMosquitto);
    if (words === undefined) throw new UsageError(`-o: ${path}: there is no such file`);
    return words;
  }
  if (optionsFile === undefined) return [];
  return (await readOptionsFile(join(configurationDirectory(env), optionsFile), table, asMosquitto)) ?? [];
}
