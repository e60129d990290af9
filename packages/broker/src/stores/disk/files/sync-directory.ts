import { open } from 'node:fs/promises';

/** Windows opens no directory, and keeps names without being told. */
const SYNCS_DIRECTORIES: boolean = process.platform !== 'win32';

/** Resolves when the names in the directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  if (!SYNCS_DIRECTORIES) return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
