/** Where a server is: a URL taken apart and checked. */
export interface ServerAddress {
  readonly scheme: 'mqtt' | 'mqtts' | 'ws' | 'wss' | 'mqtt+unix';
  /** A name or an address, an IPv6 address without brackets; empty for `mqtt+unix`. */
  readonly host: string;
  /** From 1 to 65,535; what the scheme implies when the URL names none: 1883, 8883, 80, 443. 0 for `mqtt+unix`. */
  readonly port: number;
  /** Path and query of a WebSocket's URL, with a leading slash; the path of a Unix socket; empty otherwise. */
  readonly path: string;
  /** The URL without user name and password, to open a WebSocket with and to tell people. */
  readonly href: string;
}

/** Where a server is, and who connects, as far as its URL says. */
export interface ServerUrl {
  readonly server: ServerAddress;
  /** Decoded; undefined when the URL has none, or an empty one. */
  readonly username: string | undefined;
  /** Decoded; undefined when the URL has none, or an empty one. */
  readonly password: string | undefined;
}

/** Takes a URL apart, as the platform needs it. @throws ClientError INVALID_OPTION */
export type ParseUrl = (url: string | URL) => ServerUrl;
