/** What stands in a configuration in place of what its file says: by the environment, then by flags. */
import type { KeyPath } from './key-path.ts';
import { keyText } from './key-path.ts';
import type { Overriding } from './source.ts';

/** One value from outside of the file. */
export interface ConfigurationOverride {
  readonly key: KeyPath;
  /** As a file would have it; undefined: as if the key were not there. */
  readonly value: unknown;
  readonly from: Overriding;
}

/**
 * Puts the value at its key; sections and lists on the way are made where they are not there.
 * @param root is changed
 * @returns what is in the way, if the value cannot be put there
 */
export function applyOverride(
  root: Record<string, unknown>,
  { key, value }: ConfigurationOverride,
): string | undefined {
  let above: Record<string | number, unknown> = root;
  for (const [at, part] of key.entries()) {
    if (Array.isArray(above) && (typeof part !== 'number' || part > above.length)) {
      const where = keyText(key.slice(0, at));
      return `expected an index from 0 to ${above.length} below ${where}, got ${part}`;
    }
    if (at === key.length - 1) {
      above[part] = value;
      return undefined;
    }
    let below = Object.hasOwn(above, part) ? above[part] : undefined;
    if (below === undefined || below === null) {
      below = typeof key[at + 1] === 'number' ? [] : Object.create(null);
      above[part] = below;
    }
    if (typeof below !== 'object' || below === null)
      return `expected a section or a list at ${keyText(key.slice(0, at + 1))}, got ${typeof below}`;
    above = below as Record<string | number, unknown>;
  }
  return undefined;
}
