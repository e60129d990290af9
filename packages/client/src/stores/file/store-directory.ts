/** The directory of a file store: made so that it survives a power cut. */
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemCode } from './store-failure.ts';

/** Messages are nobody else's business. */
const DIRECTORY_MODE = 0o700;

/** Windows opens no directory, and keeps names without being told. */
const SYNCS_DIRECTORIES: boolean = process.platform !== 'win32';

/**
 * Makes the directory and its parents as far as they are missing. (Not `mkdir` with `recursive`, which never ends where a
 * part of the path cannot be made, as in /proc.) Rejects with the system's error; when it fulfils, there is a directory.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const path = resolve(directory);
  const parent = dirname(path);
  try {
    await makeOne(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || parent === path) throw error;
    await makeDirectory(parent);
    await makeOne(path);
  }
}

/** Fulfilled when the names in the directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  if (!SYNCS_DIRECTORIES) return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    // What is there is not made, whatever the system says of making it: EROFS, or EACCES for a root of Windows.
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) throw error;
    return;
  }
  await syncDirectory(dirname(path));
}
