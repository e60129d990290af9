/** `martlet sn discover`: which gateways answer, or advertise themselves. */
import { isIP } from 'node:net';
import type { FoundGateway } from '@martlet/gateway-sn/client';
import { discoverGateways } from '@martlet/gateway-sn/client';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import { listeningFailure } from './listening-failure.ts';
import type { SnValues } from './sn-connection.ts';
import { DEFAULT_PORT } from './sn-connection.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

export async function snDiscover(values: SnValues, io: CommandIo): Promise<number> {
  const { group = '225.1.1.1', port = DEFAULT_PORT, radius, timeout = DEFAULT_TIMEOUT_MS, count } = values;
  if (!isMulticast(group))
    throw new UsageError(`--group: expected an address of multicast such as 225.1.1.1, got ${quoted(group)}`);
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), timeout);
  io.signal.addEventListener('abort', () => ending.abort(), { once: true });
  let found = 0;
  const onGateway = ({ gatewayId, host, port: from, duration }: FoundGateway): void => {
    found++;
    const place = host.includes(':') ? `[${host}]` : host;
    const next = duration === undefined ? '' : `, advertises itself every ${duration} s`;
    io.stdout.write(`gateway ${gatewayId} at ${place}:${from}${next}\n`);
    if (found === count) ending.abort();
  };
  if (io.stderr.isTTY === true) io.stderr.write(`searching in ${group}:${port} …\n`);
  try {
    await discoverGateways(
      {
        group,
        port,
        // Nobody else has started with it: it may ask at once.
        delayMs: 1000,
        ...(radius !== undefined && { radius }),
        ...(values.interface !== undefined && { interface: values.interface }),
        onGateway,
      },
      ending.signal,
    );
  } catch (error) {
    throw listeningFailure(error, { port, bind: '0.0.0.0' }) ?? CommandFailure.ofSystem(error) ?? error;
  } finally {
    clearTimeout(timer);
  }
  io.signal.throwIfAborted();
  if (found > 0) return ExitCode.Success;
  throw new CommandFailure(
    `no gateway answered within ${timeout / 1000} s in ${group}:${port}; a gateway has to be in the group (martlet sn gateway --group ${group})`,
  );
}

function isMulticast(address: string): boolean {
  const version = isIP(address.split('%')[0]!);
  if (version === 6) return /^ff/iu.test(address);
  const first = Number(address.split('.')[0]);
  return version === 4 && first >= 224 && first <= 239;
}
