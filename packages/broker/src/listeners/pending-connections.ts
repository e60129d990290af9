/**
 * Connections of one listener that are not yet anybody's: their PROXY header or their handshake of TLS is under way. There are
 * at most so many, and each has so long from the moment it was accepted, however busily it sends.
 *
 * One timer serves all of them: each has equally long, so the one that came first is due first.
 */
export interface PendingConnection {
  /** Closes it, and says so: its time is up. */
  onTimeout(): void;
  /** Closes it. */
  destroy(): void;
}

export class PendingConnections {
  maximum: number;
  timeoutMs: number;
  readonly #dueMs = new Map<PendingConnection, number>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;

  /** @param now A monotonic clock, in ms. */
  constructor(maximum: number, timeoutMs: number, now: () => number = () => performance.now()) {
    this.maximum = maximum;
    this.timeoutMs = timeoutMs;
    this.#now = now;
  }

  get size(): number {
    return this.#dueMs.size;
  }

  get isFull(): boolean {
    return this.#dueMs.size >= this.maximum;
  }

  add(connection: PendingConnection): void {
    this.#dueMs.set(connection, this.#now() + this.timeoutMs);
    this.#timer ??= this.#arm(this.timeoutMs);
  }

  delete(connection: PendingConnection): void {
    if (!this.#dueMs.delete(connection) || this.#dueMs.size > 0 || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** The listener closes: whoever is not through by now is closed too. */
  clear(): void {
    for (const connection of this.#dueMs.keys()) {
      this.delete(connection);
      connection.destroy();
    }
  }

  #arm(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.#onTimer(), ms);
    timer.unref(); // The connections keep the process alive, not this.
    return timer;
  }

  #onTimer(): void {
    this.#timer = null;
    const nowMs = this.#now();
    for (const [connection, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) {
        this.#timer = this.#arm(Math.ceil(dueMs - nowMs));
        return;
      }
      this.#dueMs.delete(connection);
      connection.onTimeout();
    }
  }
}
