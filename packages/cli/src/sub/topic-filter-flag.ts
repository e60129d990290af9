/** A topic filter on the command line. */
import { checkTopicFilter, isSharedFilter, parseSharedFilter, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { ValueParser } from '../flags/value-parsers.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

/** @param purpose as Mosquitto's tools call it in messages: `subscription`, `filter`, `unsubscribe` */
export function topicFilterParser(purpose: string): ValueParser<string> {
  return (given) => {
    const found = isSharedFilter(given)
      ? parseSharedFilter(given, Number.POSITIVE_INFINITY)
      : checkTopicFilter(given, Number.POSITIVE_INFINITY);
    if (typeof found !== 'string') return given;
    throw new UsageError(
      `expected a topic filter, got ${quoted(given)}: it ${TOPIC_PROBLEMS[found]}`,
      `Invalid ${purpose} topic '${given}', are all '+' and '#' wildcards correct?`,
    );
  };
}
