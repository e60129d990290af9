/** What the flags of a connection mean to the client: its options. */
import type { Authentication, ConnectOptions, OpenTransport } from '@martlet/client';
import type { ConnectProperties } from '@martlet/protocol';
import type { CommandIo } from '../command.ts';
import { UsageError } from '../usage-error.ts';
import { connectionFailureOf } from './connection-failure.ts';
import type { ConnectionValues } from './connection-flags.ts';
import type { GivenCredentials } from './password-for.ts';
import { credentialsFor } from './password-for.ts';
import { serverUrlsFor } from './server-urls-for.ts';
import { FOR_EVER } from './session-expiry.ts';
import { tlsOptionsFor } from './tls-options-for.ts';
import type { WillExtras } from './will-for.ts';
import { willFor } from './will-for.ts';

/** What a command knows beside the flags of a connection. */
export interface ConnectionExtras {
  /** Used where neither `-V` nor anything that only MQTT 5.0 has is given. @default 4: MQTT 3.1.1, as in Mosquitto's tools */
  readonly protocolVersion?: 3 | 4 | 5;
  /** What `-D connect` gives. */
  readonly connectProperties?: ConnectProperties;
  /** What `-D will` gives. */
  readonly willProperties?: WillExtras;
  /** Puts something between the client and its network connections, above what `-d` tells of. */
  readonly wrapTransport?: (open: OpenTransport) => OpenTransport;
}

const DEFAULT_VERSION = 4;
const DEFAULT_KEEP_ALIVE_S = 60;

/**
 * The options of a client that connects as the flags say. Reads the files that they name, and asks for a password if they
 * say so: call it once for all clients of a command.
 *
 * @throws {UsageError} for flags that do not go together
 * @throws {CommandFailure} for files that cannot be read
 */
export async function connectOptionsFor(
  values: ConnectionValues,
  io: CommandIo,
  extras: ConnectionExtras = {},
): Promise<ConnectOptions> {
  const { sessionExpiry, keepSession, keepAlive } = values;
  const connectProperties = extras.connectProperties ?? {};
  const protocolVersion =
    values.protocolVersion ?? (sessionExpiry === undefined ? (extras.protocolVersion ?? DEFAULT_VERSION) : 5);
  const clientId = clientIdFor(values, protocolVersion, io);
  const will = willFor(values, extras.willProperties);
  const tls = await tlsOptionsFor(values, io);
  const servers = await serverUrlsFor(values);
  const credentials = await credentialsFor(values, io);
  refuseBefore5(protocolVersion, credentials, connectProperties);
  const transport = await transportFor(values, io, clientId, tls, extras.wrapTransport);
  return {
    servers,
    clientId,
    protocolVersion,
    cleanStart: !keepSession,
    keepAlive: keepAlive ?? DEFAULT_KEEP_ALIVE_S,
    ...propertyOptions(connectProperties),
    sessionExpiryInterval:
      sessionExpiry ?? connectProperties.sessionExpiryInterval ?? (keepSession ? FOR_EVER : 0),
    ...credentials,
    ...(will === undefined ? {} : { will }),
    ...(transport === undefined ? (tls === undefined ? {} : { tls }) : { transport }),
  };
}

/** Empty: the server gives one. MQTT 3.1 knows no empty one. */
function clientIdFor(
  { clientId, clientIdPrefix, keepSession }: ConnectionValues,
  protocolVersion: number,
  io: CommandIo,
): string {
  if (clientIdPrefix !== undefined && clientId !== undefined)
    throw new UsageError(
      'expected one of -i and -I, got both',
      '-i and -I argument cannot be used together.',
    );
  const id = clientIdPrefix === undefined ? (clientId ?? '') : `${clientIdPrefix}${process.pid}`;
  if (keepSession && id === '')
    throw new UsageError(
      '-c: expected a client identifier with it (-i), by which the server finds the session, got none',
      'You must provide a client id if you are using the -c option.',
    );
  return id === '' && protocolVersion === 3 ? `martlet-${Math.floor(io.random() * 1e12)}` : id;
}

function refuseBefore5(
  protocolVersion: number,
  { username, password }: GivenCredentials,
  properties: ConnectProperties,
): void {
  if (protocolVersion === 5) return;
  if (password !== undefined && username === undefined)
    throw new UsageError(
      'expected a user (-u) with the password, which MQTT 3.1.1 demands (-V 5 does not), got none',
      'Problem setting username and/or password.',
    );
  if (Object.keys(properties).length > 0)
    throw new UsageError(
      '-D connect: expected MQTT 5 (-V 5), which alone has properties, got an older version',
    );
}

/** What `-D connect` says, as options of the client. @throws {UsageError} */
function propertyOptions(properties: ConnectProperties): Partial<ConnectOptions> {
  const { authenticationMethod, authenticationData, sessionExpiryInterval: _, ...options } = properties;
  if (authenticationMethod === undefined) {
    if (authenticationData === undefined) return options;
    throw new UsageError('-D connect: expected authentication-method with authentication-data, got none');
  }
  return { ...options, authentication: oneStep(authenticationMethod, authenticationData) };
}

/** Says what it has been given, and nothing to whatever the server answers. */
function oneStep(method: string, data: Uint8Array | undefined): Authentication {
  return { method, begin: () => ({ first: () => data, next: () => undefined, last: () => {} }) };
}

/** A transport of ours, where the client's own does not do what the flags ask for. */
async function transportFor(
  values: ConnectionValues,
  io: CommandIo,
  clientId: string,
  tls: ConnectOptions['tls'],
  wrap: ConnectionExtras['wrapTransport'],
): Promise<ConnectOptions['transport']> {
  const { debug, bindAddress, proxy } = values;
  if (!debug && bindAddress === undefined && proxy === undefined && wrap === undefined) return undefined;
  const { openNodeTransport } = await import('@martlet/client/node-transport');
  const isDirect = bindAddress === undefined && proxy === undefined;
  const dial = isDirect ? undefined : (await import('./dial-for.ts')).dialFor(values);
  let open: OpenTransport;
  try {
    open = openNodeTransport({
      ...(tls === undefined ? {} : { tls }),
      ...(dial === undefined ? {} : { dial }),
    });
  } catch (error) {
    throw connectionFailureOf(error, 5, '');
  }
  if (!debug) return wrap === undefined ? open : wrap(open);
  const { loggingTransport } = await import('./packet-log.ts');
  const told = loggingTransport(open, clientId, (line) => io.stdout.write(`${line}\n`));
  return wrap === undefined ? told : wrap(told);
}
