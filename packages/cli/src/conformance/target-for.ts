/** From what the user says to a server that can be tested. */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { ServerAddress, Transport, TransportListener } from '@martlet/client';
import type { CommandIo } from '../command.ts';
import { connectOptionsFor } from '../connection/connect-options-for.ts';
import type { ConnectionValues } from '../connection/connection-flags.ts';
import { parseMosquittoUrl } from '../connection/mosquitto-url.ts';
import { UsageError } from '../usage-error.ts';
import type { Target } from './target.ts';

/**
 * The servers that the words name, in their order; without any, the one that the flags name.
 *
 * @param words `host`, `host:port` or a URL
 * @throws {UsageError | CommandFailure} as {@link connectOptionsFor}
 */
export async function targetsFor(
  words: readonly string[],
  values: ConnectionValues,
  io: CommandIo,
): Promise<readonly Target[]> {
  if (words.length === 0) return [await targetFor(undefined, values, io)];
  const targets: Target[] = [];
  for (const word of words) targets.push(await targetFor(word, valuesFor(word, values), io));
  return targets;
}

function valuesFor(word: string, values: ConnectionValues): ConnectionValues {
  if (word.includes('://'))
    return { ...values, url: parseMosquittoUrl(word), host: undefined, port: undefined };
  const [, host, port] = /^(\[[\da-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(word) ?? [];
  const number = port === undefined ? values.port : Number(port);
  if (host === undefined || (number !== undefined && number > 65_535))
    throw new UsageError(`expected a host, host:port or a URL such as mqtt://localhost, got '${word}'`);
  return { ...values, host: host.replaceAll(/[[\]]/g, ''), port: number };
}

async function openOverSocket(
  server: ServerAddress,
  listener: TransportListener,
  signal: AbortSignal,
): Promise<{ readonly transport: Transport; readonly socket: Socket }> {
  const { openNodeTransport } = await import('@martlet/client/node-transport');
  const socket = connect({ host: server.host, port: server.port ?? 80 });
  const transport = await openNodeTransport({ dial: () => socket })(server, listener, signal);
  return { transport, socket };
}

async function targetFor(word: string | undefined, values: ConnectionValues, io: CommandIo): Promise<Target> {
  const { openNodeTransport, parseServerUrl } = await import('@martlet/client/node-transport');
  const options = await connectOptionsFor(values, io, { protocolVersion: 5 });
  const { servers = [], tls, transport, username, password } = options;
  const { server } = parseServerUrl(servers[0]!);
  const open = transport ?? openNodeTransport(tls === undefined ? {} : { tls });
  const isWebSocket = server.scheme === 'ws' || server.scheme === 'wss';
  return {
    name: word ?? server.href,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined
      ? {}
      : { password: typeof password === 'string' ? new TextEncoder().encode(password) : password }),
    open: (listener, signal) => open(server, listener, signal),
    isWebSocket,
    ...(server.scheme === 'ws' && transport === undefined
      ? { openOverSocket: (listener, signal) => openOverSocket(server, listener, signal) }
      : {}),
  };
}
