/**
 * Reads `martlet.yaml`, puts over it what the environment and flags say, checks all of it and fills in the defaults.
 *
 * One rule says what holds: defaults < file < environment < flags of the command.
 */
import { dirname, resolve } from 'node:path';
import type { Configuration } from './configuration.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import { ConfigurationError, inOrder } from './configuration-error.ts';
import { findingsOf } from './cross-checks.ts';
import { addDerivedDefaults } from './derived-defaults.ts';
import { overridesOfEnvironment } from './environment.ts';
import type { KeyPath } from './key-path.ts';
import { keyText, valueAt } from './key-path.ts';
import type { ConfigurationOverride } from './overrides.ts';
import { applyOverride } from './overrides.ts';
import { withAbsolutePaths } from './paths.ts';
import { problemsOf } from './problems-of.ts';
import { remainingFindings } from './remaining-findings.ts';
import { rowAt } from './row-at.ts';
import { CONFIGURATION_SCHEMA } from './schema.ts';
import type { Overriding, Place } from './source.ts';
import { Source } from './source.ts';
import { readSourceText } from './source-text.ts';
import type { YamlSource } from './yaml-source.ts';
import { readYaml } from './yaml-source.ts';

/** What counts before the file: variables of the environment, then flags. */
export interface LoadOptions {
  /** Variables that begin with `MARTLET_` are looked at. @default none */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Of flags; of several for one key the last counts. @default none */
  readonly overrides?: readonly ConfigurationOverride[];
}

/** A configuration that can take effect: what `startServer` starts with. */
export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Where each value comes from, for errors and for `why`. */
  readonly source: Source;
  readonly notices: readonly ConfigurationProblem[];
  /** Files that were read to load it, as absolute paths. */
  readonly files: readonly string[];
}

/**
 * @param path the file; undefined: there is none, and the defaults hold
 * @throws {ConfigurationError} with everything that is wrong, by line
 * @example
 * const { configuration, notices } = await loadConfiguration('martlet.yaml', { env: process.env });
 */
export async function loadConfiguration(
  path: string | undefined,
  options: LoadOptions = {},
): Promise<LoadedConfiguration> {
  if (path === undefined) return configurationFrom({}, options);
  return parseConfiguration(await readSourceText(path), path, options);
}

/**
 * The same for a text that has been read.
 * @param path the file that it was read from: messages name it, and relative paths are relative to its directory
 */
export function parseConfiguration(
  text: string,
  path: string,
  options: LoadOptions = {},
): LoadedConfiguration {
  const yaml = readYaml(text, path);
  const root = rootOf(yaml, path);
  fillEmptySections(root, yaml.empty);
  return resolved(root, path, yaml, {
    ...options,
    files: [resolve(path)],
    directory: dirname(resolve(path)),
  });
}

/** Of a configuration that was made by a program. */
export interface MadeFrom {
  /** The file that it was made from. @default none */
  readonly file?: string;
  /** Where its values stand in files, by the texts of their keys, such as `limits.queuedMessages`. @default nowhere */
  readonly places?: ReadonlyMap<string, Place>;
  /** What its values are called in files, by the texts of their keys. @default as their keys */
  readonly names?: ReadonlyMap<string, string>;
}

/**
 * The same for a configuration that was made by a program, such as from another broker's file. Relative paths are relative to the
 * current directory.
 * @param input as a file would have it; it is copied
 */
export function configurationFrom(
  input: unknown,
  options: LoadOptions = {},
  { file, places = new Map(), names }: MadeFrom = {},
): LoadedConfiguration {
  const yaml = { value: structuredClone(input), values: places, keys: places, empty: [] };
  return resolved(rootOf(yaml, file ?? 'configuration', 'null'), file, yaml, {
    ...options,
    files: [],
    directory: process.cwd(),
    ...(names && { names }),
  });
}

/** @param empty what one that says nothing is called */
function rootOf(
  { value, values }: YamlSource,
  file: string,
  empty = 'an empty file',
): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  const got = value === null ? empty : Array.isArray(value) ? 'a list' : 'a value alone';
  const text = `expected keys such as listeners, got ${got}; {} alone says that every default holds`;
  const place = {
    file,
    line: undefined,
    ...values.get(''),
    key: '',
    severity: 'error',
    code: 'no-keys',
  } as const;
  throw new ConfigurationError([{ ...place, text }]);
}

/** `tls:` with nothing below it was meant to say something: what it lacks is told, and it is not taken for no TLS. */
function fillEmptySections(root: Record<string, unknown>, empty: readonly KeyPath[]): void {
  for (const path of empty) {
    const above = valueAt(root, path.slice(0, -1));
    const isSection = rowAt(path, root)?.kind === 'section';
    if (isSection && typeof above === 'object' && above !== null)
      (above as Record<string | number, unknown>)[path.at(-1)!] = {};
  }
}

interface Origin extends LoadOptions, Pick<MadeFrom, 'names'> {
  readonly files: readonly string[];
  /** What relative paths are relative to. */
  readonly directory: string;
}

function resolved(
  root: Record<string, unknown>,
  file: string | undefined,
  places: YamlSource,
  { env = {}, overrides = [], files, directory, names }: Origin,
): LoadedConfiguration {
  const errors: ConfigurationProblem[] = [];
  const overriding = new Map<string, Overriding>();
  const fromEnvironment = overridesOfEnvironment(env, root);
  errors.push(...fromEnvironment.problems);
  for (const override of [...fromEnvironment.overrides, ...overrides]) {
    const { key, from } = override;
    if (key[0] === 'listeners' && key.length > 1) addDefaultListeners(root);
    const obstacle = applyOverride(root, override);
    if (obstacle === undefined) overriding.set(keyText(key), from);
    else errors.push(overrideProblem(override, obstacle));
  }
  const source = new Source(file, places, overriding, names);
  addDerivedDefaults(root);
  const result = CONFIGURATION_SCHEMA.safeParse(root);
  if (!result.success) {
    const { issues } = result.error;
    const wrong = [...problemsOf(issues, root, source), ...remainingFindings(root, issues, source)];
    errors.push(...source.named(wrong));
  }
  if (!result.success || errors.length > 0) throw new ConfigurationError(inOrder(errors));
  const configuration = withAbsolutePaths(result.data, directory);
  const findings = source.named(findingsOf(configuration, source));
  const wrong = findings.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0) throw new ConfigurationError(inOrder(wrong));
  return { configuration, source, notices: inOrder(findings), files };
}

function addDefaultListeners(root: Record<string, unknown>): void {
  root['listeners'] ??= [{ protocol: 'mqtt' }, { protocol: 'websocket' }];
}

function overrideProblem({ key, from }: ConfigurationOverride, text: string): ConfigurationProblem {
  const file = from.kind === 'environment' ? from.variable : from.flag;
  return { file, line: undefined, key: keyText(key), severity: 'error', code: 'bad-override', text };
}
