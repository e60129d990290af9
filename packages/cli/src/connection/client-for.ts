/** From the flags of a command to a client that is online. */
import type { Client, ConnectOptions } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import type { CommandIo } from '../command.ts';
import type { ConnectionExtras } from './connect-options-for.ts';
import { connectOptionsFor } from './connect-options-for.ts';
import { ConnectionFailure, connectionFailureOf } from './connection-failure.ts';
import type { ConnectionValues } from './connection-flags.ts';

export type { ConnectionValues } from './connection-flags.ts';

/** What a command adds to what its user says. */
export interface ClientNeeds extends ConnectionExtras {
  /** These count more than what the flags say. */
  readonly options?: Partial<ConnectOptions>;
  /** Connects again with MQTT 3.1.1 if the server refuses the version; told when it does. */
  readonly onOlderVersion?: () => void;
  /** Called before the server can have sent anything: the moment to subscribe, and to listen to events. */
  readonly prepare?: (client: Client) => void;
}

/**
 * Connects as the flags say. The first attempt counts: if it fails there is no other one. What is lost later is connected
 * again, as `options.reconnect` says.
 *
 *     const client = await clientFor(values, io, { prepare: (client) => client.on('offline', tell) });
 *
 * @returns a client that is online; whoever asked closes it
 * @throws {ConnectionFailure} with the exit code for it
 * @throws {UsageError} for flags that do not go together
 * @throws the reason of `io.signal`, if that is aborted meanwhile
 */
export async function clientFor(
  values: ConnectionValues,
  io: CommandIo,
  needs: ClientNeeds = {},
): Promise<Client> {
  const options = { ...(await connectOptionsFor(values, io, needs)), ...needs.options };
  try {
    return await online(options, io, needs);
  } catch (error) {
    const isVersion =
      error instanceof ConnectionFailure && error.exitCode === ReasonCode.UnsupportedProtocolVersion;
    if (!isVersion || needs.onOlderVersion === undefined) throw error;
    needs.onOlderVersion();
    return online({ ...options, protocolVersion: 4 }, io, needs);
  }
}

async function online(options: ConnectOptions, io: CommandIo, needs: ClientNeeds): Promise<Client> {
  const { connect } = await import('@martlet/client');
  io.signal.throwIfAborted();
  const client = begin(connect, options);
  let attemptsLeft = options.servers?.length ?? 1;
  let off = (): void => {};
  try {
    const failed = new Promise<never>((_resolve, reject) => {
      off = client.on('offline', ({ error }) => {
        attemptsLeft--;
        if (attemptsLeft === 0) reject(error);
      });
    });
    needs.prepare?.(client);
    await Promise.race([client.connected({ signal: io.signal }), failed]);
    return client;
  } catch (error) {
    void client.close({ timeoutMs: 0 });
    io.signal.throwIfAborted();
    throw connectionFailureOf(error, options.protocolVersion ?? 5, serverNameOf(options));
  } finally {
    off();
  }
}

/** @throws {UsageError} for what the client refuses before it connects */
function begin(connect: (options: ConnectOptions) => Client, options: ConnectOptions): Client {
  try {
    return connect(options);
  } catch (error) {
    throw connectionFailureOf(error, options.protocolVersion ?? 5, serverNameOf(options));
  }
}

function serverNameOf({ servers = [] }: ConnectOptions): string {
  return servers.map(String).join(' and ') || 'the server';
}
