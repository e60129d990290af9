/**
 * How many living things have their newest record, or their data, in each segment of the log. A segment of which this is 0 holds
 * nothing that a restart would miss.
 */
export class SegmentCounts {
  /** The segment that `#counts[0]` is about. */
  #first: number;
  #counts: number[];

  constructor() {
    this.#first = 0;
    this.#counts = [];
  }

  add(segment: number): void {
    if (this.#counts.length === 0) this.#first = segment;
    // Only while a log is replayed: what is older than the oldest seen so far.
    while (segment < this.#first) {
      this.#counts.unshift(0);
      this.#first--;
    }
    while (segment >= this.#first + this.#counts.length) this.#counts.push(0);
    this.#counts[segment - this.#first]!++;
  }

  subtract(segment: number): void {
    this.#counts[segment - this.#first]!--;
  }

  countOf(segment: number): number {
    return this.#counts[segment - this.#first] ?? 0;
  }

  /** The segment is gone, and with it all that are older. */
  forget(segment: number): void {
    const gone = segment - this.#first + 1;
    if (gone <= 0) return;
    this.#counts = this.#counts.slice(gone);
    this.#first += gone;
  }
}
