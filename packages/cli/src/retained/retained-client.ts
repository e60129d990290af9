/** A connection for looking at retained messages, which is closed at the end, whatever that is. */
import type { Client, ClientError } from '@martlet/client';
import type { CommandIo } from '../command.ts';
import { clientFor } from '../connection/client-for.ts';
import { Departure } from '../connection/departure.ts';
import { TransportValve } from '../connection/transport-valve.ts';
import type { FlagValues } from '../flags/flag.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { collectRetained } from './retained-collecting.ts';
import type { RetainedFlags } from './retained-flags.ts';

export type RetainedValues = FlagValues<RetainedFlags>;

const DEFAULT_QUIET_MS = 1000;

export interface RetainedClient {
  readonly client: Client;
  /** Calls `onMessage` for all that is retained for the filter; fulfilled when those were all. */
  collect(topicFilter: string, onMessage: (message: ReceivedMessage) => void): Promise<void>;
  /** Held while the output does not keep up. */
  readonly valve: TransportValve;
}

/**
 * Does work with a connection. A connection that is lost ends it.
 * @param onError told what became of messages that nobody has waited for
 * @throws {CommandFailure} for whatever the server refuses
 */
export async function withRetainedClient<Result>(
  values: RetainedValues,
  io: CommandIo,
  work: (retained: RetainedClient) => Promise<Result>,
  onError: (error: ClientError) => void = () => {},
): Promise<Result> {
  const departure = new Departure({});
  const valve = new TransportValve();
  const client = await clientFor(values, io, {
    protocolVersion: 5,
    options: { reconnect: false, fallback: values.protocolVersion === undefined },
    wrapTransport: (open) => valve.wrap(departure.wrap(open)),
    prepare: (each) => {
      each.on('error', (error) => onError(error));
      each.on('warning', () => {});
    },
  });
  const id = Math.floor(io.random() * 0x1_0000_0000).toString(36);
  try {
    return await work({
      client,
      valve,
      collect: (topicFilter, onMessage) =>
        collectRetained(client, topicFilter, {
          ownTopicName: `martlet-retained/${id}`,
          quietMs: values.quietTime ?? DEFAULT_QUIET_MS,
          signal: io.signal,
          onMessage,
        }),
    });
  } finally {
    await departure.leave(client, AbortSignal.timeout(LEAVING_MS));
  }
}

/** What is under way at the end gets so long, in ms. */
const LEAVING_MS = 5000;
