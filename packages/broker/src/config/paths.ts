/** Relative paths of a configuration are relative to the directory of its file. */
import { resolve } from 'node:path';
import type { Configuration } from './configuration.ts';
import type { AnyRow } from './row.ts';
import { configurationRow, keysOfVariant } from './row-at.ts';

/** @param directory absolute */
export function withAbsolutePaths(configuration: Configuration, directory: string): Configuration {
  return absolute(configuration, configurationRow(), directory) as Configuration;
}

function absolute(value: unknown, row: AnyRow, directory: string): unknown {
  if (value === null || value === undefined) return value;
  switch (row.kind) {
    case 'path':
      return typeof value === 'string' && row.words?.includes(value) !== true
        ? resolve(directory, value)
        : value;
    case 'list':
      return (value as readonly unknown[]).map((each) => absolute(each, row.of, directory));
    case 'map':
      return mapped(value, () => row.of, directory);
    case 'section':
      return mapped(value, (name) => row.keys[name], directory);
    case 'variants': {
      const keys = keysOfVariant(row, value);
      return mapped(value, (name) => keys?.[name], directory);
    }
    default:
      return value;
  }
}

function mapped(
  value: unknown,
  rowOf: (name: string) => AnyRow | undefined,
  directory: string,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    entries.map(([name, each]) => {
      const row = rowOf(name);
      return [name, row === undefined ? each : absolute(each, row, directory)];
    }),
  );
}
