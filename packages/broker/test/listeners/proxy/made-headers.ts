// PROXY headers of version 2, from their parts.

import { crc32c } from '../../../src/listeners/proxy/crc32c.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** @param command version and command: 0x21 PROXY, 0x20 LOCAL */
export function headerV2(
  family: number,
  addresses: Buffer,
  tlvs: readonly Buffer[] = [],
  command = 0x21,
): Buffer {
  const rest = Buffer.concat([addresses, ...tlvs]);
  const fixed = Buffer.from([command, family, rest.length >> 8, rest.length & 255]);
  return Buffer.concat([SIGNATURE, fixed, rest]);
}

export function withChecksum(family: number, addresses: Buffer): Buffer {
  const header = headerV2(family, addresses, [tlv(0x03, '\0\0\0\0')]);
  header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}

export function addresses4(source: string, port: number): Buffer {
  const bytes = Buffer.from([...source.split('.').map(Number), 192, 0, 2, 99, 0, 0, 0x07, 0x5b]);
  bytes.writeUInt16BE(port, 8);
  return bytes;
}

export function addresses6(source: string, port: number): Buffer {
  const bytes = Buffer.alloc(36);
  bytes.write(source, 'hex');
  bytes.writeUInt16BE(port, 32);
  return bytes;
}

export function addressesUnix(path: string): Buffer {
  const bytes = Buffer.alloc(216);
  bytes.write(path);
  return bytes;
}

export function tlv(type: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string, 'latin1');
  return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 255]), bytes]);
}

/** @param verify 0: the proxy has verified the certificate */
export function tlvSsl(flags: number, verify: number, inner: readonly Buffer[]): Buffer {
  return tlv(0x20, Buffer.concat([Buffer.from([flags, 0, 0, 0, verify]), ...inner]));
}
