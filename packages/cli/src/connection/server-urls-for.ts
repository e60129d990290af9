/** Where the server is, as the client wants it: URLs. */
import type { SrvRecord } from 'node:dns';
import { resolve } from 'node:path';
import { CommandFailure } from '../command-failure.ts';
import { UsageError } from '../usage-error.ts';
import type { ConnectionValues } from './connection-flags.ts';
import { wantsTls } from './tls-options-for.ts';

/** Where servers speak MQTT over WebSocket. */
const WEB_SOCKET_PATH = '/mqtt';
const DEFAULT_HOST = 'localhost';

/** Asks for the SRV records of a name. */
export type ResolveSrv = (name: string) => Promise<readonly SrvRecord[]>;

async function resolveByDns(name: string): Promise<readonly SrvRecord[]> {
  const { resolveSrv } = await import('node:dns/promises');
  return resolveSrv(name);
}

/**
 * One URL; with `-S` one for each server of the service, the preferred first.
 * @throws {CommandFailure} if the service is not found
 */
export async function serverUrlsFor(
  values: ConnectionValues,
  resolveService: ResolveSrv = resolveByDns,
): Promise<readonly string[]> {
  const { unix, srv } = values;
  if (unix !== undefined)
    return [`mqtt+unix://${resolve(unix).split('/').map(encodeURIComponent).join('/')}`];
  const host = values.host ?? values.url?.host ?? DEFAULT_HOST;
  if (!srv) return [urlOf(values, host, values.port ?? values.url?.port)];
  if (values.port !== undefined)
    throw new UsageError('-S: expected it without -p, since the service says the port, got both');
  const service = `${wantsTls(values) ? '_secure-mqtt' : '_mqtt'}._tcp.${host}`;
  let servers: readonly SrvRecord[];
  try {
    servers = await resolveService(service);
  } catch (cause) {
    throw new CommandFailure(
      `cannot find the service ${service}: ${(cause as Error).message}; is the domain right (-h), and has it SRV records?`,
      { cause },
    );
  }
  return [...servers]
    .sort((one, other) => one.priority - other.priority || other.weight - one.weight)
    .map(({ name, port }) => urlOf(values, name, port));
}

function urlOf(values: ConnectionValues, host: string, port: number | undefined): string {
  const overWebSocket = values.webSocket || values.url?.scheme.startsWith('ws') === true;
  const scheme = `${overWebSocket ? 'ws' : 'mqtt'}${wantsTls(values) ? 's' : ''}`;
  const authority = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${authority}${port === undefined ? '' : `:${port}`}${overWebSocket ? WEB_SOCKET_PATH : ''}`;
}
