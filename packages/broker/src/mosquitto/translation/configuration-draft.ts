/** A configuration as `martlet.yaml` would have it, while it is made from a `mosquitto.conf`: each value with the line that it is from. */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import type { KeyPath } from '../../config/key-path.ts';
import { keyText } from '../../config/key-path.ts';
import type { Place } from '../reading/configuration-lines.ts';
import { problemAt } from '../reading/configuration-lines.ts';

/** What YAML can say. */
export type DraftValue =
  | string
  | number
  | boolean
  | null
  | readonly DraftValue[]
  | { readonly [key: string]: DraftValue };

/** Where a value comes from; undefined: no line says so, it is Mosquitto's default. */
export type Origin = (Place & { readonly name: string }) | undefined;

type Section = Record<string, unknown>;

export class ConfigurationDraft {
  readonly #root: Section;
  readonly #origins: Map<string, Place & { readonly name: string }>;
  readonly problems: ConfigurationProblem[];

  constructor(problems: ConfigurationProblem[]) {
    this.#root = {};
    this.#origins = new Map();
    this.problems = problems;
  }

  get root(): Readonly<Section> {
    return this.#root;
  }

  /** The lines that values are from, by the text of their keys, such as `limits.queuedMessages`. */
  get origins(): ReadonlyMap<string, Place & { readonly name: string }> {
    return this.#origins;
  }

  /** Sections and lists above the key are made; a list is filled from its beginning. */
  set(path: KeyPath, value: DraftValue, origin?: Origin): void {
    let above: Section = this.#root;
    for (const [at, part] of path.slice(0, -1).entries()) {
      const next = path[at + 1];
      above[part] ??= typeof next === 'number' ? [] : {};
      above = above[part] as Section;
    }
    above[path.at(-1)!] = value;
    this.mark(path, origin);
  }

  /** Says where a value, or a section, is from. */
  mark(path: KeyPath, origin: Origin): void {
    if (origin !== undefined) this.#origins.set(keyText(path), origin);
  }

  /** How many entries a list has. */
  lengthOf(path: KeyPath): number {
    let value: unknown = this.#root;
    for (const part of path) value = (value as Section | undefined)?.[part];
    return Array.isArray(value) ? value.length : 0;
  }

  error(place: Place & { readonly name: string }, code: string, text: string): void {
    this.problems.push(problemAt(place, place.name, code, text));
  }

  notice(place: Place & { readonly name: string }, code: string, text: string): void {
    this.problems.push(problemAt(place, place.name, code, text, 'notice'));
  }
}
