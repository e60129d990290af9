import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultDataDirectory } from '../src/data-directory.ts';

const root = mkdtempSync(join(tmpdir(), 'martlet-places-'));
afterAll(() => rmSync(root, { recursive: true }));

const project = join(root, 'project');
mkdirSync(project);
writeFileSync(join(project, 'package.json'), '{}');

const GLOBAL = join(root, 'usr/lib/node_modules/martlet/dist/main.js');
const CHECKOUT = join(root, 'martlet/packages/cli/dist/main.js');
const DEPENDENCY = join(project, 'node_modules/martlet/dist/main.js');

function directoryOf(
  programPath: string,
  variables: Readonly<Record<string, string>> = {},
  currentDirectory = '/work/here',
): string {
  return defaultDataDirectory({
    programPath,
    currentDirectory,
    homeDirectory: '/home/ada',
    variables,
  });
}

describe('Without --data-dir, the data is', () => {
  test('in the current directory for a checkout, whatever the state directory of the user', () => {
    expect(directoryOf(CHECKOUT)).toBe('/work/here/martlet-data');
    expect(directoryOf(CHECKOUT, { XDG_STATE_HOME: '/state' })).toBe('/work/here/martlet-data');
  });

  test('in the current directory within a project that depends on it', () => {
    for (const place of [project, join(project, 'deeper')]) {
      expect(directoryOf(DEPENDENCY, { XDG_STATE_HOME: '/state' }, place)).toBe(join(place, 'martlet-data'));
    }
  });

  test.each([
    ['installed globally', GLOBAL, '/work/here'],
    ['installed globally, from above it', GLOBAL, root],
    ['of some project, or of npx, from elsewhere', DEPENDENCY, '/work/here'],
    ['of a project, from one whose name begins the same', DEPENDENCY, `${project}-2`],
  ])('in the state directory of the user for a program %s', (_what, programPath, place) => {
    expect(directoryOf(programPath, {}, place)).toBe('/home/ada/.local/state/martlet');
    expect(directoryOf(programPath, { XDG_STATE_HOME: '/state' }, place)).toBe('/state/martlet');
  });

  test.each(['', 'state', './state'])(
    'not where XDG_STATE_HOME says it with %j, which is no absolute path',
    (state) => {
      expect(directoryOf(GLOBAL, { XDG_STATE_HOME: state })).toBe('/home/ada/.local/state/martlet');
    },
  );

  test.each([GLOBAL, CHECKOUT, DEPENDENCY])('where systemd says for a service: %s', (programPath) => {
    const variables = { STATE_DIRECTORY: '/var/lib/martlet', XDG_STATE_HOME: '/state' };
    expect(directoryOf(programPath, variables)).toBe('/var/lib/martlet');
    expect(directoryOf(programPath, { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' })).toBe('/var/lib/a');
    expect(directoryOf(CHECKOUT, { STATE_DIRECTORY: '' })).toBe('/work/here/martlet-data');
  });
});
