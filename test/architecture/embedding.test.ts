// Embedding the broker stays light: what configurations and access need is loaded by those who ask for it.

import { join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { typeScriptUnder } from '../../scripts/source-files.mjs';
import type { SourceFile } from './syntax.ts';
import { importsOf } from './syntax.ts';

const files = new Map(typeScriptUnder('packages/broker/src').map((file) => [file.path, file]));

/** Packages that are loaded with a file: by it, and by what it imports, but for types and for `import()`. */
function packagesLoadedWith(entry: string, sources: ReadonlyMap<string, SourceFile>): readonly string[] {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const file = sources.get(path);
    if (file === undefined || seen.has(path)) return;
    seen.add(path);
    for (const { specifier, dynamic, node } of importsOf(file)) {
      if (dynamic || node['importKind'] === 'type' || node['exportKind'] === 'type') continue;
      if (specifier.startsWith('.')) visit(join(path, '..', specifier));
      else if (!specifier.startsWith('node:')) packages.add(specifier);
    }
  };
  visit(entry);
  return [...packages].sort();
}

describe('Loading @martlet/broker', () => {
  test('loads the protocol and ws, and none of what configurations and access need', () => {
    expect(packagesLoadedWith('packages/broker/src/index.ts', files)).toEqual(['@martlet/protocol', 'ws']);
  });

  test('/config loads zod and yaml besides', () => {
    expect(packagesLoadedWith('packages/broker/src/config/index.ts', files)).toEqual([
      '@martlet/protocol',
      '@martlet/protocol/mqtt-sn',
      'yaml',
      'zod',
    ]);
  });

  test('is judged by what is imported for its values, at once', () => {
    const sources = new Map(
      [
        [
          'a.ts',
          `import type { T } from 'types';\nimport { b } from './b.ts';\nexport type { U } from 'more-types';`,
        ],
        ['b.ts', `export * from 'values';\nconst later = () => import('later');\nimport 'node:fs';`],
      ].map(([path, text]) => [path!, { path: path!, text: text! }]),
    );
    expect(packagesLoadedWith('a.ts', sources)).toEqual(['values']);
  });
});
