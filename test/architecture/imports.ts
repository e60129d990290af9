// Invariant 2: imports point down, and in no circle. Imports of types count: they bind just as tightly.

import { dirname, join } from 'node:path/posix';
import type { SourceFile } from './syntax.ts';
import { importsOf, place } from './syntax.ts';

/** What each package may import, from ARCHITECTURE.md: by directory under `packages/`. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  client: ['protocol'],
  broker: ['protocol'],
  'gateway-sn': ['protocol', 'client', 'broker'],
  'cluster-nats': ['broker'],
  console: ['client'],
  cli: ['protocol', 'client', 'broker', 'gateway-sn', 'cluster-nats', 'console'],
  testing: ['protocol', 'client', 'broker'],
  simulator: ['protocol', 'client', 'broker'],
};

/** Directories under a package's `src/` whose files know of the core its ports, and what those speak of. */
const outsideTheCore: ReadonlySet<string> = new Set(['listeners', 'transports', 'stores', 'access', 'admin']);

/** The package's directory under `packages/` that a specifier such as `@martlet/protocol` means. */
export function packageNamed(specifier: string): string | undefined {
  return /^@martlet\/([^/]+)/.exec(specifier)?.[1];
}

/** The files of `core/ports/`, and those that they import: the words in which the core speaks to the outside. */
export function portsOf(files: readonly SourceFile[]): ReadonlySet<string> {
  const ports = files.filter(({ path }) => path.includes('/core/ports/'));
  const words = ports.flatMap((file) =>
    importsOf(file).map(({ specifier }) => targetOf(file.path, specifier)),
  );
  return new Set([...ports.map(({ path }) => path), ...words.filter((path) => path !== undefined)]);
}

/**
 * Every import of a source file that points up, sideways or out of its package.
 * @param ports What `portsOf` all the source files gives, and files of the core that may be known as well.
 */
export function forbiddenImports(file: SourceFile, ports: ReadonlySet<string>): readonly string[] {
  const [, self = '', inside = ''] = /^packages\/([^/]+)\/src\/(.*)$/.exec(file.path) ?? [];
  const allowed = mayImport[self];
  if (allowed === undefined) return [`${file.path}: packages/${self} is not in the table of packages`];
  return importsOf(file).flatMap(({ specifier, node }) => {
    const why = specifier.startsWith('.')
      ? relativeBreach(self, inside, file.path, specifier, ports)
      : packageBreach(allowed, inside, specifier);
    return why === undefined ? [] : [`${place(file, node)}: ${specifier} ${why}`];
  });
}

function relativeBreach(
  self: string,
  inside: string,
  path: string,
  specifier: string,
  ports: ReadonlySet<string>,
): string | undefined {
  if (!specifier.endsWith('.ts')) return 'does not end in .ts';
  const target = join(dirname(path), specifier);
  const source = `packages/${self}/src/`;
  if (!target.startsWith(source)) return 'leaves the package';
  const targetInside = target.slice(source.length);
  if (isCore(inside) && !isCore(targetInside)) return 'leaves the core';
  const [folder = ''] = inside.split('/');
  if (outsideTheCore.has(folder) && isCore(targetInside) && !ports.has(target)) {
    return 'reaches past the ports of the core';
  }
  return undefined;
}

function packageBreach(allowed: readonly string[], inside: string, specifier: string): string | undefined {
  const name = packageNamed(specifier);
  if (name !== undefined && !allowed.includes(name)) return 'points up or sideways';
  if (isCore(inside) && name !== 'protocol') return 'is not for the core';
  return undefined;
}

function isCore(inside: string): boolean {
  return /(?:^|\/)core\//.test(inside);
}

/**
 * Circles among the files, each once, as the files on it in the order of their imports.
 * @param files All source files; a package's name stands for its `src/index.ts`.
 */
export function importCircles(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const edges = new Map<string, readonly string[]>();
  for (const file of files) {
    const targets = importsOf(file).map(({ specifier }) => targetOf(file.path, specifier));
    edges.set(file.path, [...new Set(targets.filter((target) => target !== undefined))]);
  }
  const circles: (readonly string[])[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start !== -1) {
      circles.push([...path.slice(start), file]);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of edges.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return circles;
}

function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(path), specifier);
  const name = packageNamed(specifier);
  return name === undefined ? undefined : `packages/${name}/src/index.ts`;
}
