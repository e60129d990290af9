/** The keys of `listeners[].tls`. */
import type {
  CertificateConfiguration,
  PskConfiguration,
  TlsConfiguration,
} from '../listener-configuration.ts';
import type { Table } from '../row.ts';

const CERTIFICATE_ROWS: Readonly<Table<CertificateConfiguration>> = {
  certificateFile: {
    kind: 'path',
    text: 'PEM: the certificate, followed by those between it and the root',
  },
  keyFile: { kind: 'path', text: 'PEM: the private key of the certificate' },
  keyPassphraseFile: {
    kind: 'path',
    default: null,
    text: 'a file whose first line is the passphrase of the key',
  },
  serverNames: {
    kind: 'list',
    of: { kind: 'text', form: 'plain', text: 'a host name, or one such as `*.example.org`' },
    default: [],
    defaultText: 'the names in the certificate',
    text: 'host names for which this certificate is shown',
  },
};

const PSK_ROWS: Readonly<Table<PskConfiguration>> = {
  file: { kind: 'path', text: 'lines of `identity:key`, the key in hexadecimal digits' },
  hint: {
    kind: 'text',
    form: 'plain',
    default: null,
    text: 'what clients are told so that they choose an identity; TLS 1.2 only',
  },
};

export const TLS_ROWS: Readonly<Table<TlsConfiguration>> = {
  certificates: {
    kind: 'list',
    entryKey: 'certificateFile',
    of: { kind: 'section', keys: CERTIFICATE_ROWS, text: 'a certificate of the server, and its key' },
    default: [],
    text: 'certificates of the server; the first is for clients that name no server, or one that is not here',
  },
  clientCertificates: {
    kind: 'choice',
    choices: ['none', 'request', 'require'],
    default: 'none',
    text: 'whether clients are asked for a certificate: not, if they have one, or so that they must have one',
  },
  caFile: { kind: 'path', default: null, text: 'PEM: the authorities that certify clients' },
  caDirectory: {
    kind: 'path',
    default: null,
    text: 'a directory of such files, all of which are read: *.pem, *.crt, *.cer, and the names that `openssl rehash` makes',
  },
  crlFiles: {
    kind: 'list',
    of: { kind: 'path', text: 'PEM: a certificate revocation list' },
    default: [],
    text: 'lists of client certificates that are revoked, one of each authority',
  },
  checkClientDates: {
    kind: 'switch',
    default: true,
    text: 'whether a client certificate that has expired, or is not valid yet, is refused',
  },
  minimumVersion: {
    kind: 'choice',
    choices: ['1.2', '1.3'],
    default: '1.2',
    text: 'the oldest version of TLS that is spoken',
  },
  ciphers: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: "Node's own",
    text: "cipher suites of TLS 1.2, as OpenSSL's list",
  },
  cipherSuites: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: "Node's own",
    text: 'cipher suites of TLS 1.3, with colons between them',
  },
  alpn: {
    kind: 'list',
    of: { kind: 'text', form: 'plain', text: 'the name of a protocol' },
    default: ['mqtt'],
    defaultText: '`mqtt`; of a websocket listener `http/1.1`',
    text: 'protocols that are agreed on by ALPN, the best first',
  },
  handshakeTimeoutMs: {
    kind: 'number',
    default: 10_000,
    minimum: 10,
    maximum: 3_600_000,
    unit: 'ms',
    text: 'for the handshake of TLS; after it the connection is closed',
  },
  maximumHandshakes: {
    kind: 'number',
    default: 1000,
    minimum: 1,
    maximum: 1_000_000,
    unit: 'handshakes',
    text: 'handshakes under way at once; a further connection is closed',
  },
  psk: {
    kind: 'section',
    keys: PSK_ROWS,
    default: null,
    text: 'keys that clients and the server share, in place of certificates; with TLS 1.2 and 1.3',
  },
};
