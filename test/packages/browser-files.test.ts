// What browsers load of the client, as it is built: that shortening the names of properties stays among its own.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrowserFile } from '../../scripts/browser-files.mjs';
import { browserEntries, browserFiles } from '../../scripts/browser-files.mjs';
import { namesInStrings, platformNames, publicNames } from '../../scripts/kept-names.mjs';
import { root } from '../../scripts/source-files.mjs';
import { unusedMembers, withoutMembers } from '../../scripts/unused-members.mjs';

const directory = mkdtempSync(join(root, '.cache/browser-files-'));
let files: readonly BrowserFile[];

beforeAll(async () => {
  files = await browserFiles();
  for (const { name, code } of files) writeFileSync(join(directory, name), code);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const load = async (name: string): Promise<Record<string, unknown>> =>
  await import(pathToFileURL(join(directory, `${name}.js`)).href);

const members = (value: unknown): readonly string[] =>
  Object.getOwnPropertyNames(value).filter((name) => name !== 'constructor');

describe.each(Object.entries(browserEntries))('The file %s', (name, source) => {
  test('exports what its source exports', async () => {
    const [built, written] = await Promise.all([load(name), import(pathToFileURL(join(root, source)).href)]);
    expect(Object.keys(built).sort()).toEqual(Object.keys(written).sort());
  });

  test('loads nothing but files beside it', () => {
    const file = files.find((each) => each.name === `${name}.js`);
    const names = files.map((each) => each.name);
    expect(names).toEqual(expect.arrayContaining([...file!.imports]));
  });
});

test('Every file with code has a source map that leads to the sources', () => {
  const withCode = files.filter(({ sources }) => sources.size > 0);
  expect(withCode.length).toBeGreaterThanOrEqual(Object.keys(browserEntries).length);
  for (const { map } of withCode) {
    const { sources, mappings } = JSON.parse(map) as { sources: readonly string[]; mappings: string };
    const installed = sources.map((path) => join(root, 'packages/client/dist/browser', path));
    expect(installed).not.toEqual([]);
    expect(installed.filter((path) => !existsSync(path))).toEqual([]);
    expect(mappings).not.toBe('');
  }
});

describe('The names of properties', () => {
  test('are those of the sources where an application sees them', async () => {
    const { connect, ReasonCode, ClientError } = await load('client');
    const source = await import('../../packages/client/src/browser.ts');
    const sourceOf = source.connect('ws://127.0.0.1', {});
    const built = (connect as typeof source.connect)('ws://127.0.0.1', {});
    try {
      const publicMembers = publicNames(Object.values(browserEntries));
      const prototypes = [built, built.subscribe('a'), built.publish('a', '')].map(Object.getPrototypeOf);
      const expected = [sourceOf, sourceOf.subscribe('a'), sourceOf.publish('a', '')].map(
        Object.getPrototypeOf,
      );
      for (const [index, prototype] of expected.entries()) {
        const seen = members(prototype).filter((name) => publicMembers.has(name));
        expect(seen).not.toEqual([]);
        expect(members(prototypes[index])).toEqual(expect.arrayContaining([...seen]));
      }
      expect(ReasonCode).toEqual(source.ReasonCode);
      expect(Object.keys(built.gauges)).toEqual(Object.keys(sourceOf.gauges));
      expect(new (ClientError as typeof source.ClientError)('CLOSED', 'text')).toMatchObject({
        name: 'ClientError',
        code: 'CLOSED',
        kind: new source.ClientError('CLOSED', 'text').kind,
        message: 'text',
      });
    } finally {
      await Promise.all([built.close(), sourceOf.close()]);
    }
  });

  test('stay when they are public, by whatever way a type is reached', () => {
    const names = publicNames(Object.values(browserEntries));
    // An option, one of an option's options, a method, a parameter's member, a gauge, an event, an import of a type.
    const some = [
      'keepAlive',
      'minimumDelayMs',
      'subscribe',
      'onBytes',
      'queuedBytes',
      'quarantined',
      'contentType',
    ];
    expect([...names]).toEqual(expect.arrayContaining(some));
  });

  test('stay when an application reaches them, and not when they are marked as internal or private', () => {
    const names = publicNames(['packages/client/src/core/incoming/message.ts']);
    expect(names).toContain('acknowledge');
    expect(names).not.toContain('share');
    expect(names).not.toContain('#delivery');
  });

  test('stay when the language or the browser has them, and when a string says them', () => {
    const ofPlatforms = [
      'length',
      'asyncDispose',
      'bufferedAmount',
      'indexedDB',
      'byteLength',
      'visibilityState',
    ];
    expect([...platformNames()]).toEqual(expect.arrayContaining(ofPlatforms));
    expect([...namesInStrings("f('a', `b`, { c: 'd e' }, \"e$1\")")].sort()).toEqual(['a', 'e$1']);
  });

  test('are shorter elsewhere', () => {
    const code = files.map((file) => file.code).join('');
    for (const inner of ['requestTurn', 'nextDeadlineMs', 'onPublicationFailed'])
      expect(code).not.toContain(inner);
  });
});

test('Numbers with a name stand in the place of their names', () => {
  const code = files.map((file) => file.code).join('');
  expect(code.match(/\bSessionTakenOver\b/g)).toEqual(['SessionTakenOver']);
  expect(code).not.toContain('.SessionTakenOver');
});

describe('Methods that nothing calls', () => {
  const code = `class A {
  get size() { return this.count(); }
  count() { return 1; }
  #inner() {}
  used() { const { taken } = this; }
  taken() {}
  kept() {}
  ['computed']() {}
}
new A().used();`;
  const kept = new Set(['kept']);

  test('are left out, with what only they call, where nobody else can reach them by their name', () => {
    expect([...unusedMembers([code], kept)]).toEqual(['size', 'count']);
    expect([...unusedMembers([code, 'a.size'], kept)]).toEqual([]);
  });

  test('leave everything else at its line and column', () => {
    const rest = withoutMembers(code, new Set(['size', 'count']));
    expect(rest.split('\n').map((line) => line.trimEnd())).toEqual(
      code.split('\n').map((line, index) => (index === 1 || index === 2 ? '' : line)),
    );
  });
});
