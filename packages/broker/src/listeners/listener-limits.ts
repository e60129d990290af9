/** The bounds of listeners, which are options of each: the listeners read their defaults here, docs/limits.md shows them. */
export interface ListenerLimitRow {
  readonly default: number;
  readonly unit: string;
  /** Which listeners have it. */
  readonly of: string;
  /** What it bounds. */
  readonly text: string;
  /** What happens at the limit. */
  readonly effect: string;
}

export const LISTENER_LIMITS = {
  lingerMs: {
    default: 5000,
    unit: 'ms',
    of: 'TCP, WebSocket',
    text: 'for an ended connection to close',
    effect: 'it is destroyed',
  },
  backlog: {
    default: 4096,
    unit: 'connections',
    of: 'TCP, WebSocket',
    text: 'connections that the operating system holds until they are accepted',
    effect: 'the operating system refuses further ones, or lets them wait',
  },
  handshakeTimeoutMs: {
    default: 10_000,
    unit: 'ms',
    of: 'TLS, PROXY protocol',
    text: 'from the network connection to the end of the PROXY header and of the handshake of TLS',
    effect: 'the connection is closed; counted as `handshake-timeout`',
  },
  maximumHandshakes: {
    default: 1000,
    unit: 'connections',
    of: 'TLS, PROXY protocol',
    text: 'connections whose PROXY header or handshake of TLS is under way',
    effect: 'a new one is closed; counted as `too-many-handshakes`',
  },
  maximumHttpConnections: {
    default: 1000,
    unit: 'connections',
    of: 'WebSocket',
    text: 'HTTP connections that are not, or not yet, WebSockets',
    effect: 'a new one is closed; counted as `too-many-http-connections`',
  },
  headersTimeoutMs: {
    default: 10_000,
    unit: 'ms',
    of: 'WebSocket',
    text: "for a request's headers to come",
    effect: 'the connection is closed',
  },
} as const;

export type ListenerLimitName = keyof typeof LISTENER_LIMITS;
