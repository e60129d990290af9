/** `martlet retained rm`: removes what a filter matches, after it has said how much that is. */
import { createInterface } from 'node:readline';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import type { RetainedValues } from './retained-client.ts';
import { withRetainedClient } from './retained-client.ts';

/** Shown of what would go. */
const SHOWN_TOPICS = 10;
/** Under way at once. */
const AT_ONCE = 1000;

export function removeRetained(topicFilter: string, values: RetainedValues, io: CommandIo): Promise<number> {
  if (!values.yes && io.stdin.isTTY !== true)
    throw new UsageError('rm: expected --yes, since there is no terminal to ask on, got none');
  return withRetainedClient(values, io, async ({ client, collect }) => {
    const topics: string[] = [];
    await collect(topicFilter, ({ topicName }) => {
      topics.push(topicName);
    });
    if (topics.length === 0) {
      io.stderr.write(`nothing is retained for ${topicFilter}\n`);
      return ExitCode.Success;
    }
    if (!values.yes && !(await agreed(topics, io))) {
      io.stderr.write('nothing was removed\n');
      return ExitCode.Failure;
    }
    let failed = 0;
    let first: Error | undefined;
    for (let at = 0; at < topics.length; at += AT_ONCE) {
      const done = await Promise.allSettled(
        topics.slice(at, at + AT_ONCE).map(async (topicName) => {
          await client.publish(topicName, '', { qos: 1, retain: true, signal: io.signal });
        }),
      );
      for (const each of done) {
        if (each.status === 'fulfilled') continue;
        failed += 1;
        first ??= each.reason as Error;
      }
      io.signal.throwIfAborted();
    }
    if (!values.quiet) io.stderr.write(`${counted(topics.length - failed, 'retained message')} removed\n`);
    if (first !== undefined)
      throw new CommandFailure(`${counted(failed, 'message')} could not be removed: ${first.message}`, {
        cause: first,
      });
    return ExitCode.Success;
  });
}

async function agreed(topics: readonly string[], { stdin, stderr, signal }: CommandIo): Promise<boolean> {
  for (const topicName of topics.slice(0, SHOWN_TOPICS)) stderr.write(`  ${JSON.stringify(topicName)}\n`);
  if (topics.length > SHOWN_TOPICS) stderr.write(`  … and ${topics.length - SHOWN_TOPICS} more\n`);
  stderr.write(`Remove ${counted(topics.length, 'retained message')}? [y/N] `);
  return /^y(es)?$/i.test((await lineFrom(stdin, signal)).trim());
}

/** The terminal keeps its own way of editing a line, and Ctrl+C its meaning. @returns nothing at the end of the input */
function lineFrom(stdin: CommandIo['stdin'], signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: stdin, terminal: false });
  return new Promise<string>((resolve, reject) => {
    lines.once('line', resolve).once('close', () => resolve(''));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  }).finally(() => lines.close());
}
