/** The store of the broker that `martlet start` runs: where the command keeps data, with a bar while it is read. */
import { DiskStore } from '@martlet/broker';
import type { OpenServerStore } from '@martlet/broker/server';
import { isInMemory, memoryServerStore } from '@martlet/broker/server';
import { withProgress } from '../progress-bar.ts';
import { chosenDirectory, havingDirectory, withStoreIn } from '../store-directory.ts';

/** Rejects with an error of the environment: in use, damaged, not permitted. */
export const openStartStore: OpenServerStore = async (configuration, log) => {
  if (isInMemory(configuration)) return memoryServerStore();
  const directory = chosenDirectory(configuration.store.directory || undefined);
  const store = await withProgress('Opening the store', (progress) =>
    withStoreIn(directory, () =>
      havingDirectory(() =>
        DiskStore.open({
          directory,
          log,
          onProgress: (readBytes, totalBytes) => progress.show(readBytes, totalBytes),
        }),
      ),
    ),
  );
  return { store, directory, close: () => store.close() };
};
