/** `martlet store backup`: a copy of what is kept at one moment, to start a broker on. */
import { resolve } from 'node:path';
import { backupStore } from '@martlet/broker';
import { bytesText, counted } from './amount-text.ts';
import { CommandFailure } from './command-failure.ts';
import { ExitCode } from './exit-code.ts';
import { interruptible } from './interruption.ts';
import { makingDirectory } from './made-directory.ts';
import { withProgress } from './progress-bar.ts';
import { print } from './standard-output.ts';
import { chosenDirectory, withStoreIn } from './store-directory.ts';
import type { StoreBackupOptions } from './store-options.ts';

const PHASES: readonly string[] = ['verify', 'copy', 'verify-copy'];

/** The target holds the whole copy when this fulfils; otherwise it is as it was. */
export async function backupCommand(target: string, { dataDir }: StoreBackupOptions): Promise<ExitCode> {
  const directory = chosenDirectory(dataDir);
  const path = resolve(target);
  const { files, bytes } = await withProgress('Backing up', (progress) =>
    interruptible((abort) =>
      makingDirectory(path, () =>
        withStoreIn(directory, () =>
          backupStore(directory, path, {
            onProgress: (phase, done, total) => {
              abort.throwIfAborted();
              // Three times over all of it: read, written, and read again.
              progress.show(PHASES.indexOf(phase) * total + done, 3 * total);
            },
          }),
        ),
      ),
    ),
  ).catch((error) => {
    // What the system says without a path is about a file that is open: what is read has been read once before.
    throw CommandFailure.ofSystem(error, path) ?? error;
  });
  await print(
    `copied ${counted(files, 'file')}, ${bytesText(bytes)}, from ${directory} to ${path}, and verified the copy\n`,
  );
  return ExitCode.Success;
}
