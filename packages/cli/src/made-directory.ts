/** A directory that a command makes, and takes away again if it comes to nothing. */
import { access, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Does work that makes a directory, and perhaps parents of it. When the work fails, those of them that were not there
 * before and are empty are removed: nobody is to take one for a store in which nothing has been kept yet.
 * @param directory An absolute path.
 */
export async function makingDirectory<Result>(
  directory: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const missing: string[] = [];
  for (let path = directory; !(await exists(path)) && path !== dirname(path); path = dirname(path)) {
    missing.push(path);
  }
  try {
    return await work();
  } catch (error) {
    await removeEmpty(missing);
    throw error;
  }
}

/** @param directories Each is in the one after it. */
async function removeEmpty(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    try {
      await rmdir(directory);
    } catch {
      // It was not made, or has something in it, which is somebody else's. The error of the work is what counts.
    }
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
