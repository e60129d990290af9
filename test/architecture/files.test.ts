// A file holds one concept and is named by it; one that outgrows 400 lines holds more, unless it is a table or a type.

import { describe, expect, test } from 'vitest';
import { packageDirectories, typeScriptUnder } from '../../scripts/source-files.mjs';
import { longFiles } from './exceptions.ts';
import type { SourceFile } from './syntax.ts';

const maximumLines = 400;

/** Names under which anything can be put. */
const namesNothing = /(?:^|\/)(?:utils?|helpers?|types?|common|misc|shared|lib|constants)(?:\.ts$|\/)/;

const isLong = ({ text }: SourceFile): boolean => text.split('\n').length - 1 > maximumLines;

describe('The length of source files', () => {
  const sources = packageDirectories().flatMap((directory) => typeScriptUnder(`${directory}/src`));

  test(`is at most ${maximumLines} lines, but for listed tables`, () => {
    const listed = new Set(longFiles.map(({ path }) => path));
    const long = sources.filter(isLong).map(({ path }) => path);
    expect(long.filter((path) => !listed.has(path))).toEqual([]);
  });

  test('has no exception that is not needed, and none without a reason', () => {
    const long = sources.filter(isLong).map(({ path }) => path);
    for (const { path, reason } of longFiles) {
      expect(long).toContain(path);
      expect(reason).not.toBe('');
    }
  });

  test('is counted: the limit passes, one line more does not', () => {
    const path = 'packages/protocol/src/sample.ts';
    expect(isLong({ path, text: '\n'.repeat(maximumLines) })).toBe(false);
    expect(isLong({ path, text: '\n'.repeat(maximumLines + 1) })).toBe(true);
  });
});

describe('The names of source files', () => {
  test('say what is in them', () => {
    const paths = packageDirectories().flatMap((directory) => typeScriptUnder(`${directory}/src`));
    expect(paths.map(({ path }) => path).filter((path) => namesNothing.test(path))).toEqual([]);
  });

  test.each(['packages/a/src/utils.ts', 'packages/a/src/core/types.ts', 'packages/a/src/helpers/x.ts'])(
    'are refused: %s',
    (path) => {
      expect(namesNothing.test(path)).toBe(true);
    },
  );

  test.each([
    'packages/a/src/packet-type.ts',
    'packages/a/src/shared-group.ts',
    'packages/a/src/core/outbox.ts',
  ])('are fine: %s', (path) => {
    expect(namesNothing.test(path)).toBe(false);
  });
});
