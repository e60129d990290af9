/** From a listener of the configuration to one that listens, and from the next configuration to what changes while it does. */
import type { ListenerConfiguration, ProtocolVersionName } from '../config/listener-configuration.ts';
import type { ListenerRefusalCounts } from '../core/ports/listener-refusal.ts';
import type { Log } from '../core/ports/log.ts';
import type { Accept, ListenerPolicy } from '../core/ports/transport.ts';
import { EnvironmentError } from '../environment-error.ts';
import type { Listener, ListenerAddress } from './listener.ts';
import { listenerSettings } from './listener-settings.ts';
import type { TcpListenerOptions } from './tcp-listener.ts';
import { listenTcp } from './tcp-listener.ts';
import type { WebSocketListenerOptions } from './websocket-listener.ts';
import { listenWebSocket, webSocketSettings } from './websocket-listener.ts';

/** What listeners need besides their configuration. */
export interface ListenerServices {
  readonly accept: Accept;
  readonly log: Log;
  /**
   * The descriptors of sockets that systemd has opened, by the name or number in `socketActivation`; undefined for one that
   * it has not. @default a number is the descriptor itself, and names are not known
   */
  readonly activatedSocket?: ((socket: string | number) => number | undefined) | undefined;
  /** The largest WebSocket message, in bytes. @default 16 MiB and 64 KiB */
  readonly maximumMessageBytes?: number | undefined;
  /** Given the secrets of handshakes, for debugging, in the format of `SSLKEYLOGFILE`. */
  readonly tlsKeyLog?: ((line: Uint8Array) => void) | undefined;
  /** What all connections of a thread may share. @default memory for each listener */
  readonly readBuffer?: Uint8Array | undefined;
  /** How long an ended connection may take to close before it is destroyed, in ms. @default 5000 */
  readonly lingerMs?: number | undefined;
  /** The time, in ms since 1970. @default `Date.now` */
  readonly wallMs?: (() => number) | undefined;
}

export interface ConfiguredListener extends Listener {
  /** All that it listens on; `address` is the first. */
  readonly addresses: readonly ListenerAddress[];
  /** Connections that were closed before the broker saw them, by reason. */
  readonly refusals: ListenerRefusalCounts;
  /** Certificates, keys and lists that were read: when they change, the listener is to be prepared anew. */
  readonly files: readonly string[];

  /** Says in the log which certificates and revocation lists expire soon, or have. It does so by itself when it begins to use them. */
  tellExpiries(): void;

  /**
   * Reads and checks everything that the next configuration needs. The function that it gives makes it take effect at once, without
   * fail and without closing anything; connections keep the origin and the security they have. Null: it has another address or kind, and
   * another listener must be opened. Rejects with a `ConfigurationError`; then nothing has changed.
   */
  prepare(next: ListenerConfiguration): Promise<(() => void) | null>;
}

/**
 * Opens a listener. Rejects with an `EnvironmentError` when the operating system does not allow it, and with a `ConfigurationError`
 * for files that TLS cannot be done with.
 * @example
 * const listener = await broker.listenWith((accept, log) => openListener(configuration.listeners[0], { accept, log }));
 */
export async function openListener(
  configuration: ListenerConfiguration,
  services: ListenerServices,
): Promise<ConfiguredListener> {
  const { accept, log, wallMs = Date.now } = services;
  const listener = await (configuration.protocol === 'websocket'
    ? listenWebSocket(webSocketOptions(configuration, services), accept, log, wallMs)
    : listenTcp(streamOptions(configuration, services), accept, log, wallMs));
  const place = placeOf(configuration);
  return Object.assign(listener, {
    prepare: async (next: ListenerConfiguration): Promise<(() => void) | null> => {
      if (placeOf(next) !== place) return null;
      const settings = await settingsOf(next, services, wallMs);
      return () => listener.configure(settings);
    },
  });
}

/** Reads and checks the files that a listener's configuration names, and opens nothing. Rejects with a `ConfigurationError`. */
export async function checkListenerFiles(
  configuration: ListenerConfiguration,
  wallMs: () => number = Date.now,
): Promise<readonly { readonly level: string; readonly code: string; readonly text: string }[]> {
  const services = { accept: () => null, log: { write: () => {} } };
  const { tls } = await settingsOf(configuration, services, wallMs);
  return tls?.remarks ?? [];
}

function settingsOf(configuration: ListenerConfiguration, services: ListenerServices, wallMs: () => number) {
  if (configuration.protocol !== 'websocket')
    return listenerSettings(commonOptions(configuration, services), 'stream', undefined, wallMs);
  const options = webSocketOptions(configuration, services);
  return listenerSettings(options, 'websocket', webSocketSettings(options), wallMs);
}

/** All that makes it another socket. */
function placeOf(configuration: ListenerConfiguration): string {
  const { protocol, host, port, family, interface: device, path, socketActivation, backlog } = configuration;
  const { pathMode, pathOwner, pathGroup } = configuration;
  if (socketActivation !== null) return JSON.stringify([protocol, 'activated', socketActivation]);
  if (path !== null) return JSON.stringify([protocol, 'unix', path, pathMode, pathOwner, pathGroup, backlog]);
  return JSON.stringify([protocol, 'tcp', device ?? host, device !== null, port, family, backlog]);
}

function streamOptions(configuration: ListenerConfiguration, services: ListenerServices): TcpListenerOptions {
  const { path } = configuration;
  return {
    ...commonOptions(configuration, services),
    ...placeOptions(configuration, services),
    path: path ?? undefined,
    readBuffer: services.readBuffer,
  };
}

function webSocketOptions(
  configuration: ListenerConfiguration,
  services: ListenerServices,
): WebSocketListenerOptions {
  const { path, webSocket } = configuration;
  return {
    ...commonOptions(configuration, services),
    ...placeOptions(configuration, services),
    socketPath: path ?? undefined,
    path: webSocket.path,
    origins: webSocket.origins ?? undefined,
    maximumHttpConnections: webSocket.maximumHttpConnections,
    headersTimeoutMs: webSocket.headersTimeoutMs,
    maximumMessageBytes: services.maximumMessageBytes,
  };
}

function placeOptions(configuration: ListenerConfiguration, services: ListenerServices) {
  const { host, port, family, interface: device, pathMode, pathOwner, pathGroup, backlog } = configuration;
  return {
    host,
    port,
    family,
    interface: device ?? undefined,
    fd: descriptorOf(configuration.socketActivation, services),
    pathMode,
    pathOwner: pathOwner ?? undefined,
    pathGroup: pathGroup ?? undefined,
    backlog,
    lingerMs: services.lingerMs,
  };
}

function descriptorOf(socket: string | number | null, services: ListenerServices): number | undefined {
  if (socket === null) return undefined;
  const ownNumber = typeof socket === 'number' ? socket : undefined;
  const fd = services.activatedSocket === undefined ? ownNumber : services.activatedSocket(socket);
  if (fd !== undefined) return fd;
  const text = `cannot listen on the activated socket ${JSON.stringify(socket)}: systemd has handed over none of this name; see FileDescriptorName in the socket unit`;
  throw new EnvironmentError('LISTEN_FAILED', text, undefined);
}

function commonOptions(configuration: ListenerConfiguration, services: ListenerServices) {
  const { name, durability, maximumConnections, tcpKeepAlive, tls } = configuration;
  const { proxyProtocol, proxyProtocolRequireTls, trustedProxies } = configuration;
  return {
    name,
    durability: durability ?? undefined,
    policy: policyOf(configuration),
    maximumConnections: maximumConnections ?? undefined,
    tcpKeepAlive,
    proxyProtocol:
      proxyProtocol === 'none'
        ? undefined
        : { version: proxyProtocol, requireTls: proxyProtocolRequireTls, trustedProxies },
    handshakeTimeoutMs: tls?.handshakeTimeoutMs,
    maximumHandshakes: tls?.maximumHandshakes,
    tls: tls === null ? undefined : { ...tls, keyLog: services.tlsKeyLog },
  };
}

const VERSION_NUMBERS: Readonly<Record<ProtocolVersionName, 3 | 4 | 5>> = { '3.1': 3, '3.1.1': 4, '5.0': 5 };

/** What clients of this listener are granted. */
export function policyOf(configuration: ListenerConfiguration): ListenerPolicy {
  const { mountPoint, maximumQos, retainAvailable, protocolVersions, clientIdPrefix } = configuration;
  const { topicAliasMaximum, outboundTopicAliases, useUsernameAsClientId, allowEmptyClientId, rates } =
    configuration;
  return {
    mountPoint: mountPoint ?? undefined,
    maximumQos,
    retainAvailable,
    protocolVersions: protocolVersions.map((name) => VERSION_NUMBERS[name]),
    topicAliasMaximum: topicAliasMaximum ?? undefined,
    outboundTopicAliases: outboundTopicAliases ?? undefined,
    useUsernameAsClientId,
    clientIdPrefix,
    allowEmptyClientId,
    rates,
  };
}
