/** The data directory that a command is about, and errors that name it. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreFailure, StoreLockError, StoreOpenError, StoreToolError } from '@martlet/broker';
import { CommandFailure } from './command-failure.ts';
import { defaultDataDirectory } from './data-directory.ts';

/** Where data is, as the user said or by the rule of data-directory.ts. */
export function chosenDirectory(dataDir: string | undefined): string {
  const directory =
    dataDir ??
    defaultDataDirectory({
      programPath: fileURLToPath(import.meta.url),
      currentDirectory: process.cwd(),
      homeDirectory: homedir(),
      variables: process.env,
    });
  return resolve(directory);
}

/** Does something with a store. What is wrong in its files is told with the directory in which they are. */
export async function withStoreIn<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreToolError && error.code === 'store-missing') {
      throw new CommandFailure(
        `${directory}: ${error.message}; name the broker's data directory with --data-dir`,
        { cause: error },
      );
    }
    if (error instanceof StoreOpenError || error instanceof StoreFailure) {
      throw new CommandFailure(`${directory}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Does something that takes a data directory for itself. Why it cannot is told with the option that names another. */
export async function havingDirectory<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreLockError)) throw error;
    // The message ends with the advice to use another directory.
    throw new CommandFailure(`${error.message} (--data-dir DIRECTORY)`, { cause: error });
  }
}
