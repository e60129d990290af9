/** The file that `martlet config` is about: the one that is named, or the one that `martlet start` would take. */
import { homedir } from 'node:os';
import { relative } from 'node:path';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import type { FileSurroundings } from '../start/configuration-file.ts';
import { chosenConfigurationFile, defaultConfigurationFiles } from '../start/configuration-file.ts';

/** @returns undefined if there is none */
export function configurationFileFor(named: string | undefined, io: CommandIo): string | undefined {
  const file = chosenConfigurationFile(named, surroundings(io));
  return file === undefined ? undefined : shortened(file);
}

/** @throws {CommandFailure} if there is none */
export function existingConfigurationFile(named: string | undefined, io: CommandIo): string {
  const file = configurationFileFor(named, io);
  if (file !== undefined) return file;
  throw new CommandFailure(`expected a file, got none, and there is none in ${placesText(io)}`);
}

/** Where files are looked for. */
export function placesText(io: CommandIo): string {
  return defaultConfigurationFiles(surroundings(io)).join(', ');
}

function surroundings({ env }: CommandIo): FileSurroundings {
  return { env, currentDirectory: process.cwd(), homeDirectory: env['HOME'] ?? homedir() };
}

/** As one would name it from here. */
function shortened(file: string): string {
  const path = relative(process.cwd(), file);
  return path === '' || path.startsWith('..') ? file : path;
}
