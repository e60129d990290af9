import { describe, expect, test } from 'vitest';
import { packageDirectories, typeScriptUnder } from '../../scripts/source-files.mjs';
import { moduleStateExceptions } from './exceptions.ts';
import { entryFiles } from './manifests.ts';
import { mutableModuleState, topLevelNames } from './module-state.ts';

const sample = (text: string) => ({ path: 'packages/broker/src/sample.ts', text });

describe('Invariant 4: no mutable module state', () => {
  const sources = packageDirectories().flatMap((directory) => typeScriptUnder(`${directory}/src`));
  const entries = entryFiles();

  test('holds in the sources', () => {
    const found = sources.flatMap((file) =>
      mutableModuleState(file, {
        isEntry: entries.has(file.path),
        except: new Set(
          moduleStateExceptions.filter(({ path }) => path === file.path).map(({ name }) => name),
        ),
      }),
    );
    expect(found).toEqual([]);
  });

  test('has no exception that is not needed', () => {
    for (const { path, name, reason } of moduleStateExceptions) {
      const file = sources.find((source) => source.path === path);
      expect(file, path).toBeDefined();
      expect(topLevelNames(file!), path).toContain(name);
      expect(mutableModuleState(file!).join('\n'), path).toContain(`${name} `);
      expect(reason, path).not.toBe('');
    }
  });
});

describe('The check of invariant 4 sees', () => {
  test.each([
    ['a let', 'let count = 0;'],
    ['an exported let', 'export let count = 0;'],
    ['a var', 'var count = 0;'],
    ['a Map', 'const sessions = new Map<string, number>();'],
    ['a Map with a changeable type', 'export const sessions: Map<string, number> = new Map();'],
    ['a Set', 'const names = new Set();'],
    ['a WeakMap', 'const names = new WeakMap();'],
    ['an array', 'const queue: string[] = [];'],
    ['a mapped type', 'const t: { [Name in keyof T]: number } = { a: 1 };'],
    ['an array without a type', 'const queue = [1, 2];'],
    ['an object', 'const state = { open: false };'],
    ['bytes', 'const scratch = new Uint8Array(16);'],
    ['an instance of a class', 'const broker = new Broker();'],
    ['what a function makes', 'const pool = createPool();'],
    ['a global regular expression', 'const word = /a/g;'],
    ['a sticky regular expression', 'const word = /a/y;'],
    ['a static field', 'class A { static count = 0; }'],
    ['a static Map', 'class A { static readonly #count = new Map(); }'],
    ['a static block', 'class A { static { f(); } }'],
    ['an array behind a condition', 'const queue = big ? [] : undefined;'],
    ['a statement that runs', 'register();'],
    ['a loop that runs', 'for (const a of b) f(a);'],
    ['a top-level await', 'const a = await f();'],
  ])('%s', (_what, text) => {
    expect(mutableModuleState(sample(text))).not.toEqual([]);
  });

  test.each([
    [
      'primitives',
      `const a = 1; const b = 'x' + a; const c = -1n; const d = \`\${a}\`; const e = 2 ** 16 - 1;`,
    ],
    [
      'functions and classes',
      'function f() { let n = 0; return n; } const g = () => []; class A { #x = new Map(); }',
    ],
    [
      'a constant table',
      'export const table = { a: 1 } as const; const list = [1, 2] as const satisfies number[];',
    ],
    ['a frozen object', 'const table = Object.freeze({ a: 1 });'],
    [
      'a readonly type',
      'const m: ReadonlyMap<string, number> = new Map(); const t: Readonly<Table> = makeTable();',
    ],
    ['a readonly mapped type', 'const t: { readonly [Name in keyof T]: number } = { a: 1 };'],
    ['a readonly array', 'const a: readonly string[] = []; const b: ReadonlyArray<string> = [];'],
    ['a type that is a primitive', 'const n: number = compute();'],
    [
      'stateless objects',
      `const e = new TextEncoder(); const none = new Uint8Array(0); const slots = new Uint16Array(0); const key = Symbol('key');`,
    ],
    ['a regular expression', 'const word = /a/;'],
    ['a static constant', 'class A { static readonly limit = 4; }'],
    [
      'imports, exports and types',
      `import a from './a.ts'; export * from './b.ts'; export type T = {}; interface I {}`,
    ],
  ])('nothing wrong with %s', (_what, text) => {
    expect(mutableModuleState(sample(text))).toEqual([]);
  });

  test('that a command runs where it starts, and still keeps no state', () => {
    expect(mutableModuleState(sample('main();'), { isEntry: true })).toEqual([]);
    expect(mutableModuleState(sample('let a = 1;'), { isEntry: true })).not.toEqual([]);
  });

  test('an exception by its name', () => {
    const except = new Set(['kinds']);
    expect(mutableModuleState(sample('const kinds = new Uint8Array(9);'), { except })).toEqual([]);
    expect(mutableModuleState(sample('const other = new Uint8Array(9);'), { except })).not.toEqual([]);
  });
});
