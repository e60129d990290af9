/**
 * Listens on a TCP port or a Unix socket for MQTT over a byte stream, with or without TLS.
 *
 * Accepted handles become connections without a `net.Socket` (handle-transport.ts) where this Node.js allows it and there is no
 * TLS, and with one (socket-transport.ts) where not. Which of the two makes no difference to the core.
 */
import type { Log } from '../core/ports/log.ts';
import type { Accept } from '../core/ports/transport.ts';
import { LISTENER_LIMITS } from './listener-limits.ts';
import type { ListenerOptions } from './listener-settings.ts';
import { listenerSettings } from './listener-settings.ts';
import type { PlaceOptions } from './listening-places.ts';
import { NetworkListener } from './network-listener.ts';
import { OpenConnections } from './open-connections.ts';
import { StreamEntrance } from './stream-entrance.ts';
import { findStreamWrap } from './stream-wrap.ts';

/** Of `Broker.listen`. */
export interface TcpListenerOptions extends PlaceOptions, ListenerOptions {
  /** @default `tcp:` and the port, with TLS `tls:` and the port, or `unix:` and the path */
  readonly name?: string | undefined;
  /** 0 takes a free port. @default 1883, with TLS 8883 */
  readonly port?: number | undefined;
  /** Who may connect to the Unix socket, as permission bits. @default 0o660 */
  readonly pathMode?: number | undefined;
  /** The user that owns the Unix socket, by name or number. @default the one that runs this process */
  readonly pathOwner?: string | undefined;
  /** The group of the Unix socket, by name or number. @default that of this process */
  readonly pathGroup?: string | undefined;
  /** How long an ended connection may take to close before it is destroyed, in ms. @default 5000 */
  readonly lingerMs?: number | undefined;
  /** Connections that the operating system holds until they are accepted. @default 4096 */
  readonly backlog?: number | undefined;
  /** What all connections are read into; one may serve several listeners of a thread. @default 128 KiB of its own */
  readonly readBuffer?: Uint8Array | undefined;
  /** How many file descriptors this process may have. @default what the system says */
  readonly descriptors?: number | undefined;
  /** Uses `net.Socket` for every connection. @default false */
  readonly plainSockets?: boolean | undefined;
  /** How a user chooses another place, for error messages. @default 'another port' or 'another path' */
  readonly choice?: string | undefined;
}

/**
 * Starts listening. Rejects with an `EnvironmentError` when the operating system does not allow it, and with a `ConfigurationError`
 * for files that TLS cannot be done with.
 * @param accept Called for every connection.
 * @param wallMs The time, in ms since 1970.
 */
export async function listenTcp(
  options: TcpListenerOptions,
  accept: Accept,
  log: Log,
  wallMs: () => number = Date.now,
): Promise<NetworkListener> {
  const settings = await listenerSettings(options, 'stream', undefined, wallMs);
  const { lingerMs = LISTENER_LIMITS.lingerMs.default, plainSockets = false, readBuffer } = options;
  const connections = new OpenConnections(lingerMs);
  const wrap = plainSockets ? null : findStreamWrap();
  const listener = new NetworkListener(
    {
      place: {
        ...options,
        port: options.port ?? (settings.tls === null ? 1883 : 8883),
        backlog: options.backlog ?? LISTENER_LIMITS.backlog.default,
        pathMode: options.pathMode ?? 0o660,
      },
      descriptors: options.descriptors,
      connections,
      kind: 'stream',
      entrance: () => new StreamEntrance(accept, connections, wrap, readBuffer),
    },
    settings,
    log,
  );
  await listener.open();
  return listener;
}
