/** What a browser connects with: WebSockets, and nothing else. */
import { ClientError } from '../client-error.ts';
import type { ClientEnvironment } from '../environment.ts';
import { browserWebSocketTransport } from './browser-websocket-transport.ts';
import type { ServerAddress } from './server-address.ts';
import type { OpenTransport } from './transport.ts';

/** Opens connections in a browser. It is rejected with INVALID_OPTION for what `checkBrowserServer` refuses. */
export function openBrowserTransport(setTimer: ClientEnvironment['setTimer']): OpenTransport {
  const openWebSocket = browserWebSocketTransport(setTimer);
  return async (server, listener, signal) => {
    checkBrowserServer(server);
    return await openWebSocket(server, listener, signal);
  };
}

/**
 * Checks at once what a browser could only refuse later.
 *
 * @throws ClientError INVALID_OPTION for a server that is not reached over WebSocket.
 */
export function checkBrowserServer({ scheme, host }: ServerAddress): void {
  if (scheme[0] !== 'w')
    throw new ClientError(
      'INVALID_OPTION',
      `url: expected ws:// or wss:// in a browser, got ${scheme}://; such as wss://${host || 'localhost'}/mqtt`,
    );
}
