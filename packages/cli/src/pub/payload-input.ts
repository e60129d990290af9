/** The payload of the one message that `pub` and `rr` send: from the command line, a file or standard input. */
import { readFile, stat } from 'node:fs/promises';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import type { FlagValues } from '../flags/flag.ts';
import type { GivenFlag } from '../flags/parse-flags.ts';
import { LONGEST_PAYLOAD } from '../messages/input-lines.ts';
import { UsageError } from '../usage-error.ts';
import type { MessageFlags } from './pub-flags.ts';

export type MessageValues = FlagValues<MessageFlags>;

const KINDS: readonly string[] = ['message', 'file', 'nullMessage', 'stdinFile'];

/** How many kinds of message were asked for, of those that are one message; a kind that was given twice counts twice. */
export function kindsOfMessage(given: readonly GivenFlag[]): number {
  return given.filter(({ key }) => KINDS.includes(key)).length;
}

export function onlyOneKind(flags: string): UsageError {
  return new UsageError(
    `expected one kind of message (${flags}), got several`,
    'Only one type of message can be sent at once.',
  );
}

/**
 * Reads it to its end.
 * @throws {CommandFailure} for a file that cannot be read, and for what is longer than a message may be
 */
export async function readPayload(values: MessageValues, io: CommandIo): Promise<Uint8Array | string> {
  if (values.file !== undefined) return readPayloadFile(values.file);
  if (values.stdinFile) return readStdin(io);
  return values.message ?? '';
}

async function readPayloadFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > LONGEST_PAYLOAD) throw tooLong(path);
    return await readFile(path);
  } catch (error) {
    throw error instanceof CommandFailure ? error : CommandFailure.ofFile(path, error);
  }
}

async function readStdin({ stdin, signal }: CommandIo): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const stop = (): void => void stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const part of stdin) {
      parts.push(part);
      bytes += part.length;
      if (bytes > LONGEST_PAYLOAD) throw tooLong('standard input');
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof CommandFailure ? error : CommandFailure.ofFile('standard input', error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (bytes === 0)
    throw new CommandFailure('standard input: expected a message, got nothing; -n sends an empty one');
  return Buffer.concat(parts);
}

function tooLong(name: string): CommandFailure {
  return new CommandFailure(`${name}: expected at most ${LONGEST_PAYLOAD} bytes for a message, got more`);
}
