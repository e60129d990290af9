import { describe } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientEnvironment } from '../../src/environment.ts';
import { browserWebSocketTransport } from '../../src/transports/browser-websocket-transport.ts';
import { openNodeTransport } from '../../src/transports/open-node-transport.ts';
import { authority } from './certificates.ts';
import { describeTransport } from './transport-contract.ts';
import type { Wire } from './wire.ts';
import { listenTcp, listenTls, listenUnix, listenWebSocket } from './wire.ts';

const open: Wire['open'] = ({ lingerMs = 2000 } = {}) =>
  openNodeTransport({ lingerMs, tls: { ca: authority() }, webSocket: { lingerMs } });
const node = { pauses: true, resets: true, lingers: true, open } as const;

describeTransport({ ...node, name: 'TCP', listen: listenTcp });
describeTransport({ ...node, name: 'TLS', listen: listenTls });
describeTransport({ ...node, name: 'a Unix socket', resets: false, listen: listenUnix });
describeTransport({ ...node, name: 'WebSocket in Node.js', listen: listenWebSocket });
describeTransport({
  ...node,
  name: 'WebSocket over TLS in Node.js',
  listen: (onPeer) => listenWebSocket(onPeer, { secure: true }),
});

const setTimer: ClientEnvironment['setTimer'] = (callback) => {
  const immediate = setImmediate(callback);
  return () => clearImmediate(immediate);
};
const browser = { pauses: false, resets: true, lingers: false, listen: listenWebSocket } as const;

describeTransport({
  ...browser,
  name: 'a WebSocket with the interface of browsers',
  open: () =>
    browserWebSocketTransport(setTimer, (url, subprotocol) => {
      const webSocket = new WebSocket(url, subprotocol);
      // Browsers run what waits for promises between two events, and so never tell of a message right after `open`.
      webSocket.once('open', () => {
        webSocket.pause();
        setImmediate(() => webSocket.resume());
      });
      return webSocket as unknown as globalThis.WebSocket;
    }),
});

// From Node.js 22 on; in Node.js 20 with NODE_OPTIONS=--experimental-websocket.
describe.skipIf(typeof globalThis.WebSocket !== 'function')('In this version of Node.js', () => {
  describeTransport({
    ...browser,
    name: 'the WebSocket of the platform',
    open: () => browserWebSocketTransport(setTimer),
  });
});
