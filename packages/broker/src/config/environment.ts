/**
 * Variables of the environment that stand for keys: `MARTLET_LIMITS__QUEUED_MESSAGES=1000` is `limits.queuedMessages`, and
 * `MARTLET_LISTENERS__0__PORT=1884` is `listeners[0].port`. Two underscores part the names; within one, those and capital letters do
 * not matter. Lists and sections may be given whole, as JSON.
 */
import { nearestName } from '../core/options/nearest-name.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import { expectedText } from './expected-text.ts';
import type { KeyPath } from './key-path.ts';
import { keyText, valueAt } from './key-path.ts';
import type { ConfigurationOverride } from './overrides.ts';
import type { AnyRow, AnyTable } from './row.ts';
import { configurationRow, keysOfVariant } from './row-at.ts';

const PREFIX = 'MARTLET_';

/** Variables of that prefix that are no keys: what commands look at. */
const OTHERS: ReadonlySet<string> = new Set(['MARTLET_PASSWORD']);

export interface EnvironmentOverrides {
  readonly overrides: readonly ConfigurationOverride[];
  readonly problems: readonly ConfigurationProblem[];
}

/** @param root the configuration of the file: of sections with a `type`, that decides which keys there are */
export function overridesOfEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  root: unknown,
): EnvironmentOverrides {
  const overrides: ConfigurationOverride[] = [];
  const problems: ConfigurationProblem[] = [];
  // A section as a whole comes before a key within it; entries of a list in their order.
  const names = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !isOfOthers(name, env[name]));
  for (const variable of names.sort(byDepthThenNumbers)) {
    const found = keyOf(variable, root);
    const text = env[variable] ?? '';
    if ('problem' in found) {
      problems.push(problemWith(variable, 'unknown-variable', found.problem));
      continue;
    }
    const value = valueOfText(text, found.row);
    if (value === undefined) problems.push(noJson(variable, found));
    else overrides.push({ key: found.key, value, from: { kind: 'environment', variable } });
  }
  return { overrides, problems };
}

/**
 * Kubernetes, and links of Docker, put variables for each service into the environment of every container: of one that is called
 * martlet, `MARTLET_SERVICE_HOST`, `MARTLET_PORT=tcp://10.0.0.7:1883` and `MARTLET_PORT_1883_TCP_ADDR`.
 */
function isOfOthers(name: string, value: string | undefined): boolean {
  if (OTHERS.has(name)) return true;
  if (name.includes('__')) return false;
  if (/_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true;
  return name.endsWith('_PORT') && value !== undefined && /^(tcp|udp|sctp):\/\//.test(value);
}

function byDepthThenNumbers(a: string, b: string): number {
  return a.split('__').length - b.split('__').length || a.localeCompare(b, 'en', { numeric: true });
}

/** The value is not shown: it may be a secret. */
function noJson(variable: string, { key, row }: FoundKey): ConfigurationProblem {
  const problem = problemWith(variable, 'bad-value', `expected JSON: ${expectedText(row)}`);
  return { ...problem, key: keyText(key) };
}

function problemWith(file: string, code: string, text: string): ConfigurationProblem {
  return { file, line: undefined, key: '', severity: 'error', code, text };
}

interface FoundKey {
  readonly key: KeyPath;
  readonly row: AnyRow;
}

function keyOf(variable: string, root: unknown): FoundKey | { readonly problem: string } {
  let row: AnyRow = configurationRow();
  const key: (string | number)[] = [];
  const parts = variable.slice(PREFIX.length).split('__');
  for (const [at, part] of parts.entries()) {
    const value = valueAt(root, key);
    const below = stepInto(row, part, value);
    if (below === undefined) {
      const hint = hintFor(row, part, value, `${PREFIX}${parts.slice(0, at).join('__')}`);
      return {
        problem: `expected the name of a key of the configuration after ${PREFIX}, got none that is known${hint}`,
      };
    }
    key.push(below.part);
    row = below.row;
  }
  return { key, row };
}

/** @param known the part of the variable that was understood */
function hintFor(row: AnyRow, part: string, value: unknown, known: string): string {
  if (row.kind === 'list') return `: an index from 0 on is expected after ${known}`;
  if (row.kind === 'map') return '';
  const names = Object.keys(keysBelow(row, value)).map(variableName);
  if (names.length === 0) return `: there are no keys below ${known}`;
  const near = nearestName(part, names);
  return near === undefined ? '' : `; did you mean ${known}${known === PREFIX ? '' : '__'}${near}?`;
}

interface Step {
  readonly part: string | number;
  readonly row: AnyRow;
}

function stepInto(row: AnyRow, part: string, value: unknown): Step | undefined {
  if (row.kind === 'list') return /^\d{1,5}$/.test(part) ? { part: Number(part), row: row.of } : undefined;
  if (row.kind === 'map') return part === '' || part === '__proto__' ? undefined : { part, row: row.of };
  const keys = keysBelow(row, value);
  const name = Object.keys(keys).find((each) => bare(each) === bare(part));
  return name === undefined ? undefined : { part: name, row: keys[name]! };
}

/** Of sections with a `type` that is not known yet, the keys of all. */
function keysBelow(row: AnyRow, value: unknown): AnyTable {
  if (row.kind === 'section') return row.keys;
  if (row.kind !== 'variants') return {};
  const type: AnyRow = { kind: 'choice', choices: Object.keys(row.variants), text: '' };
  const own = keysOfVariant(row, value);
  const all = Object.values(row.variants).map(({ keys }) => keys);
  return { type, ...Object.assign({}, ...(own === undefined ? all : [own])) };
}

function bare(name: string): string {
  return name.replaceAll('_', '').toUpperCase();
}

/** `queuedMessages` as `QUEUED_MESSAGES`. */
export function variableName(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
}

/** @returns undefined if it cannot be read; what is wrong with the value itself, the check of the schema tells */
function valueOfText(text: string, row: AnyRow): unknown {
  switch (row.kind) {
    case 'switch':
    case 'number':
    case 'choice':
      return word(text);
    case 'path':
      return row.orFalse === true && text === 'false' ? false : nullOr(text);
    case 'text':
      return row.orNumberFrom !== undefined && /^\d+$/.test(text) ? Number(text) : nullOr(text);
    case 'mode':
      return text;
    default:
      return jsonOrWord(text, row);
  }
}

function nullOr(text: string): string | null {
  return text === 'null' ? null : text;
}

function word(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d{1,15}(\.\d{1,9})?$/.test(text)) return Number(text);
  return nullOr(text);
}

/** A list of words may be given as one of them. */
function jsonOrWord(text: string, row: AnyRow): unknown {
  const trimmed = text.trim();
  if (/^[[{]/.test(trimmed) || trimmed === 'null') {
    try {
      return JSON.parse(trimmed);
    } catch {
      return undefined;
    }
  }
  const isWord = row.kind === 'variants' || (row.kind === 'list' && row.of.kind !== 'section');
  return isWord && trimmed !== '' ? trimmed : undefined;
}
