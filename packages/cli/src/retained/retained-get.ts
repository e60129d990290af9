/** `martlet retained get`: the payload of one retained message, as it is. */
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { ByteBuffer } from '../messages/byte-buffer.ts';
import { jsonLinePrinter } from '../messages/json-line.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { parseTopicName } from '../pub/topic-name-flag.ts';
import type { RetainedValues } from './retained-client.ts';
import { withRetainedClient } from './retained-client.ts';

const NEWLINE = 0x0a;

/** @throws {CommandFailure} if nothing is retained there */
export function getRetained(given: string, values: RetainedValues, io: CommandIo): Promise<number> {
  const topicName = parseTopicName(given);
  return withRetainedClient(values, io, async ({ collect }) => {
    let found: ReceivedMessage | undefined;
    await collect(topicName, (message) => {
      found = { ...message, payload: message.payload.slice() };
    });
    if (found === undefined) throw new CommandFailure(`nothing is retained for ${topicName}`);
    const buffer = new ByteBuffer();
    if (values.json) jsonLinePrinter().append(buffer, found, io.wallMs());
    else {
      buffer.appendBytes(found.payload);
      // A terminal is left at the beginning of a line; a file gets the payload and nothing else.
      if (io.stdout.isTTY === true && found.payload.at(-1) !== NEWLINE) buffer.appendByte(NEWLINE);
    }
    await new Promise<void>((resolve) => {
      io.stdout.write(buffer.take(), () => resolve());
    });
    return ExitCode.Success;
  });
}
