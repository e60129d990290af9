/**
 * Reads and writes password files. A file is replaced as a whole: whoever reads it, and whoever pulls the plug, sees the old
 * one or the new one. Nobody else may read a new one; one that was there keeps its owner and its rights.
 */
import { randomBytes } from 'node:crypto';
import { chown, lstat, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PasswordFile } from '@martlet/broker/access';
import { CommandFailure } from '../command-failure.ts';
import { bytesOfText, textOfBytes } from '../flags/bytes-in-text.ts';

const OWNER_ONLY = 0o600;
const PERMISSIONS = 0o777;

/** @throws {CommandFailure} if it cannot be read */
export async function readPasswordFile(path: string): Promise<PasswordFile> {
  try {
    return PasswordFile.parse(textOfBytes(await readFile(path)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new CommandFailure(`${path}: there is no such file; -c makes one`, { cause: error });
    throw CommandFailure.ofFile(path, error);
  }
}

/** @throws {CommandFailure} if it cannot be written; then the old one is as it was */
export async function writePasswordFile(path: string, file: PasswordFile): Promise<void> {
  try {
    const { target, mode, owner } = await placeOf(path);
    const temporary = join(dirname(target), `.${randomBytes(6).toString('hex')}.new`);
    try {
      const handle = await open(temporary, 'wx', OWNER_ONLY);
      try {
        await handle.writeFile(bytesOfText(file.toString()));
        await handle.chmod(mode);
        await handle.sync();
      } finally {
        await handle.close();
      }
      // Only who may gives files away; others keep their own.
      if (owner !== undefined) await chown(temporary, owner.uid, owner.gid).catch(() => {});
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}

interface Place {
  /** Where the file itself is, if the path is a link to it. */
  readonly target: string;
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

async function placeOf(path: string): Promise<Place> {
  try {
    const target = await realpath(path);
    const { mode, uid, gid } = await lstat(target);
    return { target, mode: mode & PERMISSIONS, owner: { uid, gid } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { target: path, mode: OWNER_ONLY, owner: undefined };
  }
}
