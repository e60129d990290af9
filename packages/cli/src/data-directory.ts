/**
 * Where a broker keeps its data when nobody says so. The first of these that applies:
 *
 * 1. `$STATE_DIRECTORY`, which systemd sets for a service with `StateDirectory=`;
 * 2. for a program that npm has installed for the whole user or machine (`npm install --global`), `$XDG_STATE_HOME/martlet`,
 *    which is `~/.local/state/martlet` where that is not set;
 * 3. else (a checkout, a dependency of a project, npx) `martlet-data` in the current directory.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join, sep } from 'node:path';

export interface Surroundings {
  /** Of the running program, with no symbolic link in it. */
  readonly programPath: string;
  readonly currentDirectory: string;
  readonly homeDirectory: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export function defaultDataDirectory(surroundings: Surroundings): string {
  const { programPath, currentDirectory, homeDirectory, variables } = surroundings;
  // systemd separates several by colons.
  const [service = ''] = (variables['STATE_DIRECTORY'] ?? '').split(':');
  if (service !== '') return service;
  if (!isInstalledGlobally(programPath)) return join(currentDirectory, 'martlet-data');
  const state = variables['XDG_STATE_HOME'] ?? '';
  // The XDG Base Directory Specification has relative paths ignored.
  return join(isAbsolute(state) ? state : join(homeDirectory, '.local', 'state'), 'martlet');
}

/** A project has a package.json beside its `node_modules`; npm's global directory has none. */
function isInstalledGlobally(programPath: string): boolean {
  const parts = programPath.split(sep);
  const at = parts.indexOf('node_modules');
  return at > 0 && !existsSync(join(parts.slice(0, at).join(sep) || sep, 'package.json'));
}
