/** Listens on an HTTP port for MQTT over WebSocket, at one path, with or without TLS. */
import type { Log } from '../core/ports/log.ts';
import type { Accept } from '../core/ports/transport.ts';
import { LISTENER_LIMITS } from './listener-limits.ts';
import type { ListenerOptions } from './listener-settings.ts';
import { listenerSettings } from './listener-settings.ts';
import type { PlaceOptions } from './listening-places.ts';
import { NetworkListener } from './network-listener.ts';
import { OpenConnections } from './open-connections.ts';
import { WebSocketEntrance } from './websocket-entrance.ts';
import type { WebSocketSettings } from './websocket-settings.ts';

/** Of `Broker.listenWebSocket`. */
export interface WebSocketListenerOptions extends Omit<PlaceOptions, 'path'>, ListenerOptions {
  /** @default `websocket:` and the port, with TLS `wss:` and the port */
  readonly name?: string | undefined;
  /** 0 takes a free port. @default 8080, with TLS 8084 */
  readonly port?: number | undefined;
  /** Where clients connect. @default '/mqtt' */
  readonly path?: string | undefined;
  /** A Unix socket to listen on, in place of host and port, such as for a proxy in front. */
  readonly socketPath?: string | undefined;
  /** Who may connect to the Unix socket, as permission bits. @default 0o660 */
  readonly pathMode?: number | undefined;
  /** The user that owns the Unix socket, by name or number. @default the one that runs this process */
  readonly pathOwner?: string | undefined;
  /** The group of the Unix socket, by name or number. @default that of this process */
  readonly pathGroup?: string | undefined;
  /**
   * The web pages whose scripts may connect, as the browser names them (`https://example.org`).
   * Clients that are no browsers name none and are not concerned.
   * @default over a loopback address, pages of this machine; else all
   */
  readonly origins?: readonly string[] | undefined;
  /** The largest WebSocket message, in bytes; it bounds MQTT packets too. @default 16 MiB and 64 KiB */
  readonly maximumMessageBytes?: number | undefined;
  /** HTTP connections that are not, or not yet, WebSockets. @default 1000 */
  readonly maximumHttpConnections?: number | undefined;
  /** How long a request's headers may take, in ms. @default 10000 */
  readonly headersTimeoutMs?: number | undefined;
  /** How long an ended connection may take to close before it is destroyed, in ms. @default 5000 */
  readonly lingerMs?: number | undefined;
  /** Connections that the operating system holds until they are accepted. @default 4096 */
  readonly backlog?: number | undefined;
  /** How many file descriptors this process may have. @default what the system says */
  readonly descriptors?: number | undefined;
  /** How a user chooses another place, for error messages. @default 'another port' */
  readonly choice?: string | undefined;
}

/** A default MQTT packet limit, and something for the packets that share its message. */
const MAXIMUM_MESSAGE_BYTES = 16 * 1024 * 1024 + 64 * 1024;

/**
 * Starts listening. Rejects with an `EnvironmentError` when the operating system does not allow it, and with a `ConfigurationError`
 * for files that TLS cannot be done with.
 * @param accept Called for every WebSocket of an MQTT client.
 * @param wallMs The time, in ms since 1970.
 */
export async function listenWebSocket(
  options: WebSocketListenerOptions,
  accept: Accept,
  log: Log,
  wallMs: () => number = Date.now,
): Promise<NetworkListener> {
  const webSocket = webSocketSettings(options);
  const settings = await listenerSettings(options, 'websocket', webSocket, wallMs);
  const connections = new OpenConnections(options.lingerMs ?? LISTENER_LIMITS.lingerMs.default);
  const listener = new NetworkListener(
    {
      place: {
        ...options,
        path: options.socketPath,
        port: options.port ?? (settings.tls === null ? 8080 : 8084),
        backlog: options.backlog ?? LISTENER_LIMITS.backlog.default,
        pathMode: options.pathMode ?? 0o660,
      },
      descriptors: options.descriptors,
      connections,
      kind: 'websocket',
      entrance: (refusals) => new WebSocketEntrance(accept, connections, refusals, webSocket),
    },
    settings,
    log,
  );
  await listener.open();
  return listener;
}

/** What of the options is about WebSocket, and can change while it listens. */
export function webSocketSettings(options: WebSocketListenerOptions): WebSocketSettings {
  const { path = '/mqtt', origins, maximumMessageBytes, maximumHttpConnections, headersTimeoutMs } = options;
  return {
    path,
    origins,
    maximumMessageBytes: maximumMessageBytes ?? MAXIMUM_MESSAGE_BYTES,
    maximumHttpConnections: maximumHttpConnections ?? LISTENER_LIMITS.maximumHttpConnections.default,
    headersTimeoutMs: headersTimeoutMs ?? LISTENER_LIMITS.headersTimeoutMs.default,
  };
}
