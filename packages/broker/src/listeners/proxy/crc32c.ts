/** The polynomial of CRC-32C (Castagnoli), its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;

/** CRC-32C, bit by bit: it is computed over a few hundred bytes, once per connection. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (POLYNOMIAL & -(crc & 1));
  }
  return ~crc >>> 0;
}
