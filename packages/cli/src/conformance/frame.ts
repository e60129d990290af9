/** Packets byte by byte, for checks that need what no encoder writes. */

/** Text as the specification has it: its length in two bytes, and UTF-8. */
export function field(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return Uint8Array.of(bytes.length >> 8, bytes.length & 0xff, ...bytes);
}

/**
 * A packet of these parts, its Remaining Length counted. Parts together are shorter than 16,384 bytes.
 *
 *     frame(0x82, [0, 1], field('a/b'), [0])   // SUBSCRIBE of MQTT 3.1.1
 *
 * @param first the fixed header's first byte: type and flags
 */
export function frame(first: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = parts.flatMap((part) => [...part]);
  const length = body.length;
  return length < 128
    ? Uint8Array.of(first, length, ...body)
    : Uint8Array.of(first, (length & 0x7f) | 0x80, length >> 7, ...body);
}
