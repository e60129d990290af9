/** An application message's payload and properties as fields of an export's line. */
import { isUtf8 } from 'node:buffer';
import type { PublishProperties } from '@martlet/protocol';
import { decodeForwardableProperties, encodeForwardableProperties } from '@martlet/protocol';
import type { ContentFields } from './export-lines.ts';

/**
 * A payload above this is always in base64: escaped as text, its worst case is six times as long and would not fit into
 * a string.
 */
const LONGEST_TEXT_BYTES = 32 * 1024 * 1024;

export function contentFields(payload: Uint8Array, properties: Uint8Array): ContentFields {
  const own = textOrBase64('payload', payload);
  if (properties.length === 0) return own;
  const decoded = decodedProperties(properties);
  if (decoded === null) return { ...own, propertiesBase64: base64(properties) };
  return { ...own, properties: decoded };
}

/** Null when these properties, encoded again, would not be the same bytes. */
function decodedProperties(bytes: Uint8Array): Record<string, unknown> | null {
  let decoded: PublishProperties;
  try {
    decoded = decodeForwardableProperties(bytes);
    if (Buffer.compare(encodeForwardableProperties(decoded), bytes) !== 0) return null;
  } catch {
    return null;
  }
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(decoded)) {
    if (value instanceof Uint8Array) Object.assign(fields, textOrBase64(name, value));
    else fields[name] = value;
  }
  return fields;
}

function textOrBase64(name: string, bytes: Uint8Array): Record<string, string> {
  if (bytes.length <= LONGEST_TEXT_BYTES && isUtf8(bytes)) return { [name]: view(bytes).toString('utf8') };
  return { [`${name}Base64`]: base64(bytes) };
}

function base64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The bytes of a field that an export wrote as text or, under its name with `Base64`, in base64. Null for neither. */
export function bytesOfFields(text: string | undefined, encoded: string | undefined): Uint8Array | null {
  if (text !== undefined) return new Uint8Array(Buffer.from(text, 'utf8'));
  if (encoded === undefined) return null;
  const bytes = Buffer.from(encoded, 'base64');
  // Node reads what it can; only the same text again says that it was base64 in full.
  return bytes.toString('base64') === encoded ? new Uint8Array(bytes) : null;
}

/**
 * The properties of an export's object as bytes.
 *
 * @throws {TypeError | RangeError} for a property there is not, or a value it cannot have
 */
export function encodedProperties(fields: Readonly<Record<string, unknown>>): Uint8Array {
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'correlationData' && typeof value === 'string') {
      properties[name] = bytesOfFields(value, undefined);
    } else if (name === 'correlationDataBase64' && typeof value === 'string') {
      properties['correlationData'] = bytesOfFields(undefined, value) ?? notBase64(name);
    } else if (name === 'topicAlias' || name === 'messageExpiryInterval' || name.startsWith('subscription')) {
      throw new TypeError(`${name} is not a property of the message itself`);
    } else {
      properties[name] = value;
    }
  }
  return encodeForwardableProperties(properties as PublishProperties);
}

function notBase64(name: string): never {
  throw new TypeError(`${name} is not base64`);
}
