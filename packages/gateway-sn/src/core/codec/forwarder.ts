/** Forwarder encapsulation, section 5.5: a message on its way between a forwarder and the gateway. */
import { MessageType } from './message-type.ts';

export interface Encapsulated {
  /** Hops for which the forwarder broadcasts it, 0 to 3; only from the gateway. */
  readonly radius: number;
  /** Whom the forwarder had it from, or is to give it to. */
  readonly wirelessNodeId: Uint8Array;
  /** Where the inner message begins. */
  readonly innerStart: number;
}

/** The length octet counts the header only, and is never of three octets. */
const FIXED_BYTES = 3;
export const MAXIMUM_NODE_ID_BYTES = 252;

/** What a datagram encapsulates; null if it does not, or holds less than it says. */
export function decodeForwarder(bytes: Uint8Array): Encapsulated | null {
  const headerLength = bytes[0] ?? 0;
  if (bytes[1] !== MessageType.Forwarder || headerLength < FIXED_BYTES || headerLength >= bytes.length) {
    return null;
  }
  return {
    radius: bytes[2]! & 0x03,
    wirelessNodeId: bytes.slice(FIXED_BYTES, headerLength),
    innerStart: headerLength,
  };
}

/** @throws {RangeError} for a node id longer than {@link MAXIMUM_NODE_ID_BYTES} */
export function encodeForwarder(radius: number, wirelessNodeId: Uint8Array, inner: Uint8Array): Uint8Array {
  if (wirelessNodeId.length > MAXIMUM_NODE_ID_BYTES) {
    throw new RangeError(
      `expected a wireless node id of at most ${MAXIMUM_NODE_ID_BYTES} bytes, got ${wirelessNodeId.length}`,
    );
  }
  const headerLength = FIXED_BYTES + wirelessNodeId.length;
  const bytes = new Uint8Array(headerLength + inner.length);
  bytes[0] = headerLength;
  bytes[1] = MessageType.Forwarder;
  // Two bits say it, eight in SEARCHGW: what is more than fits means as far as there is.
  bytes[2] = Math.min(radius, 3);
  bytes.set(wirelessNodeId, FIXED_BYTES);
  bytes.set(inner, headerLength);
  return bytes;
}
