/**
 * Where a message begins and ends (section 5.2.1): its length counts all of it, in one octet, or in three of which the first
 * is 0x01. Both forms are taken; the short one is sent where it will do, because many clients know no other.
 */

/** The most that three octets can say. */
export const MAXIMUM_MESSAGE_BYTES = 65_535;
const LONG_FORM = 0x01;

/** The octets of the header: length and type. 0 if there is none. */
export function headerBytes(bytes: Uint8Array, start: number): number {
  return bytes[start] === LONG_FORM ? 4 : 2;
}

/** What the length octets say; 0 if they are not all there. */
export function messageBytes(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first !== LONG_FORM) return first ?? 0;
  const [high, low] = [bytes[start + 1], bytes[start + 2]];
  return high === undefined || low === undefined ? 0 : (high << 8) | low;
}

/** A message with room for its body behind the header. */
export interface NewMessage {
  readonly bytes: Uint8Array;
  /** Where the body begins. */
  readonly body: number;
}

/** @throws {RangeError} for a message longer than {@link MAXIMUM_MESSAGE_BYTES} */
export function newMessage(type: number, bodyBytes: number): NewMessage {
  const short = bodyBytes + 2;
  if (short <= 255) {
    const bytes = new Uint8Array(short);
    bytes[0] = short;
    bytes[1] = type;
    return { bytes, body: 2 };
  }
  const long = bodyBytes + 4;
  if (long > MAXIMUM_MESSAGE_BYTES) {
    throw new RangeError(`expected a message of at most ${MAXIMUM_MESSAGE_BYTES} bytes, got ${long}`);
  }
  const bytes = new Uint8Array(long);
  bytes[0] = LONG_FORM;
  bytes[1] = long >> 8;
  bytes[2] = long & 0xff;
  bytes[3] = type;
  return { bytes, body: 4 };
}
