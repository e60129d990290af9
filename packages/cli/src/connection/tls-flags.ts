/** Flags of TLS. */
import type { ListFlag, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { oneOf, text } from '../flags/value-parsers.ts';

export type TlsFlags = {
  readonly cafile: ValueFlag<string>;
  readonly capath: ValueFlag<string>;
  readonly osCertificates: SwitchFlag;
  readonly cert: ValueFlag<string>;
  readonly key: ValueFlag<string>;
  readonly keyForm: ValueFlag<string>;
  readonly insecure: SwitchFlag;
  readonly noTls: SwitchFlag;
  readonly tlsVersion: ValueFlag<'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'>;
  readonly tlsAlpn: ListFlag<string>;
  readonly ciphers: ValueFlag<string>;
  readonly tlsKeylog: ValueFlag<string>;
  readonly tlsEngine: ValueFlag<string>;
  readonly tlsEnginePassword: ValueFlag<string>;
  readonly psk: ValueFlag<string>;
  readonly pskIdentity: ValueFlag<string>;
};

const TLS_VERSIONS = {
  'tlsv1.3': 'TLSv1.3',
  'tlsv1.2': 'TLSv1.2',
  'tlsv1.1': 'TLSv1.1',
  tlsv1: 'TLSv1',
} as const;

const TLS = 'TLS';

export const TLS_FLAGS: Readonly<TlsFlags> = {
  cafile: {
    kind: 'value',
    names: ['--cafile'],
    placeholder: 'file',
    completes: 'file',
    group: TLS,
    parse: text('a file'),
    text: 'certificates of who may sign that of the server, as PEM; switches TLS on',
  },
  capath: {
    kind: 'value',
    names: ['--capath'],
    placeholder: 'directory',
    missing: '--capath argument given but no directory specified.',
    completes: 'directory',
    group: TLS,
    parse: text('a directory'),
    text: 'a directory with such files; switches TLS on',
  },
  osCertificates: {
    kind: 'switch',
    names: ['--tls-use-os-certs'],
    group: TLS,
    text: 'trust who this machine trusts; switches TLS on',
  },
  cert: {
    kind: 'value',
    names: ['--cert'],
    placeholder: 'file',
    completes: 'file',
    group: TLS,
    parse: text('a file'),
    text: 'certificate of this client, as PEM',
  },
  key: {
    kind: 'value',
    names: ['--key'],
    placeholder: 'file',
    completes: 'file',
    group: TLS,
    parse: text('a file'),
    text: 'its private key, as PEM',
  },
  keyForm: {
    kind: 'value',
    names: ['--keyform'],
    placeholder: 'form',
    missing: '--keyform argument given but no keyform specified.',
    completes: ['pem'],
    group: TLS,
    parse: text(),
    text: 'form of the key: pem',
  },
  insecure: {
    kind: 'switch',
    names: ['--insecure'],
    group: TLS,
    text: 'take a certificate that is for another host; whoever sits in between can then listen',
  },
  noTls: { kind: 'switch', names: ['--no-tls'], group: TLS, text: 'no TLS, whatever else is said' },
  tlsVersion: {
    kind: 'value',
    names: ['--tls-version'],
    placeholder: 'version',
    completes: Object.keys(TLS_VERSIONS),
    group: TLS,
    parse: oneOf(TLS_VERSIONS, (got) => `Invalid TLS version: ${got}`),
    text: 'oldest version of TLS to take: tlsv1.2 or tlsv1.3; default tlsv1.2',
  },
  tlsAlpn: {
    kind: 'list',
    names: ['--tls-alpn'],
    placeholder: 'protocol',
    group: TLS,
    parse: text('the name of a protocol'),
    text: 'protocol to ask for, where one port serves several',
  },
  ciphers: {
    kind: 'value',
    names: ['--ciphers'],
    placeholder: 'ciphers',
    group: TLS,
    parse: text('ciphers'),
    text: 'ciphers that may be used, as OpenSSL writes them',
  },
  tlsKeylog: {
    kind: 'value',
    names: ['--tls-keylog'],
    placeholder: 'file',
    completes: 'file',
    group: TLS,
    parse: text('a file'),
    text: 'append the secrets of the connection to this file, for Wireshark',
  },
  tlsEngine: {
    kind: 'value',
    names: ['--tls-engine'],
    placeholder: 'engine',
    missing: '--tls-engine argument given but no engine_id specified.',
    group: TLS,
    parse: text(),
    text: 'not in Martlet: engines of OpenSSL',
  },
  tlsEnginePassword: {
    kind: 'value',
    names: ['--tls-engine-kpass-sha1'],
    placeholder: 'hash',
    missing: '--tls-engine-kpass-sha1 argument given but no kpass sha1 specified.',
    group: TLS,
    parse: text(),
    text: 'not in Martlet: engines of OpenSSL',
  },
  psk: {
    kind: 'value',
    names: ['--psk'],
    placeholder: 'key',
    group: TLS,
    parse: text('a key in hexadecimal'),
    text: 'key in hexadecimal that client and server share, in place of certificates',
  },
  pskIdentity: {
    kind: 'value',
    names: ['--psk-identity'],
    placeholder: 'identity',
    group: TLS,
    parse: text('an identity'),
    text: 'the name of that key',
  },
};
