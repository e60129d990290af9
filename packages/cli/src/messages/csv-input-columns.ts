/** What the columns of CSV mean for a message: the first record names them, every other one is a message. */
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import type { InputDefaults, InputMessage } from './input-message.ts';
import {
  bytesFromBase64,
  InputError,
  MESSAGE_PROPERTY_NAMES,
  propertiesFrom,
  qosFrom,
  retainFrom,
  topicNameFrom,
  unexpectedField,
} from './input-message.ts';

const OF_MESSAGE: readonly string[] = ['topic', 'payload', 'payload_base64', 'qos', 'retain'];
const KNOWN: readonly string[] = [...OF_MESSAGE, ...MESSAGE_PROPERTY_NAMES];
/** Of the message that was received: to publish it again says nothing of them. */
const OF_RECEIVED: readonly string[] = [
  'tst',
  'payloadlen',
  'mid',
  'dup',
  'topic-alias',
  'subscription-identifier',
];

export class CsvColumns {
  readonly #names: readonly string[];

  /** @throws {InputError} for a name that is unknown, or there twice */
  constructor(names: readonly string[]) {
    // Some programs begin a file with a byte order mark.
    this.#names = names.map((name, index) => (index === 0 ? name.replace(/^\u{feff}/u, '') : name).trim());
    for (const name of this.#names) {
      if (KNOWN.includes(name) || OF_RECEIVED.includes(name)) continue;
      const near = nearest(name, KNOWN);
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      throw new InputError(
        `expected the first line to name the columns (${KNOWN.join(', ')}), got ${quoted(name)}${hint}`,
      );
    }
    const twice = this.#names.find((name, index) => this.#names.indexOf(name) !== index);
    if (twice !== undefined) throw new InputError(`expected the column ${twice} once, got it twice`);
  }

  /**
   * @param defaults what holds where a field is empty; an empty payload is one
   * @throws {InputError}
   */
  messageFrom(fields: readonly string[], defaults: InputDefaults): InputMessage {
    if (fields.length !== this.#names.length)
      throw new InputError(
        `expected ${this.#names.length} fields as in the first line, got ${fields.length}`,
      );
    const byName = new Map(this.#names.map((name, index) => [name, fields[index]!]));
    const properties = [...byName]
      .filter(([name, value]) => value !== '' && MESSAGE_PROPERTY_NAMES.includes(name))
      .map(([name, value]) => [name, name === 'user-properties' ? jsonFrom(name, value) : value] as const);
    return {
      topicName: topicNameFrom(byName.get('topic'), defaults),
      payload: payloadFrom(byName.get('payload') ?? '', byName.get('payload_base64') ?? ''),
      options: {
        ...defaults.options,
        ...propertiesFrom(properties),
        qos: qosFrom(byName.get('qos'), defaults),
        retain: retainFrom(byName.get('retain'), defaults),
      },
    };
  }
}

function payloadFrom(payload: string, base64: string): Uint8Array | string {
  if (base64 === '') return payload;
  if (payload === '') return bytesFromBase64('payload_base64', base64);
  throw new InputError('expected payload or payload_base64, got both');
}

function jsonFrom(name: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw unexpectedField(name, 'JSON', value, error);
  }
}
