/** What Node.js connects with, by the scheme of the URL. */

import { ClientError, errorText } from '../client-error.ts';
import type { DialSocket } from './connect-socket.ts';
import type { NodeWebSocketOptions } from './node-websocket-transport.ts';
import { nodeWebSocketTransport } from './node-websocket-transport.ts';
import type { SocketOptions } from './socket-transport.ts';
import { tcpDialBy, tcpTransport } from './tcp-transport.ts';
import type { TlsOptions } from './tls-options.ts';
import { prepareTls } from './tls-options.ts';
import { tlsDial, tlsTransport } from './tls-transport.ts';
import type { OpenTransport } from './transport.ts';
import { unixTransport } from './unix-transport.ts';

export { parseServerUrl } from './parse-server-url.ts';

export interface NodeTransportOptions extends SocketOptions {
  /** For `mqtts` and `wss`. */
  readonly tls?: TlsOptions;
  /** For `ws` and `wss`. */
  readonly webSocket?: NodeWebSocketOptions;
  /** @default sockets of Node.js, connected to what the URL names */
  readonly dial?: DialSocket;
}

/**
 * Opens connections in Node.js. Certificates are read here, once.
 *
 *     const open = openNodeTransport({ tls: { ca: readFileSync('ca.pem') } });
 *     const transport = await open(parseServerUrl('mqtts://localhost').server, listener, AbortSignal.timeout(5000));
 *
 * @throws ClientError INVALID_OPTION when certificates, keys or headers cannot be used.
 */
export function openNodeTransport(options: NodeTransportOptions = {}): OpenTransport {
  const { dial } = options;
  if (dial !== undefined && typeof dial !== 'function')
    throw new ClientError('INVALID_OPTION', `dial: expected a function, got ${errorText(dial)}`);
  const tls = prepareTls(options.tls);
  const plain = tcpDialBy(options.dial);
  const secure = tlsDial(tls, options.dial);
  const overTcp = tcpTransport(options, plain);
  const overTls = tlsTransport(tls, options, secure);
  const overUnix = unixTransport(options, options.dial);
  const overWebSocket = nodeWebSocketTransport(plain, options.webSocket);
  const overSecureWebSocket = nodeWebSocketTransport(secure, options.webSocket);
  return (server, listener, signal) => {
    switch (server.scheme) {
      case 'mqtt':
        return overTcp(server, listener, signal);
      case 'mqtts':
        return overTls(server, listener, signal);
      case 'ws':
        return overWebSocket(server, listener, signal);
      case 'wss':
        return overSecureWebSocket(server, listener, signal);
      case 'mqtt+unix':
        return overUnix(server, listener, signal);
    }
  };
}
