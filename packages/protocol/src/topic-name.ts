/**
 * Topic names: what a message is published to.
 *
 * A problem is a value, not an exception: whether it ends the connection or only refuses one packet depends on the
 * packet and the protocol version, which only the caller knows.
 */

import { isUtf8Encodable, MAXIMUM_FIELD_BYTES, utf8ByteLength } from './utf8.ts';

/** Levels allowed when the caller sets no limit of its own. The specification has none but the length. */
export const DEFAULT_MAX_TOPIC_LEVELS = 200;

/** Why a topic name, topic filter or shared filter is refused, with a text for a reason string or a log line. */
export const TOPIC_PROBLEMS = {
  empty: 'has no character',
  tooLong: 'takes more bytes of UTF-8 than this server allows',
  illFormed: 'is not well-formed UTF-8',
  nullCharacter: 'contains the null character U+0000',
  wildcard: 'contains a wildcard, which only topic filters may',
  tooManyLevels: 'has more levels than this server allows',
  multiLevelWildcardNotLast: 'has a # that is not its last character',
  wildcardNotAlone: 'has a + or # that does not fill its level alone',
  notShared: 'does not begin with $share/',
  shareNameEmpty: 'has an empty share name',
  shareNameWildcard: 'has a wildcard in its share name',
  noTopicFilter: 'has no topic filter after its share name',
} as const;

export type TopicProblem = keyof typeof TOPIC_PROBLEMS;

const NULL = 0x00;
const HASH = 0x23;
const PLUS = 0x2b;
const SLASH = 0x2f;

/**
 * Checks a topic name given as a string.
 * @returns why it is not one that can be published to, or null when it is.
 */
export function checkTopicName(
  name: string,
  maxLevels: number = DEFAULT_MAX_TOPIC_LEVELS,
  maxBytes: number = MAXIMUM_FIELD_BYTES,
): TopicProblem | null {
  return checkTopicLevels(name, false, maxLevels, maxBytes);
}

/**
 * Checks what topic names and topic filters have in common, and the wildcards that only a filter may have.
 * @internal
 */
export function checkTopicLevels(
  text: string,
  isFilter: boolean,
  maxLevels: number,
  maxBytes: number,
): TopicProblem | null {
  const length = text.length;
  if (length === 0) return 'empty'; // [MQTT-4.7.3-1] [MQTT-4.7.3-1] 3.1.1
  if (length > maxBytes) return 'tooLong'; // [MQTT-4.7.3-3] [MQTT-4.7.3-3] 3.1.1
  let levels = 1;
  let ascii = true;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === NULL) return 'nullCharacter'; // [MQTT-4.7.3-2] [MQTT-4.7.3-2] 3.1.1
    if (unit === SLASH) levels++;
    else if (unit === HASH || unit === PLUS) {
      if (!isFilter) return 'wildcard'; // [MQTT-4.7.0-1] [MQTT-4.7.1-1] 3.1.1
      if (unit === HASH && i !== length - 1) return 'multiLevelWildcardNotLast'; // [MQTT-4.7.1-1] [MQTT-4.7.1-2] 3.1.1
      const alone =
        (i === 0 || text.charCodeAt(i - 1) === SLASH) &&
        (i === length - 1 || text.charCodeAt(i + 1) === SLASH);
      if (!alone) return 'wildcardNotAlone'; // [MQTT-4.7.1-2] [MQTT-4.7.1-3] 3.1.1
    } else if (unit > 0x7f) ascii = false;
  }
  if (!ascii) {
    const problem = checkTopicEncoding(text, maxBytes);
    if (problem !== null) return problem;
  }
  return levels > maxLevels ? 'tooManyLevels' : null;
}

/**
 * Whether `bytes[start, end)` is a topic name as far as single bytes tell: 1 to 65,535 of them, none a wildcard or null.
 * That they are well-formed UTF-8 is checked elsewhere.
 */
export function isValidTopicNameBytes(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start) return false; // [MQTT-4.7.3-1] [MQTT-4.7.3-1] 3.1.1
  if (end - start > MAXIMUM_FIELD_BYTES) return false; // [MQTT-4.7.3-3] [MQTT-4.7.3-3] 3.1.1
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === PLUS || byte === HASH) return false; // [MQTT-3.3.2-2] [MQTT-3.3.2-2] 3.1.1
    if (byte === NULL) return false; // [MQTT-4.7.3-2] [MQTT-4.7.3-2] 3.1.1
  }
  return true;
}

/** Checks what only a topic with characters outside ASCII can get wrong: surrogates, and its length in UTF-8. */
export function checkTopicEncoding(text: string, maxBytes: number): TopicProblem | null {
  if (!isUtf8Encodable(text)) return 'illFormed';
  return utf8ByteLength(text) > maxBytes ? 'tooLong' : null; // [MQTT-4.7.3-3] [MQTT-4.7.3-3] 3.1.1
}
