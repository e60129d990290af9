// What the manifests say agrees with what the sources do, every dependency was decided on, and installing runs nothing.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { browserEntries } from '../../scripts/browser-files.mjs';
import { LEFT_OUT } from '../../scripts/command-files.mjs';
import { root, typeScriptUnder } from '../../scripts/source-files.mjs';
import type { ExportTarget, Manifest } from './manifests.ts';
import { readManifest, workspacePackages } from './manifests.ts';
import { importsOf } from './syntax.ts';

const packages = workspacePackages();
const workspace = readManifest('package.json');
/** Programs that only tests run, installed apart from the workspace. */
const runtimes = readManifest('test/runtimes/package.json');
const ownNames = new Set(packages.map(({ manifest }) => manifest.name));

/** The package that a specifier belongs to: `ws`, `@martlet/protocol`; none for files and for Node.js itself. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function importedPackages(directory: string): ReadonlySet<string> {
  const specifiers = typeScriptUnder(directory)
    .flatMap(importsOf)
    .map(({ specifier }) => packageOf(specifier));
  return new Set(specifiers.filter((name) => name !== undefined));
}

/** What the files of a package import when it is published. Those of the command have our other packages in them. */
function importedWhenPublished(directory: string): ReadonlySet<string> {
  const imported = importedPackages(`${directory}/src`);
  return directory === 'packages/cli' ? new Set([...imported, ...LEFT_OUT]) : imported;
}

function runtimeDependencies(manifest: Manifest): readonly string[] {
  return Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
}

/** What a manifest and the sources disagree on. */
function disagreements(manifest: Manifest, imported: ReadonlySet<string>): readonly string[] {
  const declared = new Set(runtimeDependencies(manifest));
  return [
    ...[...imported].filter((name) => !declared.has(name)).map((name) => `${name} is imported, not declared`),
    ...[...declared].filter((name) => !imported.has(name)).map((name) => `${name} is declared, not imported`),
  ];
}

/** Dependencies that no decision record names, as `` `name` ``. */
function undecided(dependencies: readonly string[], records: string): readonly string[] {
  return dependencies.filter((name) => !records.includes(`\`${name}\``));
}

interface LockedPackage {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** What in a lock file would run code on installing, or tells where packages came from. */
function lockBreaches(locked: LockedPackages): readonly string[] {
  return Object.entries(locked).flatMap(([path, { resolved, link, hasInstallScript }]) => [
    ...(hasInstallScript ? [`${path} runs a script when it is installed`] : []),
    ...(resolved !== undefined && link !== true ? [`${path} says where it came from`] : []),
  ]);
}

/**
 * What a locked package asks for and the lock file lacks. npm leaves out what other platforms need when it writes
 * the file beside an installed `node_modules`, and then refuses to install from it.
 */
function lockGaps(locked: LockedPackages): readonly string[] {
  const names = new Set(Object.keys(locked).map((path) => path.replace(/^.*node_modules\//, '')));
  return Object.entries(locked).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !names.has(name))
      .map((name) => `${path} asks for ${name}`),
  );
}

/** The source that an entry point starts with, and the one that browsers get instead. */
interface EntrySources {
  readonly browser?: string;
  readonly default: string;
}

function sourcesOf(target: ExportTarget): EntrySources {
  const source = typeof target === 'string' ? target : target['martlet-source'];
  if (source === undefined) throw new TypeError('an entry point has no condition "martlet-source"');
  return typeof source === 'string' ? { default: source } : (source as unknown as EntrySources);
}

/** Names of the files that are built for browsers, by the sources that they start from. */
const forBrowsers = new Map<string, string>(
  Object.entries(browserEntries).map(([name, source]) => [source, `./dist/browser/${name}.js`]),
);

/** How a manifest says where an entry point is: its sources, what is built for browsers, types, and the rest. */
function targetOf(directory: string, sources: EntrySources): ExportTarget {
  const builtFrom = (source: string): Readonly<Record<'types' | 'default', string>> => {
    const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
    return { types: `${built}.d.ts`, default: `${built}.js` };
  };
  const { browser, default: source } = sources;
  const ofBrowser = browser ?? source;
  const file = forBrowsers.get(posix.join(directory, ofBrowser));
  return {
    'martlet-source': browser === undefined ? source : { ...sources },
    ...(file === undefined ? undefined : { browser: { ...builtFrom(ofBrowser), default: file } }),
    ...builtFrom(source),
  };
}

describe.each(packages)('$directory', ({ directory, manifest }) => {
  test('declares what it imports, and nothing else', () => {
    expect(disagreements(manifest, importedWhenPublished(directory))).toEqual([]);
  });

  test('exports files that its sources build to', () => {
    for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
      if (subpath === './package.json') {
        expect(target).toBe('./package.json');
        continue;
      }
      const sources = sourcesOf(target);
      for (const source of Object.values(sources)) {
        expect(source, `${subpath}: what tests import`).toMatch(/^\.\/src\/.+\.ts$/);
        expect(existsSync(join(root, directory, source)), source).toBe(true);
      }
      // The order is the meaning: the first condition that holds is taken.
      expect(JSON.stringify(target), subpath).toBe(JSON.stringify(targetOf(directory, sources)));
    }
  });

  test('has the version of the whole, and asks for its neighbours in that version', () => {
    const [first] = packages;
    expect(manifest.version).toBe(first!.manifest.version);
    for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
      if (ownNames.has(name)) expect(range, name).toBe(manifest.version);
    }
  });
});

describe('The whole', () => {
  test('has in the tests only what a manifest declares', () => {
    const declared = new Set([
      ...Object.keys(workspace.devDependencies ?? {}),
      ...packages.flatMap(({ manifest }) => [manifest.name, ...runtimeDependencies(manifest)]),
    ]);
    const directories = [...packages.map(({ directory }) => `${directory}/test`), 'test'];
    const imported = directories.flatMap((directory) => [...importedPackages(directory)]);
    expect(imported.filter((name) => !declared.has(name))).toEqual([]);
  });

  test('names every dependency in a decision record', () => {
    const directory = join(root, 'docs/decisions');
    const records = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
    const manifests = [workspace, runtimes, ...packages.map(({ manifest }) => manifest)];
    const dependencies = manifests.flatMap((manifest) => [
      ...runtimeDependencies(manifest),
      ...Object.keys(manifest.devDependencies ?? {}),
    ]);
    const others = dependencies.filter((name) => !ownNames.has(name));
    expect(others.length).toBeGreaterThan(0);
    expect(undecided(others, records.join('\n'))).toEqual([]);
  });

  test('pins every dependency to one version', () => {
    for (const manifest of [workspace, runtimes, ...packages.map((one) => one.manifest)]) {
      const { dependencies, devDependencies, optionalDependencies } = manifest;
      const ranges = { ...dependencies, ...devDependencies, ...optionalDependencies };
      for (const [name, range] of Object.entries(ranges)) {
        expect(range, name).toMatch(/^\d+\.\d+\.\d+$/);
      }
    }
  });

  test.each([
    { path: 'package-lock.json', atLeast: 50 },
    { path: 'test/runtimes/package-lock.json', atLeast: 3 },
  ])(
    'installs from $path without running a script, from wherever the machine gets its packages',
    ({ path, atLeast }) => {
      const lock = JSON.parse(readFileSync(join(root, path), 'utf8')) as { packages: LockedPackages };
      expect(Object.keys(lock.packages).length).toBeGreaterThan(atLeast);
      expect(lockBreaches(lock.packages)).toEqual([]);
      expect(lockGaps(lock.packages)).toEqual([]);
    },
  );
});

describe('The checks see', () => {
  const manifest: Manifest = { name: 'x', dependencies: { ws: '8.0.0' } };

  test('a dependency that is not declared', () => {
    expect(disagreements(manifest, new Set(['ws', 'pino']))).toEqual(['pino is imported, not declared']);
  });

  test('a dependency that nothing imports', () => {
    expect(disagreements(manifest, new Set())).toEqual(['ws is declared, not imported']);
  });

  test('the package in a specifier', () => {
    expect(['ws', 'ws/lib/a.js', '@martlet/protocol', '@a/b/c', './a.ts', 'node:net'].map(packageOf)).toEqual(
      ['ws', 'ws', '@martlet/protocol', '@a/b', undefined, undefined],
    );
  });

  test('a dependency without a decision', () => {
    expect(undecided(['ws', 'pino'], 'We use `ws` for WebSocket, and might use pino.')).toEqual(['pino']);
  });

  test('an install script and an address in the lock file', () => {
    const locked = {
      'node_modules/a': { hasInstallScript: true },
      'node_modules/b': { resolved: 'https://registry.invalid/b.tgz' },
      'node_modules/c': { resolved: 'packages/c', link: true },
    };
    expect(lockBreaches(locked)).toHaveLength(2);
  });

  test('a package that the lock file lacks', () => {
    const locked = {
      'node_modules/a': { dependencies: { b: '1.0.0', c: '1.0.0' }, optionalDependencies: { d: '1.0.0' } },
      'node_modules/a/node_modules/b': {},
      'node_modules/c': {},
    };
    expect(lockGaps(locked)).toEqual(['node_modules/a asks for d']);
  });
});
