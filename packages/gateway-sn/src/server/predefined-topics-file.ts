/** Files of predefined topics as other gateways have them: lines of `client id or *, topic name, identifier`. */
import { checkTopicName, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { PredefinedTopic } from '../core/predefined-topics.ts';
import { MAXIMUM_TOPIC_ID } from '../core/predefined-topics.ts';

/** What is wrong with a line, which counts from 1. */
export interface PredefinedTopicsProblem {
  readonly line: number;
  readonly text: string;
}

export interface PredefinedTopicsFile {
  readonly topics: readonly PredefinedTopic[];
  /** None: all of the lines can be used. */
  readonly problems: readonly PredefinedTopicsProblem[];
}

const EXPECTED =
  'expected client id or *, topic name, identifier, with commas between, such as *,sensors/all,1';

export function parsePredefinedTopics(text: string): PredefinedTopicsFile {
  const topics: PredefinedTopic[] = [];
  const problems: PredefinedTopicsProblem[] = [];
  const known = new Map<string, string>();
  for (const [index, each] of text.split('\n').entries()) {
    const content = each.trim();
    if (content === '' || content.startsWith('#')) continue;
    const parsed = parseLine(content, known);
    if (typeof parsed === 'string') problems.push({ line: index + 1, text: parsed });
    else topics.push(parsed);
  }
  return { topics, problems };
}

/** @returns what is wrong with it, as a text */
function parseLine(line: string, known: Map<string, string>): PredefinedTopic | string {
  const [clientId = '', topicName = '', number = '', ...more] = line.split(',').map((part) => part.trim());
  if (clientId === '' || topicName === '' || !/^\d{1,5}$/u.test(number) || more.length > 0) return EXPECTED;
  const topicId = Number(number);
  if (topicId < 1 || topicId > MAXIMUM_TOPIC_ID)
    return `expected an identifier from 1 to ${MAXIMUM_TOPIC_ID}, got ${number}`;
  const problem = checkTopicName(topicName);
  if (problem !== null) return `the topic "${topicName}" ${TOPIC_PROBLEMS[problem]}`;
  const key = `${topicId} ${clientId}`;
  const before = known.get(key);
  if (before !== undefined && before !== topicName)
    return `expected another identifier than ${before} has, got ${number} again`;
  known.set(key, topicName);
  return { topicId, topicName, ...(clientId !== '*' && { clientId }) };
}
