/** Where people keep the settings of their programs. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_CONFIG_HOME`, or `~/.config`. */
export function configurationDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_CONFIG_HOME: directory, HOME: home } = env as Readonly<
    Record<'XDG_CONFIG_HOME' | 'HOME', string | undefined>
  >;
  return directory || join(home || homedir(), '.config');
}
