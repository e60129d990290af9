/**
 * A URL of a server in a browser, taken apart by the platform's `URL`, which knows all about `ws://` and `wss://`. What is
 * refused is told without showing the URL: it may hold a password.
 */
import { ClientError } from '../client-error.ts';
import type { ServerAddress, ServerUrl } from './server-address.ts';

/**
 * Takes a URL apart; the same as `parseServerUrl` for what a browser can connect to. Other schemes are for transports of
 * the application's own, and are taken as they are.
 *
 * @throws ClientError INVALID_OPTION
 */
export function parseBrowserUrl(url: string | URL): ServerUrl {
  try {
    const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(url);
    const scheme = protocol.slice(0, -1) as ServerAddress['scheme'];
    const number = Number(port || (scheme === 'wss' ? 443 : 80));
    const path = pathname + search;
    if (hostname !== '' && hash === '' && number !== 0) {
      return {
        server: {
          scheme,
          host: hostname.replace(/^\[|\]$/g, ''),
          port: number,
          path,
          href: `${scheme}://${hostname}:${number}${path}`,
        },
        username: decodeURIComponent(username) || undefined,
        password: decodeURIComponent(password) || undefined,
      };
    }
  } catch {
    // What the platform throws shows the URL.
  }
  throw new ClientError(
    'INVALID_OPTION',
    'url: expected one like wss://user:password@host:port/path, percent-encoded, got another',
  );
}
