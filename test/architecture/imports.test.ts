import { describe, expect, test } from 'vitest';
import { packageDirectories, typeScriptUnder } from '../../scripts/source-files.mjs';
import { knownOutsideTheCore } from './exceptions.ts';
import { forbiddenImports, importCircles, mayImport, portsOf } from './imports.ts';

const sources = packageDirectories().flatMap((directory) => typeScriptUnder(`${directory}/src`));

describe('Invariant 2: imports point down, in no circle', () => {
  test('holds in the sources', () => {
    const ports = new Set([...portsOf(sources), ...knownOutsideTheCore.map(({ path }) => path)]);
    expect(sources.flatMap((file) => forbiddenImports(file, ports))).toEqual([]);
  });

  test('has no exception that is not needed, and none without a reason', () => {
    const breaches = sources.flatMap((file) => forbiddenImports(file, portsOf(sources))).join('\n');
    for (const { path, reason } of knownOutsideTheCore) {
      expect(breaches).toContain(`${path.split('/').at(-1)} reaches past the ports`);
      expect(reason).not.toBe('');
    }
  });

  test('has no circle in the sources', () => {
    expect(importCircles(sources).map((circle) => circle.join(' → '))).toEqual([]);
  });

  test('has no circle in the table of packages', () => {
    const files = Object.entries(mayImport).map(([name, others]) => ({
      path: `packages/${name}/src/index.ts`,
      text: others.map((other) => `import '@martlet/${other}';`).join('\n'),
    }));
    expect(importCircles(files)).toEqual([]);
  });
});

describe('The check of invariant 2 sees', () => {
  const ports = portsOf([
    { path: 'packages/broker/src/core/ports/log.ts', text: '' },
    { path: 'packages/broker/src/core/ports/store.ts', text: `import type { M } from '../message.ts';` },
  ]);

  test.each([
    ['an import upwards', 'packages/protocol/src/a.ts', `import { x } from '@martlet/broker';`],
    ['an import of a type upwards', 'packages/broker/src/a.ts', `import type { X } from '@martlet/client';`],
    ['a re-export sideways', 'packages/client/src/a.ts', `export * from '@martlet/broker';`],
    ['an import by a relative path', 'packages/broker/src/a.ts', `import '../../protocol/src/a.ts';`],
    ['an import out of src', 'packages/broker/src/a.ts', `import '../test/a.ts';`],
    ['a type out of the package in place', 'packages/broker/src/a.ts', `let x: import('@martlet/client').X;`],
    ['an import without .ts', 'packages/broker/src/a.ts', `import './b.js';`],
    ['an import of a directory', 'packages/broker/src/a.ts', `export * from './core';`],
    ['the core leaving itself', 'packages/broker/src/core/a.ts', `import type { H } from '../host/host.ts';`],
    ['the core using a library', 'packages/broker/src/core/a.ts', `import { WebSocket } from 'ws';`],
    ['the core using Node.js', 'packages/broker/src/core/a.ts', `import 'node:net';`],
    ['a listener past the ports', 'packages/broker/src/listeners/a.ts', `import '../core/broker.ts';`],
    ['a package that is not in the table', 'packages/extra/src/a.ts', ''],
  ])('%s', (_what, path, text) => {
    expect(forbiddenImports({ path, text }, ports)).not.toEqual([]);
  });

  test.each([
    ['an import downwards', 'packages/broker/src/a.ts', `import { x } from '@martlet/protocol';`],
    ['a library and Node.js', 'packages/broker/src/host/a.ts', `import 'ws';\nimport 'node:net';`],
    ['the core importing itself', 'packages/broker/src/core/a/b.ts', `import '../c.ts';`],
    ['a listener knowing a port', 'packages/broker/src/listeners/a.ts', `import '../core/ports/log.ts';`],
    [
      'the host knowing both',
      'packages/broker/src/host/a.ts',
      `import '../core/b.ts';\nimport '../stores/c.ts';`,
    ],
    [
      'strings and comments',
      'packages/protocol/src/a.ts',
      `// import '@martlet/broker';\nconst a = "import 'ws'";`,
    ],
  ])('nothing wrong with %s', (_what, path, text) => {
    expect(forbiddenImports({ path, text }, ports)).toEqual([]);
  });

  test('a circle of three files, one by type and one by package', () => {
    const circles = importCircles([
      { path: 'packages/protocol/src/index.ts', text: `export * from './a.ts';` },
      { path: 'packages/protocol/src/a.ts', text: `import type { B } from './b.ts';` },
      { path: 'packages/protocol/src/b.ts', text: `import { x } from '@martlet/protocol';` },
    ]);
    expect(circles).toEqual([
      [
        'packages/protocol/src/index.ts',
        'packages/protocol/src/a.ts',
        'packages/protocol/src/b.ts',
        'packages/protocol/src/index.ts',
      ],
    ]);
  });

  test('a file that imports itself', () => {
    expect(importCircles([{ path: 'packages/protocol/src/a.ts', text: `import './a.ts';` }])).toHaveLength(1);
  });

  test('no circle where two files share a third', () => {
    const circles = importCircles([
      { path: 'packages/protocol/src/a.ts', text: `import './b.ts';\nimport './c.ts';` },
      { path: 'packages/protocol/src/b.ts', text: `import './c.ts';` },
      { path: 'packages/protocol/src/c.ts', text: '' },
    ]);
    expect(circles).toEqual([]);
  });
});
