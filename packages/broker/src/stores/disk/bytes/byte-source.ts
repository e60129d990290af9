/** Thrown by {@link ByteSource} when the bytes end too early or hold no such value. */
export class ByteSourceError extends Error {
  override readonly name = 'ByteSourceError';
}

const TWO_TO_53 = 2 ** 53;

/** Reads what a {@link ByteSink} wrote, from any bytes: what is not there is an error, never `undefined`. */
export class ByteSource {
  /** Where the next value begins. */
  at: number;
  readonly end: number;
  readonly #bytes: Uint8Array;
  /** The same bytes, for their fast way to a string. */
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.at = 0;
    this.end = bytes.length;
    this.#bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  readU8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  readU16(): number {
    const at = this.#advance(2);
    return this.#bytes[at]! | (this.#bytes[at + 1]! << 8);
  }

  readU32(): number {
    const at = this.#advance(4);
    const bytes = this.#bytes;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** @throws {ByteSourceError} for a value of 2^53 or more too */
  readVarint(): number {
    const bytes = this.#bytes;
    const end = this.end;
    let at = this.at;
    let value = 0;
    let shift = 0;
    // Up to four bytes are worked out in integers, which is nearly always enough.
    while (at < end && shift < 28) {
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return value;
      }
      shift += 7;
    }
    let scale = 2 ** 28;
    while (at < end && shift < 56) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value >= TWO_TO_53) break;
        this.at = at;
        return value;
      }
      scale *= 0x80;
      shift += 7;
    }
    throw new ByteSourceError(
      `expected a varint below 2^53 at byte ${this.at}, got ${at === end ? 'only a part of one' : 'a larger one'}`,
    );
  }

  readZigzag(): number {
    const value = this.readVarint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A copy of the next `length` bytes. */
  readBytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.slice(at, at + length);
  }

  /** UTF-8 with its length in bytes as a varint before it. */
  readText(): string {
    const length = this.readVarint();
    return this.readUtf8(length);
  }

  /** The next `length` bytes as UTF-8. */
  readUtf8(length: number): string {
    const at = this.#advance(length);
    return this.#buffer.toString('utf8', at, at + length);
  }

  /** Moves behind the next `length` bytes, and tells where they begin. */
  #advance(length: number): number {
    const at = this.at;
    if (at + length > this.end) {
      throw new ByteSourceError(`expected ${length} bytes at byte ${at}, got ${this.end - at}`);
    }
    this.at = at + length;
    return at;
  }
}
