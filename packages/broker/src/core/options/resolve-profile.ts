/** From options as an application gives them to a profile in which everything has a value within its bounds. */
import {
  checkTopicFilter,
  isSharedFilter,
  isUtf8Encodable,
  PROPERTIES,
  propertyByName,
  TOPIC_PROBLEMS,
} from '@martlet/protocol';
import { durabilityNamed } from '../ports/durability.ts';
import type { Limits } from './limits.ts';
import { LIMITS } from './limits.ts';
import type { Habits, HabitType, Profile, TopicDurability } from './profile.ts';
import { HABITS } from './profile.ts';

const CONNACK_PROPERTIES: readonly string[] = PROPERTIES.map(({ name }) => name).filter(
  (name) => propertyByName('connack', name) !== undefined,
);

/** Options of the core: every limit and habit may be left out. */
export interface ProfileOptions extends Partial<Habits> {
  readonly limits?: Partial<Limits>;
}

/**
 * @throws {TypeError} for an unknown name, with the nearest known one
 * @throws {RangeError} for a value out of bounds, which says what is allowed
 */
export function resolveProfile(options: ProfileOptions = {}): Profile {
  const { limits: limitOptions = {}, ...habitOptions } = options;
  const habits: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(HABITS)) habits[name] = row.default;
  for (const [name, value] of Object.entries(habitOptions)) {
    if (value === undefined) continue;
    const row = HABITS[name as keyof Habits];
    if (row === undefined) throw unknown('option', name, [...Object.keys(HABITS), 'limits']);
    checkHabit(name, row.values, value);
    habits[name] = value;
  }
  const limits: Record<string, number> = {};
  for (const [name, row] of Object.entries(LIMITS)) limits[name] = row.default;
  for (const [name, value] of Object.entries(limitOptions)) {
    if (value === undefined) continue;
    const row = LIMITS[name as keyof Limits];
    if (row === undefined) throw unknown('limit', name, Object.keys(LIMITS));
    if (!Number.isInteger(value) || value < row.minimum || value > row.maximum) {
      throw new RangeError(
        `limit ${name}: expected a whole number from ${row.minimum} to ${row.maximum} (${row.unit}), got ${String(value)}`,
      );
    }
    limits[name] = value;
  }
  return { ...(habits as unknown as Habits), limits: limits as Limits };
}

function checkHabit(name: string, values: readonly unknown[] | HabitType, value: unknown): void {
  switch (values) {
    case 'number':
      if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return;
      throw new RangeError(`option ${name}: expected a number from 0 on, got ${String(value)}`);
    case 'text':
      if (typeof value !== 'string')
        throw new TypeError(`option ${name}: expected text, got ${String(value)}`);
      if (isUtf8Encodable(value)) return;
      throw new RangeError(`option ${name}: expected no U+0000 and no lone surrogate in the text`);
    case 'list of CONNACK properties':
      checkConnackProperties(name, value);
      return;
    case 'list of topic filters, each with a durability':
      checkTopicDurability(name, value);
      return;
    default:
      if (values.includes(value)) return;
      throw new RangeError(
        `option ${name}: expected one of ${values.map(String).join(', ')}, got ${String(value)}`,
      );
  }
}

function checkConnackProperties(option: string, value: unknown): void {
  if (!Array.isArray(value)) {
    throw new TypeError(`option ${option}: expected a list of CONNACK properties, got ${String(value)}`);
  }
  for (const name of value) {
    if (CONNACK_PROPERTIES.includes(name)) continue;
    throw unknown('CONNACK property', String(name), CONNACK_PROPERTIES);
  }
}

function checkTopicDurability(option: string, value: unknown): void {
  if (!Array.isArray(value)) {
    throw new TypeError(`option ${option}: expected a list of topic filters, got ${String(value)}`);
  }
  for (const entry of value as readonly unknown[]) {
    const { topicFilter, durability } = (entry ?? {}) as Partial<TopicDurability>;
    if (typeof topicFilter !== 'string' || durability === undefined) {
      throw new TypeError(
        `option ${option}: expected entries such as { topicFilter: 'sensors/#', durability: 'os' }, got ${JSON.stringify(entry)}`,
      );
    }
    const problem = checkTopicFilter(topicFilter);
    if (problem !== null) {
      throw new RangeError(
        `option ${option}: topic filter ${JSON.stringify(topicFilter)} ${TOPIC_PROBLEMS[problem]}`,
      );
    }
    if (isSharedFilter(topicFilter)) {
      throw new RangeError(
        `option ${option}: expected the topic filter of messages, got that of a shared subscription: ${topicFilter}`,
      );
    }
    durabilityNamed(durability, option);
  }
}

function unknown(kind: string, name: string, known: readonly string[]): TypeError {
  const nearest = nearestName(name, known);
  return new TypeError(`unknown ${kind} ${name}${nearest === undefined ? '' : `: did you mean ${nearest}?`}`);
}

/** The known name with the smallest edit distance, if that is small enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 2));
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
