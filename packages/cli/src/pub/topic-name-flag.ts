/** A topic name on the command line. */
import { checkTopicName, TOPIC_PROBLEMS } from '@martlet/protocol';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

/** @throws {UsageError} */
export function parseTopicName(given: string): string {
  return topicName(given, 'publish');
}

/** @throws {UsageError} */
export function parseResponseTopic(given: string): string {
  return topicName(given, 'response');
}

function topicName(given: string, kind: string): string {
  const problem = checkTopicName(given, Number.POSITIVE_INFINITY);
  if (problem === null) return given;
  throw new UsageError(
    `expected a topic name, got ${quoted(given)}: it ${TOPIC_PROBLEMS[problem]}`,
    problem === 'wildcard'
      ? `Invalid ${kind} topic '${given}', does it contain '+' or '#'?`
      : "Invalid input. Does your topic contain '+' or '#'?",
  );
}
