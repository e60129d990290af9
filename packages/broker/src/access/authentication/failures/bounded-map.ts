/** A map that forgets what was set longest ago when it is full. Strangers choose its keys: a long one is kept as its hash. */
import { createHash } from 'node:crypto';

/** Characters. */
const LONGEST_KEY = 128;

/** @returns a short text itself; a long one by its hash, so that a key is small whatever a client sends */
export function shortKey(text: string): string {
  if (text.length <= LONGEST_KEY) return text;
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export class BoundedMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Puts it last: what was not set for longest is forgotten first. */
  set(key: string, value: Value): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#limit) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, value);
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#entries.entries();
  }
}
