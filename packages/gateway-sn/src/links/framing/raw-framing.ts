/**
 * Messages one after the other, as the serial bridge of mqtt-sn-tools has them: their first octet is their length. Nothing marks
 * a beginning, so a lost byte is got over by a pause: what comes after one begins a message.
 */
import type { Frame, Framing } from './framing.ts';

/** A pause that ends what was unfinished; at 1200 baud a byte takes 8 ms. */
const GAP_MS = 100;

export class RawFraming implements Framing {
  /** The short form of the length only. */
  readonly maximumMessageBytes = 255;
  #skipped = 0;
  #kept: Buffer = Buffer.alloc(0);
  #lastMs = Number.NEGATIVE_INFINITY;

  get skipped(): number {
    return this.#skipped;
  }

  push(bytes: Uint8Array, nowMs: number): readonly Frame[] {
    if (this.#kept.length > 0 && nowMs - this.#lastMs > GAP_MS) this.#drop();
    this.#lastMs = nowMs;
    let rest = Buffer.concat([this.#kept, bytes]);
    const frames: Frame[] = [];
    while (rest.length > 0) {
      const length = rest[0]!;
      // No message is so short; 1 would be the long form, which nobody sends on a line.
      if (length < 2) {
        this.#skipped++;
        rest = rest.subarray(1);
        continue;
      }
      if (rest.length < length) break;
      frames.push({ node: null, message: new Uint8Array(rest.subarray(0, length)) });
      rest = rest.subarray(length);
    }
    this.#kept = Buffer.from(rest);
    return frames;
  }

  #drop(): void {
    this.#skipped++;
    this.#kept = Buffer.alloc(0);
  }

  encode({ message }: Frame): Uint8Array {
    if (message.length > this.maximumMessageBytes) {
      throw new RangeError(`expected a message of at most 255 bytes, got ${message.length}`);
    }
    return message;
  }
}
