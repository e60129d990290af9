/**
 * Topics that are to become others: `--remap 'home/#' 'test/#'`. A wildcard on the right stands for what the same one, in
 * order, has matched on the left.
 */
import { checkTopicFilter, TOPIC_PROBLEMS } from '@martlet/protocol';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

export interface TopicRemapping {
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
  const remapping = { from: from.split('/'), to: to.split('/') };
  if (count(remapping.to, '+') > count(remapping.from, '+') || (to.endsWith('#') && !from.endsWith('#')))
    throw new UsageError(
      `expected no more wildcards on the right than on the left, got ${quoted(from)} and ${quoted(to)}`,
    );
  return remapping;
}

function count(levels: readonly string[], wildcard: string): number {
  return levels.filter((level) => level === wildcard).length;
}

/** The first remapping that matches counts; without one the topic stays as it is. */
export function remapped(topicName: string, remappings: readonly TopicRemapping[]): string {
  const levels = topicName.split('/');
  for (const { from, to } of remappings) {
    const matched = matchLevels(levels, from);
    if (matched === undefined) continue;
    const singles = matched.singles.values();
    return to
      .flatMap((level) => {
        if (level === '#') return matched.rest;
        return [level === '+' ? (singles.next().value ?? '') : level];
      })
      .join('/');
  }
  return topicName;
}

interface MatchedLevels {
  /** What each `+` has matched. */
  readonly singles: readonly string[];
  /** What `#` has matched. */
  readonly rest: readonly string[];
}

function matchLevels(levels: readonly string[], filter: readonly string[]): MatchedLevels | undefined {
  const singles: string[] = [];
  for (const [at, wanted] of filter.entries()) {
    if (wanted === '#') return { singles, rest: levels.slice(at) };
    const level = levels[at];
    if (level === undefined) return undefined;
    if (wanted === '+') singles.push(level);
    else if (wanted !== level) return undefined;
  }
  return levels.length === filter.length ? { singles, rest: [] } : undefined;
}
