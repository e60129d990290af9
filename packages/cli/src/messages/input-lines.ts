/** Splits bytes that come in parts into lines; nothing is decoded. A last line needs no end. */
import { CommandFailure } from '../command-failure.ts';

const NEWLINE = 0x0a;

/** The longest payload of MQTT: what is left of the longest packet is a little less. */
export const LONGEST_PAYLOAD = 268_435_455;

export class InputLines {
  readonly #longest: number;
  /** The beginning of a line whose end has not come. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;

  /** @param longest bytes that a line may have */
  constructor(longest: number = LONGEST_PAYLOAD) {
    this.#longest = longest;
  }

  /**
   * The lines that end in these bytes, without their ends. They are parts of the bytes, which must not change.
   * @throws {CommandFailure} for a line that is too long
   */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    const lines: Uint8Array[] = [];
    let at = 0;
    let end = bytes.indexOf(NEWLINE);
    if (end >= 0 && this.#begunBytes > 0) {
      this.#begin(bytes.subarray(0, end));
      lines.push(this.#takeBegun());
      at = end + 1;
      end = bytes.indexOf(NEWLINE, at);
    }
    for (; end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      lines.push(bytes.subarray(at, end));
      at = end + 1;
    }
    if (at < bytes.length) this.#begin(bytes.subarray(at));
    return lines;
  }

  /** What is left when no more bytes come: a line without an end, or undefined. */
  end(): Uint8Array | undefined {
    return this.#begunBytes === 0 ? undefined : this.#takeBegun();
  }

  #begin(bytes: Uint8Array): void {
    this.#begun.push(bytes);
    this.#begunBytes += bytes.length;
    if (this.#begunBytes <= this.#longest) return;
    throw new CommandFailure(`expected lines of at most ${this.#longest} bytes, got a longer one`);
  }

  #takeBegun(): Uint8Array {
    const line = this.#begun.length === 1 ? this.#begun[0]! : Buffer.concat(this.#begun);
    this.#begun = [];
    this.#begunBytes = 0;
    return line;
  }
}
