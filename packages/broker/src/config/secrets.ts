/** Values that are never shown: those of rows that say `secret`. Files that hold secrets are named, which tells nothing. */
import type { AnyRow } from './row.ts';
import { keysOfVariant } from './row-at.ts';

/** What stands for a secret. */
export const HIDDEN = '(secret)';

/** The same value, its secrets hidden. */
export function hidden(value: unknown, row: AnyRow | undefined): unknown {
  if (row === undefined || value === null || value === undefined) return value;
  switch (row.kind) {
    case 'text':
      return row.secret === true ? HIDDEN : value;
    case 'list':
      return Array.isArray(value) ? value.map((each) => hidden(each, row.of)) : value;
    case 'map':
      return mapped(value, () => row.of);
    case 'section':
      return mapped(value, (name) => row.keys[name]);
    case 'variants': {
      const keys = keysOfVariant(row, value);
      return mapped(value, (name) => keys?.[name]);
    }
    default:
      return value;
  }
}

function mapped(value: unknown, rowOf: (name: string) => AnyRow | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, hidden(each, rowOf(name))]));
}
