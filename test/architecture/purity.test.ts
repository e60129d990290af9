import { describe, expect, test } from 'vitest';
import { packageDirectories, typeScriptUnder } from '../../scripts/source-files.mjs';
import { impurities, mustBePure } from './purity.ts';

const sample = (text: string) => ({ path: 'packages/protocol/src/sample.ts', text });

describe('Invariant 1: no Node.js, clock, randomness, timer or await in protocol and core', () => {
  const sources = packageDirectories().flatMap((directory) => typeScriptUnder(`${directory}/src`));
  const bound = sources.filter((file) => mustBePure(file.path));

  test('holds in the sources', () => {
    expect(bound.length).toBeGreaterThan(0);
    expect(bound.flatMap(impurities)).toEqual([]);
  });

  test('binds the protocol package and every core folder, and nothing else', () => {
    expect(mustBePure('packages/protocol/src/codec/connect.ts')).toBe(true);
    expect(mustBePure('packages/broker/src/core/topics/tree.ts')).toBe(true);
    expect(mustBePure('packages/client/src/core/client.ts')).toBe(true);
    expect(mustBePure('packages/broker/src/host/host.ts')).toBe(false);
    expect(mustBePure('packages/broker/test/core/tree.test.ts')).toBe(false);
  });
});

describe('The check of invariant 1 sees', () => {
  test.each([
    ['an import of Node.js', `import { readFileSync } from 'node:fs';`],
    ['an import of a type of Node.js', `import type { Socket } from 'node:net';`],
    ['a re-export of Node.js', `export { readFileSync } from 'node:fs';`],
    ['an import type in place', `let socket: import('node:net').Socket;`],
    ['a dynamic import', `const later = import('./other.ts');`],
    ['Buffer', `const bytes = Buffer.alloc(2);`],
    ['Buffer as a type', `function f(bytes: Buffer): void {}`],
    ['process', `const { env } = process;`],
    ['Date', `const now = Date.now();`],
    ['a new Date', `const now = new Date();`],
    ['performance', `const now = performance.now();`],
    ['Math.random', `const n = Math.random();`],
    ['Math.random by a computed name', `const n = Math['random']();`],
    ['Math.random taken out of Math', `const { random } = Math;`],
    ['setTimeout', `setTimeout(() => {}, 1);`],
    ['setInterval', `setInterval(f, 1);`],
    ['setImmediate', `setImmediate(f);`],
    ['queueMicrotask', `queueMicrotask(f);`],
    ['a global reached by globalThis', `globalThis.setTimeout(f, 1);`],
    ['an async function', `async function f() {}`],
    ['an async method', `class A { async f() {} }`],
    ['an async arrow function', `const f = async () => {};`],
    ['await', `await f();`],
    ['for await', `for await (const a of b) f(a);`],
    ['Promise', `const p = Promise.resolve(1);`],
    ['Promise as a type', `interface Port { commit(): Promise<void>; }`],
    ['a shorthand property', `const clock = { performance };`],
  ])('%s', (_what, text) => {
    expect(impurities(sample(text))).not.toEqual([]);
  });

  test.each([
    ['comments', `// await Promise, Date.now() and Buffer\n/* setTimeout(process) */`],
    ['strings', `const s = 'await Promise Date.now()';\nconst t = \`process \${s} Math.random()\`;`],
    ['regular expressions', `const r = /Date|process|await/;`],
    [
      'members and keys of those names',
      `x.process(); const o = { Date: 1, performance: 2 }; class A { process() {} }`,
    ],
    ['the rest of Math', `const m = Math.max(1, 2);`],
    ['members of types', `interface A { process(): void; readonly performance: number; }`],
  ])('nothing wrong with %s', (_what, text) => {
    expect(impurities(sample(text))).toEqual([]);
  });

  test('the line', () => {
    expect(impurities(sample('\n\nDate.now();'))).toEqual(['packages/protocol/src/sample.ts:3: uses Date']);
  });
});
