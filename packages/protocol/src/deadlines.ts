/**
 * All deadlines of a broker or client, in one structure: keep alives, expiries, delays. Time is an argument, in
 * milliseconds of a monotonic clock; the host sleeps until `nextMs` and calls `run`.
 *
 * An indexed heap with four children per node, which is shallower than two and keeps siblings side by side. The times stand
 * in an array of their own: what is compared lies together, and a deadline needs no boxed number. Setting, moving and
 * clearing one takes a few steps and makes nothing. Deadlines due at the same time fire in no particular order.
 */

const SMALLEST_CAPACITY = 16;

/** Something that is to happen at a time. The owner makes it once and sets it as often as needed. */
export interface Deadline {
  /** Where it stands in the heap, written by {@link Deadlines}; -1 while it is not set, and to begin with. */
  heapIndex: number;
  /** Called once when it is due; it is not set any more then, and may set itself again. */
  onDue(nowMs: number): void;
}

export class Deadlines {
  readonly #heap: Deadline[] = [];
  /** When each of the heap is due. */
  #dueMs: Float64Array = new Float64Array(SMALLEST_CAPACITY);

  /** How many deadlines are set. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the first deadline is due; Infinity when none is set. */
  nextMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#dueMs[0]!;
  }

  /** Sets a deadline, or moves one that is set. A time in the past is due at once; Infinity clears it. */
  set(deadline: Deadline, dueMs: number): void {
    if (dueMs === Number.POSITIVE_INFINITY) {
      this.clear(deadline);
      return;
    }
    if (Number.isNaN(dueMs)) throw new TypeError('expected a deadline in milliseconds, got NaN');
    const index = deadline.heapIndex;
    if (index === -1) {
      this.#heap.push(deadline);
      if (this.#heap.length > this.#dueMs.length) this.#resize(this.#dueMs.length * 2);
      this.#siftUp(this.#heap.length - 1, deadline, dueMs);
      return;
    }
    if (dueMs > this.#dueMs[index]!) this.#siftDown(index, deadline, dueMs);
    else this.#siftUp(index, deadline, dueMs);
  }

  /** Takes a deadline back. Nothing happens when it is not set. */
  clear(deadline: Deadline): void {
    const index = deadline.heapIndex;
    if (index === -1) return;
    deadline.heapIndex = -1;
    const last = this.#heap.pop()!;
    const size = this.#heap.length;
    if (last !== deadline) {
      const lastMs = this.#dueMs[size]!;
      if (lastMs > this.#dueMs[index]!) this.#siftDown(index, last, lastMs);
      else this.#siftUp(index, last, lastMs);
    }
    const capacity = this.#dueMs.length;
    if (size * 4 < capacity && capacity > SMALLEST_CAPACITY) this.#resize(capacity / 2);
  }

  /**
   * Fires what is due at `nowMs`, earliest first. Callbacks may set and clear any deadline; what they set to a time
   * that has come fires in the same run, so `max` also bounds one that sets itself again and again.
   * @param max how many at most; the rest stays due.
   * @returns how many fired.
   */
  run(nowMs: number, max: number = Number.POSITIVE_INFINITY): number {
    const heap = this.#heap;
    let fired = 0;
    while (fired < max && heap.length > 0) {
      if (this.#dueMs[0]! > nowMs) break;
      const deadline = heap[0]!;
      this.clear(deadline);
      fired++;
      deadline.onDue(nowMs);
    }
    return fired;
  }

  /** Puts a deadline where it belongs, upwards from a place that is free. */
  #siftUp(from: number, deadline: Deadline, dueMs: number): void {
    const heap = this.#heap;
    const times = this.#dueMs;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 2;
      const parentMs = times[parentIndex]!;
      if (parentMs <= dueMs) break;
      const parent = heap[parentIndex]!;
      heap[index] = parent;
      times[index] = parentMs;
      parent.heapIndex = index;
      index = parentIndex;
    }
    heap[index] = deadline;
    times[index] = dueMs;
    deadline.heapIndex = index;
  }

  /** The same, downwards. */
  #siftDown(from: number, deadline: Deadline, dueMs: number): void {
    const heap = this.#heap;
    const times = this.#dueMs;
    const length = heap.length;
    let index = from;
    for (let first = 4 * index + 1; first < length; first = 4 * index + 1) {
      let earliestIndex = first;
      let earliestMs = times[first]!;
      const end = Math.min(first + 4, length);
      for (let i = first + 1; i < end; i++) {
        const childMs = times[i]!;
        if (childMs < earliestMs) {
          earliestMs = childMs;
          earliestIndex = i;
        }
      }
      if (earliestMs >= dueMs) break;
      const earliest = heap[earliestIndex]!;
      heap[index] = earliest;
      times[index] = earliestMs;
      earliest.heapIndex = index;
      index = earliestIndex;
    }
    heap[index] = deadline;
    times[index] = dueMs;
    deadline.heapIndex = index;
  }

  #resize(capacity: number): void {
    const times = new Float64Array(capacity);
    times.set(this.#dueMs.subarray(0, Math.min(capacity, this.#dueMs.length)));
    this.#dueMs = times;
  }
}
