// What programs import the libraries by, and the sources behind it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/source-files.mjs';
import type { ExportTarget } from '../architecture/manifests.ts';
import { workspacePackages } from '../architecture/manifests.ts';

export interface EntryPoint {
  /** Such as `@martlet/client/scram`. */
  readonly specifier: string;
  /** Its source files from the root: one, and one for browsers where it differs. */
  readonly sources: readonly string[];
}

/** Every entry point of the packages that programs import. */
export function entryPoints(): readonly EntryPoint[] {
  return workspacePackages().flatMap(({ directory, manifest }) =>
    Object.entries(manifest.exports ?? {})
      .filter(([subpath]) => subpath !== './package.json')
      .map(([subpath, target]) => ({
        specifier: `${manifest.name}${subpath.slice(1)}`,
        sources: sourcesOf(target).map((source) => join(directory, source)),
      })),
  );
}

function sourcesOf(target: ExportTarget): readonly string[] {
  const source = typeof target === 'string' ? target : target['martlet-source'];
  if (source === undefined) return [];
  return typeof source === 'string'
    ? [source]
    : Object.values(source).flatMap((one) => sourcesOf({ 'martlet-source': one }));
}

/** Those of some entry points that no manifest names, or whose sources are not there. */
export function missingEntryPoints(specifiers: readonly string[]): readonly string[] {
  const present = entryPoints().filter(({ sources }) =>
    sources.every((path) => existsSync(join(root, path))),
  );
  const names = new Set(present.map(({ specifier }) => specifier));
  return specifiers.filter((specifier) => !names.has(specifier));
}
