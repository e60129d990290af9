/** What the flags of a connection mean to the client: its options. */
import { resolve } from 'node:path';
import type { ConnectOptions } from '@martlet/client';
import type { CommandIo } from '../command.ts';
import { UsageError } from '../usage-error.ts';
import type { ConnectionValues } from './connection-flags.ts';
import { FOR_EVER } from './session-expiry.ts';

/** That of Mosquitto's tools: MQTT 3.1.1. */
const DEFAULT_VERSION = 4;
const DEFAULT_KEEP_ALIVE_S = 60;

/**
 * The options of a client that connects as the flags say. Reads the files that they name, and asks for a password if they
 * say so.
 *
 * @param protocolVersion used where `-V` is not given, nor anything that only MQTT 5.0 has
 * @throws {UsageError} for flags that do not go together
 * @throws {CommandFailure} for files that cannot be read
 */
export async function connectOptionsFor(
  values: ConnectionValues,
  _io: CommandIo,
  protocolVersion: 3 | 4 | 5 = DEFAULT_VERSION,
): Promise<ConnectOptions> {
  const { sessionExpiry, keepSession, url } = values;
  const version = values.protocolVersion ?? (sessionExpiry === undefined ? protocolVersion : 5);
  const username = values.username ?? url?.username;
  const password = values.password ?? url?.password;
  const clientId = clientIdFor(values);
  if (keepSession && clientId === '')
    throw new UsageError(
      '-c: expected a client identifier with it (-i), by which the server finds the session, got none',
      'You must provide a client id if you are using the -c option.',
    );
  return {
    url: serverUrlFor(values),
    clientId,
    protocolVersion: version,
    cleanStart: !keepSession,
    sessionExpiryInterval: sessionExpiry ?? (keepSession ? FOR_EVER : 0),
    keepAlive: values.keepAlive ?? DEFAULT_KEEP_ALIVE_S,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

function clientIdFor({ clientId, clientIdPrefix }: ConnectionValues): string {
  if (clientIdPrefix === undefined) return clientId ?? '';
  if (clientId !== undefined)
    throw new UsageError(
      '-i and -I: expected one of them, got both',
      '-i and -I argument cannot be used together.',
    );
  return `${clientIdPrefix}${process.pid}`;
}

/** As the client wants it: scheme, host and port in a URL. */
export function serverUrlFor(values: ConnectionValues): string {
  const { url, unix } = values;
  if (unix !== undefined) return `mqtt+unix://${resolve(unix).split('/').map(encodeURIComponent).join('/')}`;
  const overTls = url?.scheme.endsWith('s') === true;
  const overWebSocket = values.webSocket || url?.scheme.startsWith('ws') === true;
  const scheme = overWebSocket ? (overTls ? 'wss' : 'ws') : overTls ? 'mqtts' : 'mqtt';
  const host = values.host ?? url?.host ?? 'localhost';
  const port = values.port ?? url?.port;
  const authority = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${authority}${port === undefined ? '' : `:${port}`}${overWebSocket ? '/mqtt' : ''}`;
}
