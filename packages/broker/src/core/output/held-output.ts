/**
 * Packets that wait for commits before they may leave, in the order in which they were held.
 */
interface Held {
  readonly commit: number;
  bytes: Uint8Array;
  length: number;
  /** Final acknowledgements among it. */
  acknowledgements: number;
}

const FIRST_BYTES = 64;
/** Up to here, and nearly every acknowledgement is this short, a loop copies faster than a call. */
const LOOP_COPY_BYTES = 16;

export class HeldOutput {
  /** Oldest first; commits rise. */
  readonly #held: Held[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** Infinity when nothing waits. */
  get firstCommit(): number {
    return this.#held[0]?.commit ?? Number.POSITIVE_INFINITY;
  }

  /** Holds a packet for a commit, behind everything held before it. */
  add(packet: Uint8Array, commit: number): void {
    let last = this.#held.at(-1);
    if (last === undefined || commit > last.commit) {
      last = {
        commit,
        bytes: new Uint8Array(Math.max(FIRST_BYTES, packet.length)),
        length: 0,
        acknowledgements: 0,
      };
      this.#held.push(last);
    }
    if (last.length + packet.length > last.bytes.length) {
      const grown = new Uint8Array((last.length + packet.length) * 2);
      grown.set(last.bytes.subarray(0, last.length));
      last.bytes = grown;
    }
    if (packet.length > LOOP_COPY_BYTES) last.bytes.set(packet, last.length);
    else for (let i = 0; i < packet.length; i++) last.bytes[last.length + i] = packet[i]!;
    last.length += packet.length;
    this.#bytes += packet.length;
  }

  /** Counts the packet that was added last as one that ends an exchange. */
  countAcknowledgement(): void {
    this.#held.at(-1)!.acknowledgements++;
  }

  /**
   * Takes out the oldest part, if its commit is done.
   * @returns its bytes and how many final acknowledgements are in them
   */
  take(commitsDone: number): { readonly packets: Uint8Array; readonly acknowledgements: number } | undefined {
    const first = this.#held[0];
    if (first === undefined || first.commit > commitsDone) return undefined;
    this.#held.shift();
    this.#bytes -= first.length;
    return { packets: first.bytes.subarray(0, first.length), acknowledgements: first.acknowledgements };
  }
}
