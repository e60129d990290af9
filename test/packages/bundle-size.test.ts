// What the client weighs in a browser, and that it runs there as it is. `npm run size` prints what weighs how much.

import { describe, expect, test } from 'vitest';
import type { BrowserBundle } from '../../scripts/browser-bundle.mjs';
import { browserBundler } from '../../scripts/browser-bundle.mjs';
import { budgets, sizeTable, userOf } from '../../scripts/bundle-size.mjs';
import { unfitForBrowsers } from './browser-code.ts';

const bundler = browserBundler();
const bundle = async (source: string): Promise<BrowserBundle> => (await bundler)(source);

describe.each(budgets)('$name', (budget) => {
  const bundled = bundle(userOf(budget));

  test(`is at most ${budget.maximumBytes} bytes through gzip`, async () => {
    const whole = await bundled;
    expect(whole.gzipBytes, `\n${sizeTable(whole, budget.maximumBytes)}\n`).toBeLessThanOrEqual(
      budget.maximumBytes,
    );
  });

  test('holds everything that it needs, and exports something', async () => {
    const { imports, code, modules } = await bundled;
    expect(imports).toEqual([]);
    expect(code).toMatch(/export\s*\{[^}]*\bas connect\b/);
    expect(modules.map(({ path }) => path)).toContain('packages/client/src/browser.ts');
  });

  test('runs in a browser without a shim and under a strict Content-Security-Policy', async () => {
    const { code, later } = await bundled;
    for (const each of [code, ...later.map((file) => file.code)]) expect(unfitForBrowsers(each)).toEqual([]);
  });
});

describe('The bundle that is weighed', () => {
  test('is larger by what is imported besides', async () => {
    const small = await bundle("export { ReasonCode } from '@martlet/protocol';");
    const large = await bundle("export * from '@martlet/protocol';");
    expect(large.gzipBytes).toBeGreaterThan(small.gzipBytes);
    const sum = large.modules.reduce((bytes, module) => bytes + module.gzipBytes, 0);
    expect(sum).toBeCloseTo(large.gzipBytes);
  });

  test('is of the sources, and without what nobody uses', async () => {
    const { modules, code } = await bundle("export { ProtocolVersion } from '@martlet/protocol';");
    expect(modules.map(({ path }) => path)).toEqual(['packages/protocol/src/version.ts']);
    expect(code.length).toBeLessThan(200);
  });

  test('tells what it could not find', async () => {
    const { imports } = await bundle("export * from 'node:fs'; import 'no-such-package';");
    expect([...imports].sort()).toEqual(['no-such-package', 'node:fs']);
  });

  test('is shown with what it has to spare, or has too many', async () => {
    const small = await bundle("export { ProtocolVersion } from '@martlet/protocol';");
    expect(sizeTable(small, small.gzipBytes)).toContain('0 to spare');
    expect(sizeTable(small, small.gzipBytes - 1)).toContain('1 too many');
    expect(sizeTable(small, 0)).toContain('packages/protocol/src/version.ts');
  });
});

describe('The check of code for browsers sees', () => {
  test.each([
    ["import x from 'node:net'; x;", 'imports node:net'],
    ["await import('ws');", 'imports ws'],
    ['Buffer.from([1]);', 'uses Buffer'],
    ["typeof process !== 'undefined';", 'uses process'],
    ['globalThis.process.env;', 'uses process'],
    ['globalThis["Buffer"];', 'uses Buffer'],
    ['const g = global;', 'uses global'],
    ["eval('1');", 'uses eval'],
    ["new Function('return this')();", 'uses Function'],
    ['new Worker(URL.createObjectURL(new Blob([])));', 'uses createObjectURL'],
    ["setTimeout('code', 1);", 'runs a text by a timer'],
  ])('%s', (code, breach) => {
    expect(unfitForBrowsers(code)).toContain(breach);
  });

  test('no breach in names of members and in text', () => {
    const code =
      "const o = { process: 1, eval() {} }; o.process; o.Buffer; const t = 'eval'; setTimeout(o.eval, 1);";
    expect(unfitForBrowsers(code)).toEqual([]);
  });
});
