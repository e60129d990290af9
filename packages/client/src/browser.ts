/** The client for browsers and workers, over the platform's own WebSocket. */
import { browserEnvironment } from './client/browser-environment.ts';
import type { Client } from './client/client.ts';
import type { ClientOptions } from './client/client-options.ts';
import type { Platform } from './client/create-client.ts';
import { createClient } from './client/create-client.ts';
import { plugIntoBrowser } from './client/plug-into-browser.ts';
import { ClientError, errorText } from './client-error.ts';
import { checkBrowserServer, openBrowserTransport } from './transports/open-browser-transport.ts';
import { parseBrowserUrl } from './transports/parse-browser-url.ts';

export type { ClientOptions as ConnectOptions } from './client/client-options.ts';
export * from './public.ts';

const browser: Readonly<Platform<ClientOptions>> = {
  environment: browserEnvironment,
  optionNames: [],
  check: checkBrowserServer,
  open: (_, { setTimer }) => openBrowserTransport(setTimer),
  plug: plugIntoBrowser,
  parseUrl: parseBrowserUrl,
  guardedOpen: async () => (await import('./client/guard-transport.ts')).guardedOpen,
  quarantine: async () => (await import('./core/quarantine.ts')).Quarantine,
  unrouted: async () => (await import('./core/incoming/unrouted.ts')).Unrouted,
  sessionKeeping: async () => (await import('./client/session-keeping.ts')).SessionKeeping,
  authentication: async () => (await import('./client/client-authentication.ts')).ClientAuthentication,
  // What the others fail with fails an attempt to connect; this, the request.
  requests: () =>
    import('./client/rpc/requests.ts').then(
      ({ Requests }) => Requests,
      (cause: unknown) => {
        const text = `could not load what requests need: ${errorText(cause)}`;
        throw new ClientError('CONNECTION_FAILED', text, cause);
      },
    ),
};

/**
 * Connects to a server, and again whenever the connection is lost. It returns at once; what is published and subscribed to
 * before the connection is there waits for it.
 *
 *     const client = connect('wss://broker.example/mqtt');
 *     for await (const message of client.subscribe('home/#')) console.log(message.topicName, message.text());
 *
 * @throws {ClientError} INVALID_OPTION
 */
export function connect(url: string | URL, options?: ClientOptions): Client;
export function connect(options: ClientOptions): Client;
export function connect(first: string | URL | ClientOptions, second?: ClientOptions): Client {
  return createClient(browser, first, second);
}
