/** Connects over TCP, for `mqtt://`. [MQTT-4.2.0-1] [MQTT-7.1.2-1] 3.1.1 */
import { connect } from 'node:net';
import type { Dial, DialSocket } from './connect-socket.ts';
import { connectSocket, DIAL_OPTIONS } from './connect-socket.ts';
import type { SocketOptions } from './socket-transport.ts';
import { SocketTransport } from './socket-transport.ts';
import type { OpenTransport } from './transport.ts';

/** Where a name has several addresses, Node.js tries them in turn. */
export const tcpDial: Readonly<Dial> = {
  readyEvent: 'connect',
  begin: ({ host, port }) => connect({ ...DIAL_OPTIONS, host, port }),
};

/** @param dialSocket @default {@link tcpDial} */
export function tcpDialBy(dialSocket: DialSocket | undefined): Dial {
  return dialSocket === undefined ? tcpDial : { readyEvent: 'connect', begin: dialSocket };
}

/** Opens TCP connections. */
export function tcpTransport(options: SocketOptions = {}, dial: Dial = tcpDial): OpenTransport {
  return (server, listener, signal) =>
    connectSocket(dial, server, signal, (socket) => new SocketTransport(socket, server, listener, options));
}
