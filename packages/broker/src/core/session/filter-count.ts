/**
 * How many topic filters a SUBSCRIBE or UNSUBSCRIBE names, from its bytes, before anything is made of them: 16 MiB of
 * filters of one character would be millions of strings. It checks nothing; what is no packet is the decoder's to refuse.
 */
import {
  ProtocolError,
  ProtocolVersion,
  ReasonCode,
  readVariableByteInteger,
  variableByteIntegerLength,
} from '@martlet/protocol';

const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;
const PACKET_ID_BYTES = 2;
const LENGTH_BYTES = 2;

/**
 * @param body where the packet's variable header begins
 * @param bytesBehindFilter 1 for SUBSCRIBE, whose filters each have options; 0 for UNSUBSCRIBE
 * @returns the count, but no more than `enough`: it looks no further
 */
export function countFilters(
  bytes: Uint8Array,
  body: number,
  end: number,
  version: ProtocolVersion,
  bytesBehindFilter: 0 | 1,
  enough: number,
): number {
  let at = body + PACKET_ID_BYTES;
  if (version === ProtocolVersion.V5) {
    const propertyLength = readVariableByteInteger(bytes, at, end);
    at += variableByteIntegerLength(propertyLength) + propertyLength;
  }
  let count = 0;
  while (count < enough && at + LENGTH_BYTES <= end) {
    at += LENGTH_BYTES + ((bytes[at]! << 8) | bytes[at + 1]!) + bytesBehindFilter;
    count++;
  }
  return count;
}

/** @throws {ProtocolError} if a SUBSCRIBE or UNSUBSCRIBE names more than `limit`; nothing for other packets */
export function checkFilterCount(
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
  limit: number,
): void {
  const type = bytes[start]! >> 4;
  if (type !== SUBSCRIBE && type !== UNSUBSCRIBE) return;
  const bytesBehindFilter = type === SUBSCRIBE ? 1 : 0;
  if (countFilters(bytes, body, end, version, bytesBehindFilter, limit + 1) <= limit) return;
  throw new ProtocolError(
    `a packet names more than ${limit} topic filters, as many as it may`,
    ReasonCode.QuotaExceeded,
  );
}
