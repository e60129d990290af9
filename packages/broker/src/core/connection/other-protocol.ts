/** What a client speaks that does not begin with CONNECT, for the error that it and the operator are told. */

const CONNECT = 0x10;
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR_VERSION = 0x03;
const LETTER_P = 0x50;
const LETTER_R = 0x52;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** @returns undefined if it may be MQTT, or nothing that is known */
export function otherProtocol(bytes: Uint8Array, start: number, end: number): string | undefined {
  const first = bytes[start];
  if (first === CONNECT || end - start < 2) return undefined;
  const second = bytes[start + 1];
  // As MQTT, it would be a CONNECT with reserved flags and a length that no CONNECT has.
  if (first === TLS_HANDSHAKE && second === TLS_MAJOR_VERSION)
    return 'the client speaks TLS, and this listener does not';
  if ((first === LETTER_P && second === LETTER_R) || (first === CARRIAGE_RETURN && second === LINE_FEED))
    return 'the connection begins with a PROXY header, and this listener expects none (proxyProtocol)';
  const letters = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 8)));
  return /^(GET|HEAD|POST|PUT|OPTIONS|DELETE) /.test(letters)
    ? 'the client speaks HTTP: WebSocket has a listener of its own'
    : undefined;
}
