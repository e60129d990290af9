/** Packet identifiers of one connection to the broker, which are the gateway's own: the client's are its own, too. */
export class UpstreamIds {
  readonly #used = new Set<number>();
  #next = 1;

  /** Null if all are in use. */
  take(): number | null {
    if (this.#used.size >= 65_535) return null;
    while (this.#used.has(this.#next)) this.#advance();
    const packetId = this.#next;
    this.#used.add(packetId);
    this.#advance();
    return packetId;
  }

  #advance(): void {
    this.#next = this.#next === 65_535 ? 1 : this.#next + 1;
  }

  free(packetId: number): void {
    this.#used.delete(packetId);
  }

  clear(): void {
    this.#used.clear();
  }
}
