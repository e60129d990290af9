/** Reads a `mosquitto.conf` and translates it as far as it goes: what is wrong is gathered, and nothing is thrown but what cannot be read. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import type { FileEntry } from './reading/configuration-files.ts';
import { isIncluded, readConfigurationFiles } from './reading/configuration-files.ts';
import type { ConfigurationLine } from './reading/configuration-lines.ts';
import { readSettings } from './reading/read-settings.ts';
import type { MosquittoSettings } from './reading/settings.ts';
import { ConfigurationDraft } from './translation/configuration-draft.ts';
import type { Translation } from './translation/translate-configuration.ts';
import { translateConfiguration } from './translation/translate-configuration.ts';
import type { TranslationSurroundings } from './translation/translation-surroundings.ts';

export interface DraftedConfiguration extends Translation {
  readonly settings: MosquittoSettings;
  readonly draft: ConfigurationDraft;
  /** Every option line of every file, in order. */
  readonly lines: readonly ConfigurationLine[];
  /** Files and directories that were read. */
  readonly files: readonly string[];
  /** Errors and notices, as they were found. */
  readonly problems: ConfigurationProblem[];
}

/**
 * @param path undefined: there is no file, and Mosquitto's defaults hold
 * @throws {ConfigurationError} if a file cannot be read
 */
export async function draftConfiguration(
  path: string | undefined,
  surroundings: TranslationSurroundings,
): Promise<DraftedConfiguration> {
  const problems: ConfigurationProblem[] = [];
  const { entries, files } =
    path === undefined ? { entries: [], files: [] } : await readConfigurationFiles(path, problems);
  const settings = readSettings(entries, problems);
  const draft = new ConfigurationDraft(problems);
  const translation = translateConfiguration(settings, { ...systemSurroundings(), ...surroundings }, draft);
  return { ...translation, settings, draft, lines: entries.flatMap(linesOf), files, problems };
}

/** What this machine has. */
function systemSurroundings(): Required<Pick<TranslationSurroundings, 'hasIpv6Loopback' | 'user'>> {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return { hasIpv6Loopback: addresses.some(({ address }) => address === '::1'), user: usualUser() };
}

/** Whose rights root takes on; nobody else takes on any. */
function usualUser(): 'mosquitto' | 'nobody' {
  try {
    return /^mosquitto:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'mosquitto' : 'nobody';
  } catch {
    return 'nobody';
  }
}

function linesOf(entry: FileEntry): readonly ConfigurationLine[] {
  return isIncluded(entry) ? entry.lines : [entry];
}
