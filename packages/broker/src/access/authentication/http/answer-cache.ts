/**
 * What a service said about credentials, for a while. The key is a keyed hash of all that was asked: no password is kept, and
 * whoever sees the memory of the process cannot try passwords against it without its key.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { BoundedMap } from '../failures/bounded-map.ts';

interface Kept<Value> {
  readonly value: Value;
  /** Monotonic. */
  readonly untilMs: number;
}

export class AnswerCache<Value> {
  readonly #answers: BoundedMap<Kept<Value>>;
  readonly #secret: Uint8Array = randomBytes(32);

  /** @param entries beyond, the oldest are forgotten */
  constructor(entries: number) {
    this.#answers = new BoundedMap(entries);
  }

  get size(): number {
    return this.#answers.size;
  }

  /** @param parts in an order that is always the same; undefined is another part than an empty one */
  keyOf(parts: readonly (string | Uint8Array | undefined)[]): string {
    const hash = createHmac('sha256', this.#secret);
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      hash.update(bytes === undefined ? '-' : `${bytes.length}:`);
      if (bytes !== undefined) hash.update(bytes);
    }
    return hash.digest('base64');
  }

  find(key: string, nowMs: number): Value | undefined {
    const kept = this.#answers.get(key);
    if (kept === undefined || kept.untilMs > nowMs) return kept?.value;
    this.#answers.delete(key);
    return undefined;
  }

  keep(key: string, value: Value, untilMs: number): void {
    this.#answers.set(key, { value, untilMs });
  }
}
