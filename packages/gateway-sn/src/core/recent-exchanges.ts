/**
 * Exchanges of QoS 1 and 2 that have just ended. The network may bring a copy of a PUBLISH after its exchange is over, and
 * the publisher may not have heard that it is: neither is a new message. A packet identifier that is used again for other
 * content is one.
 */

interface Ended {
  readonly packetId: number;
  readonly content: number;
  readonly endedMs: number;
}

/** A publisher has few exchanges open, and gives identifiers in turn. */
const MOST = 16;

export class RecentExchanges {
  readonly #forMs: number;
  /** Oldest first; null until there is one. */
  #ended: Ended[] | null = null;

  /** @param forMs how long a copy may be on its way, or a publisher repeat itself: T_retry, N_retry times and once more */
  constructor(forMs: number) {
    this.#forMs = forMs;
  }

  /** @param content of the message: see {@link contentOf} */
  add(packetId: number, content: number, nowMs: number): void {
    this.#ended ??= [];
    this.#ended.push({ packetId, content, endedMs: nowMs });
    if (this.#ended.length > MOST) this.#ended.shift();
  }

  /** Whether an exchange with this identifier and this content ended lately. */
  has(packetId: number, content: number, nowMs: number): boolean {
    return (
      this.#ended?.some((ended) => ended.content === content && this.#is(ended, packetId, nowMs)) === true
    );
  }

  /** Whether an exchange with this identifier ended lately. */
  hasId(packetId: number, nowMs: number): boolean {
    return this.#ended?.some((ended) => this.#is(ended, packetId, nowMs)) === true;
  }

  #is(ended: Ended, packetId: number, nowMs: number): boolean {
    return ended.packetId === packetId && nowMs - ended.endedMs <= this.#forMs;
  }

  clear(): void {
    this.#ended = null;
  }
}

/** 32 bits that differ, as good as always, for messages that differ (FNV-1a). */
export function contentOf(topicId: number, flags: number, payload: Uint8Array): number {
  let hash = 0x811c9dc5 ^ topicId ^ (flags << 16);
  for (const byte of payload) hash = Math.imul(hash ^ byte, 0x01000193);
  return Math.imul(hash ^ payload.length, 0x01000193);
}
