/**
 * Bytes that are gathered to be written at once. It grows as needed, and is used again and again: to append a message makes
 * no garbage.
 */
export class ByteBuffer {
  #bytes: Buffer;
  #length = 0;

  /** @param capacity what it begins with, in bytes */
  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What has been gathered, valid until more is appended. */
  get view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  appendByte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = byte;
  }

  /** The same byte many times. */
  appendRepeated(byte: number, count: number): void {
    if (count <= 0) return;
    this.#grow(count);
    this.#bytes.fill(byte, this.#length, this.#length + count);
    this.#length += count;
  }

  appendBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#grow(length);
    // A call costs more than a few bytes.
    if (length > SHORT) this.#bytes.set(bytes, this.#length);
    else for (let i = 0; i < length; i++) this.#bytes[this.#length + i] = bytes[i]!;
    this.#length += length;
  }

  /** Text as UTF-8. */
  appendText(text: string): void {
    // A UTF-16 code unit takes three bytes at most.
    this.#grow(text.length * 3);
    const { length } = text;
    if (length <= SHORT) {
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        this.#bytes[this.#length + i] = unit;
      }
      if (i === length) {
        this.#length += length;
        return;
      }
    }
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Each byte as two digits. @param digits the sixteen of them, as character codes */
  appendHex(bytes: Uint8Array, digits: Uint8Array): void {
    this.#grow(bytes.length * 2);
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      this.#bytes[this.#length++] = digits[byte >> 4]!;
      this.#bytes[this.#length++] = digits[byte & 15]!;
    }
  }

  /** Takes back what was appended after that length. */
  truncate(length: number): void {
    if (length < this.#length) this.#length = length;
  }

  /** Gives away what was gathered, and begins anew. */
  take(): Buffer {
    const taken = this.view;
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(FIRST, Math.min(LARGEST_KEPT, taken.length)));
    this.#length = 0;
    return taken;
  }

  /** Makes room for so many more bytes. */
  #grow(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const SHORT = 48;
const FIRST = 1024;
/** After something very long the next buffer is an ordinary one again. */
const LARGEST_KEPT = 128 * 1024;
