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

function directoryOf(programPath: string, variables: Readonly<Record<string, string>> = {}): string {
  return defaultDataDirectory({
    programPath,
    currentDirectory: '/work/here',
    homeDirectory: '/home/ada',
    variables,
  });
}

describe('Without --data-dir, the data is', () => {
  test.each([
    ['a checkout', CHECKOUT],
    ['a dependency of a project', DEPENDENCY],
  ])('in the current directory for %s, whatever the state directory of the user', (_what, programPath) => {
    expect(directoryOf(programPath)).toBe('/work/here/martlet-data');
    expect(directoryOf(programPath, { XDG_STATE_HOME: '/state' })).toBe('/work/here/martlet-data');
  });

  test('in the state directory of the user for a program that is installed globally', () => {
    expect(directoryOf(GLOBAL)).toBe('/home/ada/.local/state/martlet');
    expect(directoryOf(GLOBAL, { XDG_STATE_HOME: '/state' })).toBe('/state/martlet');
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
