/** `martlet store backup`: a copy of what is kept at one moment, to start a broker on. */
import { resolve } from 'node:path';
import { backupStore } from '@martlet/broker';
import { bytesText, counted } from './amount-text.ts';
import { ExitCode } from './exit-code.ts';
import { ProgressBar } from './progress-bar.ts';
import { chosenDirectory, withStoreIn } from './store-directory.ts';
import type { StoreBackupOptions } from './store-options.ts';
import { textStyleFor } from './text-style.ts';

const PHASES: readonly string[] = ['verify', 'copy', 'verify-copy'];

export async function backupCommand(target: string, { dataDir }: StoreBackupOptions): Promise<ExitCode> {
  const directory = chosenDirectory(dataDir);
  const progress = new ProgressBar(process.stderr, textStyleFor(process.stderr), 'Backing up');
  try {
    const { files, bytes } = await withStoreIn(directory, () =>
      backupStore(directory, resolve(target), {
        // Three times over all of it: read, written, and read again.
        onProgress: (phase, done, total) => progress.show(PHASES.indexOf(phase) * total + done, 3 * total),
      }),
    );
    progress.end();
    process.stdout.write(
      `copied ${counted(files, 'file')}, ${bytesText(bytes)}, from ${directory} to ${resolve(target)}, and verified the copy\n`,
    );
    return ExitCode.Success;
  } finally {
    progress.end();
  }
}
