/** Connects to a socket in the file system, for `mqtt+unix:`; to a named pipe on Windows. */
import { connect } from 'node:net';
import type { Dial } from './connect-socket.ts';
import { connectSocket } from './connect-socket.ts';
import type { SocketOptions } from './socket-transport.ts';
import { SocketTransport } from './socket-transport.ts';
import type { OpenTransport } from './transport.ts';

const unixDial: Readonly<Dial> = {
  readyEvent: 'connect',
  begin: ({ path }) => connect({ path }),
};

/** Opens connections to Unix sockets. */
export function unixTransport(options: SocketOptions = {}): OpenTransport {
  return (server, listener, signal) =>
    connectSocket(
      unixDial,
      server,
      signal,
      (socket) => new SocketTransport(socket, server, listener, options),
    );
}
