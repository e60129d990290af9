/** A connection for looking at retained messages, which is closed at the end, whatever that is. */
import type { Client } from '@martlet/client';
import type { CommandIo } from '../command.ts';
import { clientFor } from '../connection/client-for.ts';
import { Departure } from '../connection/departure.ts';
import type { FlagValues } from '../flags/flag.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { collectRetained } from './retained-collecting.ts';
import type { RetainedFlags } from './retained-flags.ts';

export type RetainedValues = FlagValues<RetainedFlags>;

const DEFAULT_QUIET_MS = 1000;

export interface RetainedClient {
  readonly client: Client;
  /** Calls `onMessage` for all that is retained for the filter; fulfilled when those were all. */
  collect(
    topicFilter: string,
    onMessage: (message: ReceivedMessage) => Promise<void> | undefined,
  ): Promise<void>;
}

/**
 * Does work with a connection. A connection that is lost ends it.
 * @throws {CommandFailure} for whatever the server refuses
 */
export async function withRetainedClient<Result>(
  values: RetainedValues,
  io: CommandIo,
  work: (retained: RetainedClient) => Promise<Result>,
): Promise<Result> {
  const departure = new Departure({});
  const client = await clientFor(values, io, {
    protocolVersion: 5,
    options: { reconnect: false, fallback: values.protocolVersion === undefined },
    wrapTransport: (open) => departure.wrap(open),
    prepare: (each) => {
      each.on('error', () => {});
      each.on('warning', () => {});
    },
  });
  const id = Math.floor(io.random() * 0x1_0000_0000).toString(36);
  try {
    return await work({
      client,
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
