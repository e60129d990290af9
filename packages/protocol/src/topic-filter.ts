/**
 * Topic filters: what a subscription asks for. `+` stands for one level, `#` for the level it follows and all below it.
 *
 * `matches` is the reference: it says in the fewest words what a filter matches. A broker with many subscriptions
 * asks a tree instead, and is tested against this.
 */

import type { TopicProblem } from './topic-name.ts';
import { checkTopicEncoding, checkTopicLevels, DEFAULT_MAX_TOPIC_LEVELS } from './topic-name.ts';
import { MAXIMUM_FIELD_BYTES } from './utf8.ts';

const DOLLAR = 0x24;

/** A shared subscription's two parts: `$share/{shareName}/{topicFilter}`. */
export interface SharedFilter {
  readonly shareName: string;
  readonly topicFilter: string;
}

/**
 * Checks a topic filter. A filter that begins with `$share/` is checked as any other: see {@link parseSharedFilter}.
 * @returns why it is not a topic filter, or null when it is.
 */
export function checkTopicFilter(
  filter: string,
  maxLevels: number = DEFAULT_MAX_TOPIC_LEVELS,
  maxBytes: number = MAXIMUM_FIELD_BYTES,
): TopicProblem | null {
  return checkTopicLevels(filter, true, maxLevels, maxBytes);
}

/** Whether a topic filter has a wildcard in it. It must be a valid one. */
export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.endsWith('#');
}

/** Whether a filter of SUBSCRIBE or UNSUBSCRIBE names a shared subscription, valid or not. */
export function isSharedFilter(filter: string): boolean {
  return filter.startsWith('$share/'); // [MQTT-4.8.2-1]
}

/**
 * Takes `$share/{shareName}/{topicFilter}` apart and checks both.
 * @returns the two parts, or why this is not a shared subscription's filter.
 */
export function parseSharedFilter(
  filter: string,
  maxLevels: number = DEFAULT_MAX_TOPIC_LEVELS,
  maxBytes: number = MAXIMUM_FIELD_BYTES,
): SharedFilter | TopicProblem {
  const match = /^\$share\/([^/]*)\/?(.*)$/s.exec(filter);
  if (match === null) return 'notShared'; // [MQTT-4.8.2-1]
  const [, shareName = '', topicFilter = ''] = match;
  if (shareName === '') return 'shareNameEmpty'; // [MQTT-4.8.2-1]
  if (/[+#]/.test(shareName)) return 'shareNameWildcard'; // [MQTT-4.8.2-2]
  if (topicFilter === '') return 'noTopicFilter'; // [MQTT-4.8.2-2]
  if (shareName.includes('\0')) return 'nullCharacter'; // [MQTT-4.7.3-2] [MQTT-4.7.3-2] 3.1.1
  return (
    checkTopicEncoding(filter, maxBytes) ?? // [MQTT-4.7.3-3] [MQTT-4.7.3-3] 3.1.1
    checkTopicFilter(topicFilter, maxLevels, maxBytes) ?? { shareName, topicFilter }
  );
}

/** Whether a valid topic filter matches a valid topic name. Characters are compared as they are. [MQTT-4.7.3-4] [MQTT-4.7.3-4] 3.1.1 */
export function matches(topicFilter: string, topicName: string): boolean {
  if (topicName.charCodeAt(0) === DOLLAR && (topicFilter.startsWith('+') || topicFilter.startsWith('#'))) {
    return false; // [MQTT-4.7.2-1] [MQTT-4.7.2-1] 3.1.1
  }
  const filterLevels = topicFilter.split('/');
  const nameLevels = topicName.split('/');
  for (let i = 0; i < filterLevels.length; i++) {
    const level = filterLevels[i];
    if (level === '#') return true; // also the parent itself: sport/# matches sport
    if (i >= nameLevels.length) return false;
    if (level !== '+' && level !== nameLevels[i]) return false;
  }
  return filterLevels.length === nameLevels.length;
}
