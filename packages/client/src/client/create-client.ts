import type { ClientEnvironment } from '../environment.ts';
import { parseServerUrl } from '../transports/parse-server-url.ts';
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
  const addresses =
    options.servers ?? (typeof options.url === 'function' || options.url === undefined ? [] : [options.url]);
  // A custom transport may need no address; everything that is one is checked now rather than at the first attempt.
  for (const address of addresses) parseServerUrl(address);
  if (addresses.length === 0 && options.url === undefined && options.transport === undefined) {
    throw invalid('url: expected where the server is, such as mqtt://localhost, got none');
  }
  const environment = options.environment ?? platform.environment;
  return new Client(
    new ClientHost(resolved, options.transport ?? platform.open(options), environment, platform.plug),
  );
}
