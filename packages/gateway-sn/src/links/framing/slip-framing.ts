/** SLIP (RFC 1055): an END octet on both sides of each message, and both special octets escaped within. */
import type { Frame, Framing } from './framing.ts';

const END = 0xc0;
const ESC = 0xdb;
const ESCAPED_END = 0xdc;
const ESCAPED_ESC = 0xdd;
/** What no message is longer than; more without an END is noise. */
const MAXIMUM_FRAME_BYTES = 2048;

export class SlipFraming implements Framing {
  readonly maximumMessageBytes: number = MAXIMUM_FRAME_BYTES;
  #skipped = 0;
  #bytes: number[] = [];
  #escaped = false;
  /** Until the next END: there was too much, or an escape that is none. */
  #noise = false;

  get skipped(): number {
    return this.#skipped;
  }

  push(bytes: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    for (const byte of bytes) {
      if (byte !== END) this.#take(byte);
      else {
        if (this.#noise || this.#escaped) this.#skipped++;
        else if (this.#bytes.length > 0) frames.push({ node: null, message: Uint8Array.from(this.#bytes) });
        this.#bytes = [];
        this.#escaped = false;
        this.#noise = false;
      }
    }
    return frames;
  }

  #take(byte: number): void {
    if (this.#noise) return;
    if (!this.#escaped && byte === ESC) {
      this.#escaped = true;
      return;
    }
    let plain = byte;
    if (this.#escaped) {
      this.#escaped = false;
      if (byte === ESCAPED_END) plain = END;
      else if (byte === ESCAPED_ESC) plain = ESC;
      else this.#noise = true;
    }
    if (this.#bytes.length >= MAXIMUM_FRAME_BYTES) this.#noise = true;
    else this.#bytes.push(plain);
  }

  encode({ message }: Frame): Uint8Array {
    if (message.length > this.maximumMessageBytes) {
      throw new RangeError(
        `expected a message of at most ${MAXIMUM_FRAME_BYTES} bytes, got ${message.length}`,
      );
    }
    const escaped = [...message].flatMap((byte) =>
      byte === END ? [ESC, ESCAPED_END] : byte === ESC ? [ESC, ESCAPED_ESC] : [byte],
    );
    return Uint8Array.from([END, ...escaped, END]);
  }
}
