/**
 * Mosquitto's `psk_file`: a line `identity:key` for each client, the key in hexadecimal digits without `0x`. Empty lines, and those
 * that begin with `#`, are skipped.
 */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';

/** What Node.js and OpenSSL have room for. */
const MAXIMUM_IDENTITY_BYTES = 128;
const MAXIMUM_KEY_BYTES = 256;
/** So that a file which is none of this kind does not fill the terminal. */
const MAXIMUM_PROBLEMS = 20;

/**
 * @param file Its name, for error messages.
 * @throws {ConfigurationError} with the line of everything that is wrong; keys are never shown
 */
export function parsePskFile(bytes: Uint8Array, file: string): ReadonlyMap<string, Buffer> {
  const keys = new Map<string, Buffer>();
  const problems: ConfigurationProblem[] = [];
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8').split('\n');
  for (const [index, ending] of lines.entries()) {
    const line = index === 0 && ending.startsWith('\uFEFF') ? ending.slice(1) : ending;
    const problem = addLine(line.replace(/\r$/, ''), keys);
    if (problem === undefined) continue;
    problems.push({ file, line: index + 1, key: '', severity: 'error', code: 'bad-psk', text: problem });
    if (problems.length === MAXIMUM_PROBLEMS) break;
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return keys;
}

/** @returns what is wrong with the line, or undefined */
function addLine(line: string, keys: Map<string, Buffer>): string | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const colon = line.indexOf(':');
  if (colon < 0) return 'expected `identity:key`, got a line without a colon';
  const identity = line.slice(0, colon);
  const key = line.slice(colon + 1).trim();
  if (identity === '') return 'expected an identity in front of the colon';
  if (identity.includes('\uFFFD')) return 'expected an identity in UTF-8';
  if (Buffer.byteLength(identity) > MAXIMUM_IDENTITY_BYTES)
    return `expected an identity of at most ${MAXIMUM_IDENTITY_BYTES} bytes, got ${Buffer.byteLength(identity)}`;
  if (key === '') return 'expected a key behind the colon';
  if (/^0x/i.test(key)) return 'expected a key in hexadecimal digits, without 0x in front';
  if (!/^[0-9a-fA-F]+$/.test(key))
    return 'expected a key in hexadecimal digits (0-9, a-f), got other characters';
  if (key.length % 2 === 1) return `expected an even number of hexadecimal digits, got ${key.length}`;
  if (key.length > MAXIMUM_KEY_BYTES * 2)
    return `expected a key of at most ${MAXIMUM_KEY_BYTES} bytes, got ${key.length / 2}`;
  if (keys.has(identity)) return 'the identity stands in an earlier line, too';
  keys.set(identity, Buffer.from(key, 'hex'));
  return undefined;
}
