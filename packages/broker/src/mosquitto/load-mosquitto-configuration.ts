/** Reads a `mosquitto.conf` for a broker that is to run by it. */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import { ConfigurationError, inOrder, withoutRepetitions } from '../config/configuration-error.ts';
import type { LoadedConfiguration, LoadOptions } from '../config/load-configuration.ts';
import { configurationFrom } from '../config/load-configuration.ts';
import { draftConfiguration } from './drafted-configuration.ts';
import type { ConfigurationDraft } from './translation/configuration-draft.ts';
import { placesOf } from './translation/places-of.ts';
import { mosquittoDatabases } from './translation/translate-store.ts';
import type { TranslationSurroundings } from './translation/translation-surroundings.ts';

export type { TranslationSurroundings } from './translation/translation-surroundings.ts';

export interface LoadedMosquittoConfiguration extends LoadedConfiguration {
  /** No line defines a listener: those that there are can be reached from this machine only. */
  readonly isLocalOnly: boolean;
  /** The draft that the configuration was made from. */
  readonly draft: ConfigurationDraft;
}

/**
 * @param path of the file; undefined: there is none, and Mosquitto's defaults hold
 * @param options what is written over the file, as over `martlet.yaml`
 * @throws {ConfigurationError} with everything that is wrong, by file and line
 * @example
 * const { configuration, notices } = await loadMosquittoConfiguration('/etc/mosquitto/mosquitto.conf', {
 *   directory: process.cwd(),
 *   env: process.env,
 * });
 */
export async function loadMosquittoConfiguration(
  path: string | undefined,
  surroundings: TranslationSurroundings,
  options: LoadOptions = {},
): Promise<LoadedMosquittoConfiguration> {
  const drafted = await draftConfiguration(path, surroundings);
  const { settings, draft, files, problems, isLocalOnly, plugins } = drafted;
  throwErrors(problems);
  const loaded = configurationFrom(draft.root, options, {
    places: placesOf(draft),
    names: new Map([...draft.origins].map(([key, { name }]) => [key, name])),
    ...(path === undefined ? {} : { file: path }),
  });
  const { directory } = loaded.configuration.store;
  if (typeof directory === 'string') {
    tellOfDatabases(mosquittoDatabases(settings, plugins, directory), directory, problems);
  }
  const notices = withoutRepetitions(inOrder([...problems, ...loaded.notices]));
  return { ...loaded, notices, files: files.map((file) => resolve(file)), isLocalOnly, draft };
}

function throwErrors(problems: readonly ConfigurationProblem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new ConfigurationError(withoutRepetitions(inOrder(errors)));
}

/** What Mosquitto has kept is not read by itself: whoever changes over decides when. */
export function tellOfDatabases(
  databases: readonly string[],
  storeDirectory: string,
  problems: ConfigurationProblem[],
): void {
  if (hasStore(storeDirectory)) return;
  for (const file of databases) {
    if (!existsSync(file)) continue;
    const text = `it is not read by itself; before the first start, martlet store import --data-dir ${storeDirectory} --input ${file} takes over what Mosquitto has kept`;
    problems.push({ file, line: undefined, key: '', severity: 'notice', code: 'database-found', text });
  }
}

function hasStore(directory: string): boolean {
  try {
    return readdirSync(directory).some((name) => /^\d+\.log$/.test(name));
  } catch {
    return false;
  }
}
