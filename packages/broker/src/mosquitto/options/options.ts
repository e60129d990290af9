/** All options of `mosquitto.conf`, and finding one by what stands in a line. */
import { nearestName } from '../../core/options/nearest-name.ts';
import { BRIDGE_OPTIONS } from './bridge-options.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { LISTENER_OPTIONS } from './listener-options.ts';
import { LOGGING_OPTIONS } from './logging-options.ts';
import type { OptionRow } from './option-row.ts';
import { SECURITY_OPTIONS } from './security-options.ts';
import { TLS_OPTIONS } from './tls-options.ts';

/** In the order of the table in docs/guides/from-mosquitto.md. */
export const OPTIONS: readonly OptionRow[] = [
  ...GLOBAL_OPTIONS,
  ...LOGGING_OPTIONS,
  ...SECURITY_OPTIONS,
  ...LISTENER_OPTIONS,
  ...TLS_OPTIONS,
  ...BRIDGE_OPTIONS,
];

const BY_NAME: ReadonlyMap<string, OptionRow> = new Map(
  OPTIONS.flatMap((row) => [row.name, ...(row.aliases ?? [])].map((name) => [name, row] as const)),
);

const PLUGIN_OPTION = /^(?:plugin|auth)_opt_(.+)$/;

/** The name of an option of a plugin: `config_file` of `plugin_opt_config_file`; undefined for anything else. */
export function pluginOptionName(name: string): string | undefined {
  return PLUGIN_OPTION.exec(name)?.[1];
}

/** The row for the first word of a line, which may be an alias; undefined if there is no such option. */
export function optionNamed(name: string): OptionRow | undefined {
  return BY_NAME.get(pluginOptionName(name) === undefined ? name : 'plugin_opt_*');
}

/** The option that was probably meant. */
export function nearestOption(name: string): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  return nearestName(name.trim(), [...BY_NAME.keys()]);
}

/** A longer word is no mistyped name. */
const LONGEST_NAME = 64;
