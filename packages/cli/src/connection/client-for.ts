/** From the flags of a command to a client that is online. */
import type { Client, ConnectOptions } from '@martlet/client';
import type { CommandIo } from '../command.ts';
import { connectOptionsFor } from './connect-options-for.ts';
import { ConnectionFailure } from './connection-failure.ts';
import type { ConnectionValues } from './connection-flags.ts';

export type { ConnectionValues } from './connection-flags.ts';

/** What a command adds to what its user says. */
export interface ClientNeeds {
  /** Used where `-V` is not given. @default 4, which is MQTT 3.1.1, as in Mosquitto's tools */
  readonly protocolVersion?: 3 | 4 | 5;
  /** These count more than what the flags say. */
  readonly options?: Partial<ConnectOptions>;
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
  const options = { ...(await connectOptionsFor(values, io, needs.protocolVersion)), ...needs.options };
  const { connect } = await import('@martlet/client');
  io.signal.throwIfAborted();
  const client = connect(options);
  const listeners: (() => void)[] = [];
  try {
    const first = new Promise<never>((_resolve, reject) => {
      listeners.push(client.on('offline', ({ error }) => reject(error)));
    });
    needs.prepare?.(client);
    await Promise.race([client.connected({ signal: io.signal }), first]);
    return client;
  } catch (error) {
    void client.close({ timeoutMs: 0 });
    io.signal.throwIfAborted();
    throw ConnectionFailure.of(error, options.protocolVersion ?? 5);
  } finally {
    for (const off of listeners) off();
  }
}
