/**
 * Says in words why a socket could not be opened or broke, and what to check. The platform's error is the `cause`; its
 * `code` decides, never its text.
 */
import { ClientError } from '../client-error.ts';
import type { ServerAddress } from './server-address.ts';

/** The URL without its query, where some services keep a signature. */
export function nameOf(server: ServerAddress): string {
  return server.href.replace(/\?.*$/s, '');
}

/** There is no connection: it never came to be. */
export function connectionFailed(server: ServerAddress, cause: unknown): ClientError {
  return new ClientError(
    'CONNECTION_FAILED',
    `cannot connect to ${nameOf(server)}: ${reasonOf(server, cause)}`,
    cause,
  );
}

/** There was a connection, and it broke. */
export function connectionLost(server: ServerAddress, cause: unknown): ClientError {
  return new ClientError(
    'CONNECTION_LOST',
    `the connection to ${nameOf(server)} broke: ${reasonOf(server, cause)}`,
    cause,
  );
}

/** What Node.js says and what to check, as `text (CODE): advice`. */
function reasonOf(server: ServerAddress, cause: unknown): string {
  const { code, message } = deepest(cause);
  const said = code === undefined || message.includes(code) ? message : `${message} (${code})`;
  const advice = code === undefined ? undefined : adviceFor(code, server);
  return advice === undefined ? said : `${said}: ${advice}`;
}

interface Said {
  readonly code: string | undefined;
  readonly message: string;
}

/** Where a name has several addresses, all failed: the first failure stands for all, and the others are in `cause`. */
function deepest(cause: unknown): Said {
  if (cause instanceof AggregateError && cause.errors.length > 0) return deepest(cause.errors[0]);
  // `reason` is what OpenSSL says without where in its source it says so.
  const { code, reason, message } = cause as Readonly<Record<string, unknown>>;
  const said = [reason, message, code].find((text) => typeof text === 'string' && text !== '');
  return { code: typeof code === 'string' ? code : undefined, message: String(said ?? cause) };
}

function adviceFor(code: string, server: ServerAddress): string | undefined {
  const overTls = server.scheme === 'mqtts' || server.scheme === 'wss';
  return networkAdvice(code, server, overTls) ?? (overTls ? tlsAdvice(code, server) : undefined);
}

function networkAdvice(
  code: string,
  { host, port, path }: ServerAddress,
  overTls: boolean,
): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return port === 0
        ? `nothing listens on the socket ${path}; is the server running?`
        : `nothing listens on port ${port} of ${host}; is the server running, and is the port right?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} was not found; is it right, and does name resolution work here?`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${host} cannot be reached; is this machine online, and does a firewall let port ${port} through?`;
    case 'ENOENT':
      return `there is no socket at ${path}; is the server running, and is the path right?`;
    case 'EACCES':
    case 'EPERM':
      return 'this user may not; who may is said by the mode of the socket, or by a firewall';
    case 'ECONNRESET':
    case 'EPIPE':
      return overTls
        ? 'the server closed the connection; does it speak TLS on this port, and does it want a client certificate?'
        : 'the server closed the connection; does it want TLS on this port?';
    default:
      return undefined;
  }
}

function tlsAdvice(code: string, { host }: ServerAddress): string | undefined {
  // An alert of the server; what stands before the word differs between versions of OpenSSL.
  switch (code.replace(/^ERR_SSL_.*_ALERT_/, 'ALERT_')) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'nobody trusted here has signed its certificate; give the one who has as tls.ca';
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return "the certificate is not valid now; is this machine's clock right?";
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate is not for ${host}; connect by a name that it has, or give that as tls.servername`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'ERR_SSL_UNEXPECTED_MESSAGE':
      return 'what answered does not speak TLS; is this the port for TLS?';
    case 'ALERT_CERTIFICATE_REQUIRED':
    case 'ALERT_BAD_CERTIFICATE':
    case 'ALERT_UNKNOWN_CA':
      return 'the server wants a client certificate that it trusts: tls.cert and tls.key';
    case 'ALERT_NO_APPLICATION_PROTOCOL':
      return 'the server speaks none of tls.ALPNProtocols';
    case 'ALERT_HANDSHAKE_FAILURE':
    case 'ALERT_PROTOCOL_VERSION':
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
      return 'client and server have no TLS version or cipher in common, or the server wants a client certificate, or another tls.psk';
    case 'ALERT_DECRYPT_ERROR':
    case 'ALERT_BAD_RECORD_MAC':
    case 'ALERT_ILLEGAL_PARAMETER':
    case 'ALERT_UNKNOWN_PSK_IDENTITY':
      return 'the server does not know this identity with this key: tls.psk';
    default:
      return undefined;
  }
}
