/**
 * How many of each publisher's messages have come to receivers, in memory that all threads share: a closed loop sends the next
 * when the last has arrived, in whatever thread that was. Counts are of 32 bits and go round. The last number
 * says whether they still mean anything.
 */
export class DeliveryCredits {
  readonly #delivered: Int32Array<SharedArrayBuffer>;

  /** @param memory as made by `memoryFor` */
  constructor(memory: SharedArrayBuffer) {
    this.#delivered = new Int32Array(memory);
  }

  static memoryFor(publishers: number): SharedArrayBuffer {
    return new SharedArrayBuffer((publishers + 1) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** A receiver is gone: what is counted here is no longer all that could come, and nobody is to wait for it. */
  giveUp(): void {
    Atomics.store(this.#delivered, this.#delivered.length - 1, 1);
  }

  get isGivenUp(): boolean {
    return Atomics.load(this.#delivered, this.#delivered.length - 1) !== 0;
  }

  add(publisher: number): void {
    Atomics.add(this.#delivered, publisher, 1);
  }

  of(publisher: number): number {
    return Atomics.load(this.#delivered, publisher);
  }
}
