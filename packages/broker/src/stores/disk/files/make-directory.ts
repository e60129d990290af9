import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemCode } from './log-files.ts';
import { syncDirectory } from './sync-directory.ts';

/** Messages are nobody else's business. */
const DIRECTORY_MODE = 0o700;

/**
 * Makes the directory and its parents as far as they are missing, so that they survive a power cut: a name does once the
 * directory that has it has been synced. (Not `mkdir` with `recursive`, which tells ENOENT for a file system that is
 * read-only, and never ends where a part of the path cannot be made.)
 *
 * Rejects with the system's error; when it fulfils, there is a directory.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const path = resolve(directory);
  const parent = dirname(path);
  try {
    await makeOne(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || parent === path) throw error;
    await makeDirectory(parent);
    // Once more, and not again: a file system such as /proc says ENOENT of what cannot be made in it.
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (!(await isDirectory(path, error))) throw error;
    return;
  }
  await syncDirectory(dirname(path));
}

/**
 * What is there is not made, whatever the system says of making it: EROFS, or EACCES for a root of Windows. A link to
 * nothing is there and no directory: then the error is that of what it leads to.
 */
async function isDirectory(path: string, refusal: unknown): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw systemCode(refusal) === 'EEXIST' ? error : refusal;
  }
}
