/** What every step of the examination has: the server, how to reach it, and where to put what is found. */
import type { ConnectOptions, OpenTransport, ServerAddress } from '@martlet/client';
import type { NodeTransportOptions } from '@martlet/client/node-transport';
import type { Findings } from './finding.ts';

export interface Examination {
  readonly server: ServerAddress;
  readonly findings: Findings;
  readonly tls: ConnectOptions['tls'];
  /** `--insecure`: a certificate for another name will do. */
  readonly takesAnyName: boolean;
  /** Through a proxy, or from an address of this machine that was chosen; undefined: as usual. */
  readonly dial: NodeTransportOptions['dial'];
  /** Without user and password; undefined if there is none. The proxy looks up the name of the server. */
  readonly proxyName: string | undefined;
  /** Opens a whole connection, WebSocket and TLS included. */
  readonly open: OpenTransport;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly clientId: string;
  /** 5, 4 or 3; undefined: the newest that the server takes. */
  readonly protocolVersion: 3 | 4 | 5 | undefined;
  /** Where it may publish and subscribe. */
  readonly topicName: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  nowMs(): number;
  wallMs(): number;
}

export function isOverTls({ scheme }: ServerAddress): boolean {
  return scheme === 'mqtts' || scheme === 'wss';
}

export function isOverWebSocket({ scheme }: ServerAddress): boolean {
  return scheme === 'ws' || scheme === 'wss';
}

/** `broker.example:1883`, with an IPv6 address in brackets. */
export function authorityOf({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The `code` of an error of the system, the first of several. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return 'UNKNOWN';
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  // What lies beneath is what the system said.
  const beneath = cause === undefined ? 'UNKNOWN' : codeOf(cause);
  return beneath === 'UNKNOWN' && typeof code === 'string' ? code : beneath;
}
