/** Reads the value of a header, mostly a secret, from the file that holds it. */
import { ConfigurationError } from '../../../config/configuration-error.ts';
import { readListedFile, textOf } from '../../listed-file.ts';

/** Bytes; servers take no larger headers. */
const LARGEST_VALUE = 8192;

/** @throws {ConfigurationError} which does not show the value */
export async function headerFrom(path: string, key: string): Promise<string> {
  const value = textOf(await readListedFile(path, key, LARGEST_VALUE), key)
    .split(/\r?\n/)[0]!
    .trim();
  if (/^[\x20-\x7e]+$/.test(value)) return value;
  const text = 'expected the value of a header, in printable ASCII, in the first line, got something else';
  throw new ConfigurationError([{ file: path, line: 1, key, severity: 'error', code: 'bad-header', text }]);
}
