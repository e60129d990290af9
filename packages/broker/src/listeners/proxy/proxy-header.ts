/**
 * The PROXY protocol's header, versions 1 and 2: what a proxy says, in front of everything else, about the connection
 * that it passes on. Bytes in, a header or what is wrong out; no I/O.
 *
 * https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
 */
import { isIP, SocketAddress } from 'node:net';
import type { TransportSecurity } from '../../core/ports/transport.ts';
import { peerName } from '../peer.ts';
import { readTlvs } from './proxy-tlv.ts';

export interface ProxyHeader {
  readonly version: 1 | 2;
  /** Where the client is. Undefined: the proxy speaks for itself (LOCAL), or does not say (UNKNOWN). */
  readonly peer: string | undefined;
  /** True for LOCAL: a health check of the proxy. */
  readonly local: boolean;
  /** What the proxy says of the client's TLS. Undefined: the client came without, or it does not say. */
  readonly security: TransportSecurity | undefined;
  /** Bytes of the header. */
  readonly length: number;
}

export type ProxyHeaderResult =
  | { readonly kind: 'header'; readonly header: ProxyHeader }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'refused'; readonly reason: string };

export type ProxyProtocol = 'v1' | 'v2' | 'any';

const SIGNATURE_V2: Readonly<Buffer> = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const SIGNATURE_V1: Readonly<Buffer> = Buffer.from('PROXY ');
/** Of version 1, with CR and LF. */
const MAXIMUM_V1_BYTES = 107;
const FIXED_V2_BYTES = 16;
/** The command of a proxy that speaks for itself. */
const LOCAL = 0;
/** A header of version 2 says how long it is, up to 64 KiB; with all TLVs there are it is a few hundred bytes. */
const MAXIMUM_V2_BYTES = 4096;
/** More than this is never looked at. */
export const MAXIMUM_HEADER_BYTES: number = MAXIMUM_V2_BYTES;

const INCOMPLETE: Readonly<ProxyHeaderResult> = { kind: 'incomplete' };

/**
 * Reads the header that `bytes` begin with.
 * @param accepted The version that the listener expects.
 */
export function readProxyHeader(bytes: Buffer, accepted: ProxyProtocol): ProxyHeaderResult {
  const isV1 = begins(bytes, SIGNATURE_V1);
  const isV2 = begins(bytes, SIGNATURE_V2);
  if (!isV1 && !isV2)
    return refused(
      'it does not begin with a PROXY header: it did not come through the proxy, or the proxy is not told to send one',
    );
  if (isV1 && accepted === 'v2')
    return refused('the PROXY header is of version 1, and version 2 is expected');
  if (isV2 && accepted === 'v1')
    return refused('the PROXY header is of version 2, and version 1 is expected');
  return isV1 ? readV1(bytes) : readV2(bytes);
}

/** Whether one is the beginning of the other. */
function begins(bytes: Buffer, signature: Readonly<Buffer>): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature as Buffer, 0, length, 0, length) === 0;
}

function refused(reason: string): ProxyHeaderResult {
  return { kind: 'refused', reason };
}

/** `PROXY TCP4 192.0.2.1 192.0.2.2 50000 1883\r\n` */
function readV1(bytes: Buffer): ProxyHeaderResult {
  const end = bytes.subarray(0, MAXIMUM_V1_BYTES).indexOf('\r\n', 0, 'latin1');
  if (end < 0) {
    return bytes.length < MAXIMUM_V1_BYTES
      ? INCOMPLETE
      : refused(`the PROXY header of version 1 does not end within ${MAXIMUM_V1_BYTES} bytes`);
  }
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = bytes
    .toString('latin1', 0, end)
    .split(' ');
  const header = { version: 1, local: false, security: undefined, length: end + 2 } as const;
  if (family === 'UNKNOWN') return { kind: 'header', header: { ...header, peer: undefined } };
  const isAddress = family === 'TCP4' ? isIpv4 : family === 'TCP6' ? isIpv6 : () => false;
  const isRight =
    isAddress(source) &&
    isAddress(destination) &&
    isPort(sourcePort) &&
    isPort(destinationPort) &&
    rest.length === 0;
  if (!isRight)
    return refused(
      'the PROXY header of version 1 is not `PROXY TCP4|TCP6 source destination port port` nor `PROXY UNKNOWN`',
    );
  return { kind: 'header', header: { ...header, peer: peerName(plainAddress(source), Number(sourcePort)) } };
}

function isIpv4(text: string): boolean {
  return isIP(text) === 4;
}

function isIpv6(text: string): boolean {
  return isIP(text) === 6 && !text.includes('%');
}

/** As the operating system writes addresses, so that rules match them. */
function plainAddress(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function readV2(bytes: Buffer): ProxyHeaderResult {
  if (bytes.length < FIXED_V2_BYTES) return INCOMPLETE;
  const version = bytes[12]! >> 4;
  const command = bytes[12]! & 0x0f;
  if (version !== 2)
    return refused(`the PROXY header says that it is of version ${version}, and 2 is expected`);
  if (command > 1)
    return refused(`the PROXY header has the command ${command}, and 0 (LOCAL) or 1 (PROXY) is expected`);
  const length = FIXED_V2_BYTES + bytes.readUInt16BE(14);
  if (length > MAXIMUM_V2_BYTES)
    return refused(`the PROXY header has ${length} bytes, and at most ${MAXIMUM_V2_BYTES} are expected`);
  if (bytes.length < length) return INCOMPLETE;

  // Whatever else stands in it is to be skipped: the family may be anything, and what follows may be anything, too.
  if (command === LOCAL)
    return {
      kind: 'header',
      header: { version: 2, peer: undefined, local: true, security: undefined, length },
    };
  const family = bytes[13]!;
  const addressBytes = ADDRESS_BYTES[family >> 4];
  if (addressBytes === undefined || (family & 0x0f) > 2)
    return refused(
      `the PROXY header has the address family 0x${family.toString(16).padStart(2, '0')}, which is not known`,
    );
  if (FIXED_V2_BYTES + addressBytes > length)
    return refused('the PROXY header is too short for its addresses');
  const tlvs = readTlvs(bytes.subarray(0, length), FIXED_V2_BYTES + addressBytes);
  if (typeof tlvs === 'string') return refused(tlvs);
  const peer = addressOf(bytes, family);
  return { kind: 'header', header: { version: 2, peer, local: false, security: tlvs.security, length } };
}

/** By the upper half of the family: unspecified, IPv4, IPv6, Unix. */
const ADDRESS_BYTES: readonly number[] = [0, 12, 36, 216];
const SOURCE = FIXED_V2_BYTES;
const IPV4_STREAM = 0x11;
const IPV6_STREAM = 0x21;
const UNIX_STREAM = 0x31;
const UNIX_PATH_BYTES = 108;

function addressOf(bytes: Buffer, family: number): string | undefined {
  switch (family) {
    case IPV4_STREAM:
      return peerName(bytes.subarray(SOURCE, SOURCE + 4).join('.'), bytes.readUInt16BE(SOURCE + 8));
    case IPV6_STREAM:
      return peerName(
        plainAddress(ipv6Text(bytes.subarray(SOURCE, SOURCE + 16))),
        bytes.readUInt16BE(SOURCE + 32),
      );
    case UNIX_STREAM:
      return `unix:${unixPath(bytes.subarray(SOURCE, SOURCE + UNIX_PATH_BYTES))}`;
    default:
      return undefined; // Unspecified, or datagrams, which are no connection of MQTT: the proxy does not say.
  }
}

function ipv6Text(bytes: Buffer): string {
  return (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
}

function unixPath(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end).replace(/[\x00-\x1f\x7f]/g, '?');
}
