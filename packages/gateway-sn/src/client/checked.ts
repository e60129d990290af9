/** What an application can get wrong, found before anything is sent. */
import { utf8ByteLength } from '@martlet/protocol';
import { SnClientError } from './sn-client-error.ts';
import type { SnClientOptions, SnTopic } from './sn-client-options.ts';

/** Every option that has a default has a value. */
export type ResolvedSnOptions = Required<Omit<SnClientOptions, 'will'>> & {
  readonly will: SnClientOptions['will'] | undefined;
};

const LARGEST_WORD = 65_535;
/** 0 and 0xFFFF are reserved. */
const LARGEST_TOPIC_ID = 65_534;
const MOST_MS = 86_400_000;
const MOST_RETRIES = 100;

/** @throws {SnClientError} `INVALID_ARGUMENT` */
export function resolveSnOptions(options: SnClientOptions): ResolvedSnOptions {
  const resolved = {
    clientId: options.clientId,
    cleanSession: options.cleanSession ?? true,
    keepAlive: options.keepAlive ?? 60,
    retryMs: options.retryMs ?? 10_000,
    retries: options.retries ?? 3,
    waitMs: options.waitMs ?? 300_000,
    predefinedTopics: options.predefinedTopics ?? new Map<number, string>(),
    will: options.will,
  };
  const { clientId, keepAlive, retryMs, retries, waitMs, predefinedTopics, will } = resolved;
  if (clientId === '' || clientId.includes('\0')) {
    throw invalid(`clientId: expected at least one character, and no NUL, got ${JSON.stringify(clientId)}`);
  }
  within('keepAlive', keepAlive, 0, LARGEST_WORD, 's');
  within('retryMs', retryMs, 1, MOST_MS, 'ms');
  within('retries', retries, 0, MOST_RETRIES, 'times');
  within('waitMs', waitMs, 0, MOST_MS, 'ms');
  for (const topicId of predefinedTopics.keys()) {
    within('predefinedTopics', topicId, 1, LARGEST_TOPIC_ID, 'identifiers');
  }
  const willProblem = will === undefined ? null : topicProblem(will.topic.topicName, 'name');
  if (willProblem !== null) throw invalid(`will: ${willProblem}`);
  return resolved;
}

/** @throws {SnClientError} `INVALID_ARGUMENT` unless it is a whole number within the bounds */
export function within(name: string, value: number, minimum: number, maximum: number, unit: string): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw invalid(`${name}: expected a whole number from ${minimum} to ${maximum} (${unit}), got ${value}`);
}

/**
 * Why it is no topic; null if it is one.
 * @param as a filter may have wildcards, a name may not
 */
export function topicProblem(topic: SnTopic, as: 'name' | 'filter'): string | null {
  if (typeof topic === 'string') {
    const said = `got ${JSON.stringify(topic)}`;
    if (topic === '' || topic.includes('\0'))
      return `expected a topic of at least one character, and no NUL, ${said}`;
    if (as === 'name' && /[+#]/u.test(topic)) return `expected a topic name without + and #, ${said}`;
    return null;
  }
  if ('short' in topic) {
    const said = `got ${JSON.stringify(topic.short)}`;
    if (utf8ByteLength(topic.short) !== 2) return `expected a short topic name of two bytes, ${said}`;
    return /[+#\0]/u.test(topic.short) ? `expected a short topic name without +, # and NUL, ${said}` : null;
  }
  const { predefined } = topic;
  if (Number.isInteger(predefined) && predefined >= 1 && predefined <= LARGEST_TOPIC_ID) return null;
  return `expected a predefined topic identifier from 1 to ${LARGEST_TOPIC_ID}, got ${predefined}`;
}

export function invalid(text: string): SnClientError {
  return new SnClientError('INVALID_ARGUMENT', text);
}
