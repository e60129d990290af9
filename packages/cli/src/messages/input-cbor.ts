/**
 * JSON as CBOR (RFC 8949), each item as short as can be but for numbers of half precision: for payloads that are written as
 * JSON and sent as CBOR. What JSON cannot say does not come out: bytes, tags, keys that are no text.
 */
import { InputError } from './input-message.ts';

/** The kind of an item, in the three highest bits of its first byte. */
const UNSIGNED = 0x00;
const NEGATIVE = 0x20;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const FLOAT_32 = 0xfa;
const FLOAT_64 = 0xfb;

/** Deeper values could exhaust the stack. */
const DEEPEST = 500;

/**
 * @param text JSON
 * @throws {InputError} for what is no JSON, or goes too deep
 */
export function cborFromJson(text: string): Uint8Array {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`payload: expected JSON, to be sent as CBOR: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const parts: Uint8Array[] = [];
  append(value, parts, 0);
  return Buffer.concat(parts);
}

function append(value: unknown, parts: Uint8Array[], depth: number): void {
  if (depth > DEEPEST) throw new InputError(`payload: expected at most ${DEEPEST} levels of JSON, got more`);
  if (typeof value === 'string') appendText(value, parts);
  else if (typeof value === 'number') parts.push(numberBytes(value));
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? TRUE : FALSE));
  else if (value === null) parts.push(Uint8Array.of(NULL));
  else if (Array.isArray(value)) {
    parts.push(head(ARRAY, value.length));
    for (const each of value) append(each, parts, depth + 1);
  } else {
    const entries = Object.entries(value as object);
    parts.push(head(MAP, entries.length));
    for (const [name, each] of entries) {
      appendText(name, parts);
      append(each, parts, depth + 1);
    }
  }
}

function appendText(text: string, parts: Uint8Array[]): void {
  const bytes = Buffer.from(text);
  parts.push(head(TEXT, bytes.length), bytes);
}

function numberBytes(number: number): Uint8Array {
  if (Number.isSafeInteger(number) && !Object.is(number, -0))
    return number < 0 ? head(NEGATIVE, -1 - number) : head(UNSIGNED, number);
  const isShort = Math.fround(number) === number;
  const bytes = Buffer.alloc(isShort ? 5 : 9);
  bytes[0] = isShort ? FLOAT_32 : FLOAT_64;
  if (isShort) bytes.writeFloatBE(number, 1);
  else bytes.writeDoubleBE(number, 1);
  return bytes;
}

/** The first bytes of an item: its kind and a number, in as few bytes as that fits in. */
function head(kind: number, number: number): Uint8Array {
  if (number < 24) return Uint8Array.of(kind | number);
  const size = number < 0x100 ? 1 : number < 0x1_0000 ? 2 : number < 0x1_0000_0000 ? 4 : 8;
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = kind | (24 + Math.log2(size));
  if (size === 8) bytes.writeBigUInt64BE(BigInt(number), 1);
  else bytes.writeUIntBE(number, 1, size);
  return bytes;
}
