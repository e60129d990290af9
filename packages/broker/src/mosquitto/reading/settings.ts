/** What stands in a `mosquitto.conf`, by what it belongs to. Nothing is decided yet. */
import type { OptionRow } from '../options/option-row.ts';
import type { Place } from './configuration-lines.ts';
import type { OptionValue } from './option-value.ts';

/** An option as it was given. */
export interface Setting extends Place {
  readonly option: OptionRow;
  /** The name in the file, which may be an alias. */
  readonly name: string;
  readonly value: OptionValue;
}

/** The options of the broker, of one listener or of one bridge. */
export class Settings {
  readonly #byName = new Map<string, Setting[]>();

  add(setting: Setting): void {
    const same = this.#byName.get(setting.option.name);
    if (same === undefined) this.#byName.set(setting.option.name, [setting]);
    else same.push(setting);
  }

  /** The one that counts: the last. */
  find(name: string): Setting | undefined {
    return this.#byName.get(name)?.at(-1);
  }

  all(name: string): readonly Setting[] {
    return this.#byName.get(name) ?? [];
  }

  text(name: string): string | undefined {
    const value = this.find(name)?.value;
    return value === undefined ? undefined : String(value);
  }

  number(name: string): number | undefined {
    const value = this.find(name)?.value;
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.find(name)?.value;
    return typeof value === 'boolean' ? value : undefined;
  }

  *[Symbol.iterator](): Generator<Setting> {
    for (const same of this.#byName.values()) yield* same;
  }
}

export interface PluginOption extends Place {
  /** Without `plugin_opt_`. */
  readonly name: string;
  readonly value: string;
}

export interface PluginSettings extends Place {
  readonly path: string;
  readonly options: PluginOption[];
}

/** Where a listener listens. */
export type ListenerAddress =
  | { readonly kind: 'tcp'; readonly port: number; readonly host: string | undefined }
  | { readonly kind: 'unix'; readonly path: string };

export interface ListenerSettings {
  /** Of its `listener` line; undefined: it is the default listener. */
  readonly place: Place | undefined;
  readonly address: ListenerAddress;
  readonly options: Settings;
  /** With `per_listener_settings true`. */
  readonly security: Settings;
  /** Those that decide for it alone. */
  readonly plugins: PluginSettings[];
}

export interface BridgeSettings {
  readonly name: string;
  readonly place: Place;
  readonly options: Settings;
}

export interface MosquittoSettings {
  readonly global: Settings;
  /** For all listeners, unless `per_listener_settings` is true. */
  readonly security: Settings;
  readonly plugins: readonly PluginSettings[];
  readonly perListener: boolean;
  /** Those with a line of their own. */
  readonly listeners: readonly ListenerSettings[];
  /** What stood before the first `listener` line of a file. */
  readonly defaultListener: ListenerSettings;
  readonly bridges: readonly BridgeSettings[];
}
