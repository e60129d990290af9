/** Bytes in which a fixed header says how long the packet is: its type, and at most four bytes of length. */
const LONGEST_HEADER = 5;

/**
 * Cuts a stream of bytes, as it was written, into packets. It judges nothing: where a length is none, that and all that
 * follows passes as it comes. What is unfinished waits for its rest.
 */
export class PacketSplitter {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Bytes of the packet that has begun; 0 while its header does not tell. */
  #wantedBytes = 0;
  /** What comes cannot be told apart. */
  #opaque = false;

  /** @returns whole packets in their order; views of `bytes`, or memory of their own */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    if (this.#heldBytes + bytes.length < this.#wantedBytes) {
      this.#hold(bytes, this.#wantedBytes);
      return [];
    }
    const all = this.#held.length === 0 ? bytes : joined([...this.#held, bytes]);
    this.#held = [];
    this.#heldBytes = 0;
    this.#wantedBytes = 0;
    const pieces: Uint8Array[] = [];
    let at = 0;
    while (at < all.length && !this.#opaque) {
      const length = packetLength(all, at);
      if (length === null) {
        this.#opaque = true;
      } else if (length === 0 || at + length > all.length) {
        this.#hold(all.slice(at), length);
        return pieces;
      } else {
        pieces.push(all.subarray(at, at + length));
        at += length;
      }
    }
    if (at < all.length) pieces.push(all.subarray(at));
    return pieces;
  }

  #hold(bytes: Uint8Array, wantedBytes: number): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#wantedBytes = wantedBytes;
  }

  /** Where the variable header of a whole packet begins. */
  static bodyOf(packet: Uint8Array): number {
    let at = 1;
    while (packet[at]! >= 0x80) at++;
    return at + 1;
  }
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** In bytes, the fixed header included; 0 if that is not whole yet, null if no packet begins so. */
function packetLength(bytes: Uint8Array, start: number): number | null {
  let length = 0;
  let scale = 1;
  for (let at = start + 1; at < start + LONGEST_HEADER; at++) {
    if (at >= bytes.length) return 0;
    const byte = bytes[at]!;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return at + 1 - start + length;
    scale *= 128;
  }
  return null;
}
