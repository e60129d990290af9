import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../../test/seeded-random.ts';
import { crc32c } from '../../../src/listeners/proxy/crc32c.ts';
import type { ProxyProtocol } from '../../../src/listeners/proxy/proxy-header.ts';
import { readProxyHeader } from '../../../src/listeners/proxy/proxy-header.ts';
import {
  addresses4,
  addresses6,
  addressesUnix,
  headerV2,
  tlv,
  tlvSsl,
  withChecksum,
} from './made-headers.ts';

const read = (bytes: Buffer | string, accepted: ProxyProtocol = 'any') =>
  readProxyHeader(Buffer.from(bytes as string), accepted);

/** What a header says, or what is wrong with it. */
function said(bytes: Buffer | string, accepted: ProxyProtocol = 'any'): unknown {
  const result = read(bytes, accepted);
  if (result.kind === 'refused') return result.reason;
  return result.kind === 'header' ? result.header : result.kind;
}

const LINE = 'PROXY TCP4 192.0.2.1 192.0.2.2 50000 1883\r\n';

describe('A PROXY header of version 1', () => {
  test.each([
    [LINE, '192.0.2.1:50000'],
    ['PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n', '[2001:db8::1]:1'],
    ['PROXY TCP6 2001:0DB8:0:0::1 ::1 0 1\r\n', '[2001:db8::1]:0'],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::1 7 1\r\n', '192.0.2.1:7'],
    ['PROXY UNKNOWN\r\n', undefined],
    ['PROXY UNKNOWN 1 2 anything else\r\n', undefined],
  ])('%j is from %s', (line, peer) => {
    expect(said(`${line}\x10\x00`)).toEqual({
      version: 1,
      peer,
      local: false,
      security: undefined,
      length: line.length,
    });
  });

  test.each([
    'PROXY TCP4 192.0.2.1 192.0.2.2 50000\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 50000 1883 1\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 50000 65536\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 050000 1883\r\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 -1 1883\r\n',
    'PROXY TCP4 192.0.2.256 192.0.2.2 50000 1883\r\n',
    'PROXY TCP4 2001:db8::1 192.0.2.2 50000 1883\r\n',
    'PROXY TCP6 192.0.2.1 192.0.2.2 50000 1883\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 50000 1883\r\n',
    'PROXY  TCP4 192.0.2.1 192.0.2.2 50000 1883\r\n',
    'PROXY UDP4 192.0.2.1 192.0.2.2 50000 1883\r\n',
    'PROXY \r\n',
  ])('%j is none', (line) => {
    expect(said(line)).toContain('is not `PROXY TCP4|TCP6 source destination port port`');
  });

  test('has 107 bytes at most: at the limit, and one past it', () => {
    const longest = `PROXY UNKNOWN ${'x'.repeat(107 - 16)}\r\n`;
    expect(longest).toHaveLength(107);
    expect(said(longest)).toMatchObject({ length: 107 });
    expect(said('PROXY UNKNOWN '.padEnd(106, 'x'))).toBe('incomplete');
    expect(said('PROXY UNKNOWN '.padEnd(107, 'x'))).toContain('does not end within 107 bytes');
  });

  test('is refused where version 2 is expected', () => {
    expect(said(LINE, 'v1')).toMatchObject({ version: 1 });
    expect(said(LINE, 'v2')).toBe('the PROXY header is of version 1, and version 2 is expected');
  });
});

describe('A PROXY header of version 2', () => {
  test.each([
    ['IPv4', headerV2(0x11, addresses4('192.0.2.1', 50000)), '192.0.2.1:50000'],
    ['IPv6', headerV2(0x21, addresses6('20010db8000000000000000000000001', 7)), '[2001:db8::1]:7'],
    ['IPv4 in IPv6', headerV2(0x21, addresses6('00000000000000000000ffffc0000201', 7)), '192.0.2.1:7'],
    ['a Unix socket', headerV2(0x31, addressesUnix('/run/x\nsock')), 'unix:/run/x?sock'],
    ['an unknown family', headerV2(0x00, Buffer.alloc(0)), undefined],
    ['datagrams', headerV2(0x12, addresses4('192.0.2.1', 50000)), undefined],
  ])('tells of a client over %s', (_kind, bytes, peer) => {
    expect(said(Buffer.concat([bytes, Buffer.from('more')]))).toEqual({
      version: 2,
      peer,
      local: false,
      security: undefined,
      length: bytes.length,
    });
  });

  test('may speak for the proxy itself (LOCAL), whatever addresses it has', () => {
    for (const bytes of [
      headerV2(0x00, Buffer.alloc(0), [], 0x20),
      headerV2(0x11, addresses4('192.0.2.1', 1), [], 0x20),
    ])
      expect(said(bytes)).toMatchObject({ local: true, peer: undefined });
  });

  test('of LOCAL may have anything in it, which is skipped', () => {
    for (const family of [0x00, 0x7f, 0x21])
      expect(said(headerV2(family, addresses4('192.0.2.1', 1), [], 0x20))).toMatchObject({
        local: true,
        peer: undefined,
        length: 28,
      });
  });

  test('tells of TLS: version, cipher, server name, and the CN that the proxy has verified', () => {
    const name = tlv(0x02, 'broker.example');
    const ssl = (flags: number, verify: number, ...inner: Buffer[]) =>
      said(headerV2(0x11, addresses4('192.0.2.1', 1), [name, tlvSsl(flags, verify, inner)]));
    const inner = [tlv(0x21, 'TLSv1.3'), tlv(0x22, 'sensor, 7'), tlv(0x23, 'TLS_AES_128_GCM_SHA256')];
    expect(ssl(0x05, 0, ...inner)).toMatchObject({
      security: {
        protocol: 'TLSv1.3',
        cipher: 'TLS_AES_128_GCM_SHA256',
        serverName: 'broker.example',
        certificate: { commonName: 'sensor, 7', subject: 'CN=sensor\\, 7' },
      },
    });
    expect(ssl(0x01, 0, ...inner)).toMatchObject({ security: { certificate: undefined } });
    expect(ssl(0x05, 1, ...inner)).toMatchObject({ security: { certificate: undefined } });
    expect(ssl(0x05, 0, tlv(0x22, 'cut\0off'))).toMatchObject({
      security: { certificate: undefined, protocol: 'unknown' },
    });
    expect(ssl(0x04, 0, ...inner)).toMatchObject({ security: undefined });
  });

  test('is checked against its checksum, if it has one', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    const right = withChecksum(0x11, addresses4('192.0.2.1', 1));
    expect(said(right)).toMatchObject({ peer: '192.0.2.1:1' });
    right[16]! ^= 1;
    expect(said(right)).toBe('the checksum in the PROXY header is wrong');
    expect(said(headerV2(0x11, addresses4('192.0.2.1', 1), [tlv(0x03, 'abc')]))).toContain('checksum');
  });

  test.each([
    [
      'another version',
      headerV2(0x11, addresses4('192.0.2.1', 1), [], 0x31),
      'of version 3, and 2 is expected',
    ],
    ['another command', headerV2(0x11, addresses4('192.0.2.1', 1), [], 0x22), 'has the command 2'],
    ['another family', headerV2(0x41, addresses4('192.0.2.1', 1)), 'address family 0x41'],
    ['another protocol', headerV2(0x13, addresses4('192.0.2.1', 1)), 'address family 0x13'],
    ['no room for its addresses', headerV2(0x21, addresses4('192.0.2.1', 1)), 'too short for its addresses'],
    [
      'a TLV that is cut off',
      headerV2(0x11, addresses4('192.0.2.1', 1), [Buffer.from('0100ff00', 'hex')]),
      'longer than the header',
    ],
    [
      'half a TLV',
      headerV2(0x11, addresses4('192.0.2.1', 1), [Buffer.from('01', 'hex')]),
      'longer than the header',
    ],
    [
      'a TLV of TLS that is too short',
      headerV2(0x11, addresses4('192.0.2.1', 1), [tlv(0x20, 'abc')]),
      'too short',
    ],
    [
      'a TLV in it that is cut off',
      headerV2(0x11, addresses4('192.0.2.1', 1), [tlv(0x20, '\x01\0\0\0\0\x21\0\x09x')]),
      'longer than its place',
    ],
  ])('with %s is refused', (_kind, bytes, reason) => {
    expect(said(bytes)).toContain(reason);
  });

  test('has 4096 bytes at most: at the limit, and one past it', () => {
    const filler = (length: number) => [tlv(0x04, 'x'.repeat(length - 16 - 12 - 3))];
    expect(said(headerV2(0x11, addresses4('192.0.2.1', 1), filler(4096)))).toMatchObject({ length: 4096 });
    const longer = headerV2(0x11, addresses4('192.0.2.1', 1), filler(4097));
    expect(said(longer)).toContain('has 4097 bytes, and at most 4096 are expected');
    expect(said(longer.subarray(0, 16))).toContain('has 4097 bytes');
  });

  test('is refused where version 1 is expected', () => {
    expect(said(headerV2(0x11, addresses4('192.0.2.1', 1)), 'v1')).toContain(
      'of version 2, and version 1 is expected',
    );
  });
});

describe('A PROXY header', () => {
  const whole = [
    Buffer.from(LINE),
    headerV2(0x11, addresses4('192.0.2.1', 1)),
    headerV2(0x21, addresses6('20010db8000000000000000000000001', 7), [
      tlv(0x02, 'a'),
      tlvSsl(5, 0, [tlv(0x22, 'x')]),
    ]),
    withChecksum(0x31, addressesUnix('/run/x')),
  ];

  test('is incomplete wherever it is cut off', () => {
    for (const bytes of whole) {
      for (let length = 0; length < bytes.length; length++)
        expect(said(bytes.subarray(0, length))).toBe('incomplete');
      expect(read(bytes).kind).toBe('header');
    }
  });

  test('is missed in what begins with something else, from the first byte on', () => {
    for (const text of [
      '\x10\x0e\0\x04MQTT',
      'GET / HTTP/1.1',
      '\x16\x03\x01',
      'PROXZ',
      '\r\n\r\n\0\r\nQUIU',
      'P ',
      '\r\r',
    ])
      expect(said(text)).toContain('it does not begin with a PROXY header');
  });

  test('of random bytes is a header, incomplete or refused, and nothing is thrown', () => {
    const random = new SeededRandom(64);
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(whole[i % whole.length]!);
      for (let changes = 0; changes < 3; changes++) bytes[random.below(bytes.length)] = random.below(256);
      expect(['header', 'incomplete', 'refused']).toContain(read(bytes).kind);
    }
  });
});
