/** Whether a file is still the one that was begun to be read. Half of a file can be in order, and mean something else. */
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** What tells that somebody writes a file; taken before it is read. */
export type FileState = Pick<BigIntStats, 'size' | 'mtimeNs'>;

/** What is told of a file that has changed: nothing of it is taken. */
export const CHANGED_WHILE_READ =
  'expected a file that stays as it is while it is read, got one that somebody writes: try again';

/**
 * Size and time of the last change are compared, so what was written before `state` was taken is not seen.
 *
 * @example
 * const state = await file.stat({ bigint: true });
 * const bytes = await file.readFile();
 * if (await hasChangedSince(file, state)) throw new Error(CHANGED_WHILE_READ);
 */
export async function hasChangedSince(file: FileHandle, state: FileState): Promise<boolean> {
  const now = await file.stat({ bigint: true });
  return now.size !== state.size || now.mtimeNs !== state.mtimeNs;
}
