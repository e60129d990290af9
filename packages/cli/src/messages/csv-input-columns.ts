/** What the columns of CSV mean for a message: the first record names them, every other one is a message. */
import type { MessageProperties } from '@martlet/client';
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import type { InputDefaults, InputMessage } from './input-message.ts';
import {
  bytesFromBase64,
  InputError,
  InputOptions,
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
  /** Where the fields of a message are; -1 where there is no such column. */
  readonly #at: Readonly<Record<'topic' | 'payload' | 'base64' | 'qos' | 'retain', number>>;
  readonly #properties: readonly (readonly [name: string, at: number])[];
  readonly #defaults: InputDefaults;
  readonly #options: InputOptions;

  /**
   * @param defaults what holds where a field is empty; an empty payload is one
   * @throws {InputError} for a name that is unknown, or there twice
   */
  constructor(given: readonly string[], defaults: InputDefaults) {
    // Some programs begin a file with a byte order mark.
    const names = given.map((name, index) => (index === 0 ? name.replace(/^\u{feff}/u, '') : name).trim());
    for (const name of names) refuseUnknown(name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new InputError(`expected the column ${twice} once, got it twice`);
    this.#names = names;
    this.#at = {
      topic: names.indexOf('topic'),
      payload: names.indexOf('payload'),
      base64: names.indexOf('payload_base64'),
      qos: names.indexOf('qos'),
      retain: names.indexOf('retain'),
    };
    this.#properties = MESSAGE_PROPERTY_NAMES.filter((name) => names.includes(name)).map((name) => [
      name,
      names.indexOf(name),
    ]);
    this.#defaults = defaults;
    this.#options = new InputOptions(defaults);
  }

  /** @throws {InputError} */
  messageFrom(fields: readonly string[]): InputMessage {
    if (fields.length !== this.#names.length)
      throw new InputError(
        `expected ${this.#names.length} fields as in the first line, got ${fields.length}`,
      );
    const at = this.#at;
    const defaults = this.#defaults;
    return {
      topicName: topicNameFrom(fields[at.topic], defaults),
      payload: payloadFrom(fields[at.payload] ?? '', fields[at.base64] ?? ''),
      options: this.#options.of(
        qosFrom(fields[at.qos], defaults),
        retainFrom(fields[at.retain], defaults),
        this.#propertiesOf(fields),
      ),
    };
  }

  /** Undefined if all are empty. */
  #propertiesOf(fields: readonly string[]): MessageProperties | undefined {
    const given = this.#properties.filter(([, at]) => fields[at] !== '');
    if (given.length === 0) return undefined;
    return propertiesFrom(
      given.map(([name, at]) => [
        name,
        name === 'user-properties' ? jsonFrom(name, fields[at]!) : fields[at],
      ]),
    );
  }
}

function refuseUnknown(name: string): void {
  if (KNOWN.includes(name) || OF_RECEIVED.includes(name)) return;
  const near = nearest(name, KNOWN);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  throw new InputError(
    `expected the first line to name the columns (${KNOWN.join(', ')}), got ${quoted(name)}${hint}`,
  );
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
