/**
 * CBOR (RFC 8949) as text: the diagnostic notation of its section 8, which is JSON where the value could be JSON, taken apart
 * into tokens. Bytes are `h'…'`, a tagged value is `1(…)`.
 *
 * It reads hostile bytes: memory and depth are bounded by the length of the input and by {@link MOST_DEPTH}.
 */
import { utf8TextOf } from './utf8-text.ts';

/** Deeper than that is no message but an attack on whoever reads it. */
export const MOST_DEPTH = 100;

const BREAK = 0xff;
const INDEFINITE = 31;

/** @returns undefined if the bytes are not exactly one well-formed item */
export function cborTokensOf(bytes: Uint8Array): readonly string[] | undefined {
  const reader = new CborReader(bytes);
  try {
    reader.item(0);
  } catch (error) {
    if (error instanceof MalformedCbor) return undefined;
    throw error;
  }
  return reader.isAtEnd ? reader.tokens : undefined;
}

class MalformedCbor extends Error {
  override readonly name = 'MalformedCbor';
}

class CborReader {
  readonly tokens: string[] = [];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** @throws {MalformedCbor} */
  item(depth: number): void {
    if (depth > MOST_DEPTH) throw new MalformedCbor('nested too deeply');
    const first = this.#byte();
    const kind = first >> 5;
    const info = first & 31;
    switch (kind) {
      case 0:
        this.tokens.push(String(this.#argument(info)));
        return;
      case 1:
        this.tokens.push(String(-1n - BigInt(this.#argument(info))));
        return;
      case 2:
        this.tokens.push(`h'${Buffer.from(this.#string(kind, info)).toString('hex')}'`);
        return;
      case 3:
        this.tokens.push(JSON.stringify(this.#text(info)));
        return;
      case 4:
        this.#items('[', ']', info, () => this.item(depth + 1));
        return;
      case 5:
        this.#items('{', '}', info, () => this.#pair(depth + 1));
        return;
      case 6:
        this.tokens.push(`${this.#argument(info)}(`);
        this.item(depth + 1);
        this.tokens.push(')');
        return;
      default:
        this.tokens.push(this.#simple(info));
    }
  }

  #pair(depth: number): void {
    this.item(depth);
    this.tokens.push(':');
    this.item(depth);
  }

  #items(opening: string, closing: string, info: number, each: () => void): void {
    const count = info === INDEFINITE ? Number.POSITIVE_INFINITY : Number(this.#argument(info));
    this.tokens.push(opening);
    // However many are announced, each takes at least a byte.
    for (let i = 0; i < count; i++) {
      if (count === Number.POSITIVE_INFINITY && this.#bytes[this.#at] === BREAK) {
        this.#at++;
        break;
      }
      if (i > 0) this.tokens.push(',');
      each();
    }
    this.tokens.push(closing);
  }

  #text(info: number): string {
    const text = utf8TextOf(this.#string(3, info));
    if (text === undefined) throw new MalformedCbor('text that is no UTF-8');
    return text;
  }

  /** The bytes of a string, which may come in parts. */
  #string(kind: number, info: number): Uint8Array {
    if (info !== INDEFINITE) return this.#take(Number(this.#argument(info)));
    const parts: Uint8Array[] = [];
    for (let first = this.#byte(); first !== BREAK; first = this.#byte()) {
      if (first >> 5 !== kind || (first & 31) === INDEFINITE)
        throw new MalformedCbor('a part of another kind');
      parts.push(this.#take(Number(this.#argument(first & 31))));
    }
    return Buffer.concat(parts);
  }

  #simple(info: number): string {
    switch (info) {
      case 20:
        return 'false';
      case 21:
        return 'true';
      case 22:
        return 'null';
      case 23:
        return 'undefined';
      case 25:
        return numberText(halfFloat(this.#view.getUint16(this.#advance(2))));
      case 26:
        return numberText(this.#view.getFloat32(this.#advance(4)));
      case 27:
        return numberText(this.#view.getFloat64(this.#advance(8)));
      case 24:
        return `simple(${this.#byte()})`;
      default:
        if (info > 24) throw new MalformedCbor('a simple value that is reserved');
        return `simple(${info})`;
    }
  }

  /** The number after the kind: in the same byte, or in the next 1, 2, 4 or 8. */
  #argument(info: number): number | bigint {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return this.#byte();
      case 25:
        return this.#view.getUint16(this.#advance(2));
      case 26:
        return this.#view.getUint32(this.#advance(4));
      case 27:
        return this.#view.getBigUint64(this.#advance(8));
      default:
        throw new MalformedCbor('a length that is reserved');
    }
  }

  #byte(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  #take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** @returns where it was */
  #advance(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw new MalformedCbor('cut off');
    this.#at += length;
    return start;
  }
}

/** With a point, so that it does not look like a whole number: `1.0`. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** RFC 8949, appendix D. */
function halfFloat(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 0x3ff;
  const size =
    exponent === 0
      ? mantissa * 2 ** -24
      : exponent === 31
        ? mantissa === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : (mantissa + 1024) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}
