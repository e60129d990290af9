/** Which configuration a broker is started with, and in whose language it is: ours, or Mosquitto's. */
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { extname, isAbsolute, join } from 'node:path';
import type { LoadedConfiguration, LoadOptions } from '@martlet/broker/config';

export interface FileSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly currentDirectory: string;
  readonly homeDirectory: string;
}

/** Where a configuration is looked for when none is named, in this order. */
export function defaultConfigurationFiles({
  env,
  currentDirectory,
  homeDirectory,
}: FileSurroundings): readonly string[] {
  const configured = env['XDG_CONFIG_HOME'] ?? '';
  const home = isAbsolute(configured) ? configured : join(homeDirectory, '.config');
  return [
    join(currentDirectory, 'martlet.yaml'),
    join(home, 'martlet', 'martlet.yaml'),
    '/etc/martlet/martlet.yaml',
  ];
}

/** The one that was named, or the first of the default places that is there; undefined: none, and the defaults hold. */
export function chosenConfigurationFile(
  named: string | undefined,
  surroundings: FileSurroundings = {
    env: process.env,
    currentDirectory: process.cwd(),
    homeDirectory: homedir(),
  },
): string | undefined {
  return named ?? defaultConfigurationFiles(surroundings).find((path) => existsSync(path));
}

/** Loads it in the language that it is in. @throws {ConfigurationError} */
export async function loadConfigurationFile(
  path: string | undefined,
  options: LoadOptions,
): Promise<LoadedConfiguration> {
  const { loadConfiguration } = await import('@martlet/broker/config');
  if (path === undefined || !isMosquittoFile(path)) return loadConfiguration(path, options);
  const { loadMosquittoConfiguration } = await import('@martlet/broker/mosquitto');
  return loadMosquittoConfiguration(path, { directory: process.cwd(), env: process.env }, options);
}

/** `.conf` is Mosquitto's, `.yaml` ours; any other file is what its first line with something in it looks like. */
export function isMosquittoFile(path: string): boolean {
  switch (extname(path)) {
    case '.conf':
      return true;
    case '.yaml':
    case '.yml':
    case '.json':
      return false;
    default:
      return looksLikeMosquitto(path);
  }
}

/** So much of a file is looked at; a first line that stands behind more comments than that is taken for ours. */
const lookedAtBytes = 65_536;

/** `listener 1883`, and not `listeners:`. */
function looksLikeMosquitto(path: string): boolean {
  const line = beginningOf(path)
    .split('\n')
    .find((each) => each.trim() !== '' && !each.startsWith('#'));
  return line !== undefined && /^\w+(\s+[^:#\s].*)?$/.test(line.trimEnd());
}

/** Empty of what is no regular file, or cannot be read: whoever loads it says what is wrong. Opened so that a pipe without a writer holds up nobody. */
function beginningOf(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  try {
    if (!fstatSync(descriptor).isFile()) return '';
    const bytes = Buffer.alloc(lookedAtBytes);
    return bytes.toString('utf8', 0, readSync(descriptor, bytes));
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
}
