/** `martlet retained import`: publishes the messages of a recording as retained ones. */
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { eventsTold } from '../pub/events-told.ts';
import { Publisher } from '../pub/publisher.ts';
import { Refusals } from '../pub/refusals.ts';
import { readRecording } from '../record/recording-reader.ts';
import type { RetainedClient, RetainedValues } from './retained-client.ts';
import { withRetainedClient } from './retained-client.ts';

const MESSAGES_UNDER_WAY = 1000;

/** What is empty, and what was not retained, is left out. */
export async function importRetained(path: string, values: RetainedValues, io: CommandIo): Promise<number> {
  const { messages } = await readRecording(path, io.stdin);
  const refusals = new Refusals(false, (text) => io.stderr.write(`${io.programName}: ${text}\n`));
  const work = async ({ client }: RetainedClient): Promise<number> => {
    const publisher = new Publisher(client, {
      maximumMessages: MESSAGES_UNDER_WAY,
      pacer: undefined,
      nowMs: () => io.nowMs(),
      sleep: () => Promise.resolve(),
      onFailed: (error) => refusals.add(error),
    });
    for await (const batch of messages) {
      io.signal.throwIfAborted();
      const retained = batch
        .filter(({ message }) => message.options.retain === true && message.payload.length > 0)
        // At QoS 1 at least, a refusal is told.
        .map(({ message }) => ({
          ...message,
          options: { ...message.options, qos: message.options.qos === 2 ? (2 as const) : (1 as const) },
        }));
      await publisher.publish(retained);
    }
    await publisher.drain();
    await eventsTold();
    io.signal.throwIfAborted();
    const bad = refusals.refused + refusals.failed;
    refusals.tellRest();
    if (!values.quiet)
      io.stderr.write(`${counted(publisher.published - bad, 'retained message')} published\n`);
    return bad > 0 ? ExitCode.Failure : ExitCode.Success;
  };
  return withRetainedClient(values, io, work, (error) => {
    if (error.code === 'REFUSED') refusals.add(error);
  });
}
