/**
 * Packet identifiers of SUBSCRIBE and UNSUBSCRIBE on the connection to the broker. PUBLISH and PUBREL have the client's own, so
 * that an exchange of QoS 2 goes on after any of the three has begun anew; these begin at the other end, and stay clear of them.
 */
const HIGHEST = 65_535;

export class UpstreamIds {
  readonly #used = new Set<number>();
  readonly #isOfPublish: (packetId: number) => boolean;
  #next = HIGHEST;

  /** @param isOfPublish whether an exchange of the client's has this identifier */
  constructor(isOfPublish: (packetId: number) => boolean) {
    this.#isOfPublish = isOfPublish;
  }

  has(packetId: number): boolean {
    return this.#used.has(packetId);
  }

  /** @param most how many there may be at a time. @returns null if there are so many */
  take(most: number): number | null {
    if (this.#used.size >= most) return null;
    while (this.#used.has(this.#next) || this.#isOfPublish(this.#next)) this.#advance();
    const packetId = this.#next;
    this.#used.add(packetId);
    this.#advance();
    return packetId;
  }

  #advance(): void {
    this.#next = this.#next === 1 ? HIGHEST : this.#next - 1;
  }

  free(packetId: number): void {
    this.#used.delete(packetId);
  }
}
