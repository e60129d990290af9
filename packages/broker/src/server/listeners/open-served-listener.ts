/** How a server opens listeners, unless it is told otherwise. */
import { listenTcp } from '../../listeners/tcp-listener.ts';
import { listenWebSocket } from '../../listeners/websocket-listener.ts';
import type { OpenServedListener } from './listener-opening.ts';

const WEBSOCKET_ALLOWANCE = 64 * 1024;

export const openServedListener: OpenServedListener = async (configuration, services) => {
  const { name, protocol, host, port, path, pathMode, backlog, tcpKeepAlive, webSocket, durability } =
    configuration;
  const { accept, log } = services;
  const common = {
    name,
    host: host === '*' ? '::' : host,
    port,
    backlog,
    tcpKeepAlive,
    ...(durability === null ? {} : { durability }),
  };
  const listener =
    protocol === 'mqtt'
      ? await listenTcp({ ...common, ...(path === null ? {} : { path, pathMode }) }, accept, log)
      : await listenWebSocket(
          {
            ...common,
            path: webSocket.path,
            maximumMessageBytes: services.maximumPacketSize() + WEBSOCKET_ALLOWANCE,
          },
          accept,
          log,
        );
  return Object.assign(listener, {
    files: [],
    prepare: () => Promise.resolve(() => {}),
  });
};
