import type { ClientEnvironment } from '../environment.ts';
import { parseServerUrl } from '../transports/parse-server-url.ts';
import type { ServerAddress } from '../transports/server-address.ts';
import type { OpenTransport } from '../transports/transport.ts';
import { Client } from './client.ts';
import type { Plug } from './client-host.ts';
import { ClientHost } from './client-host.ts';
import type { ClientOptions } from './client-options.ts';
import { invalid, resolveOptions } from './resolve-options.ts';

/** What one platform brings. */
export interface Platform<Options extends ClientOptions> {
  readonly environment: ClientEnvironment;
  /** Options beside those of every platform. */
  readonly optionNames: readonly string[];
  /** @throws {ClientError} INVALID_OPTION for a server that this platform cannot reach */
  readonly check?: (server: ServerAddress) => void;
  open(options: Options): OpenTransport;
  readonly plug: Plug;
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
  if (url === undefined && servers === undefined && transport === undefined) {
    throw invalid('url: expected where the server is, such as mqtt://localhost, got none');
  }
  // What is an address is checked now rather than at the first attempt.
  for (const address of servers ?? (url === undefined || typeof url === 'function' ? [] : [url])) {
    const { server } = parseServerUrl(address);
    if (transport === undefined) platform.check?.(server);
  }
  return new Client(
    new ClientHost(resolved, transport ?? platform.open(options), environment, platform.plug),
  );
}
