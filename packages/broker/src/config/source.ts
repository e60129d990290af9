/** Where each value of a configuration comes from: a line of a file, a variable of the environment, a flag, or nowhere. */
import type { ConfigurationProblem } from './configuration-error.ts';
import type { KeyPath } from './key-path.ts';
import { keyText } from './key-path.ts';

/** Of the text of a key: a name, or a number in brackets. */
const LAST_PART: Readonly<RegExp> = /(?:^|\.)[^.[\]]*$|\[[^\]]*\]$/;

export interface Place {
  /** @default the file of the configuration; another one if it consists of several */
  readonly file?: string;
  /** Undefined: no line says so, such as a habit that comes with a file of this kind. */
  readonly line: number | undefined;
  readonly column?: number;
}

export type ValueOrigin =
  | { readonly kind: 'default' }
  | ({ readonly kind: 'file'; readonly file: string } & Place)
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'flag'; readonly flag: string };

/** What wrote a value over one of the file. */
export type Overriding =
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'flag'; readonly flag: string };

/** Where the values of a configuration come from. A key that was not given is found with the key that it stands below. */
export class Source {
  /** The file as it was named; `undefined`: there is none. */
  readonly file: string | undefined;
  readonly #values: ReadonlyMap<string, Place>;
  readonly #keys: ReadonlyMap<string, Place>;
  readonly #overriding: ReadonlyMap<string, Overriding>;
  readonly #names: ReadonlyMap<string, string>;

  /** @param names what values are called in the file, by their keys, where that is something else, as in another broker's */
  constructor(
    file: string | undefined,
    places: { readonly values: ReadonlyMap<string, Place>; readonly keys: ReadonlyMap<string, Place> },
    overriding: ReadonlyMap<string, Overriding>,
    names: ReadonlyMap<string, string> = new Map(),
  ) {
    this.file = file;
    this.#values = places.values;
    this.#keys = places.keys;
    this.#overriding = overriding;
    this.#names = names;
  }

  /** Where exactly this value comes from. */
  originOf(path: KeyPath): ValueOrigin {
    const overriding = this.#overridingOf(path);
    if (overriding !== undefined) return overriding;
    const place = this.#values.get(keyText(path)) ?? this.#placeOfWord(path);
    if (place === undefined || this.file === undefined) return { kind: 'default' };
    return { kind: 'file', ...place, file: place.file ?? this.file };
  }

  /** Problems for whoever reads the file: a value that has a name there is called by it. */
  named(problems: readonly ConfigurationProblem[]): readonly ConfigurationProblem[] {
    return problems.map((problem) => ({ ...problem, key: this.#nameOf(problem.key) }));
  }

  /** The name of the value, or of the nearest above it that has one. */
  #nameOf(key: string): string {
    for (let above = key; above !== ''; above = above.replace(LAST_PART, '')) {
      if (this.#overriding.has(above)) return key;
      const name = this.#names.get(above);
      if (name !== undefined) return name;
    }
    return key;
  }

  /** A word alone may stand for a list of it, and for a section with this type. */
  #placeOfWord(path: KeyPath): Place | undefined {
    const last = path.at(-1);
    if (last !== 0 && last !== 'type') return undefined;
    const above = path.slice(0, -1);
    return this.#values.get(keyText(above)) ?? (last === 'type' ? this.#placeOfWord(above) : undefined);
  }

  /** The file and line to name when something is wrong, or decided, by this key: its own, or the nearest one above it. */
  placeOf(path: KeyPath): {
    readonly file: string;
    readonly line: number | undefined;
    readonly column?: number;
  } {
    return this.#place(path, this.#values);
  }

  /** The same for the name of the key. */
  placeOfKey(path: KeyPath): {
    readonly file: string;
    readonly line: number | undefined;
    readonly column?: number;
  } {
    const own = this.#keys.get(keyText(path));
    const file = own?.file ?? this.file;
    if (own === undefined || file === undefined || this.#overridingOf(path) !== undefined)
      return this.placeOf(path);
    return { ...own, file };
  }

  #overridingOf(path: KeyPath): Overriding | undefined {
    for (let length = path.length; length > 0; length--) {
      const overriding = this.#overriding.get(keyText(path.slice(0, length)));
      if (overriding !== undefined) return overriding;
    }
    return undefined;
  }

  #place(
    path: KeyPath,
    places: ReadonlyMap<string, Place>,
  ): { readonly file: string; readonly line: number | undefined; readonly column?: number } {
    const overriding = this.#overridingOf(path);
    if (overriding?.kind === 'environment') return { file: overriding.variable, line: undefined };
    if (overriding?.kind === 'flag') return { file: overriding.flag, line: undefined };
    for (let length = path.length; length >= 0; length--) {
      const place = places.get(keyText(path.slice(0, length)));
      const file = place?.file ?? this.file;
      if (place !== undefined && file !== undefined) return { ...place, file };
    }
    return { file: this.file ?? 'configuration', line: undefined };
  }
}
