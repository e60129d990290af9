import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../../test/seeded-random.ts';
import { ConfigurationError } from '../../../src/config/configuration-error.ts';
import { alternativeNames } from '../../../src/listeners/tls/certificate-identity.ts';
import { readClientHello } from '../../../src/listeners/tls/client-hello.ts';
import { escapeNameValue, rfc2253Name } from '../../../src/listeners/tls/distinguished-name.ts';
import {
  certificateRefusalText,
  handshakeFailureText,
} from '../../../src/listeners/tls/handshake-failure.ts';
import { parsePskFile } from '../../../src/listeners/tls/psk-file.ts';
import { parseRevocationLists } from '../../../src/listeners/tls/revocation-list.ts';
import { ServerNames } from '../../../src/listeners/tls/server-names.ts';
import { HAS_OPENSSL, MadeAuthority } from './made-authority.ts';

describe('A PSK file', () => {
  const parse = (text: string) => parsePskFile(Buffer.from(text), 'psk.txt');
  /** What is wrong, as it is told. */
  function problems(text: string): readonly string[] {
    try {
      parse(text);
      return [];
    } catch (error) {
      return (error as ConfigurationError).problems.map(({ line, text: told }) => `${line}: ${told}`);
    }
  }

  test('has an identity and a key in each line, and comments', () => {
    const keys = parse('\uFEFF# keys\n\nsensor:00C0ffee\r\nwith space:01\nümlaut:ab \n');
    expect([...keys].map(([identity, key]) => [identity, key.toString('hex')])).toEqual([
      ['sensor', '00c0ffee'],
      ['with space', '01'],
      ['ümlaut', 'ab'],
    ]);
    expect(parse('').size).toBe(0);
  });

  test.each([
    ['sensor', 'expected `identity:key`, got a line without a colon'],
    [':00', 'expected an identity in front of the colon'],
    ['a:', 'expected a key behind the colon'],
    ['a:0x00', 'expected a key in hexadecimal digits, without 0x in front'],
    ['a:secret', 'expected a key in hexadecimal digits (0-9, a-f), got other characters'],
    ['a:000', 'expected an even number of hexadecimal digits, got 3'],
    ['a:00\na:01', 'the identity stands in an earlier line, too'],
  ])('%j is told with its line, and without the key', (text, told) => {
    const lines = text.split('\n').length;
    expect(problems(`# first\n${text}\n`)).toEqual([`${lines + 1}: ${told}`]);
    expect(() => parse(text)).toThrow(/^psk\.txt:\d: /);
  });

  test('has identities of 128 bytes and keys of 256 at most: at the limit, and one past it', () => {
    expect(parse(`${'i'.repeat(128)}:${'00'.repeat(256)}`).size).toBe(1);
    expect(problems(`${'i'.repeat(129)}:00`)).toEqual([
      '1: expected an identity of at most 128 bytes, got 129',
    ]);
    expect(problems(`i:${'00'.repeat(257)}`)).toEqual(['1: expected a key of at most 256 bytes, got 257']);
  });

  test('tells of 20 lines at most, and throws nothing else, whatever is in it', () => {
    expect(problems('wrong\n'.repeat(100))).toHaveLength(20);
    const random = new SeededRandom(5);
    for (let i = 0; i < 300; i++) {
      const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
      try {
        parsePskFile(bytes, 'x');
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError);
      }
    }
  });
});

describe('A name as RFC 2253 writes it', () => {
  test('begins with the most specific part, and escapes what is not ASCII', () => {
    expect(rfc2253Name('C=GB\nO=Example\\, Inc.\nOU=a + UID=b\nCN=sensör')).toBe(
      'CN=sens\\C3\\B6r,UID=b+OU=a,O=Example\\, Inc.,C=GB',
    );
    expect(rfc2253Name('')).toBe('');
    expect(rfc2253Name(undefined)).toBe('');
  });

  test.each([
    ['a,b+c"d\\e<f>g;h', 'a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h'],
    [' a ', '\\ a\\ '],
    ['#a#', '\\#a#'],
    [' ', '\\ '],
    ['a\nb\0', 'a\\0Ab\\00'],
    ['ö', '\\C3\\B6'],
  ])('has the value %j as %s', (value, escaped) => {
    expect(escapeNameValue(value)).toBe(escaped);
  });
});

test('Alternative names keep what is in quotes together, and those of other kinds are left out', () => {
  expect(
    alternativeNames(
      'DNS:a.example, IP Address:2001:DB8:0:0:0:0:0:1, URI:"x:a, DNS:evil.example", othername:<unsupported>, email:a@b',
    ),
  ).toEqual(['dns:a.example', 'ip:2001:DB8:0:0:0:0:0:1', 'uri:x:a, DNS:evil.example', 'email:a@b']);
  expect(alternativeNames(undefined)).toEqual([]);
});

test('Server names are found exactly, or by one label in place of the star; the first of the same keeps it', () => {
  const names = new ServerNames<number>();
  for (const [index, name] of ['A.example', '*.example', 'a.example', '*'].entries()) names.add(name, index);
  expect(
    ['a.EXAMPLE', 'b.example', 'a.b.example', 'example', '', '.example', '*'].map((name) => names.find(name)),
  ).toEqual([0, 1, undefined, undefined, undefined, undefined, 3]);
});

test('What is not known of handshakes is told by its code', () => {
  expect(handshakeFailureText('ERR_SSL_STRANGE', false)).toBe(
    'the handshake of TLS failed (ERR_SSL_STRANGE)',
  );
  expect(handshakeFailureText(undefined, false)).toBe('the handshake of TLS failed');
  expect(certificateRefusalText('STRANGE')).toBe('the certificate of the client is not accepted: STRANGE');
});

describe('The server name in a ClientHello', () => {
  let hello: Buffer;
  let nameless: Buffer;

  /** What Node's own client sends first. */
  async function helloFor(servername: string): Promise<Buffer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connectTls({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername,
    });
    client.on('error', () => {});
    const [socket] = await once(server, 'connection');
    const [bytes] = await once(socket, 'data');
    client.destroy();
    socket.destroy();
    server.close();
    return bytes;
  }

  beforeAll(async () => {
    hello = await helloFor('broker.example');
    nameless = await helloFor('');
  });

  test('is read, wherever the bytes are cut, and in however many records they come', () => {
    expect(readClientHello(hello)).toEqual({ kind: 'hello', serverName: 'broker.example' });
    expect(readClientHello(nameless)).toEqual({ kind: 'hello', serverName: undefined });
    for (let length = 0; length < hello.length; length++)
      expect(readClientHello(hello.subarray(0, length))).toEqual({ kind: 'incomplete' });
    const records = [...hello.subarray(5)].map((byte) => Buffer.from([22, 3, 1, 0, 1, byte]));
    expect(readClientHello(Buffer.concat(records))).toEqual({ kind: 'hello', serverName: 'broker.example' });
  });

  test('is none in what is no ClientHello, or one without end', () => {
    for (const hex of ['1703010001ff', '160301000102', '1603010000', '10', '16030100040200000000'])
      expect(readClientHello(Buffer.from(hex, 'hex')).kind === 'hello' || hex === '160301000102').toBe(true);
    const endless = Buffer.concat(Array.from({ length: 3000 }, () => Buffer.from('160301000101', 'hex')));
    expect(readClientHello(endless)).toEqual({ kind: 'hello', serverName: undefined });
  });

  test('of changed bytes is some name or none, and nothing is thrown', () => {
    const random = new SeededRandom(7);
    for (let i = 0; i < 5000; i++) {
      const bytes = Buffer.from(hello);
      for (let changes = 0; changes < 3; changes++) bytes[random.below(bytes.length)] = random.below(256);
      expect(['hello', 'incomplete']).toContain(readClientHello(bytes).kind);
    }
  });
});

describe.skipIf(!HAS_OPENSSL)('A certificate revocation list', () => {
  let authority: MadeAuthority;
  let pem: string;
  beforeAll(() => {
    authority = new MadeAuthority('Test CA');
    authority.revoke(authority.certify('a'));
    authority.revoke(authority.certify('b'));
    pem = spawnSync('cat', [authority.revocationList('list', { from: -2, to: 3 })]).stdout.toString();
  });
  afterAll(() => authority?.remove());

  test('says until when it is valid, and whom it names', () => {
    const [list] = parseRevocationLists(`before\n${pem}after`);
    const shown = spawnSync('openssl', ['crl', '-noout', '-text', '-lastupdate', '-nextupdate'], {
      input: pem,
    }).stdout.toString();
    expect(list!.thisUpdateMs).toBe(Date.parse(/lastUpdate=(.*)/.exec(shown)![1]!));
    expect(list!.nextUpdateMs).toBe(Date.parse(/nextUpdate=(.*)/.exec(shown)![1]!));
    const serials = [...shown.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial]) =>
      serial!.replace(/^0+/, ''),
    );
    expect([...list!.revoked]).toEqual(serials);
    expect(serials).toHaveLength(2);
    expect(parseRevocationLists(pem + pem)).toHaveLength(2);
  });

  test('that is damaged is a RangeError, and nothing else', () => {
    const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
    const random = new SeededRandom(11);
    for (let i = 0; i < 3000; i++) {
      const bytes = Buffer.from(i < der.length ? der.subarray(0, i) : der);
      for (let changes = 0; i >= der.length && changes < 3; changes++)
        bytes[random.below(bytes.length)] = random.below(256);
      try {
        parseRevocationLists(`-----BEGIN X509 CRL-----\n${bytes.toString('base64')}\n-----END X509 CRL-----`);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }
  });
});
