/** `martlet store export`: all that is kept, as text that people and programs read. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import type { ExportResult } from '@martlet/broker';
import { exportStore } from '@martlet/broker';
import { CommandFailure } from './command-failure.ts';
import { contentsText } from './contents-text.ts';
import { ExitCode } from './exit-code.ts';
import { endAtSignal, interruptible } from './interruption.ts';
import { withProgress } from './progress-bar.ts';
import { STANDARD_OUTPUT } from './standard-output.ts';
import { findingText } from './store-check.ts';
import { chosenDirectory, withStoreIn } from './store-directory.ts';
import type { StoreExportOptions } from './store-options.ts';

/** What a salvage could not read that is named one by one; all of it stands at the end of the export. */
const SHOWN_LOSSES = 20;

/** @returns `Failure` if a salvage had to leave something out */
export async function exportCommand({
  dataDir,
  output,
  salvage = false,
}: StoreExportOptions): Promise<ExitCode> {
  const directory = chosenDirectory(dataDir);
  const result =
    output === undefined
      ? await exportToStandardOutput(directory, salvage)
      : await interruptible((abort) => exportToFile(directory, salvage, output, abort));
  // Whoever read it has enough.
  if (result === 'broken pipe') return ExitCode.Success;
  const { counts, findings } = result;
  process.stderr.write(`exported ${contentsText(counts)}${output === undefined ? '' : ` to ${output}`}\n`);
  const losses = findings.filter(({ isDamage }) => isDamage);
  for (const loss of losses.slice(0, SHOWN_LOSSES)) process.stderr.write(`lost: ${findingText(loss)}\n`);
  if (losses.length > SHOWN_LOSSES) {
    process.stderr.write(`and more: lines of type "lost" at the end of the export name them\n`);
  }
  return losses.length === 0 ? ExitCode.Success : ExitCode.Failure;
}

async function exportToStandardOutput(
  directory: string,
  salvage: boolean,
): Promise<ExportResult | 'broken pipe'> {
  endAtSignal();
  try {
    return await exportTo(directory, salvage, process.stdout);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 'broken pipe';
    // Errors of the store's files have a path, or are told as the store's.
    throw CommandFailure.ofSystem(error, STANDARD_OUTPUT) ?? error;
  }
}

/** A file that gets the whole export, or is not there afterwards. */
async function exportToFile(
  directory: string,
  salvage: boolean,
  path: string,
  abort: AbortSignal,
): Promise<ExportResult> {
  // Synced before it is closed: somebody may delete the store when this has ended.
  const stream = createWriteStream(path, { flags: 'wx', flush: true });
  await once(stream, 'open').catch((error) => {
    throw CommandFailure.ofFile(path, error);
  });
  addAbortSignal(abort, stream);
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  try {
    const result = await exportTo(directory, salvage, stream);
    stream.end();
    await closed;
    if (stream.errored !== null) throw stream.errored;
    return result;
  } catch (error) {
    stream.destroy();
    await closed;
    await rm(path);
    throw stream.errored === null ? error : CommandFailure.ofFile(path, stream.errored);
  }
}

function exportTo(directory: string, salvage: boolean, target: Writable): Promise<ExportResult> {
  return withProgress('Exporting', (progress) =>
    withStoreIn(directory, () =>
      exportStore(directory, target, {
        salvage,
        onProgress: (phase, done, total) => {
          // Nobody waits for the rest of a file that cannot be written.
          if (target.errored !== null) throw target.errored;
          if (phase === 'log') progress.show(done, total);
          else progress.show(done, total, phase === 'messages' ? 'message' : 'queue');
        },
      }),
    ),
  );
}
