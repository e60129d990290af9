/**
 * What one receiver got of one publisher, by sequence numbers: what is missing, what came twice, what came late. It costs
 * a comparison and an addition while everything is in order.
 */
import type { SequenceRange } from './sequence-ranges.ts';
import { SequenceRanges } from './sequence-ranges.ts';

/** A stream as a thread reports it at the end. */
export interface StreamReport {
  readonly publisher: number;
  /** One above the highest sequence number that came. */
  readonly next: number;
  /** Different messages. */
  readonly received: number;
  readonly duplicates: number;
  /** Messages that came after one which was sent later. */
  readonly reordered: number;
  /** Below `next`. */
  readonly missing: readonly SequenceRange[];
  /** Missing numbers, of too many ranges to keep them: which they were is not known. */
  readonly missingUnknown: number;
}

export class ReceivedStream {
  readonly publisher: number;
  #next: number;
  #received: number;
  #duplicates: number;
  #reordered: number;
  #missing: SequenceRanges | null;

  constructor(publisher: number) {
    this.publisher = publisher;
    this.#next = 0;
    this.#received = 0;
    this.#duplicates = 0;
    this.#reordered = 0;
    this.#missing = null;
  }

  /** Returns false for a message that had come before. */
  receive(sequence: number): boolean {
    if (sequence >= this.#next) {
      if (sequence > this.#next) this.#skip(sequence);
      this.#next = sequence + 1;
    } else if (this.#missing?.remove(sequence) === true) {
      this.#reordered++;
    } else {
      this.#duplicates++;
      return false;
    }
    this.#received++;
    return true;
  }

  report(): StreamReport {
    return {
      publisher: this.publisher,
      next: this.#next,
      received: this.#received,
      duplicates: this.#duplicates,
      reordered: this.#reordered,
      missing: this.#missing?.ranges ?? [],
      missingUnknown: this.#missing?.givenUp ?? 0,
    };
  }

  #skip(sequence: number): void {
    this.#missing ??= new SequenceRanges();
    this.#missing.append(this.#next, sequence - 1);
  }
}
