/** What a listener does with whom it accepts: from options, whose files are read and checked, to the settings it works with. */
import type { DurabilityName } from '../core/ports/durability.ts';
import type { ListenerPolicy, Origin } from '../core/ports/transport.ts';
import { LISTENER_LIMITS } from './listener-limits.ts';
import type { ProxyOptions } from './proxy/proxy-settings.ts';
import { ProxySettings } from './proxy/proxy-settings.ts';
import { loadTls } from './tls/load-tls.ts';
import { TlsGate } from './tls/tls-gate.ts';
import type { TlsOptions } from './tls/tls-options.ts';
import type { WebSocketSettings } from './websocket-settings.ts';

/** Options of listeners of both kinds that can change while they listen. */
export interface ListenerOptions {
  /** What acknowledgements promise to clients that connect here. @default the broker's `durability` */
  readonly durability?: DurabilityName | undefined;
  /** What clients that connect here are granted. @default everything, as the broker's limits have it */
  readonly policy?: ListenerPolicy | undefined;
  /** Connections of this listener; a further one is closed. @default as many as the broker has room for */
  readonly maximumConnections?: number | undefined;
  /**
   * Seconds of silence after which the operating system asks whether a peer is still there; 0: never. Sleeping
   * devices do not answer, so it is off: MQTT has its own keep alive. @default 0
   */
  readonly tcpKeepAlive?: number | undefined;
  /** Connections come through a proxy, and begin with its PROXY header. @default no header is expected */
  readonly proxyProtocol?: ProxyOptions | undefined;
  /** For PROXY header and handshake of TLS together, from the network connection on, in ms. @default 10000 */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Connections whose PROXY header or handshake of TLS is under way; a further one is closed. @default 1000 */
  readonly maximumHandshakes?: number | undefined;
  /** @default none: the listener is plain */
  readonly tls?: TlsOptions | undefined;
}

/** It is replaced as a whole, and never changed. */
export interface ListenerSettings {
  /** Undefined: by its kind and its port or path. */
  readonly name: string | undefined;
  readonly durability: DurabilityName | undefined;
  readonly policy: ListenerPolicy | undefined;
  /** Infinity: as many as the broker allows. */
  readonly maximumConnections: number;
  /** Seconds; 0: never. */
  readonly tcpKeepAlive: number;
  /** Null: no PROXY header is expected. */
  readonly proxy: ProxySettings | null;
  /** Null: plain. */
  readonly tls: TlsGate | null;
  readonly handshakeTimeoutMs: number;
  readonly maximumHandshakes: number;
  /** Of a WebSocket listener. */
  readonly webSocket: WebSocketSettings | undefined;
}

const ALPN: Readonly<Record<Exclude<Origin['kind'], 'in-process'>, readonly string[]>> = {
  stream: ['mqtt'],
  websocket: ['http/1.1'],
};

/**
 * Rejects with a `ConfigurationError` for files that TLS cannot be done with, and with a `TypeError` for a `trustedProxies` that
 * is none.
 * @param wallMs The time, in ms since 1970.
 */
export async function listenerSettings(
  options: ListenerOptions & { readonly name?: string | undefined },
  kind: keyof typeof ALPN,
  webSocket: WebSocketSettings | undefined,
  wallMs: () => number,
): Promise<ListenerSettings> {
  const { name, durability, policy, maximumConnections, tcpKeepAlive = 0, proxyProtocol, tls } = options;
  const place = name === undefined ? 'tls' : `tls of the listener ${name}`;
  const loaded = tls === undefined ? null : await loadTls(tls, place, ALPN[kind]);
  return {
    name,
    durability,
    policy,
    maximumConnections: maximumConnections ?? Number.POSITIVE_INFINITY,
    tcpKeepAlive,
    proxy: proxyProtocol === undefined ? null : new ProxySettings(proxyProtocol),
    tls: loaded === null ? null : new TlsGate(loaded, wallMs),
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? LISTENER_LIMITS.handshakeTimeoutMs.default,
    maximumHandshakes: options.maximumHandshakes ?? LISTENER_LIMITS.maximumHandshakes.default,
    webSocket,
  };
}
