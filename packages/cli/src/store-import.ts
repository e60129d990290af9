/** `martlet store import`: a store made from an export, or from what Mosquitto kept, whole or not at all. */
import { open } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { importStore } from '@martlet/broker';
import { CommandFailure } from './command-failure.ts';
import { contentsText } from './contents-text.ts';
import { ExitCode } from './exit-code.ts';
import { interruptible } from './interruption.ts';
import { makingDirectory } from './made-directory.ts';
import type { ProgressBar } from './progress-bar.ts';
import { withProgress } from './progress-bar.ts';
import { print } from './standard-output.ts';
import { chosenDirectory, havingDirectory, withStoreIn } from './store-directory.ts';
import type { StoreImportOptions } from './store-options.ts';
import { UsageError } from './usage-error.ts';

/** @throws {UsageError} if somebody would have to type the export */
export async function importCommand({ dataDir, input, salvage }: StoreImportOptions): Promise<ExitCode> {
  const directory = chosenDirectory(dataDir);
  if (input !== undefined && (await isMosquittoDatabase(input))) {
    return importFromMosquitto(input, directory, salvage === true);
  }
  if (salvage === true) {
    throw new UsageError(
      '--salvage is for a mosquitto.db; what can be read of a store, martlet store export --salvage writes',
    );
  }
  if (input === undefined && process.stdin.isTTY) {
    throw new UsageError(
      'nothing to import: name the export with --input FILE, or send it to standard input',
    );
  }
  const counts = await withProgress('Importing', (progress) =>
    interruptible((abort) =>
      makingDirectory(directory, async () => {
        // A stream that waits for more is given up at a signal.
        const source =
          input === undefined ? addAbortSignal(abort, process.stdin) : await readFile(input, abort, progress);
        return withStoreIn(directory, () => havingDirectory(() => importStore(source, directory)));
      }),
    ),
  );
  await print(`imported ${contentsText(counts)} into ${directory}\n`);
  return ExitCode.Success;
}

/** An export is text, and what is no file at all is told by who opens it. */
async function isMosquittoDatabase(path: string): Promise<boolean> {
  const { MosquittoDatabaseError, mosquittoDatabaseKind } = await import('@martlet/broker/mosquitto');
  try {
    return mosquittoDatabaseKind(path) !== undefined;
  } catch (error) {
    if (error instanceof MosquittoDatabaseError) return false;
    throw error;
  }
}

async function importFromMosquitto(path: string, directory: string, salvage: boolean): Promise<ExitCode> {
  const { importMosquittoDatabase } = await import('@martlet/broker/mosquitto');
  const { format, counts, notices } = await makingDirectory(directory, () =>
    withStoreIn(directory, () =>
      havingDirectory(() => importMosquittoDatabase(path, directory, { salvage })),
    ),
  );
  for (const notice of notices) process.stderr.write(`martlet: ${notice}\n`);
  await print(`imported ${contentsText(counts)} of ${path} (${format}) into ${directory}\n`);
  return ExitCode.Success;
}

/** The bytes of a file; how many of them have been read is shown. */
async function readFile(
  path: string,
  abort: AbortSignal,
  progress: ProgressBar,
): Promise<AsyncIterable<Uint8Array>> {
  try {
    const file = await open(path, 'r');
    return readPieces(
      path,
      addAbortSignal(abort, file.createReadStream()),
      (await file.stat()).size,
      progress,
    );
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}

async function* readPieces(
  path: string,
  stream: AsyncIterable<Uint8Array>,
  totalBytes: number,
  progress: ProgressBar,
): AsyncGenerator<Uint8Array> {
  let readBytes = 0;
  const pieces = stream[Symbol.asyncIterator]();
  for (;;) {
    const piece = await pieces.next().catch((error) => {
      throw CommandFailure.ofFile(path, error);
    });
    if (piece.done === true) return;
    readBytes += piece.value.length;
    progress.show(readBytes, totalBytes);
    yield piece.value;
  }
}
