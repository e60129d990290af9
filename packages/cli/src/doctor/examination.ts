/** What every step of the examination has: the server, how to reach it, and where to put what is found. */
import type { ConnectOptions, OpenTransport, ServerAddress } from '@martlet/client';
import type { Findings } from './finding.ts';

export interface Examination {
  readonly server: ServerAddress;
  readonly findings: Findings;
  readonly tls: ConnectOptions['tls'];
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

/** The `code` of an error of the system, the first of several. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? 'UNKNOWN' : codeOf(cause);
}
