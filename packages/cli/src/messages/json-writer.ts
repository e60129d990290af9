/**
 * JSON, written into a buffer of bytes in one of two layouts: on one line without blanks, or over several lines as the cJSON
 * library does it, which is what Mosquitto's tools print with `--pretty`: keys indented by tabs, arrays on one line.
 *
 * Whoever calls sees to it that keys and values come in turn.
 */
import type { ByteBuffer } from './byte-buffer.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
/** The letters after a backslash for control characters that have one. */
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
]);

export class JsonWriter {
  readonly #buffer: ByteBuffer;
  readonly #isPretty: boolean;
  #depth = 0;
  /** Something stands before on the same level. */
  #isFollowing = false;

  constructor(buffer: ByteBuffer, isPretty: boolean) {
    this.#buffer = buffer;
    this.#isPretty = isPretty;
  }

  openObject(): void {
    this.#open(0x7b);
  }

  closeObject(): void {
    this.#depth--;
    if (this.#isPretty) this.#newLine();
    this.#close(0x7d);
  }

  openArray(): void {
    this.#open(0x5b);
  }

  closeArray(): void {
    this.#depth--;
    this.#close(0x5d);
  }

  /** Before each value of an object. @param name without anything to escape */
  key(name: string): void {
    this.#beforeKey();
    this.#buffer.appendByte(QUOTE);
    this.#buffer.appendText(name);
    this.#buffer.appendByte(QUOTE);
    this.#afterKey();
  }

  /** Before each value of an object. */
  anyKey(name: string): void {
    this.#beforeKey();
    this.#buffer.appendText(JSON.stringify(name));
    this.#afterKey();
  }

  /** Before each value of an array. */
  element(): void {
    if (!this.#isFollowing) return;
    this.#buffer.appendByte(COMMA);
    if (this.#isPretty) this.#buffer.appendByte(SPACE);
  }

  string(text: string): void {
    this.#buffer.appendText(JSON.stringify(text));
    this.#isFollowing = true;
  }

  /** A string of bytes that are meant to be UTF-8; they are passed on if they are not. */
  stringOfBytes(bytes: Uint8Array): void {
    const buffer = this.#buffer;
    buffer.appendByte(QUOTE);
    let start = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) continue;
      if (i > start) buffer.appendBytes(bytes.subarray(start, i));
      buffer.appendText(escaped(byte));
      start = i + 1;
    }
    buffer.appendBytes(start === 0 ? bytes : bytes.subarray(start));
    buffer.appendByte(QUOTE);
    this.#isFollowing = true;
  }

  /** A number, or one of `true`, `false` and `null`. */
  literal(text: string): void {
    this.#buffer.appendText(text);
    this.#isFollowing = true;
  }

  #open(bracket: number): void {
    this.#buffer.appendByte(bracket);
    this.#depth++;
    this.#isFollowing = false;
  }

  #close(bracket: number): void {
    this.#buffer.appendByte(bracket);
    this.#isFollowing = true;
  }

  #beforeKey(): void {
    if (this.#isFollowing) this.#buffer.appendByte(COMMA);
    if (this.#isPretty) this.#newLine();
  }

  #afterKey(): void {
    this.#buffer.appendByte(COLON);
    if (this.#isPretty) this.#buffer.appendByte(TAB);
  }

  #newLine(): void {
    this.#buffer.appendByte(NEWLINE);
    this.#buffer.appendRepeated(TAB, this.#depth);
  }
}

function escaped(byte: number): string {
  if (byte === QUOTE) return '\\"';
  if (byte === BACKSLASH) return '\\\\';
  return SHORT_ESCAPES.get(byte) ?? `\\u${byte.toString(16).padStart(4, '0')}`;
}
