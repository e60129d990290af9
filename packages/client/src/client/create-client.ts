import type { MaybePromise } from '../authentication/authentication.ts';
import type { ClientEnvironment } from '../environment.ts';
import type { ServerAddress } from '../transports/server-address.ts';
import type { OpenTransport } from '../transports/transport.ts';
import { invalid } from './check-options.ts';
import { Client } from './client.ts';
import type { HostPlatform } from './client-host.ts';
import { ClientHost } from './client-host.ts';
import type { ClientOptions } from './client-options.ts';
import type { guardedOpen } from './guard-transport.ts';
import { resolveOptions } from './resolve-options.ts';
import type { Requests } from './rpc/requests.ts';

/** What one platform brings. */
export interface Platform<Options extends ClientOptions> extends HostPlatform {
  readonly environment: ClientEnvironment;
  /** Options beside those of every platform. */
  readonly optionNames: readonly string[];
  /** @throws {ClientError} INVALID_OPTION for a server that this platform cannot reach */
  readonly check?: (server: ServerAddress) => void;
  /** @param environment of this client */
  open(options: Options, environment: ClientEnvironment): OpenTransport;
  /** Loads what only a client with a transport of its own needs. */
  guardedOpen(): MaybePromise<typeof guardedOpen>;
  /** Loads what only a client with requests and responses needs. */
  requests(): MaybePromise<typeof Requests>;
}

/** @throws {ClientError} INVALID_OPTION */
export function createClient<Options extends ClientOptions>(
  platform: Platform<Options>,
  first: string | URL | Options,
  second: Options | undefined,
): Client {
  const options: Options =
    typeof first === 'string' || first instanceof URL
      ? ({ ...second, url: first } as unknown as Options)
      : first;
  const resolved = resolveOptions(options, platform.optionNames);
  const { url, servers, transport, environment = platform.environment } = options;
  const addresses = Array.isArray(servers) ? servers : url === undefined ? [] : [url];
  if (addresses.length === 0 ? transport === undefined : servers !== undefined && url !== undefined) {
    const got = url === undefined ? 'none' : 'both';
    throw invalid(`url: expected one such as mqtt://localhost, or servers in place of it, got ${got}`);
  }
  // What is an address is checked now rather than at the first attempt.
  for (const address of addresses) {
    if (typeof address === 'function') continue;
    const { server } = platform.parseUrl(address);
    if (transport === undefined) platform.check?.(server);
  }
  const open: OpenTransport =
    transport === undefined
      ? platform.open(options, environment)
      : async (...of) => (await platform.guardedOpen())(transport, environment)(...of);
  return new Client(new ClientHost(resolved, open, environment, platform), () => platform.requests());
}
