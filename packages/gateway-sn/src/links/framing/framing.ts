/** How messages lie in a stream of bytes, such as a serial line. */

export interface Frame {
  /** Whom it is from, or for, where the framing says so: a node's address. Null on a line with one peer. */
  readonly node: Uint8Array | null;
  readonly message: Uint8Array;
}

export interface Framing {
  /** The longest message that a frame carries. */
  readonly maximumMessageBytes: number;
  /** Frames that do not make sense, so far; the bytes are skipped. */
  readonly skipped: number;
  /**
   * Takes bytes, split anywhere.
   * @param nowMs monotonic: a pause tells where a line that lost bytes begins anew
   */
  push(bytes: Uint8Array, nowMs: number): readonly Frame[];
  /** @throws {RangeError} for a message that is too long */
  encode(frame: Frame): Uint8Array;
  /** To everyone, over so many hops; absent where there is no such thing. */
  encodeBroadcast?(message: Uint8Array, radius: number): Uint8Array;
}
