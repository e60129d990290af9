/** Why listeners close connections before the core sees them; how often each has, is told in `$SYS`. */
import type { LogLevel } from './log.ts';

export type ListenerRefusal =
  | 'maximum-connections'
  | 'too-many-handshakes'
  | 'too-many-http-connections'
  | 'handshake-timeout'
  | 'tls-handshake-failed'
  | 'client-certificate-refused'
  | 'proxy-not-trusted'
  | 'proxy-header-refused';

/** Since the start; each only rises. */
export type ListenerRefusalCounts = Readonly<Record<ListenerRefusal, number>>;

export const LISTENER_REFUSALS: Readonly<Record<ListenerRefusal, { level: LogLevel; text: string }>> = {
  'maximum-connections': {
    level: 'warning',
    text: 'the listener has as many connections as `maximumConnections` allows',
  },
  'too-many-handshakes': {
    level: 'warning',
    text: 'as many PROXY headers and handshakes of TLS are under way as `maximumHandshakes` allows',
  },
  'too-many-http-connections': {
    level: 'error',
    text: 'as many HTTP connections are not, or not yet, WebSockets as `maximumHttpConnections` allows',
  },
  'handshake-timeout': {
    level: 'notice',
    text: 'the PROXY header or the handshake of TLS did not end within `handshakeTimeoutMs`',
  },
  'tls-handshake-failed': { level: 'notice', text: 'the handshake of TLS failed' },
  'client-certificate-refused': {
    level: 'notice',
    text: 'the certificate of the client is missing, or was not accepted',
  },
  'proxy-not-trusted': { level: 'warning', text: 'the connection is from none of the `trustedProxies`' },
  'proxy-header-refused': {
    level: 'warning',
    text: 'the connection did not begin with a PROXY header as this listener expects it',
  },
};

export function noListenerRefusals(): Record<ListenerRefusal, number> {
  return {
    'maximum-connections': 0,
    'too-many-handshakes': 0,
    'too-many-http-connections': 0,
    'handshake-timeout': 0,
    'tls-handshake-failed': 0,
    'client-certificate-refused': 0,
    'proxy-not-trusted': 0,
    'proxy-header-refused': 0,
  };
}
