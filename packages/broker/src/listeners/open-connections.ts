/**
 * The connections of one listener: counted, and destroyed when they have been ended and their peer does not close.
 *
 * One timer serves all of them: each lingers equally long, so the one that was ended first is due first.
 */
export interface Lingering {
  /** Destroys the connection: its time to close orderly is up. */
  onLingerTimeout(): void;
}

export class OpenConnections {
  /** How long an ended connection may take to close. */
  readonly #lingerMs: number;
  readonly #open = new Set<Lingering>();
  /** Ended connections and when each is due, the earliest first. */
  readonly #dueMs = new Map<Lingering, number>();
  #timer: NodeJS.Timeout | null = null;
  readonly #whenEmpty: (() => void)[] = [];

  constructor(lingerMs: number) {
    this.#lingerMs = lingerMs;
  }

  get size(): number {
    return this.#open.size;
  }

  add(connection: Lingering): void {
    this.#open.add(connection);
  }

  delete(connection: Lingering): void {
    this.#dueMs.delete(connection);
    if (this.#dueMs.size === 0 && this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (this.#open.delete(connection) && this.#open.size === 0) {
      for (const resolve of this.#whenEmpty.splice(0)) resolve();
    }
  }

  /** The connection has been ended: from now on its time is bounded. */
  linger(connection: Lingering): void {
    if (this.#dueMs.has(connection)) return;
    this.#dueMs.set(connection, performance.now() + this.#lingerMs);
    this.#timer ??= this.#arm(this.#lingerMs);
  }

  /** Resolves when the last connection has closed; each has the linger time from now on to do so. */
  drain(): Promise<void> {
    for (const connection of this.#open) this.linger(connection);
    return this.empty();
  }

  /** Resolves when the last connection has closed. */
  empty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #arm(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.#onTimer(), ms);
    timer.unref(); // The connections keep the process alive, not this.
    return timer;
  }

  #onTimer(): void {
    this.#timer = null;
    const nowMs = performance.now();
    for (const [connection, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) {
        this.#timer = this.#arm(Math.ceil(dueMs - nowMs));
        return;
      }
      this.#dueMs.delete(connection);
      connection.onLingerTimeout();
    }
  }
}
