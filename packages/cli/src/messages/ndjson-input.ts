/**
 * A message from a line of JSON, as `martlet sub --ndjson` and Mosquitto's `%j` and `%J` print it:
 *
 *     {"topic": "home/light", "payload": "on", "qos": 1, "retain": true, "properties": {"content-type": "text/plain"}}
 */
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import type { InputDefaults, InputMessage } from './input-message.ts';
import {
  bytesFromBase64,
  InputError,
  InputOptions,
  propertiesFrom,
  qosFrom,
  retainFrom,
  topicNameFrom,
  unexpectedField,
} from './input-message.ts';

const KNOWN: readonly string[] = ['topic', 'payload', 'payload_base64', 'qos', 'retain', 'properties'];
/** Of the message that was received or recorded: to publish it again says nothing of them. */
const OF_RECEIVED: readonly string[] = ['tst', 'payloadlen', 'mid', 'dup', 'at'];

export class JsonMessages {
  readonly #defaults: InputDefaults;
  readonly #options: InputOptions;

  /** @param defaults what holds for what a line leaves out */
  constructor(defaults: InputDefaults) {
    this.#defaults = defaults;
    this.#options = new InputOptions(defaults);
  }

  /** @throws {InputError} */
  messageFrom(line: string): InputMessage {
    return this.messageFromFields(objectFrom(line));
  }

  /** The same for a line that has been taken apart. @throws {InputError} */
  messageFromFields(fields: Readonly<Record<string, unknown>>): InputMessage {
    for (const name in fields) {
      if (!KNOWN.includes(name) && !OF_RECEIVED.includes(name)) throw unknownField(name);
    }
    const { topic, qos, retain, properties } = fields;
    const defaults = this.#defaults;
    return {
      topicName: topicNameFrom(topic, defaults),
      payload: payloadFrom(fields),
      options: this.#options.of(
        qosFrom(qos, defaults),
        retainFrom(retain, defaults),
        properties === undefined ? undefined : propertiesFrom(entriesOf(properties)),
      ),
    };
  }
}

/** The same for a single line. @throws {InputError} */
export function messageFromJson(line: string, defaults: InputDefaults): InputMessage {
  return new JsonMessages(defaults).messageFrom(line);
}

/** @throws {InputError} */
export function objectFrom(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new InputError(`expected a JSON object, got ${quoted(line)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new InputError(`expected a JSON object such as {"topic": "a", "payload": "b"}, got ${quoted(line)}`);
}

function unknownField(name: string): InputError {
  if (name === 'recording')
    return new InputError(
      'expected a message, got the first line of a recording: martlet replay publishes those',
    );
  const near = nearest(name, KNOWN);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return new InputError(`expected the fields ${KNOWN.join(', ')}, got ${quoted(name)}${hint}`);
}

/** Text as it is; any other value as JSON; nothing, and null, as an empty payload. */
function payloadFrom({
  payload,
  payload_base64: base64,
}: Readonly<Record<string, unknown>>): Uint8Array | string {
  if (base64 !== undefined) {
    if (payload !== undefined) throw new InputError('expected payload or payload_base64, got both');
    return bytesFromBase64('payload_base64', base64);
  }
  if (payload === undefined || payload === null) return '';
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}

function entriesOf(properties: unknown): readonly (readonly [string, unknown])[] {
  if (typeof properties === 'object' && properties !== null && !Array.isArray(properties))
    return Object.entries(properties);
  throw unexpectedField('properties', 'an object', properties);
}
