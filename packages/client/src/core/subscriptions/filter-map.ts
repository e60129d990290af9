/**
 * What is kept for topic filters, found by a topic name without a look at each of them: filters whose wildcards stand at
 * the same levels have one shape, and in a shape's gaps a topic name leaves one filter to look for.
 *
 *     a/+/c    shape /+/    with the name x/y/z    x/+/z
 */
import { isSharedFilter } from '@martlet/protocol';

export class FilterMap<T> extends Map<string, T> {
  /** How many filters there are of each shape. */
  readonly #shapes: Map<string, number> = new Map();

  override set(topicFilter: string, value: T): this {
    if (!this.has(topicFilter)) this.#count(topicFilter, 1);
    return super.set(topicFilter, value);
  }

  override delete(topicFilter: string): boolean {
    if (this.has(topicFilter)) this.#count(topicFilter, -1);
    return super.delete(topicFilter);
  }

  /** What is kept for the filters that match; that of a shared one without its `$share/…`. */
  matching(topicName: string): T[] {
    const levels = topicName.split('/');
    const found: T[] = [];
    for (const shape of this.#shapes.keys()) {
      const parts = shape.split('/');
      const first = isSharedFilter(shape) ? 2 : 0;
      const more = levels.length + first - parts.length;
      // `#` is also the parent itself: sport/# matches sport.
      if (shape.endsWith('#') ? more < -1 : more !== 0) continue;
      if (topicName.startsWith('$') && parts[first] !== '') continue; // [MQTT-4.7.2-1] [MQTT-4.7.2-1] 3.1.1
      if (first === 0 && isSharedFilter(topicName)) continue;
      const value = this.get(parts.map((part, i) => part || levels[i - first]).join('/'));
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  #count(topicFilter: string, by: 1 | -1): void {
    const start = isSharedFilter(topicFilter) ? topicFilter.indexOf('/', 7) + 1 : 0;
    const shape = topicFilter.slice(0, start) + topicFilter.slice(start).replace(/[^/+#]+/g, '');
    const count = (this.#shapes.get(shape) ?? 0) + by;
    if (count > 0) this.#shapes.set(shape, count);
    else this.#shapes.delete(shape);
  }
}
