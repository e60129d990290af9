/** Finds the row of the tables that a key of a configuration has. */
import type { KeyPath } from './key-path.ts';
import { valueAt } from './key-path.ts';
import type { AnyRow, AnyTable } from './row.ts';
import { CONFIGURATION_ROWS } from './tables/configuration-rows.ts';

/** The whole configuration as a row. */
export function configurationRow(): AnyRow & { readonly kind: 'section' } {
  return { kind: 'section', keys: CONFIGURATION_ROWS as unknown as AnyTable, text: 'the configuration' };
}

/**
 * @param root the configuration as it was given: of a section with a `type`, that decides which keys there are
 * @returns undefined if no key of that name is known
 */
export function rowAt(path: KeyPath, root: unknown): AnyRow | undefined {
  let row: AnyRow | undefined = configurationRow();
  for (const [at, part] of path.entries()) {
    if (row === undefined) return undefined;
    row = rowBelow(row, part, valueAt(root, path.slice(0, at)));
  }
  return row;
}

function rowBelow(row: AnyRow, part: string | number, value: unknown): AnyRow | undefined {
  switch (row.kind) {
    case 'section':
      return ownRow(row.keys, part);
    case 'map':
      return row.of;
    case 'list':
      // One entry may stand for a list of it.
      return typeof part === 'number' ? row.of : rowBelow(row.of, part, value);
    case 'variants': {
      if (part === 'type') return typeRow(row);
      const keys = keysOfVariant(row, value);
      return keys === undefined ? undefined : ownRow(keys, part);
    }
    default:
      return undefined;
  }
}

/** The keys that a section with a `type` may have; undefined if its type is unknown. */
export function keysOfVariant(
  row: AnyRow & { readonly kind: 'variants' },
  value: unknown,
): AnyTable | undefined {
  const type = typeof value === 'string' ? value : valueAt(value, ['type']);
  return typeof type === 'string' && Object.hasOwn(row.variants, type) ? row.variants[type]!.keys : undefined;
}

/** The `type` of such a section, as a row. */
export function typeRow({ variants, text }: AnyRow & { readonly kind: 'variants' }): AnyRow {
  return { kind: 'choice', choices: Object.keys(variants), text: `the type of ${text}` };
}

function ownRow(keys: AnyTable, part: string | number): AnyRow | undefined {
  return Object.hasOwn(keys, part) ? keys[part] : undefined;
}
