/**
 * The members of a JSON object by name, where upper and lower case are the same, as they are for Mosquitto: tools write
 * `textName` and `textname`. Of two names that differ only in case, the first counts.
 */

export class JsonFields {
  readonly #members: ReadonlyMap<string, unknown>;

  private constructor(object: object) {
    const members = new Map<string, unknown>();
    for (const [name, value] of Object.entries(object)) {
      const lower = name.toLowerCase();
      if (!members.has(lower)) members.set(lower, value);
    }
    this.#members = members;
  }

  /** @returns undefined for what is not an object */
  static of(value: unknown): JsonFields | undefined {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? new JsonFields(value) : undefined;
  }

  has(name: string): boolean {
    return this.#members.has(name.toLowerCase());
  }

  get(name: string): unknown {
    return this.#members.get(name.toLowerCase());
  }

  /** @returns undefined if it is not there, or no string */
  string(name: string): string | undefined {
    const value = this.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.get(name);
    return typeof value === 'boolean' ? value : otherwise;
  }

  /** A whole number, cut off if it is none. */
  number(name: string, otherwise: number): number {
    const value = this.get(name);
    return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : otherwise;
  }

  /** @returns undefined if it is not there, or no list */
  list(name: string): readonly unknown[] | undefined {
    const value = this.get(name);
    return Array.isArray(value) ? value : undefined;
  }

  /** In lower case. */
  names(): readonly string[] {
    return [...this.#members.keys()];
  }
}
