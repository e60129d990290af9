/**
 * Topics that are to become others: `--remap 'home/#' 'test/#'`. A wildcard on the right stands for what the same one, in
 * order, has matched on the left.
 */
import { checkTopicFilter, matches, TOPIC_PROBLEMS } from '@martlet/protocol';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

export interface TopicRemapping {
  /** As given. */
  readonly filter: string;
  /** In levels. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** @throws {UsageError} */
export function parseRemapping(from: string, to: string): TopicRemapping {
  for (const filter of [from, to]) {
    const problem = checkTopicFilter(filter, Number.POSITIVE_INFINITY);
    if (typeof problem === 'string')
      throw new UsageError(`expected a topic filter, got ${quoted(filter)}: it ${TOPIC_PROBLEMS[problem]}`);
  }
  const remapping = { filter: from, from: from.split('/'), to: to.split('/') };
  if (count(remapping.to, '+') > count(remapping.from, '+') || (to.endsWith('#') && !from.endsWith('#')))
    throw new UsageError(
      `expected no more wildcards on the right than on the left, got ${quoted(from)} and ${quoted(to)}`,
    );
  return remapping;
}

function count(levels: readonly string[], wildcard: string): number {
  return levels.filter((level) => level === wildcard).length;
}

/**
 * The first remapping that matches counts; without one the topic stays as it is. So it does where nothing would be left of
 * it: `home/#` to `#` has no other name for `home`.
 */
export function remapped(topicName: string, remappings: readonly TopicRemapping[]): string {
  const remapping = remappings.find(({ filter }) => matches(filter, topicName));
  if (remapping === undefined) return topicName;
  const { singles, rest } = matchedLevels(topicName.split('/'), remapping.from);
  const single = singles.values();
  const levels = remapping.to.flatMap((level) => {
    if (level === '#') return rest;
    return [level === '+' ? (single.next().value ?? '') : level];
  });
  return levels.join('/') || topicName;
}

interface MatchedLevels {
  /** What each `+` has matched. */
  readonly singles: readonly string[];
  /** What `#` has matched. */
  readonly rest: readonly string[];
}

function matchedLevels(levels: readonly string[], filter: readonly string[]): MatchedLevels {
  const singles = levels.filter((_level, at) => filter[at] === '+');
  return { singles, rest: filter.at(-1) === '#' ? levels.slice(filter.length - 1) : [] };
}
