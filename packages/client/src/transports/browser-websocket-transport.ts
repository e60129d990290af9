/**
 * Connects by the WebSocket of the platform, for `ws://` and `wss://`: that of browsers, and of what has one like theirs. It
 * cannot be paused, does not say why it failed, and does not tell when what was written has left; that is asked on a
 * timer, only while there is too much.
 */
import { ClientError } from '../client-error.ts';
import type { ClientEnvironment } from '../environment.ts';
import type { ServerAddress } from './server-address.ts';
import type { OpenTransport, Transport, TransportListener } from './transport.ts';
import { closedByServer } from './websocket-close.ts';

/** So many bytes waiting to leave make `write` return false; at half of it comes `onDrain`. */
const HIGH_WATER_BYTES = 256 * 1024;
/** How often is looked, while it is more. */
const DRAIN_CHECK_MS = 10;

/**
 * Opens WebSockets.
 *
 * @param setTimer The timer of the client's environment.
 * @param create Makes a WebSocket. @default by the global class
 */
export function browserWebSocketTransport(
  setTimer: ClientEnvironment['setTimer'],
  create: (url: string, subprotocol: string) => WebSocket = (url, subprotocol) =>
    new WebSocket(url, subprotocol),
): OpenTransport {
  return (server, listener, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const settle = (): void => signal.removeEventListener('abort', onAbort);
      const fail = (cause?: unknown): void => {
        settle();
        reject(
          new ClientError(
            'CONNECTION_FAILED',
            `cannot connect to ${server.href.split('?')[0]}: expected a WebSocket with subprotocol mqtt, got ${cause ?? 'none'}; check host, port, path, certificate and allowed origins`,
            cause,
          ),
        );
      };
      const onAbort = (): void => {
        settle();
        reject(signal.reason);
        webSocket.onopen = null;
        webSocket.close(); // Gives up connecting.
      };
      let webSocket: WebSocket;
      try {
        webSocket = create(server.href, 'mqtt'); // [MQTT-6.0.0-3] [MQTT-6.0.0-3] 3.1.1
      } catch (cause) {
        return fail(cause);
      }
      webSocket.binaryType = 'arraybuffer';
      signal.addEventListener('abort', onAbort);
      // Neither says why: browsers hide that from scripts. Node.js 20 has only the first; a class like theirs may throw without it.
      webSocket.onerror = webSocket.onclose = () => fail();
      // Between this event and the next, the platform runs all that waits for the promise.
      webSocket.onopen = () => {
        settle();
        resolve(transportOver(webSocket, server, listener, setTimer));
      };
    });
}

function transportOver(
  webSocket: WebSocket,
  server: ServerAddress,
  listener: TransportListener,
  setTimer: ClientEnvironment['setTimer'],
): Transport {
  /** Bytes are neither taken nor handed on any more. */
  let ending = false;
  let written = 0;
  /** Takes back the next look at what waits to leave; undefined when `write` may go on. */
  let cancelCheck: (() => void) | undefined;

  const check = (): void => {
    if (webSocket.bufferedAmount > HIGH_WATER_BYTES / 2) {
      cancelCheck = setTimer(check, DRAIN_CHECK_MS);
    } else {
      cancelCheck = undefined;
      listener.onDrain();
    }
  };
  const stop = (): void => {
    ending = true;
    cancelCheck?.();
  };
  /** Ends it for the listener; the platform may take long to end it for the server. */
  const detach = (): void => {
    stop();
    webSocket.onmessage = webSocket.onclose = null;
    webSocket.close();
  };

  webSocket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (ending) return;
    if (typeof data !== 'string') return listener.onBytes(new Uint8Array(data)); // [MQTT-6.0.0-2] [MQTT-6.0.0-2] 3.1.1
    detach(); // [MQTT-6.0.0-1] [MQTT-6.0.0-1] 3.1.1
    listener.onClose(
      new ClientError(
        'PROTOCOL_BROKEN',
        'expected binary WebSocket frames from the server, got a text frame',
      ),
    );
  };
  webSocket.onclose = ({ code, reason }) => {
    const error = ending ? undefined : closedByServer(server, code, reason);
    detach();
    listener.onClose(error);
  };

  return {
    write(bytes) {
      if (!ending && bytes.length > 0) {
        written += bytes.length;
        webSocket.send(bytes as Uint8Array<ArrayBuffer>); // [MQTT-6.0.0-1] [MQTT-6.0.0-1] 3.1.1
        if (webSocket.bufferedAmount >= HIGH_WATER_BYTES) cancelCheck ??= setTimer(check, DRAIN_CHECK_MS);
      }
      return cancelCheck === undefined;
    },
    get sentBytes() {
      return written - webSocket.bufferedAmount;
    },
    end() {
      stop();
      webSocket.close(1000); // After what waits has left.
    },
    destroy() {
      if (webSocket.onclose === null) return;
      detach();
      queueMicrotask(() => listener.onClose());
    },
  };
}
