/**
 * The server name (SNI) in the first message of a TLS handshake. It is read before the handshake, since Node.js cannot change
 * from a certificate of one kind (RSA, elliptic curve) to one of another for a name: it then offers both.
 *
 * Only the name is looked for. Whatever is no ClientHello has none, and the handshake says what is wrong with it.
 */
export type HelloResult =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'hello'; readonly serverName: string | undefined };

const INCOMPLETE: Readonly<HelloResult> = { kind: 'incomplete' };
const NAMELESS: Readonly<HelloResult> = { kind: 'hello', serverName: undefined };

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME_EXTENSION = 0;
/** More is no ClientHello that anybody sends: with keys of post-quantum ciphers it has about 2 KB. */
const MAXIMUM_HELLO_BYTES = 16 * 1024;

/** @param bytes All that has come. */
export function readClientHello(bytes: Buffer): HelloResult {
  const handshake = joinRecords(bytes);
  if (handshake === null) return NAMELESS;
  if (handshake.length < 4) return bytes.length > MAXIMUM_HELLO_BYTES ? NAMELESS : INCOMPLETE;
  const length = 4 + handshake.readUIntBE(1, 3);
  if (handshake[0] !== CLIENT_HELLO || length > MAXIMUM_HELLO_BYTES) return NAMELESS;
  if (handshake.length < length) return bytes.length > MAXIMUM_HELLO_BYTES ? NAMELESS : INCOMPLETE;
  return { kind: 'hello', serverName: serverNameOf(handshake.subarray(4, length)) };
}

/** What the records carry, as far as it has come; null: they are no handshake of TLS. */
function joinRecords(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== HANDSHAKE_RECORD) return null;
    if (at + 5 > bytes.length) break;
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end === at + 5) return null; // An empty record says nothing, and many of them would say nothing for long.
    parts.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** Steps over the fields: version, random, session id, cipher suites, compression methods, extensions (RFC 8446, 4.1.2). */
function serverNameOf(hello: Buffer): string | undefined {
  try {
    let at = 2 + 32;
    at += 1 + hello.readUInt8(at);
    at += 2 + hello.readUInt16BE(at);
    at += 1 + hello.readUInt8(at);
    const end = at + 2 + hello.readUInt16BE(at);
    at += 2;
    while (at < end) {
      const type = hello.readUInt16BE(at);
      const next = at + 4 + hello.readUInt16BE(at + 2);
      if (type === SERVER_NAME_EXTENSION) return hostName(hello.subarray(at + 4, next));
      at = next;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // It ends too early: the handshake says so.
  }
  return undefined;
}

/** The first name of the list (RFC 6066, 3), which is the only one there may be. */
function hostName(extension: Buffer): string | undefined {
  const isHostName = extension.readUInt8(2) === 0;
  const end = 5 + extension.readUInt16BE(3);
  return isHostName && end <= extension.length ? extension.toString('latin1', 5, end) : undefined;
}
