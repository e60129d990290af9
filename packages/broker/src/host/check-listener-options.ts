/**
 * Whether options of `listen` can be meant. One that is unknown is refused: a listener whose `tls` or `trustedProxies` was
 * misspelt would otherwise be open to those whom it was to keep out.
 */
import { unknownName } from '../core/options/check-habit.ts';
import { checkListenerPolicy } from '../core/options/listener-policy.ts';
import { durabilityNamed } from '../core/ports/durability.ts';
import type { ListenerPolicy } from '../core/ports/transport.ts';
import type { ListenerOptions } from '../listeners/listener-settings.ts';
import type { ProxyOptions } from '../listeners/proxy/proxy-settings.ts';
import type { TcpListenerOptions } from '../listeners/tcp-listener.ts';
import type { CertificateOptions, PskOptions, TlsOptions } from '../listeners/tls/tls-options.ts';
import type { WebSocketListenerOptions } from '../listeners/websocket-listener.ts';

/** The names of all options: of an object, so that the compiler misses none. */
type Names<Options> = Record<keyof Options, true>;

const COMMON: Readonly<Names<ListenerOptions>> = {
  durability: true,
  policy: true,
  maximumConnections: true,
  tcpKeepAlive: true,
  proxyProtocol: true,
  handshakeTimeoutMs: true,
  maximumHandshakes: true,
  tls: true,
};

const PLACE: Readonly<
  Names<Pick<TcpListenerOptions, keyof TcpListenerOptions & keyof WebSocketListenerOptions>>
> = {
  ...COMMON,
  name: true,
  host: true,
  port: true,
  family: true,
  interface: true,
  path: true,
  fd: true,
  pathMode: true,
  pathOwner: true,
  pathGroup: true,
  lingerMs: true,
  backlog: true,
  descriptors: true,
  choice: true,
};

const TCP: Readonly<Names<TcpListenerOptions>> = { ...PLACE, readBuffer: true, plainSockets: true };

const WEBSOCKET: Readonly<Names<WebSocketListenerOptions>> = {
  ...PLACE,
  socketPath: true,
  origins: true,
  maximumMessageBytes: true,
  maximumHttpConnections: true,
  headersTimeoutMs: true,
};

const POLICY: Readonly<Names<ListenerPolicy>> = {
  mountPoint: true,
  maximumQos: true,
  retainAvailable: true,
  protocolVersions: true,
  topicAliasMaximum: true,
  outboundTopicAliases: true,
  useUsernameAsClientId: true,
  clientIdPrefix: true,
  allowEmptyClientId: true,
  rates: true,
};

const PROXY: Readonly<Names<ProxyOptions>> = {
  version: true,
  requireTls: true,
  requireCertificate: true,
  trustedProxies: true,
};

const TLS: Readonly<Names<TlsOptions>> = {
  certificates: true,
  clientCertificates: true,
  caFile: true,
  caDirectory: true,
  ca: true,
  crlFiles: true,
  crl: true,
  checkClientDates: true,
  minimumVersion: true,
  ciphers: true,
  cipherSuites: true,
  alpn: true,
  psk: true,
  keyLog: true,
};

const CERTIFICATE: Readonly<Names<CertificateOptions>> = {
  certificateFile: true,
  certificate: true,
  keyFile: true,
  key: true,
  keyPassphraseFile: true,
  serverNames: true,
};

const PSK: Readonly<Names<PskOptions>> = { file: true, keys: true, hint: true };

/** @throws {TypeError | RangeError} that says what was expected, and what came */
export function checkTcpOptions(options: TcpListenerOptions): void {
  checkNames('listen', options, TCP);
  checkCommon(options);
}

/** @throws {TypeError | RangeError} that says what was expected, and what came */
export function checkWebSocketOptions(options: WebSocketListenerOptions): void {
  checkNames('listenWebSocket', options, WEBSOCKET);
  checkCommon(options);
}

function checkCommon({
  port,
  durability,
  policy,
  proxyProtocol,
  tls,
}: Pick<TcpListenerOptions, 'port' | 'durability' | 'policy' | 'proxyProtocol' | 'tls'>): void {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new RangeError(
      `port: expected a whole number from 0 to 65535, got ${JSON.stringify(port) ?? String(port)}`,
    );
  if (durability !== undefined) durabilityNamed(durability, 'durability');
  if (policy !== undefined) {
    checkNames('policy', policy, POLICY);
    checkListenerPolicy(policy);
  }
  if (proxyProtocol !== undefined) {
    checkNames('proxyProtocol', proxyProtocol, PROXY);
    const { version = 'any' } = proxyProtocol;
    if (!['v1', 'v2', 'any'].includes(version))
      throw new RangeError(`proxyProtocol.version: expected v1, v2 or any, got ${String(version)}`);
  }
  if (tls !== undefined) checkTls(tls);
}

function checkTls(tls: TlsOptions): void {
  checkNames('tls', tls, TLS);
  const { certificates = [], psk } = tls;
  if (!Array.isArray(certificates))
    throw new TypeError('tls.certificates: expected a list of certificates with their keys');
  for (const [index, certificate] of certificates.entries())
    checkNames(`tls.certificates[${index}]`, certificate, CERTIFICATE);
  if (psk !== undefined && psk !== null) checkNames('tls.psk', psk, PSK);
}

function checkNames(of: string, given: object, known: Readonly<Record<string, true>>): void {
  const names = Object.keys(known);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(
      `${of}: expected an object with options such as ${names.slice(0, 3).join(', ')}, got ${kindOf(given)}`,
    );
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw unknownName(`option of ${of}:`, name, names);
}

/** Not the value itself, which may be a key. */
function kindOf(given: unknown): string {
  if (given === null) return 'null';
  return Array.isArray(given) ? 'a list' : `a ${typeof given}`;
}
