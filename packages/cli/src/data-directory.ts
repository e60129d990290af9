/**
 * Where a broker keeps its data when nobody says so. The first of these that applies:
 *
 * 1. `$STATE_DIRECTORY`, which systemd sets for a service with `StateDirectory=`;
 * 2. `martlet-data` in the current directory, for a checkout, and within a project that has the program as a dependency;
 * 3. else, for a program that somebody has installed (`npm install --global` and its like, npx), `$XDG_STATE_HOME/martlet`,
 *    which is `~/.local/state/martlet` where that is not set.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

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
  if (isOfProject(programPath, currentDirectory)) return join(currentDirectory, 'martlet-data');
  const state = variables['XDG_STATE_HOME'] ?? '';
  // The XDG Base Directory Specification has relative paths ignored.
  return join(isAbsolute(state) ? state : join(homeDirectory, '.local', 'state'), 'martlet');
}

/** What was installed is in some `node_modules`; a project's has a package.json beside it, and the user is in the project. */
function isOfProject(programPath: string, currentDirectory: string): boolean {
  const parts = programPath.split(sep);
  const at = parts.indexOf('node_modules');
  if (at < 0) return true;
  const project = parts.slice(0, at).join(sep) || sep;
  const [outwards] = relative(project, currentDirectory).split(sep);
  return outwards !== '..' && existsSync(join(project, 'package.json'));
}
