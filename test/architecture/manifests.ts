// The package.json files, read once per call.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageDirectories, root, typeScriptUnder } from '../../scripts/source-files.mjs';

/** A file, or one per condition. */
export type ExportTarget = string | { readonly [condition: string]: ExportTarget };

export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, ExportTarget>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface WorkspacePackage {
  /** From the root, such as `packages/broker`. */
  readonly directory: string;
  readonly manifest: Manifest;
}

export function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
}

export function workspacePackages(): readonly WorkspacePackage[] {
  return packageDirectories().map((directory) => ({
    directory,
    manifest: readManifest(`${directory}/package.json`),
  }));
}

/** The source files that a package's commands start with, and the threads that these start. */
export function entryFiles(): ReadonlySet<string> {
  const targets = workspacePackages().flatMap(({ directory, manifest }) =>
    Object.values(manifest.bin ?? {}).map((target) => `${directory}/${target.replace(/^\.\//, '')}`),
  );
  const threads = workspacePackages()
    .flatMap(({ directory }) => typeScriptUnder(`${directory}/src`))
    .filter(({ path }) => path.endsWith('-thread.ts'));
  return new Set([
    ...targets.map((target) => target.replace('/dist/', '/src/').replace(/\.js$/, '.ts')),
    ...threads.map(({ path }) => path),
  ]);
}
