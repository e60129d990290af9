/**
 * The pattern of a typed topic: a topic name in which `{name}` stands for one level, and `{name...}` at the end for one
 * or more. Neither stands for an empty level, nor the first of them for a level that begins with `$`, as in MQTT.
 */
import { checkTopicName } from '@martlet/protocol';
import { ClientError } from '../client-error.ts';

export interface TopicPattern {
  readonly text: string;
  readonly levels: readonly PatternLevel[];
  /**
   * Sorts behind that of another pattern for the same topic name if this one is literal where they first differ, or has
   * one level where the other has the rest.
   */
  readonly rank: string;
  /** For all its topic names. */
  readonly topicFilter: string;
}

interface PatternLevel {
  readonly text: string;
  /** Of the parameter; empty for a literal level. */
  readonly name: string;
  /** What stands for the parameter in a topic filter: `#` for the rest; empty for a literal level. */
  readonly wildcard: '' | '+' | '#';
}

/** The values of the parameters by name. */
export type TopicParameters = Readonly<Record<string, string>>;

/** @throws {ClientError} `INVALID_TOPIC` when it is no pattern. */
export function parseTopicPattern(text: string): TopicPattern {
  const names = new Set<string>();
  let isPattern = checkTopicName(text) === null && !text.startsWith('$share/');
  const parts = text.split('/');
  const levels = parts.map((level, index): PatternLevel => {
    const [, name = '', dots] = /^\{([a-z]\w*)(\.{3})?\}$/i.exec(level) ?? [];
    const wildcard = name && (dots ? '#' : '+');
    const isMisplaced = dots && index < parts.length - 1;
    if (name ? names.has(name) || isMisplaced : /[{}]/.test(level)) isPattern = false;
    names.add(name);
    return { text: level, name, wildcard };
  });
  if (!isPattern) throw invalidTopic('a pattern such as home/{room} or log/{path...}', text);
  return {
    text,
    levels,
    rank: levels.map(({ wildcard }) => wildcard || '~').join(''),
    topicFilter: levels.map((level) => level.wildcard || level.text).join('/'),
  };
}

/**
 * The topic name with these parameters; without `isComplete` the topic filter, in which a missing one is a wildcard.
 *
 * @throws {ClientError} `INVALID_TOPIC` for a parameter that is missing, or that cannot stand there.
 */
export function fillTopicPattern(
  { text, levels }: TopicPattern,
  parameters: Partial<TopicParameters>,
  isComplete: boolean,
): string {
  return levels
    .map((level, index) => {
      const { name, wildcard } = level;
      if (!name) return level.text;
      const value = parameters[name];
      if (value === undefined && !isComplete) return wildcard;
      if (typeof value !== 'string' || checkTopicName(value) !== null || !canStand(value, level, index)) {
        throw invalidTopic(`a ${name} that can stand in ${text}`, value);
      }
      return value;
    })
    .join('/');
}

/** The parameters in a topic name that fits the pattern; undefined when it does not. */
export function matchTopicPattern({ levels }: TopicPattern, topicName: string): TopicParameters | undefined {
  const given = topicName.split('/');
  const parameters: Record<string, string> = {};
  for (const [index, level] of levels.entries()) {
    const value = level.wildcard === '#' ? given.splice(index).join('/') : given[index];
    if (value === undefined) return undefined;
    if (level.name ? !canStand(value, level, index) : value !== level.text) return undefined;
    if (level.name) parameters[level.name] = value;
  }
  return given.length > levels.length ? undefined : parameters;
}

/** A wildcard in the first level matches no topic name that begins with `$`. [MQTT-4.7.2-1] */
function canStand(value: string, { wildcard }: PatternLevel, index: number): boolean {
  return value !== '' && (wildcard === '#' || !value.includes('/')) && (index > 0 || value[0] !== '$');
}

export function invalidTopic(expected: string, got: unknown): ClientError {
  return new ClientError('INVALID_TOPIC', `expected ${expected}, got ${got}`);
}
