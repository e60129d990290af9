/** Whether a habit may have the value it is given. */
import {
  checkTopicFilter,
  checkTopicName,
  isSharedFilter,
  isUtf8Encodable,
  PROPERTIES,
  propertyByName,
  TOPIC_PROBLEMS,
} from '@martlet/protocol';
import { durabilityNamed } from '../ports/durability.ts';
import { DROP_REASONS } from '../telling/drop-reason.ts';
import { nearestName } from './nearest-name.ts';
import type { HabitType, QueuePolicy, RetainedQuota, TopicDurability } from './profile.ts';
import { WHEN_FULL } from './profile.ts';

const CONNACK_PROPERTIES: readonly string[] = PROPERTIES.map(({ name }) => name).filter(
  (name) => propertyByName('connack', name) !== undefined,
);
const DROP_CODES: readonly string[] = DROP_REASONS.map(({ code }) => code);

/** @throws {TypeError | RangeError} that says what is expected, and what came */
export function checkHabit(name: string, values: readonly unknown[] | HabitType, value: unknown): void {
  switch (values) {
    case 'number':
      if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return;
      throw new RangeError(`option ${name}: expected a number from 0 on, got ${String(value)}`);
    case 'text':
      checkText(name, value);
      return;
    case 'list of CONNACK properties':
      checkNames(name, value, 'CONNACK property', CONNACK_PROPERTIES);
      return;
    case 'list of drop reasons':
      checkNames(name, value, 'drop reason', DROP_CODES);
      return;
    case 'list of topic filters, each with a durability':
      for (const entry of listOf(name, value, 'topic filters')) checkTopicDurability(name, entry);
      return;
    case 'list of topic filters, each with what a full queue does':
      for (const entry of listOf(name, value, 'topic filters')) checkQueuePolicy(name, entry);
      return;
    case 'list of topic prefixes, each with messages and bytes':
      for (const entry of listOf(name, value, 'topic prefixes')) checkRetainedQuota(name, entry);
      return;
    default:
      if (values.includes(value)) return;
      throw new RangeError(
        `option ${name}: expected one of ${values.map(String).join(', ')}, got ${String(value)}`,
      );
  }
}

/** @param kind of name, for the message */
export function unknownName(kind: string, name: string, known: readonly string[]): TypeError {
  const nearest = nearestName(name, known);
  return new TypeError(`unknown ${kind} ${name}${nearest === undefined ? '' : `: did you mean ${nearest}?`}`);
}

function checkText(option: string, value: unknown): void {
  if (typeof value !== 'string') {
    throw new TypeError(`option ${option}: expected text, got ${String(value)}`);
  }
  if (!isUtf8Encodable(value)) {
    throw new RangeError(`option ${option}: expected no U+0000 and no lone surrogate in the text`);
  }
  if (option !== 'deadLetterPrefix' || value === '') return;
  const problem = checkTopicName(value);
  if (problem === null) return;
  throw new RangeError(`option ${option}: topic name ${JSON.stringify(value)} ${TOPIC_PROBLEMS[problem]}`);
}

function listOf(option: string, value: unknown, of: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`option ${option}: expected a list of ${of}, got ${String(value)}`);
}

function checkNames(option: string, value: unknown, kind: string, known: readonly string[]): void {
  const plural = kind === 'CONNACK property' ? 'CONNACK properties' : `${kind}s`;
  for (const name of listOf(option, value, plural)) {
    if (!known.includes(name as string)) throw unknownName(kind, String(name), known);
  }
}

function checkTopicDurability(option: string, entry: unknown): void {
  const { topicFilter, durability } = (entry ?? {}) as Partial<TopicDurability>;
  if (typeof topicFilter !== 'string' || durability === undefined) {
    throw expectedEntry(option, "{ topicFilter: 'sensors/#', durability: 'os' }", entry);
  }
  checkMessageFilter(option, topicFilter);
  durabilityNamed(durability, option);
}

function checkQueuePolicy(option: string, entry: unknown): void {
  const { topicFilter, whenFull, messages, bytes, ...others } = (entry ?? {}) as Partial<QueuePolicy>;
  if (typeof topicFilter !== 'string' || whenFull === undefined || Object.keys(others).length > 0) {
    throw expectedEntry(option, "{ topicFilter: 'state/#', whenFull: 'keep-latest' }", entry);
  }
  checkMessageFilter(option, topicFilter);
  if (!WHEN_FULL.includes(whenFull)) {
    throw new RangeError(
      `option ${option}: expected whenFull to be one of ${WHEN_FULL.join(', ')}, got ${String(whenFull)}`,
    );
  }
  checkAmount(option, 'messages', messages);
  checkAmount(option, 'bytes', bytes);
  if (whenFull === 'reject' || whenFull === 'drop-newest') return;
  if (messages === undefined && bytes === undefined) return;
  throw new RangeError(
    `option ${option}: expected messages and bytes with reject and drop-newest only, got them with ${whenFull}, which would give up messages of other topics`,
  );
}

function checkRetainedQuota(option: string, entry: unknown): void {
  const { topicPrefix, messages, bytes, ...others } = (entry ?? {}) as Partial<RetainedQuota>;
  if (typeof topicPrefix !== 'string' || Object.keys(others).length > 0) {
    throw expectedEntry(option, "{ topicPrefix: 'sensors', messages: 1000, bytes: 1048576 }", entry);
  }
  const problem = checkTopicName(topicPrefix);
  if (problem !== null) {
    throw new RangeError(
      `option ${option}: topic prefix ${JSON.stringify(topicPrefix)} ${TOPIC_PROBLEMS[problem]}`,
    );
  }
  checkAmount(option, 'messages', messages);
  checkAmount(option, 'bytes', bytes);
  if (messages !== undefined || bytes !== undefined) return;
  throw new RangeError(`option ${option}: expected messages or bytes for ${topicPrefix}, got neither`);
}

function checkMessageFilter(option: string, topicFilter: string): void {
  const problem = checkTopicFilter(topicFilter);
  if (problem !== null) {
    throw new RangeError(
      `option ${option}: topic filter ${JSON.stringify(topicFilter)} ${TOPIC_PROBLEMS[problem]}`,
    );
  }
  if (!isSharedFilter(topicFilter)) return;
  throw new RangeError(
    `option ${option}: expected the topic filter of messages, got that of a shared subscription: ${topicFilter}`,
  );
}

function checkAmount(option: string, name: string, value: unknown): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return;
  throw new RangeError(
    `option ${option}: expected ${name} as a whole number from 0 on, got ${String(value)}`,
  );
}

function expectedEntry(option: string, example: string, entry: unknown): TypeError {
  return new TypeError(`option ${option}: expected entries such as ${example}, got ${JSON.stringify(entry)}`);
}
