/**
 * Sequence numbers as ranges in order, for sets that are few and lie together: what is missing of a stream, what was not
 * sent. Bounded: when there are too many ranges the oldest are given up, and counted.
 */

/** How many ranges are kept where nothing else is said. */
export const KEPT_RANGES = 4096;

/** Both ends belong to it. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

export class SequenceRanges {
  readonly #limit: number;
  readonly #ranges: SequenceRange[];
  #givenUp: number;

  /** @param limit ranges that are kept */
  constructor(limit: number = KEPT_RANGES) {
    this.#limit = limit;
    this.#ranges = [];
    this.#givenUp = 0;
  }

  /** In order, none touching another. */
  get ranges(): readonly SequenceRange[] {
    return this.#ranges;
  }

  /** Numbers of ranges that are no longer known. */
  get givenUp(): number {
    return this.#givenUp;
  }

  /** How many numbers there are, with those given up. */
  get count(): number {
    let count = this.#givenUp;
    for (const { first, last } of this.#ranges) count += last - first + 1;
    return count;
  }

  /** Adds a range that begins above all there are. */
  append(first: number, last: number): void {
    const previous = this.#ranges.at(-1);
    if (previous !== undefined && previous.last === first - 1) {
      this.#ranges[this.#ranges.length - 1] = { first: previous.first, last };
      return;
    }
    this.#ranges.push({ first, last });
    if (this.#ranges.length <= this.#limit) return;
    const oldest = this.#ranges.shift()!;
    this.#givenUp += oldest.last - oldest.first + 1;
  }

  /** Adds one number, wherever it lies. */
  add(number: number): void {
    const at = this.#firstNotBelow(number);
    const next = this.#ranges[at];
    if (next !== undefined && next.first <= number) return;
    const joinsNext = next !== undefined && next.first === number + 1;
    const previous = this.#ranges[at - 1];
    const joinsPrevious = previous !== undefined && previous.last === number - 1;
    const first = joinsPrevious ? previous.first : number;
    const last = joinsNext ? next.last : number;
    const from = joinsPrevious ? at - 1 : at;
    this.#ranges.splice(from, Number(joinsPrevious) + Number(joinsNext), { first, last });
    if (this.#ranges.length <= this.#limit) return;
    const oldest = this.#ranges.shift()!;
    this.#givenUp += oldest.last - oldest.first + 1;
  }

  /** Takes one number out. Returns whether it was there. */
  remove(number: number): boolean {
    const at = this.#firstNotBelow(number);
    const range = this.#ranges[at];
    if (range === undefined || range.first > number) return false;
    const left: SequenceRange[] = [];
    if (range.first < number) left.push({ first: range.first, last: number - 1 });
    if (range.last > number) left.push({ first: number + 1, last: range.last });
    this.#ranges.splice(at, 1, ...left);
    return true;
  }

  /** The first range that does not end below the number. */
  #firstNotBelow(number: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle]!.last < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How many numbers are in both. Each is in order. */
export function countOfBoth(one: readonly SequenceRange[], other: readonly SequenceRange[]): number {
  let count = 0;
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const a = one[i]!;
    const b = other[j]!;
    count += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
    if (a.last < b.last) i++;
    else j++;
  }
  return count;
}
