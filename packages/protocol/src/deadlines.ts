/**
 * All deadlines of a broker or client, in one structure: keep alives, expiries, delays. Time is an argument, in
 * milliseconds of a monotonic clock; the host sleeps until `nextMs` and calls `run`.
 *
 * An indexed heap with four children per node, which is shallower than two and keeps siblings side by side. Setting,
 * moving and clearing a deadline takes a few steps and makes nothing. Deadlines due at the same time fire in no
 * particular order.
 */

/** Something that is to happen at a time. The owner makes it once and sets it as often as needed. */
export interface Deadline {
  /** When it is due, written by {@link Deadlines}. Meaningful while it is set. */
  dueMs: number;
  /** Where it stands in the heap, written by {@link Deadlines}; -1 while it is not set, and to begin with. */
  heapIndex: number;
  /** Called once when it is due; it is not set any more then, and may set itself again. */
  onDue(nowMs: number): void;
}

export class Deadlines {
  readonly #heap: Deadline[] = [];

  /** How many deadlines are set. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the first deadline is due; Infinity when none is set. */
  nextMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0]!.dueMs;
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
      deadline.dueMs = dueMs;
      this.#heap.push(deadline);
      this.#siftUp(this.#heap.length - 1, deadline);
      return;
    }
    const later = dueMs > deadline.dueMs;
    deadline.dueMs = dueMs;
    if (later) this.#siftDown(index, deadline);
    else this.#siftUp(index, deadline);
  }

  /** Takes a deadline back. Nothing happens when it is not set. */
  clear(deadline: Deadline): void {
    const index = deadline.heapIndex;
    if (index === -1) return;
    deadline.heapIndex = -1;
    const last = this.#heap.pop()!;
    if (last === deadline) return;
    if (last.dueMs > deadline.dueMs) this.#siftDown(index, last);
    else this.#siftUp(index, last);
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
      const deadline = heap[0]!;
      if (deadline.dueMs > nowMs) break;
      this.clear(deadline);
      fired++;
      deadline.onDue(nowMs);
    }
    return fired;
  }

  #siftUp(from: number, deadline: Deadline): void {
    const heap = this.#heap;
    const dueMs = deadline.dueMs;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 2;
      const parent = heap[parentIndex]!;
      if (parent.dueMs <= dueMs) break;
      heap[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    heap[index] = deadline;
    deadline.heapIndex = index;
  }

  #siftDown(from: number, deadline: Deadline): void {
    const heap = this.#heap;
    const length = heap.length;
    const dueMs = deadline.dueMs;
    let index = from;
    for (let first = 4 * index + 1; first < length; first = 4 * index + 1) {
      let earliestIndex = first;
      let earliest = heap[first]!;
      const end = Math.min(first + 4, length);
      for (let i = first + 1; i < end; i++) {
        const child = heap[i]!;
        if (child.dueMs < earliest.dueMs) {
          earliest = child;
          earliestIndex = i;
        }
      }
      if (earliest.dueMs >= dueMs) break;
      heap[index] = earliest;
      earliest.heapIndex = index;
      index = earliestIndex;
    }
    heap[index] = deadline;
    deadline.heapIndex = index;
  }
}
