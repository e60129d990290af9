/**
 * Plugins of Mosquitto, by the names of their files: what they do is done here without them. A library of another name cannot be
 * loaded, and is refused: nobody is to believe that it decides.
 */
import { basename, resolve } from 'node:path';
import { nearestName } from '../../core/options/nearest-name.ts';
import { quoted } from '../reading/configuration-lines.ts';
import type { PluginOption, PluginSettings } from '../reading/settings.ts';
import type { ConfigurationDraft, Origin } from './configuration-draft.ts';

/** A plugin that decides who may connect, or what they may do. */
export type AccessPlugin =
  | {
      readonly kind: 'dynamicSecurity';
      readonly file: string;
      readonly initialPasswordFile: string | undefined;
      readonly origin: Origin;
    }
  | { readonly kind: 'aclFile' | 'passwordFile'; readonly file: string; readonly origin: Origin };

export interface PluginUses {
  /** In their order. */
  readonly access: readonly AccessPlugin[];
  /** The plugin that keeps things in a database. */
  readonly persistence: (PluginSettings & { readonly name: string }) | undefined;
  /** Where that database is, if it says so. */
  readonly database: string | undefined;
}

const KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['mosquitto_dynamic_security', ['config_file', 'password_init_file']],
  ['mosquitto_acl_file', ['acl_file']],
  ['mosquitto_password_file', ['password_file']],
  ['mosquitto_persist_sqlite', ['db_file', 'sync', 'flush_period', 'page_size']],
]);

/** @param directory what relative paths are relative to */
export function pluginUses(
  plugins: readonly PluginSettings[],
  directory: string,
  draft: ConfigurationDraft,
): PluginUses {
  const access: AccessPlugin[] = [];
  let persistence: PluginUses['persistence'];
  let database: string | undefined;
  for (const plugin of plugins) {
    const origin = { file: plugin.file, line: plugin.line, name: 'plugin' };
    const kind = basename(plugin.path).replace(/\.(so|dll|dylib)$/i, '');
    const known = KINDS.get(kind);
    if (known === undefined) {
      draft.error(origin, 'refused-option', refusalOf(plugin.path, kind));
      continue;
    }
    const options = knownOptions(plugin.options, known, draft);
    if (kind === 'mosquitto_persist_sqlite') {
      if (persistence !== undefined) {
        draft.error(origin, 'duplicate-option', `the plugin is there already, in line ${persistence.line}`);
      }
      persistence ??= { ...plugin, name: 'plugin' };
      database = pathOf(options, 'db_file', directory) ?? database;
      draft.notice(origin, 'replaced-option', SQLITE_REPLACED);
      continue;
    }
    const used = accessPlugin(kind, options, directory, origin);
    if (used !== undefined) access.push(used);
    else draft.error(origin, 'missing-value', `expected a line plugin_opt_${known[0]} below it, got none`);
  }
  return { access, persistence, database };
}

const SQLITE_REPLACED =
  'the store at persistence_location is used, which keeps each message before it is acknowledged; martlet store import reads the database';

function refusalOf(path: string, kind: string): string {
  const near = nearestName(kind, [...KINDS.keys()]);
  const hint = near === undefined || near === kind ? '' : `; did you mean ${near}?`;
  return `libraries of Mosquitto cannot be loaded here, got ${quoted(path)}; known by name are ${[...KINDS.keys()].join(', ')}${hint}`;
}

function accessPlugin(
  kind: string,
  options: ReadonlyMap<string, PluginOption>,
  directory: string,
  origin: Origin,
): AccessPlugin | undefined {
  switch (kind) {
    case 'mosquitto_dynamic_security': {
      const file = pathOf(options, 'config_file', directory);
      const initialPasswordFile = pathOf(options, 'password_init_file', directory);
      return file === undefined ? undefined : { kind: 'dynamicSecurity', file, initialPasswordFile, origin };
    }
    case 'mosquitto_acl_file': {
      const file = pathOf(options, 'acl_file', directory);
      return file === undefined ? undefined : { kind: 'aclFile', file, origin };
    }
    default: {
      const file = pathOf(options, 'password_file', directory);
      return file === undefined ? undefined : { kind: 'passwordFile', file, origin };
    }
  }
}

function knownOptions(
  options: readonly PluginOption[],
  known: readonly string[],
  draft: ConfigurationDraft,
): ReadonlyMap<string, PluginOption> {
  const byName = new Map<string, PluginOption>();
  for (const option of options) {
    const place = { ...option, name: `plugin_opt_${option.name}` };
    if (known.includes(option.name)) byName.set(option.name, option);
    else {
      const expected = known.map((name) => `plugin_opt_${name}`).join(', ');
      draft.error(place, 'unknown-option', `the plugin above it has no such option; expected ${expected}`);
    }
  }
  return byName;
}

function pathOf(
  options: ReadonlyMap<string, PluginOption>,
  name: string,
  directory: string,
): string | undefined {
  const value = options.get(name)?.value;
  return value === undefined ? undefined : resolve(directory, value);
}
