import { decodeForwardableProperties, isUtf8Encodable, utf8ByteLength } from '@martlet/protocol';
import type { QoS } from '../../../../core/publish/message.ts';
import { bytesOfFields, encodedProperties } from '../export/content-fields.ts';

/** A line says something else than was expected. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

/** The fields of a line, each taken once and checked; what nobody took is an error, because it would be lost. */
export class LineFields {
  readonly #fields: Map<string, unknown>;
  readonly #where: string;

  /** @throws {LineError} when it is no object */
  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new LineError(`expected ${where} to be an object, got ${shown(value)}`);
    }
    this.#fields = new Map(Object.entries(value));
    this.#where = where;
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** @throws {LineError} when a field is left */
  end(): void {
    const [left] = this.#fields.keys();
    if (left !== undefined) throw new LineError(`expected no field "${left}" in ${this.#where}`);
  }

  /** A string that MQTT can carry. */
  text(name: string, maximumBytes: number = 65_535): string {
    const value = this.#take(name);
    if (typeof value !== 'string' || !isUtf8Encodable(value) || utf8ByteLength(value) > maximumBytes) {
      throw this.#wrong(name, `a string of at most ${maximumBytes} bytes of UTF-8 without U+0000`, value);
    }
    return value;
  }

  integer(name: string, minimum: number, maximum: number): number {
    const value = this.#take(name);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) {
      throw this.#wrong(name, `an integer from ${minimum} to ${maximum}`, value);
    }
    return value;
  }

  /** Seconds, or "never", which is `never` here. */
  secondsOrNever(name: string, never: number): number {
    if (this.#fields.get(name) !== 'never') return this.integer(name, 0, never);
    this.#fields.delete(name);
    return never;
  }

  /** A string of any content. */
  anyText(name: string): string {
    const value = this.#take(name);
    if (typeof value !== 'string') throw this.#wrong(name, 'a string', value);
    return value;
  }

  qos(): QoS {
    return this.integer('qos', 0, 2) as QoS;
  }

  flag(name: string): boolean {
    const value = this.#take(name);
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false', value);
    return value;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#take(name);
    const found = values.find((each) => each === value);
    if (found === undefined) throw this.#wrong(name, `one of ${values.join(', ')}`, value);
    return found;
  }

  integers(name: string, minimum: number, maximum: number): number[] {
    const value = this.#take(name);
    const isRight = (each: unknown) =>
      typeof each === 'number' && Number.isInteger(each) && each >= minimum && each <= maximum;
    if (!Array.isArray(value) || !value.every(isRight)) {
      throw this.#wrong(name, `an array of integers from ${minimum} to ${maximum}`, value);
    }
    return value as number[];
  }

  /** A time as ms since 1970. */
  time(name: string): number {
    const value = this.#take(name);
    const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(ms)) throw this.#wrong(name, 'a time such as "2026-01-31T12:00:00.000Z"', value);
    return ms;
  }

  object(name: string): LineFields {
    return new LineFields(this.#take(name), `"${name}"`);
  }

  /** The field, or its form in base64 under the name with `Base64`. */
  bytes(name: string): Uint8Array {
    const text = this.#fields.get(name);
    const encoded = this.#fields.get(`${name}Base64`);
    if ((text === undefined) === (encoded === undefined)) {
      throw new LineError(`expected either "${name}" or "${name}Base64" in ${this.#where}`);
    }
    const used = text === undefined ? `${name}Base64` : name;
    const value = this.#take(used);
    const isText = typeof value === 'string';
    const bytes = isText ? bytesOfFields(text === undefined ? undefined : value, value) : null;
    if (bytes === null) throw this.#wrong(used, text === undefined ? 'base64' : 'a string', value);
    return bytes;
  }

  /** Encoded properties, from their object or their bytes; none if there is neither. */
  properties(): Uint8Array {
    if (this.has('propertiesBase64')) return this.#propertyBytes();
    if (!this.has('properties')) return new Uint8Array(0);
    const value = this.#take('properties');
    new LineFields(value, '"properties"');
    try {
      return encodedProperties(value as Record<string, unknown>);
    } catch (error) {
      throw new LineError(`in "properties" of ${this.#where}: ${(error as Error).message}`, { cause: error });
    }
  }

  #propertyBytes(): Uint8Array {
    const bytes = this.bytes('properties');
    try {
      decodeForwardableProperties(bytes);
    } catch (error) {
      throw new LineError(`in "propertiesBase64" of ${this.#where}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return bytes;
  }

  #take(name: string): unknown {
    const value = this.#fields.get(name);
    if (value === undefined) throw new LineError(`expected a field "${name}" in ${this.#where}`);
    this.#fields.delete(name);
    return value;
  }

  #wrong(name: string, expected: string, value: unknown): LineError {
    return new LineError(`expected "${name}" to be ${expected}, got ${shown(value)}`);
  }
}

/** A value in an error: short, however long it is. */
function shown(value: unknown): string {
  const text =
    typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(JSON.stringify(value)).slice(0, 60);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
