/** Where things are kept, and what else belongs to the process. */
import { join, resolve } from 'node:path';
import type { MosquittoSettings } from '../reading/settings.ts';
import type { ConfigurationDraft } from './configuration-draft.ts';
import type { PluginUses } from './plugin-uses.ts';
import type { TranslationSurroundings } from './translation-surroundings.ts';

/** Takes the place of `persistence_location`, as Mosquitto has it. */
const LOCATION_VARIABLE = 'MOSQUITTO_PERSISTENCE_LOCATION';

/**
 * Mosquitto keeps its database in the very directory; so does Martlet, beside it. Names of files do not collide, and either broker
 * can go back to what it had.
 */
export function translateStore(
  { global }: MosquittoSettings,
  plugins: PluginUses,
  { directory, env }: TranslationSurroundings,
  draft: ConfigurationDraft,
): void {
  const persistence = global.find('persistence');
  const sqlite = plugins.persistence;
  if (persistence?.value === true && sqlite !== undefined) {
    const text = `expected it not beside the plugin in line ${sqlite.line}, which keeps things, too; take one out`;
    draft.error(persistence, 'contradiction', text);
  }
  if (persistence?.value !== true && sqlite === undefined) {
    draft.set(['store', 'directory'], false, persistence);
    return;
  }
  const location = global.find('persistence_location');
  const fromEnvironment = env[LOCATION_VARIABLE];
  const place = resolve(directory, fromEnvironment ?? location?.value.toString() ?? '.');
  const origin =
    fromEnvironment === undefined
      ? (location ?? persistence ?? sqlite)
      : { file: LOCATION_VARIABLE, line: 1, name: LOCATION_VARIABLE };
  draft.set(['store', 'directory'], place, origin);
  draft.set(['store', 'durability'], 'disk', persistence ?? sqlite);
}

/** The database that Mosquitto left in the directory, if it is where these settings say. */
export function mosquittoDatabases(
  { global }: MosquittoSettings,
  plugins: PluginUses,
  storeDirectory: string,
): readonly string[] {
  const snapshot = join(storeDirectory, global.text('persistence_file') ?? 'mosquitto.db');
  return plugins.persistence === undefined
    ? [snapshot]
    : [plugins.database ?? join(storeDirectory, 'mosquitto.sqlite3'), snapshot];
}

export function translateProcess(
  { global }: MosquittoSettings,
  { directory, user: usualUser }: TranslationSurroundings,
  draft: ConfigurationDraft,
): void {
  const pidFile = global.find('pid_file');
  if (pidFile !== undefined) draft.set(['pidFile'], resolve(directory, String(pidFile.value)), pidFile);
  const user = global.find('user');
  if (user !== undefined) draft.set(['user'], String(user.value), user);
  else if (usualUser !== undefined) draft.set(['user'], usualUser);
}
