/** A message to be published, as it is read from a line of input, and what is checked of its fields in every format. */
import type { MessageProperties, PublishOptions } from '@martlet/client';
import type { Qos } from '@martlet/protocol';
import { checkTopicName, TOPIC_PROBLEMS } from '@martlet/protocol';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import type { GivenProperty } from './property-flag.ts';
import { collectProperties, takeProperty } from './property-flag.ts';

export interface InputMessage {
  readonly topicName: string;
  readonly payload: Uint8Array | string;
  readonly options: PublishOptions;
}

/** What holds where a line says nothing. */
export interface InputDefaults {
  readonly topicName: string | undefined;
  readonly options: PublishOptions;
}

/** What is wrong with one line. The message does not say which one: whoever counts lines does. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The options of messages: one object for all that have the same, which the client checks once. */
export class InputOptions {
  readonly #defaults: PublishOptions;
  /** Those of messages without properties, by QoS and RETAIN. */
  readonly #plain: (PublishOptions | undefined)[] = [];

  constructor({ options }: InputDefaults) {
    this.#defaults = options;
  }

  of(qos: Qos, retain: boolean, properties: MessageProperties | undefined): PublishOptions {
    if (properties !== undefined) return { ...this.#defaults, ...properties, qos, retain };
    const index = qos * 2 + Number(retain);
    this.#plain[index] ??= { ...this.#defaults, qos, retain };
    return this.#plain[index];
  }
}

/** @returns an error such as `qos: expected 0, 1 or 2, got '3'` */
export function unexpectedField(name: string, expected: string, got: unknown, cause?: unknown): InputError {
  const text = typeof got === 'string' ? got : (JSON.stringify(got) ?? String(got));
  return new InputError(`${name}: expected ${expected}, got ${quoted(text)}`, { cause });
}

/** @throws {InputError} */
export function topicNameFrom(value: unknown, defaults: InputDefaults): string {
  if (value === undefined || value === '') {
    if (defaults.topicName !== undefined) return defaults.topicName;
    throw new InputError('expected a topic (or -t, for lines without one), got none');
  }
  if (typeof value !== 'string') throw unexpectedField('topic', 'text', value);
  const problem = checkTopicName(value, Number.POSITIVE_INFINITY);
  if (problem === null) return value;
  throw new InputError(`topic: expected a topic name, got ${quoted(value)}: it ${TOPIC_PROBLEMS[problem]}`);
}

/** @throws {InputError} */
export function qosFrom(value: unknown, defaults: InputDefaults): Qos {
  if (value === undefined || value === '') return defaults.options.qos ?? 0;
  const qos = Number(value);
  if ((typeof value === 'number' || typeof value === 'string') && (qos === 0 || qos === 1 || qos === 2))
    return qos;
  throw unexpectedField('qos', '0, 1 or 2', value);
}

const YES: readonly unknown[] = [true, 1, '1', 'true'];
const NO: readonly unknown[] = [false, 0, '0', 'false'];

/** @throws {InputError} */
export function retainFrom(value: unknown, defaults: InputDefaults): boolean {
  if (value === undefined || value === '') return defaults.options.retain ?? false;
  if (YES.includes(value)) return true;
  if (NO.includes(value)) return false;
  throw unexpectedField('retain', 'true or false, or 1 or 0', value);
}

/** @throws {InputError} */
export function bytesFromBase64(name: string, value: unknown): Uint8Array {
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0)
    return Buffer.from(value, 'base64');
  throw unexpectedField(name, 'base64', value);
}

/** They belong to the connection on which a message came, and say nothing of the next one. */
const OF_CONNECTION: readonly string[] = [
  'topic-alias',
  'subscription-identifier',
  'subscription-identifiers',
];
const BASE64 = '_base64';

/**
 * @param fields by Mosquitto's names: `content-type`, `user-properties` and so on
 * @throws {InputError}
 */
export function propertiesFrom(fields: Iterable<readonly [name: string, value: unknown]>): MessageProperties {
  const given: GivenProperty[] = [];
  let correlationData: Uint8Array | undefined;
  for (const [name, value] of fields) {
    if (OF_CONNECTION.includes(name)) continue;
    if (name === 'user-properties') {
      for (const [key, text] of userPropertiesFrom(value))
        given.push(propertyFrom('user-property', key, text));
    } else if (name === `correlation-data${BASE64}`) correlationData = bytesFromBase64(name, value);
    else if (typeof value === 'string' || typeof value === 'number')
      given.push(propertyFrom(name, String(value)));
    else throw unexpectedField(name, 'text or a number', value);
  }
  const { publish } = collectProperties(given);
  return correlationData === undefined ? publish : { ...publish, correlationData };
}

function propertyFrom(name: string, ...words: readonly string[]): GivenProperty {
  try {
    return takeProperty(['publish', name, ...words]).value;
  } catch (error) {
    if (error instanceof UsageError) throw new InputError(`properties: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Names of the properties that a line may have. */
export const MESSAGE_PROPERTY_NAMES: readonly string[] = [
  'content-type',
  'correlation-data',
  'correlation-data_base64',
  'message-expiry-interval',
  'payload-format-indicator',
  'response-topic',
  'user-properties',
];

const USER_PROPERTIES = 'user-properties';
const EXPECTED = '[{"name": "value"}, …] or {"name": "value"}';

/** Three ways of writing: a list of objects or of pairs, which keeps order and repetitions, or one object. */
function userPropertiesFrom(value: unknown): readonly (readonly [string, string])[] {
  const objects: readonly unknown[] = Array.isArray(value) ? value : [value];
  return objects.flatMap((each): (readonly [string, string])[] => {
    if (typeof each !== 'object' || each === null) throw unexpectedField(USER_PROPERTIES, EXPECTED, value);
    const entries: readonly (readonly unknown[])[] = Array.isArray(each) ? [each] : Object.entries(each);
    return entries.flatMap(([name, text]) => {
      const texts: readonly unknown[] = Array.isArray(text) ? text : [text];
      return texts.map((one) => {
        if (typeof name !== 'string' || typeof one !== 'string')
          throw unexpectedField(USER_PROPERTIES, EXPECTED, value);
        return [name, one] as const;
      });
    });
  });
}
