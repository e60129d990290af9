/** What is typed counts more than a profile, in whatever way either of them says where the password comes from. */
import type { FlagTable } from '../flags/flag.ts';
import type { GivenFlag, ParseOptions } from '../flags/parse-flags.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import type { MosquittoUrl } from './mosquitto-url.ts';
import { PASSWORD_FLAGS } from './password-flags.ts';

/**
 * The words of files in one line, without what they say of the password if something that counts more says it too.
 *
 * @param files each has been checked; a later one counts more
 * @param typed what counts more than all of them
 * @param options how the words are read
 */
export function wordsOfFiles(
  table: FlagTable,
  files: readonly (readonly string[])[],
  typed: readonly GivenFlag[],
  options: ParseOptions,
): readonly string[] {
  const kept: (readonly string[])[] = [];
  let isSaid = typed.some((flag) => saysPassword(flag, table));
  for (const words of files.toReversed()) {
    const { given } = parseFlags(table, words, { ...options, positionals: 'none' });
    const flags = isSaid ? given.filter(({ key }) => !isOfPassword(key)) : given;
    kept.unshift(flags.flatMap((flag) => flag.words));
    isSaid ||= given.some((flag) => saysPassword(flag, table));
  }
  return kept.flat();
}

function isOfPassword(key: string): boolean {
  return key !== 'username' && Object.hasOwn(PASSWORD_FLAGS, key);
}

/** A URL may hold one. */
function saysPassword({ key, words }: GivenFlag, table: FlagTable): boolean {
  if (key !== 'url') return isOfPassword(key);
  const { url } = parseFlags({ url: table['url']! }, words).values;
  return (url as MosquittoUrl).password !== undefined;
}
