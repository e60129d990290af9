/** How a client proves servers and itself over TLS, and the check of it. */
import { isIP } from 'node:net';
import type { ConnectionOptions, PeerCertificate, SecureContext, SecureVersion } from 'node:tls';
import { ClientError } from '../client-error.ts';
import { tlsModule } from './late-modules.ts';

/** A key that client and server share instead of certificates. */
export interface PreSharedKey {
  readonly identity: string;
  readonly key: Uint8Array;
}

/** The names and meanings of Node.js. Certificates and keys are PEM, as strings or bytes; `pfx` is PKCS #12. */
export interface TlsOptions {
  /** Who may sign servers' certificates. @default the authorities that Node.js knows */
  readonly ca?: ConnectionOptions['ca'];
  /** The client's certificate, followed by those between it and its authority. */
  readonly cert?: ConnectionOptions['cert'];
  /** The private key of `cert`. */
  readonly key?: ConnectionOptions['key'];
  /** `cert` and `key` in one. */
  readonly pfx?: ConnectionOptions['pfx'];
  /** Decrypts `key` or `pfx`. */
  readonly passphrase?: string;
  /**
   * The name sent to the server (SNI) and looked for in its certificate.
   * @default the host, unless it is an address, which is only looked for in the certificate
   */
  readonly servername?: string;
  /** Protocols offered to the server, such as `mqtt` or `x-amzn-mqtt-ca`. @default none */
  readonly ALPNProtocols?: readonly string[];
  /** @default 'TLSv1.2' */
  readonly minVersion?: SecureVersion;
  /** @default 'TLSv1.3' */
  readonly maxVersion?: SecureVersion;
  /** As OpenSSL writes them. */
  readonly ciphers?: string;
  /** False connects to anybody, and so also to whoever sits in between. @default true */
  readonly rejectUnauthorized?: boolean;
  /** Returns an error when the certificate is not the host's. @default that of `node:tls` */
  readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
  /**
   * Proves both sides by a key they share; ciphers are then those with such a key, unless `ciphers` names others. A server
   * that shows a certificate instead must show one that is trusted.
   */
  readonly psk?: PreSharedKey;
  /** Called with the lines of a key log, by which a capture of the connection can be read. @default none is made */
  readonly onKeylog?: (line: Uint8Array) => void;
}

/** What `tls.connect` takes, and who listens to the key log. */
export interface PreparedConnection extends ConnectionOptions {
  readonly onKeylog?: (line: Uint8Array) => void;
}

/** TLS options as connections need them: certificates are read once, not for each attempt. */
export type PreparedTls = (host: string) => PreparedConnection;

/**
 * Reads certificates and keys.
 *
 * @throws ClientError INVALID_OPTION when one cannot be read, or a version or cipher is unknown.
 */
export function prepareTls(given?: TlsOptions): PreparedTls {
  const options = given ?? {};
  const { servername, ALPNProtocols, rejectUnauthorized = true, psk, onKeylog } = options;
  // Where nothing is given nothing can be wrong: most clients never need what takes 0.4 ms to make.
  let secureContext = given === undefined ? undefined : contextOf(given);
  const checkIdentity: NonNullable<TlsOptions['checkServerIdentity']> =
    options.checkServerIdentity ??
    ((host, certificate) => tlsModule().checkServerIdentity(host, certificate));
  return (host) => ({
    secureContext: (secureContext ??= contextOf(options)),
    // An address is no name to send (RFC 6066, 3).
    servername: servername ?? (isIP(host) === 0 ? host : ''),
    rejectUnauthorized,
    checkServerIdentity: checkIdentity,
    ...(ALPNProtocols === undefined ? {} : { ALPNProtocols: [...ALPNProtocols] }),
    ...(psk === undefined ? {} : withKey(psk, checkIdentity)),
    ...(onKeylog === undefined ? {} : { onKeylog }),
  });
}

function contextOf({ psk, onKeylog: _, ...options }: TlsOptions): SecureContext {
  try {
    return tlsModule().createSecureContext({ ...(psk === undefined ? {} : { ciphers: 'PSK' }), ...options });
  } catch (cause) {
    throw unusable(cause as NodeJS.ErrnoException);
  }
}

function unusable(cause: NodeJS.ErrnoException): ClientError {
  return new ClientError(
    'INVALID_OPTION',
    `tls: expected certificates and keys in PEM that fit each other, versions and ciphers that OpenSSL knows, got ${cause.message} (${cause.code})`,
    cause,
  );
}

function withKey(
  { identity, key }: PreSharedKey,
  checkIdentity: NonNullable<TlsOptions['checkServerIdentity']>,
): Pick<ConnectionOptions, 'pskCallback' | 'checkServerIdentity'> {
  return {
    pskCallback: () => ({ identity, psk: key }),
    // Without a certificate the key is the proof; OpenSSL accepts none only with a cipher that has one.
    checkServerIdentity: (host, certificate) =>
      Object.keys(certificate).length === 0 ? undefined : checkIdentity(host, certificate),
  };
}
