/** `martlet retained import`: publishes the messages of a recording as retained ones. */
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { Publisher } from '../pub/publisher.ts';
import { readRecording } from '../record/recording-reader.ts';
import type { RetainedValues } from './retained-client.ts';
import { withRetainedClient } from './retained-client.ts';

const MESSAGES_UNDER_WAY = 1000;

/** What is empty, and what was not retained, is left out. */
export async function importRetained(path: string, values: RetainedValues, io: CommandIo): Promise<number> {
  const { messages } = await readRecording(path, io.stdin);
  return withRetainedClient(values, io, async ({ client }) => {
    let failed = 0;
    let first: Error | undefined;
    const publisher = new Publisher(client, {
      maximumMessages: MESSAGES_UNDER_WAY,
      pacer: undefined,
      nowMs: () => io.nowMs(),
      sleep: () => Promise.resolve(),
      onFailed: (error) => {
        failed += 1;
        first ??= error;
      },
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
    io.signal.throwIfAborted();
    if (!values.quiet)
      io.stderr.write(`${counted(publisher.published - failed, 'retained message')} published\n`);
    if (first !== undefined)
      throw new CommandFailure(`${counted(failed, 'message')} could not be published: ${first.message}`, {
        cause: first,
      });
    return ExitCode.Success;
  });
}
