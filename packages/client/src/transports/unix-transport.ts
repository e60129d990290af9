/** Connects to a socket in the file system, for `mqtt+unix:`. */
import { connect } from 'node:net';
import type { Dial, DialSocket } from './connect-socket.ts';
import { connectSocket } from './connect-socket.ts';
import type { SocketOptions } from './socket-transport.ts';
import { SocketTransport } from './socket-transport.ts';
import type { OpenTransport } from './transport.ts';

/** What the operating system has room for; Node.js 20 would take the beginning of a longer one. */
const MAXIMUM_PATH_BYTES = 107;
const MAXIMUM_PATH_BYTES_MACOS = 103;

const unixDial: Readonly<Dial> = {
  readyEvent: 'connect',
  begin: ({ path }) => {
    const bytes = Buffer.byteLength(path);
    const maximum = process.platform === 'darwin' ? MAXIMUM_PATH_BYTES_MACOS : MAXIMUM_PATH_BYTES;
    if (bytes > maximum) throw new Error(`expected a path of at most ${maximum} bytes, got ${bytes}`);
    return connect({ path });
  },
};

/** Opens connections to Unix sockets. */
export function unixTransport(options: SocketOptions = {}, dialSocket?: DialSocket): OpenTransport {
  const dial: Dial = dialSocket === undefined ? unixDial : { readyEvent: 'connect', begin: dialSocket };
  return (server, listener, signal) =>
    connectSocket(dial, server, signal, (socket) => new SocketTransport(socket, server, listener, options));
}
