/** The type-length-values at the end of a PROXY header of version 2: of interest are TLS, and the checksum. */
import type { CertificateIdentity, TransportSecurity } from '../../core/ports/transport.ts';
import { escapeNameValue } from '../tls/distinguished-name.ts';
import { crc32c } from './crc32c.ts';

const TYPE_AUTHORITY = 0x02;
const TYPE_CRC32C = 0x03;
const TYPE_SSL = 0x20;
const SSL_VERSION = 0x21;
const SSL_COMMON_NAME = 0x22;
const SSL_CIPHER = 0x23;

/** Flags of the client in the TLV of TLS. */
const CLIENT_SSL = 0x01;
const CLIENT_CERTIFICATE = 0x02 | 0x04;

export interface ProxyTlvs {
  readonly security: TransportSecurity | undefined;
}

/**
 * Reads them from `start` to the end of the header.
 * @returns what they say, or what is wrong with them
 */
export function readTlvs(header: Buffer, start: number): ProxyTlvs | string {
  let ssl: Buffer | undefined;
  let serverName: string | undefined;
  const entries = entriesOf(header, start);
  if (entries === null) return 'a TLV of the PROXY header is longer than the header';
  for (const { type, value, at } of entries) {
    if (type === TYPE_AUTHORITY) serverName = value.toString('utf8');
    if (type === TYPE_SSL) ssl = value;
    if (type === TYPE_CRC32C && !isChecksumRight(header, at, value))
      return 'the checksum in the PROXY header is wrong';
  }
  if (ssl === undefined) return { security: undefined };
  if (ssl.length < 5) return 'the TLV of TLS in the PROXY header is too short';
  const inner = entriesOf(ssl, 5);
  if (inner === null) return 'a TLV of TLS in the PROXY header is longer than its place';
  if ((ssl[0]! & CLIENT_SSL) === 0) return { security: undefined };
  const textOf = (type: number): string | undefined =>
    inner.find((entry) => entry.type === type)?.value.toString('utf8');
  // The proxy gives 0 where it has verified the certificate; a name that it has not verified is worth nothing.
  const isVerified = (ssl[0]! & CLIENT_CERTIFICATE) !== 0 && ssl.readUInt32BE(1) === 0;
  const commonName = textOf(SSL_COMMON_NAME);
  return {
    security: {
      protocol: textOf(SSL_VERSION) ?? 'unknown',
      cipher: textOf(SSL_CIPHER) ?? 'unknown',
      certificate: isVerified && commonName !== undefined ? identityNamed(commonName) : undefined,
      pskIdentity: undefined,
      serverName,
    },
  };
}

interface Entry {
  readonly type: number;
  readonly value: Buffer;
  /** Where the value begins. */
  readonly at: number;
}

function entriesOf(bytes: Buffer, start: number): readonly Entry[] | null {
  const entries: Entry[] = [];
  let at = start;
  while (at < bytes.length) {
    if (at + 3 > bytes.length) return null;
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) return null;
    entries.push({ type: bytes[at]!, value: bytes.subarray(at + 3, end), at: at + 3 });
    at = end;
  }
  return entries;
}

/** The checksum is that of the header with zeros in its place. */
function isChecksumRight(header: Buffer, at: number, value: Buffer): boolean {
  if (value.length !== 4) return false;
  const zeroed = Buffer.from(header);
  zeroed.fill(0, at, at + 4);
  return crc32c(zeroed) === value.readUInt32BE(0);
}

/** All that a proxy tells of a certificate is its CN. */
function identityNamed(commonName: string): CertificateIdentity | undefined {
  // A name with NUL in it is cut off by some programs, and by others not: it is nobody's.
  if (commonName === '' || commonName.includes('\0')) return undefined;
  return {
    commonName,
    subject: `CN=${escapeNameValue(commonName)}`,
    subjectAlternativeNames: [],
    fingerprint256: '',
    serialNumber: '',
    issuer: '',
  };
}
