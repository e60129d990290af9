/**
 * How many of each publisher's messages have come to receivers, in memory that all threads share: a closed loop sends the next
 * when the last has arrived, in whatever thread that was. Counts are of 32 bits and go round.
 */
export class DeliveryCredits {
  readonly #delivered: Int32Array<SharedArrayBuffer>;

  /** @param memory as made by `memoryFor` */
  constructor(memory: SharedArrayBuffer) {
    this.#delivered = new Int32Array(memory);
  }

  static memoryFor(publishers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(Math.max(1, publishers) * Int32Array.BYTES_PER_ELEMENT);
  }

  add(publisher: number): void {
    Atomics.add(this.#delivered, publisher, 1);
  }

  of(publisher: number): number {
    return Atomics.load(this.#delivered, publisher);
  }
}
