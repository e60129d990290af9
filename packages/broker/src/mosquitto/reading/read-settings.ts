/** From the lines of a `mosquitto.conf` to what each of them belongs to. All that is wrong is found, not only the first thing. */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import type { OptionRow } from '../options/option-row.ts';
import { repetitionOf } from '../options/option-row.ts';
import { nearestOption, optionNamed, pluginOptionName } from '../options/options.ts';
import type { FileEntry } from './configuration-files.ts';
import { isIncluded } from './configuration-files.ts';
import type { ConfigurationLine } from './configuration-lines.ts';
import { problemAt, quoted, shortened } from './configuration-lines.ts';
import { parseListenerAddress, parsePort } from './listener-address.ts';
import type { ParsedValue } from './option-value.ts';
import { parseOptionValue } from './option-value.ts';
import type {
  BridgeSettings,
  ListenerSettings,
  MosquittoSettings,
  PluginSettings,
  Setting,
} from './settings.ts';
import { Settings } from './settings.ts';

/** @param problems gets what is wrong, and what is worth knowing */
export function readSettings(
  entries: readonly FileEntry[],
  problems: ConfigurationProblem[],
): MosquittoSettings {
  const reader = new SettingsReader(problems);
  reader.readFile(entries);
  return reader.settings;
}

/** What the lines of one file go on with. */
interface FileState {
  listener: ListenerSettings;
  bridge: BridgeSettings | undefined;
  plugin: PluginSettings | undefined;
}

class SettingsReader {
  readonly #problems: ConfigurationProblem[];
  readonly #global: Settings;
  readonly #security: Settings;
  readonly #plugins: PluginSettings[];
  readonly #listeners: ListenerSettings[];
  readonly #bridges: BridgeSettings[];
  /** By the names of `plugin_load`. */
  readonly #loaded: Map<string, PluginSettings>;
  readonly #defaultListener: ListenerSettings;
  #perListener: boolean;
  #securityBegan: boolean;

  constructor(problems: ConfigurationProblem[]) {
    this.#problems = problems;
    this.#global = new Settings();
    this.#security = new Settings();
    this.#plugins = [];
    this.#listeners = [];
    this.#bridges = [];
    this.#loaded = new Map();
    this.#defaultListener = newListener(undefined, { kind: 'tcp', port: 1883, host: undefined });
    this.#perListener = false;
    this.#securityBegan = false;
  }

  get settings(): MosquittoSettings {
    return {
      global: this.#global,
      security: this.#security,
      plugins: this.#plugins,
      perListener: this.#perListener,
      listeners: this.#listeners,
      defaultListener: this.#withAddress(this.#defaultListener),
      bridges: this.#bridges,
    };
  }

  readFile(entries: readonly FileEntry[]): void {
    const state: FileState = { listener: this.#defaultListener, bridge: undefined, plugin: undefined };
    for (const entry of entries) {
      if (isIncluded(entry)) this.readFile(entry.lines);
      else this.#readLine(entry, state);
    }
  }

  #readLine(line: ConfigurationLine, state: FileState): void {
    const option = optionNamed(line.name);
    if (option === undefined) {
      this.#error(line, shortened(line.name), 'unknown-option', unknownText(line.name));
      return;
    }
    if (line.value.trim() === '' && option.value.type !== 'ignored') {
      if (option.passesEmpty === true) {
        this.#notice(line, 'missing-value', 'expected a value, got nothing; passed over, as by Mosquitto');
      } else this.#error(line, line.name, 'missing-value', 'expected a value, got nothing');
      return;
    }
    if (option.fate === 'refused') {
      this.#error(line, line.name, 'refused-option', option.text);
      return;
    }
    const parsed: ParsedValue = parseOptionValue(option, line.value);
    if ('error' in parsed) {
      this.#error(line, line.name, 'bad-value', parsed.error);
      return;
    }
    if (parsed.notice !== undefined) this.#notice(line, 'odd-value', parsed.notice);
    this.#tellOf(option, line);
    const { file, line: number, name } = line;
    this.#place({ option, name, file, line: number, value: parsed.value }, state);
  }

  #tellOf(option: OptionRow, line: ConfigurationLine): void {
    if (option.deprecated !== undefined) {
      this.#notice(line, 'deprecated-option', `works here; Mosquitto prefers ${option.deprecated}`);
    }
    // Of bridges it is told once for each.
    if (option.fate === 'replaced' && option.scope !== 'bridge') {
      this.#notice(line, 'replaced-option', option.text);
    }
  }

  #place(setting: Setting, state: FileState): void {
    switch (setting.option.name) {
      case 'listener':
        this.#beginListener(setting, state);
        return;
      case 'connection':
        this.#beginBridge(setting, state);
        return;
      case 'plugin':
      case 'global_plugin':
      case 'plugin_load':
        this.#beginPlugin(setting, state);
        return;
      case 'plugin_use':
        this.#usePlugin(setting, state);
        return;
      case 'plugin_opt_*':
        this.#addPluginOption(setting, state);
        return;
      case 'per_listener_settings':
        this.#setPerListener(setting);
        return;
      case 'port':
      case 'bind_address':
        this.#add(this.#defaultListener.options, setting);
        return;
      default:
        this.#placeByScope(setting, state);
    }
  }

  #placeByScope(setting: Setting, state: FileState): void {
    switch (setting.option.scope) {
      case 'global':
        this.#add(this.#global, setting);
        return;
      case 'security':
        this.#securityBegan = true;
        if (setting.option.name === 'auth_plugin_deny_special_chars' && state.plugin === undefined) {
          this.#error(setting, setting.name, 'misplaced-option', 'expected a plugin line above it');
          return;
        }
        this.#add(this.#perListener ? state.listener.security : this.#security, setting);
        return;
      case 'listener':
        this.#add(state.listener.options, setting);
        return;
      case 'bridge':
        if (state.bridge === undefined) {
          this.#error(setting, setting.name, 'misplaced-option', 'expected a connection line above it');
        } else this.#add(state.bridge.options, setting);
    }
  }

  #add(settings: Settings, setting: Setting): void {
    const { option, name } = setting;
    const earlier = settings.find(option.name);
    if (earlier !== undefined && repetitionOf(option) === 'error') {
      this.#error(setting, name, 'duplicate-option', `stands in line ${earlier.line} already; leave one`);
      return;
    }
    if (earlier !== undefined && repetitionOf(option) === 'last') {
      this.#notice(setting, 'duplicate-option', `counts in place of the one in line ${earlier.line}`);
    }
    settings.add(setting);
  }

  #beginListener(setting: Setting, state: FileState): void {
    const parsed = parseListenerAddress(String(setting.value));
    if ('error' in parsed) {
      this.#error(setting, setting.name, 'bad-value', parsed.error);
      return;
    }
    if (parsed.notice !== undefined) this.#notice(setting, 'odd-value', parsed.notice);
    state.listener = newListener({ file: setting.file, line: setting.line }, parsed.address);
    this.#listeners.push(state.listener);
  }

  #beginBridge(setting: Setting, state: FileState): void {
    const name = String(setting.value);
    const { file, line } = setting;
    const earlier = this.#bridges.find((bridge) => bridge.name === name);
    if (earlier !== undefined) {
      const text = `expected another name than that of the bridge in line ${earlier.place.line}, got ${quoted(name)}`;
      this.#error(setting, setting.name, 'duplicate-option', text);
      return;
    }
    state.bridge = { name, place: { file, line }, options: new Settings() };
    this.#bridges.push(state.bridge);
  }

  #beginPlugin(setting: Setting, state: FileState): void {
    const { file, line, option } = setting;
    const text = String(setting.value).trim();
    this.#securityBegan ||= option.name === 'plugin';
    const space = text.indexOf(' ');
    if (option.name === 'plugin_load' && space < 0) {
      this.#error(
        setting,
        setting.name,
        'bad-value',
        'expected a name and the path of a plugin, got one word',
      );
      return;
    }
    const path = option.name === 'plugin_load' ? text.slice(space).trim() : text;
    state.plugin = { file, line, path, options: [] };
    if (option.name === 'plugin_load') this.#loaded.set(text.slice(0, space), state.plugin);
    else if (option.name === 'plugin' && this.#perListener) state.listener.plugins.push(state.plugin);
    else this.#plugins.push(state.plugin);
  }

  #usePlugin(setting: Setting, state: FileState): void {
    const name = String(setting.value);
    const plugin = this.#loaded.get(name);
    if (plugin === undefined) {
      const text = `expected the name of a plugin_load line above it, got ${quoted(name)}`;
      this.#error(setting, setting.name, 'bad-value', text);
    } else if (!state.listener.plugins.includes(plugin)) state.listener.plugins.push(plugin);
  }

  #addPluginOption(setting: Setting, { plugin }: FileState): void {
    if (plugin === undefined) {
      this.#error(setting, setting.name, 'misplaced-option', 'expected a plugin line above it');
      return;
    }
    const { file, line, value } = setting;
    plugin.options.push({ file, line, name: pluginOptionName(setting.name)!, value: String(value).trim() });
  }

  #setPerListener(setting: Setting): void {
    if (setting.value === true && this.#securityBegan) {
      const text =
        'expected it before every option about who may connect and do what; put it at the beginning';
      this.#error(setting, setting.name, 'misplaced-option', text);
      return;
    }
    this.#perListener = setting.value === true;
    this.#add(this.#global, setting);
  }

  /** `port` and `bind_address` say where the default listener is. */
  #withAddress(listener: ListenerSettings): ListenerSettings {
    const port = listener.options.find('port');
    const host = listener.options.text('bind_address');
    const parsed = port === undefined ? { port: 1883 } : parsePort(String(port.value), 1);
    if ('error' in parsed) {
      this.#error(port!, 'port', 'bad-value', parsed.error);
      return listener;
    }
    return { ...listener, address: { kind: 'tcp', port: parsed.port, host } };
  }

  #error(
    place: { readonly file: string; readonly line: number },
    key: string,
    code: string,
    text: string,
  ): void {
    this.#problems.push(problemAt(place, key, code, text));
  }

  #notice(place: ConfigurationLine | Setting, code: string, text: string): void {
    this.#problems.push(problemAt(place, place.name, code, text, 'notice'));
  }
}

function newListener(
  place: ListenerSettings['place'],
  address: ListenerSettings['address'],
): ListenerSettings {
  return { place, address, options: new Settings(), security: new Settings(), plugins: [] };
}

function unknownText(name: string): string {
  if (name.startsWith('#')) return 'unknown option; a comment needs its # in the first column';
  if (name.startsWith('\u{feff}')) return 'expected a file without a byte order mark, got one';
  const [word = ''] = name.split('\t').filter((part) => part !== '');
  if (name.includes('\t') && optionNamed(word) !== undefined) {
    return 'expected spaces around the name, got a tab';
  }
  const nearest = nearestOption(name);
  return `unknown option${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}
