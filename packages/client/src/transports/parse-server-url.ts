/**
 * A URL of a server, taken apart and checked. What is refused is told without showing the URL: it may hold a password.
 *
 * The platform's `URL` does the parsing. It treats `ws` and `wss` as the web's own and everything else as unknown, whose
 * hosts it does not look into; so the host of `mqtt://` is parsed once more as one of the web, which decodes it, makes it
 * lower case and ASCII, and refuses what cannot be a host.
 */
import { ClientError } from '../client-error.ts';
import type { ServerAddress, ServerUrl } from './server-address.ts';

/**
 * Takes a URL apart.
 *
 *     parseServerUrl('mqtts://ann:secret@broker.example').server.port   // 8883
 *
 * Schemes are `mqtt`, `mqtts`, `ws`, `wss` and `mqtt+unix` (`mqtt+unix:///run/martlet.sock`). `tcp` is taken for `mqtt`,
 * `ssl` and `tls` for `mqtts`, which is what the URLs of paho and of MQTT.js say. The path of a WebSocket stays as it is; where
 * there is none it is `/`. User name and password are percent-encoded UTF-8.
 *
 * @throws ClientError INVALID_OPTION
 */
export function parseServerUrl(url: string | URL): ServerUrl {
  if (typeof url === 'string' && /^[\w.-]+(:\d+)?$/.test(url))
    throw invalid(`that says how, such as mqtt://${url}`, 'a name');
  const parsed = urlOf(url);
  if (parsed === undefined)
    throw invalid(
      'like mqtt://localhost:1883',
      'none (in a user name or password, / ? # [ ] @ : % are written as %2F and so on)',
    );
  const scheme = schemeOf(parsed.protocol);
  // Neither may stand in a WebSocket's URL or means anything in the others.
  if (parsed.hash !== '') throw invalid('without a fragment', '#');
  if (scheme === 'mqtt+unix')
    return { server: unixAddress(parsed), username: undefined, password: undefined };

  const overWebSocket = scheme[0] === 'w';
  const path = overWebSocket ? parsed.pathname + parsed.search : '';
  if (!overWebSocket && (parsed.search !== '' || parsed.pathname.length > 1))
    throw invalid(`${scheme}://host:port without path and query (WebSockets have these)`, 'one with');
  const urlHost = hostOf(parsed.hostname, scheme);
  const port = parsed.port === '' ? defaultPort(scheme) : Number(parsed.port);
  if (port === 0) throw invalid('with a port from 1 to 65535', '0');
  return {
    server: {
      scheme,
      host: urlHost.replace(/^\[|\]$/g, ''),
      port,
      path,
      href: `${scheme}://${urlHost}:${port}${path}`,
    },
    username: decoded(parsed.username) || undefined,
    password: decoded(parsed.password) || undefined,
  };
}

function schemeOf(protocol: string): ServerAddress['scheme'] {
  switch (protocol) {
    case 'mqtt:':
    case 'tcp:':
      return 'mqtt';
    case 'mqtts:':
    case 'ssl:':
    case 'tls:':
      return 'mqtts';
    case 'ws:':
      return 'ws';
    case 'wss:':
      return 'wss';
    case 'mqtt+unix:':
      return 'mqtt+unix';
    default:
      throw invalid(
        'that begins with mqtt://, mqtts://, ws://, wss:// or mqtt+unix:///',
        protocol.slice(0, 20),
      );
  }
}

function defaultPort(scheme: ServerAddress['scheme']): number {
  switch (scheme) {
    case 'mqtts':
      return 8883;
    case 'ws':
      return 80;
    case 'wss':
      return 443;
    default:
      return 1883;
  }
}

/** The host as URLs write it: lower case, ASCII, an IPv6 address in brackets. */
function hostOf(hostname: string, scheme: string): string {
  // None for an empty host, and for one that the web does not allow.
  const host = urlOf(`http://${hostname}`)?.hostname;
  if (host === undefined) throw invalid(`${scheme}://host:port with a host name or an address`, 'none');
  return host;
}

function unixAddress({ host, pathname, search }: URL): ServerAddress {
  const path = decoded(pathname);
  if (host !== '' || search !== '' || path.length < 2 || path[0] !== '/' || path.includes('\0'))
    throw invalid('like mqtt+unix:///run/martlet.sock, a path and nothing else', 'another');
  return { scheme: 'mqtt+unix', host: '', port: 0, path, href: `mqtt+unix://${pathname}` };
}

function decoded(encoded: string): string {
  const text = withoutThrowing(() => decodeURIComponent(encoded));
  if (text === undefined)
    throw invalid('whose parts are percent-encoded UTF-8 (% itself is %25)', 'other bytes');
  return text;
}

function urlOf(url: string | URL): URL | undefined {
  return withoutThrowing(() => new URL(url));
}

/** What the platform throws shows the URL, so it is no cause of ours. */
function withoutThrowing<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function invalid(expected: string, got: string): ClientError {
  return new ClientError('INVALID_OPTION', `url: expected one ${expected}, got ${got}`);
}
