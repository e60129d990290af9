/** `martlet store export`: all that is kept, as text that people and programs read. */
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { ExportResult } from '@martlet/broker';
import { exportStore } from '@martlet/broker';
import { CommandFailure } from './command-failure.ts';
import { contentsText } from './contents-text.ts';
import { ExitCode } from './exit-code.ts';
import { ProgressBar } from './progress-bar.ts';
import { findingText } from './store-check.ts';
import { chosenDirectory, withStoreIn } from './store-directory.ts';
import type { StoreExportOptions } from './store-options.ts';
import { textStyleFor } from './text-style.ts';

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
      : await exportToFile(directory, salvage, output);
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
  try {
    return await exportTo(directory, salvage, process.stdout);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 'broken pipe';
    throw error;
  }
}

async function exportToFile(directory: string, salvage: boolean, path: string): Promise<ExportResult> {
  const file = await open(path, 'wx').catch((error) => {
    throw CommandFailure.ofFile(path, error);
  });
  try {
    const stream = file.createWriteStream({ autoClose: false });
    const result = await exportTo(directory, salvage, stream);
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      stream.end(() => resolve());
    });
    // Somebody may delete the store when this has ended.
    await file.sync();
    return result;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : CommandFailure.ofFile(path, error);
  } finally {
    await file.close();
  }
}

async function exportTo(directory: string, salvage: boolean, target: Writable): Promise<ExportResult> {
  const progress = new ProgressBar(process.stderr, textStyleFor(process.stderr), 'Exporting');
  try {
    return await withStoreIn(directory, () =>
      exportStore(directory, target, {
        salvage,
        onProgress: (phase, done, total) => {
          if (phase === 'log') progress.show(done, total);
          else progress.show(done, total, phase === 'messages' ? 'message' : 'queue');
        },
      }),
    );
  } finally {
    progress.end();
  }
}
