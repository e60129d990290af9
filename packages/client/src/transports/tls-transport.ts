/** Connects over TLS, for `mqtts://`. */
import type { Socket } from 'node:net';
import type { Dial, DialSocket } from './connect-socket.ts';
import { connectSocket, DIAL_OPTIONS } from './connect-socket.ts';
import { tlsModule } from './late-modules.ts';
import type { SocketOptions } from './socket-transport.ts';
import { SocketTransport } from './socket-transport.ts';
import type { PreparedTls } from './tls-options.ts';
import type { OpenTransport } from './transport.ts';

/** @param dialSocket connects what TLS is put on top of @default by host and port */
export function tlsDial(tls: PreparedTls, dialSocket?: DialSocket): Dial {
  const secure = (host: string, beneath: { port: number } | { socket: Socket }): Socket => {
    const { onKeylog, ...options } = tls(host);
    const socket = tlsModule().connect({ ...options, host, ...beneath });
    socket.setNoDelay(DIAL_OPTIONS.noDelay);
    socket.setKeepAlive(DIAL_OPTIONS.keepAlive, DIAL_OPTIONS.keepAliveInitialDelay);
    if (onKeylog !== undefined) socket.on('keylog', onKeylog);
    return socket;
  };
  return {
    readyEvent: 'secureConnect',
    begin: (server, signal) => {
      const { host, port } = server;
      if (dialSocket === undefined) return secure(host, { port });
      const beneath = dialSocket(server, signal);
      return beneath instanceof Promise
        ? beneath.then((socket) => secure(host, { socket }))
        : secure(host, { socket: beneath });
    },
  };
}

/** Opens TLS connections. @param tls What `prepareTls` made of the options. */
export function tlsTransport(
  tls: PreparedTls,
  options: SocketOptions = {},
  dial: Dial = tlsDial(tls),
): OpenTransport {
  return (server, listener, signal) =>
    connectSocket(dial, server, signal, (socket) => new SocketTransport(socket, server, listener, options));
}
