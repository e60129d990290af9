/**
 * The URL of a server for a browser, which reaches servers over WebSocket only: what `parseServerUrl` does for every
 * scheme, in less code. What is refused is told without showing the URL: it may hold a password.
 */
import { ClientError } from '../client-error.ts';
import type { ServerUrl } from './parse-server-url.ts';

/** @throws {ClientError} INVALID_OPTION for anything but `ws:` and `wss:` */
export function parseWebSocketUrl(url: string | URL): ServerUrl {
  let got = 'none';
  try {
    const parsed = new URL(url);
    const { protocol, hostname, pathname, search, hash } = parsed;
    const scheme = protocol.slice(0, -1);
    got = protocol + hash.slice(0, 1);
    if ((scheme === 'ws' || scheme === 'wss') && hash === '' && parsed.port !== '0') {
      const port = Number(parsed.port || (scheme === 'ws' ? 80 : 443));
      const path = pathname + search;
      return {
        server: {
          scheme,
          host: hostname.replace(/^\[|\]$/g, ''),
          port,
          path,
          href: `${scheme}://${hostname}:${port}${path}`,
        },
        username: decodeURIComponent(parsed.username) || undefined,
        password: decodeURIComponent(parsed.password) || undefined,
      };
    }
  } catch {
    // What the platform throws may show the URL.
  }
  throw new ClientError(
    'INVALID_OPTION',
    `url: expected one like wss://host/mqtt of the server's WebSocket listener in a browser, got ${got}`,
  );
}
