import type { TransportSecurity } from '../core/ports/transport.ts';

/** Who has come, as far as the way here tells: the socket, a PROXY header, TLS. */
export interface Arrival {
  readonly peer: string;
  /** The proxy's address, if `peer` is from its PROXY header. */
  readonly proxyPeer: string | undefined;
  readonly security: TransportSecurity | undefined;
}
