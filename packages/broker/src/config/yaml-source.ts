/**
 * YAML as plain values, with the place of each: what the `yaml` library composes is walked here, so that everything in it is bounded
 * (aliases, depth, values) and every finding has a line.
 */
import type { Alias, Document, Node, Pair, ParsedNode, YAMLMap, YAMLSeq } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter } from 'yaml';
import type { ConfigurationProblem } from './configuration-error.ts';
import { ConfigurationError, inOrder } from './configuration-error.ts';
import type { KeyPath } from './key-path.ts';
import { keyText } from './key-path.ts';
import type { Place } from './source.ts';
import { composeYaml, YamlTooLargeError } from './yaml-document.ts';

export interface YamlSource {
  /** Objects without a prototype, lists, texts, numbers, booleans and null. */
  readonly value: unknown;
  /** Where values begin, by the text of their keys; the outermost by ''. */
  readonly values: ReadonlyMap<string, Place>;
  /** Where the names of keys begin. */
  readonly keys: ReadonlyMap<string, Place>;
  /** Keys with nothing after them, which YAML takes for null. */
  readonly empty: readonly KeyPath[];
}

/** Values in a file, those that aliases repeat counted again: more is no configuration, but a bomb. */
const MAXIMUM_VALUES = 200_000;
const MAXIMUM_DEPTH = 64;
const MAXIMUM_ERRORS = 100;

/** @throws {ConfigurationError} with all that is wrong with the text as YAML */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const reading = new Reading(file, lines);
  const document = reading.composed(text);
  for (const { code, message, pos } of [...document.errors, ...document.warnings].slice(0, MAXIMUM_ERRORS)) {
    reading.add(yamlCode(code), '', pos[0], yamlText(code, message));
  }
  const value = reading.problems.length === 0 ? reading.valueOf(document.contents, [], 0) : undefined;
  if (reading.problems.length > 0) throw new ConfigurationError(inOrder(reading.problems));
  return { value, values: reading.values, keys: reading.keys, empty: reading.empty };
}

function yamlCode(code: string): string {
  return code === 'TAG_RESOLVE_FAILED' ? 'unknown-tag' : 'bad-yaml';
}

function yamlText(code: string, message: string): string {
  const plain = message.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'expected spaces in front, got a tab: YAML allows none there';
    case 'MULTIPLE_DOCS':
      return 'expected one document, got another one after it';
    case 'TAG_RESOLVE_FAILED':
      return 'expected no tag that begins with an exclamation mark: text with one needs quotes';
    default:
      return `expected YAML: ${plain.length > 200 ? `${plain.slice(0, 200)}…` : plain}`;
  }
}

class Reading {
  readonly problems: ConfigurationProblem[] = [];
  readonly values = new Map<string, Place>();
  readonly keys = new Map<string, Place>();
  readonly empty: KeyPath[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;
  /** By the name of the anchor: what it last stood for before the place that is read. */
  readonly #anchors = new Map<string, Node>();
  /** What has an anchor and is being read: an alias of it within itself has no end. */
  readonly #open = new Set<Node>();
  #count = 0;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  add(code: string, key: string, offset: number | undefined, text: string): void {
    const place = offset === undefined ? undefined : this.#placeAt(offset);
    const at = place === undefined ? { line: undefined } : place;
    if (this.problems.length < MAXIMUM_ERRORS)
      this.problems.push({ file: this.#file, ...at, key, severity: 'error', code, text });
  }

  /** @throws {ConfigurationError} if it is too large to be read */
  composed(text: string): Document.Parsed {
    try {
      return composeYaml(text, this.#lines);
    } catch (error) {
      if (!(error instanceof YamlTooLargeError)) throw error;
      this.add(error.code, '', error.offset, error.message);
      throw new ConfigurationError(this.problems, { cause: error });
    }
  }

  valueOf(node: ParsedNode | Node | null, path: KeyPath, depth: number): unknown {
    const offset = node?.range?.[0];
    this.#count++;
    if (this.#count === MAXIMUM_VALUES + 1) this.#addBomb(path, offset);
    if (this.#count > MAXIMUM_VALUES || node === null) return null;
    if (depth > MAXIMUM_DEPTH) {
      this.add('too-deep', '', offset, `expected at most ${MAXIMUM_DEPTH} levels of nesting, got more`);
      return null;
    }
    if (offset !== undefined && !this.values.has(keyText(path)))
      this.values.set(keyText(path), this.#placeAt(offset));
    if (isAlias(node)) return this.#aliased(node, path, depth);
    const { anchor } = node as { readonly anchor?: string };
    if (anchor === undefined) return this.#contentsOf(node, path, depth);
    this.#anchors.set(anchor, node);
    this.#open.add(node);
    const value = this.#contentsOf(node, path, depth);
    this.#open.delete(node);
    return value;
  }

  #contentsOf(node: Node, path: KeyPath, depth: number): unknown {
    if (isMap(node)) return this.#mapping(node, path, depth);
    if (isSeq(node)) return this.#sequence(node, path, depth);
    return isScalar(node) ? this.#scalar(node, path) : null;
  }

  #addBomb(path: KeyPath, offset: number | undefined): void {
    const text = `expected at most ${MAXIMUM_VALUES} values, got more; each alias (*name) counts all that it repeats`;
    this.add('too-large', keyText(path), offset, text);
  }

  #aliased(alias: Alias, path: KeyPath, depth: number): unknown {
    const target = this.#anchors.get(alias.source);
    const offset = alias.range?.[0];
    if (target === undefined) {
      this.add(
        'bad-yaml',
        keyText(path),
        offset,
        `expected an anchor (&${alias.source}) before the alias, got none`,
      );
      return null;
    }
    if (this.#open.has(target)) {
      this.add(
        'bad-yaml',
        keyText(path),
        offset,
        `expected no alias within what it stands for: *${alias.source}`,
      );
      return null;
    }
    return this.valueOf(target, path, depth + 1);
  }

  /** A key may stand once. `<<` takes over what another mapping has and this one has not. */
  #mapping(map: YAMLMap, path: KeyPath, depth: number): unknown {
    const value: Record<string, unknown> = Object.create(null);
    const merged: unknown[] = [];
    for (const pair of map.items as readonly Pair<Node | null, Node | null>[]) {
      const name = this.#keyName(pair, path);
      if (name === undefined) continue;
      if (name === '<<') {
        const others = this.valueOf(pair.value, path, depth + 1);
        merged.push(...(Array.isArray(others) ? others : [others]));
        continue;
      }
      const own = [...path, name];
      const at = pair.key?.range?.[0];
      if (Object.hasOwn(value, name)) {
        const before = this.keys.get(keyText(own))?.line;
        this.add(
          'duplicate-key',
          keyText(own),
          at,
          `expected the key once, got it in line ${before ?? '?'} already`,
        );
        continue;
      }
      if (at !== undefined) {
        const place = this.#placeAt(at);
        this.keys.set(keyText(own), place);
        this.values.set(keyText(own), pair.value?.range ? this.#placeAt(pair.value.range[0]) : place);
      }
      value[name] = this.valueOf(pair.value, own, depth + 1);
    }
    this.#merge(value, merged, path, map);
    return value;
  }

  #merge(value: Record<string, unknown>, merged: readonly unknown[], path: KeyPath, map: YAMLMap): void {
    for (const other of merged) {
      if (typeof other !== 'object' || other === null || Array.isArray(other)) {
        this.add('bad-yaml', keyText(path), map.range?.[0], 'expected a mapping after <<, or a list of them');
        continue;
      }
      for (const [name, each] of Object.entries(other)) {
        if (!Object.hasOwn(value, name)) value[name] = each;
      }
    }
  }

  #keyName({ key }: Pair<Node | null, Node | null>, path: KeyPath): string | undefined {
    if (isScalar(key) && key.value !== null) {
      // The text as it stands: a user may be called 007.
      const { source, value } = key;
      if (typeof key.anchor === 'string') this.#anchors.set(key.anchor, key);
      const name = typeof value === 'string' ? value : (source ?? String(value));
      if (name !== '__proto__') return name;
      this.add(
        'bad-yaml',
        keyText(path),
        key.range?.[0],
        'expected another name than __proto__, which JavaScript has for itself',
      );
      return undefined;
    }
    this.add('bad-yaml', keyText(path), key?.range?.[0], 'expected text as the name of the key');
    return undefined;
  }

  #sequence(sequence: YAMLSeq, path: KeyPath, depth: number): unknown {
    return sequence.items.map((item, at) => this.valueOf(item as Node, [...path, at], depth + 1));
  }

  #scalar(scalar: { readonly value: unknown; readonly source?: string }, path: KeyPath): unknown {
    const { value, source } = scalar;
    if (value === null && source === '') this.empty.push(path);
    // 0660 is 660 to YAML, and 0o660 is 432: only the text tells permission bits.
    if (typeof value === 'number' && source !== undefined && /^0o?\d/.test(source)) return source;
    if (
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean' ||
      value === null
    )
      return value;
    this.add('bad-yaml', keyText(path), undefined, 'expected text, a number, true, false or null');
    return null;
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }
}
