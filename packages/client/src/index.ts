/** The client for Node.js, Deno and Bun. */
import type { Client } from './client/client.ts';
import { ClientAuthentication } from './client/client-authentication.ts';
import type { ClientOptions } from './client/client-options.ts';
import type { Platform } from './client/create-client.ts';
import { createClient } from './client/create-client.ts';
import { guardedOpen } from './client/guard-transport.ts';
import { nodeEnvironment } from './client/node-environment.ts';
import { Requests } from './client/rpc/requests.ts';
import { SessionKeeping } from './client/session-keeping.ts';
import { Unrouted } from './core/incoming/unrouted.ts';
import { Quarantine } from './core/quarantine.ts';
import type { NodeTransportOptions } from './transports/open-node-transport.ts';
import { openNodeTransport } from './transports/open-node-transport.ts';
import { parseServerUrl } from './transports/parse-server-url.ts';

export * from './public.ts';
export type { NodeTransportOptions } from './transports/open-node-transport.ts';

/** Options of a client in Node.js: those of every client, `tls`, `webSocket` and those of sockets. */
export interface ConnectOptions extends ClientOptions, NodeTransportOptions {}

const node: Readonly<Platform<ConnectOptions>> = {
  environment: nodeEnvironment,
  optionNames: ['tls', 'webSocket', 'lingerMs', 'dial'],
  open: openNodeTransport,
  plug: () => () => {},
  parseUrl: parseServerUrl,
  guardedOpen: () => guardedOpen,
  quarantine: () => Quarantine,
  unrouted: () => Unrouted,
  sessionKeeping: () => SessionKeeping,
  authentication: () => ClientAuthentication,
  requests: () => Requests,
};

/**
 * Connects to a server, and again whenever the connection is lost. It returns at once; what is published and subscribed to
 * before the connection is there waits for it.
 *
 *     const client = connect('mqtt://localhost', { clientId: 'thermometer' });
 *     await client.publish('home/kitchen/temperature', '21.5', { qos: 1 });
 *     await client.close();
 *
 * @throws {ClientError} INVALID_OPTION
 */
export function connect(url: string | URL, options?: ConnectOptions): Client;
export function connect(options: ConnectOptions): Client;
export function connect(first: string | URL | ConnectOptions, second?: ConnectOptions): Client {
  return createClient(node, first, second);
}
