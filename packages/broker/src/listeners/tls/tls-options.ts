/** What an application or a configuration says about TLS. Whatever is a file can be given as PEM text instead. */
export interface TlsOptions {
  /**
   * The server's certificates. The first is shown to clients that name no server, or one that is not here. Either certificates or
   * `psk` must be given, and not both.
   */
  readonly certificates?: readonly CertificateOptions[] | undefined;
  /**
   * Whether clients are asked for a certificate: not; if they have one; or so that they must have one. One that is not accepted
   * ends the connection in either case. @default 'none'
   */
  readonly clientCertificates?: 'none' | 'request' | 'require' | undefined;
  /** The authorities that certify clients. */
  readonly caFile?: string | null | undefined;
  /** A directory of such files: `*.pem`, `*.crt`, `*.cer`, and the names that `openssl rehash` makes. */
  readonly caDirectory?: string | null | undefined;
  /** PEM, in place of a file. */
  readonly ca?: string | undefined;
  /** Lists of client certificates that are revoked; a file may hold several. Every authority of a chain needs its own. */
  readonly crlFiles?: readonly string[] | undefined;
  /** PEM, in place of files. */
  readonly crl?: string | undefined;
  /** Whether a client certificate is refused that has expired, or is not valid yet. @default true */
  readonly checkClientDates?: boolean | undefined;
  /** @default '1.2' */
  readonly minimumVersion?: '1.2' | '1.3' | undefined;
  /** Cipher suites of TLS 1.2, in OpenSSL's form. @default Node's */
  readonly ciphers?: string | null | undefined;
  /** Cipher suites of TLS 1.3, with colons between. @default Node's */
  readonly cipherSuites?: string | null | undefined;
  /** Protocols that are agreed on by ALPN; a client that asks for others only is refused. @default ['mqtt'], of a WebSocket listener ['http/1.1'] */
  readonly alpn?: readonly string[] | undefined;
  /** Keys that clients and the server share, in place of certificates. */
  readonly psk?: PskOptions | null | undefined;
  /**
   * Called with lines of the format of `SSLKEYLOGFILE`, with which recorded connections can be decrypted. For debugging only.
   */
  readonly keyLog?: ((line: Uint8Array) => void) | undefined;
}

/** A certificate and its key, as files or as text. */
export interface CertificateOptions {
  /** PEM: the certificate, followed by those between it and the root. */
  readonly certificateFile?: string | undefined;
  /** PEM, in place of a file. */
  readonly certificate?: string | undefined;
  /** PEM: the private key. */
  readonly keyFile?: string | undefined;
  /** PEM, in place of a file. */
  readonly key?: string | undefined;
  /** A file whose first line is the passphrase of the key. */
  readonly keyPassphraseFile?: string | null | undefined;
  /** Host names for which this certificate is shown, such as `*.example.org`. @default the names in the certificate */
  readonly serverNames?: readonly string[] | undefined;
}

/** Keys that clients and the server share. */
export interface PskOptions {
  /** Lines of `identity:key`, the key in hexadecimal digits. */
  readonly file?: string | undefined;
  /** Identities and keys, in place of a file. */
  readonly keys?: ReadonlyMap<string, Uint8Array> | undefined;
  /** What clients are told so that they choose an identity; TLS 1.2 only. @default nothing */
  readonly hint?: string | null | undefined;
}
