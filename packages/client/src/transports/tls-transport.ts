/** Connects over TLS, for `mqtts://`. */
import { connect } from 'node:tls';
import type { Dial } from './connect-socket.ts';
import { connectSocket, DIAL_OPTIONS } from './connect-socket.ts';
import type { SocketOptions } from './socket-transport.ts';
import { SocketTransport } from './socket-transport.ts';
import type { PreparedTls } from './tls-options.ts';
import type { OpenTransport } from './transport.ts';

export function tlsDial(tls: PreparedTls): Dial {
  return {
    readyEvent: 'secureConnect',
    begin: ({ host, port }) => {
      const socket = connect({ ...tls(host), host, port });
      socket.setNoDelay(DIAL_OPTIONS.noDelay);
      socket.setKeepAlive(DIAL_OPTIONS.keepAlive, DIAL_OPTIONS.keepAliveInitialDelay);
      return socket;
    },
  };
}

/** Opens TLS connections. @param tls What `prepareTls` made of the options. */
export function tlsTransport(tls: PreparedTls, options: SocketOptions = {}): OpenTransport {
  const dial = tlsDial(tls);
  return (server, listener, signal) =>
    connectSocket(dial, server, signal, (socket) => new SocketTransport(socket, server, listener, options));
}
