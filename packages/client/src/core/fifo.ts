/** What waits in the order in which it came. Taking the first costs the same however many there are. */

/** So many places at the front may be empty before the others move up. */
const SLACK = 1024;
/** In the place of what has left: nothing else of it stays. */
const GONE = undefined as never;

export class Fifo<T extends object> {
  /** What is before `#first` has left. */
  protected readonly items: T[] = [];
  #first = 0;
  /** So many are not in `items` any more. */
  protected gone = 0;

  get size(): number {
    return this.items.length - this.#first;
  }

  /** The first, which stays. */
  first(): T | undefined {
    return this.items[this.#first];
  }

  /** Takes the first. */
  shift(): T | undefined {
    const { items } = this;
    const item = items[this.#first];
    if (item === undefined) return undefined;
    items[this.#first++] = GONE;
    if (this.#first === items.length || (this.#first > SLACK && this.#first * 2 > items.length)) {
      items.splice(0, this.#first);
      this.gone += this.#first;
      this.#first = 0;
    }
    return item;
  }
}
