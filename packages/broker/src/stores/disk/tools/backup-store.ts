import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { LogFile } from '../files/log-files.ts';
import { NodeLogFiles } from '../files/node-log-files.ts';
import { segmentName } from '../log/batch-format.ts';
import type { RecoveredLog } from '../log/recovery.ts';
import { recover } from '../log/recovery.ts';
import { HeldSegments } from './held-segments.ts';
import { NewStoreDirectory } from './new-store-directory.ts';
import { StoreToolError } from './store-tool-error.ts';

const COPYING_CHUNK_BYTES = 1024 * 1024;

export interface BackupOptions {
  /** The store is read once to be verified, copied, and the copy verified. */
  readonly onProgress?: (phase: 'verify' | 'copy' | 'verify-copy', done: number, total: number) => void;
}

export interface BackupResult {
  readonly files: number;
  readonly bytes: number;
  /** Of the last batch in it; 0 if nothing has been kept yet: then the copy is an empty directory. */
  readonly lastSequence: number;
}

/**
 * Copies a store as it is at one moment, while a broker may be using it; nothing is written to the original. The copy ends
 * with the last whole commit, is synced and verified, and is a store: to restore it, copy it to a data directory.
 *
 * @param target an empty or absent directory: it holds the whole copy when this resolves, and none when it rejects
 * @throws {StoreOpenError} when the store is damaged: `exportStore` can rescue what is readable
 * @throws {StoreToolError} `store-missing`, `store-too-busy`, `target-not-empty`, `target-in-store`, `copy-differs`
 * @throws {StoreLockError} when a broker uses the target, or it cannot be made
 *
 * @example
 * await backupStore('/var/lib/martlet', '/backup/martlet-2026-11-20');
 */
export async function backupStore(
  directory: string,
  target: string,
  options: BackupOptions = {},
): Promise<BackupResult> {
  const { onProgress } = options;
  await refuseTargetInside(directory, target);
  const held = await HeldSegments.hold(new NodeLogFiles(directory));
  try {
    const original = await recover(held, {
      verifiesData: 'always',
      onBatch: () => undefined,
      onProgress: onProgress && ((done, total) => onProgress('verify', done, total)),
    });
    const made = await NewStoreDirectory.make(target, { use: 'copy' });
    try {
      const bytes = await copy(held, original, made.files, onProgress);
      await verifyCopy(made.files, original, onProgress);
      await made.finish();
      return { files: original.segments.length, bytes, lastSequence: original.lastSequence };
    } catch (error) {
      await made.abandon();
      throw error;
    }
  } finally {
    await held.close();
  }
}

/** A broker looks after what is in its directory, and whoever deletes it means the store. */
async function refuseTargetInside(directory: string, target: string): Promise<void> {
  const store = await realPath(directory);
  for (let path = await realPath(target); ; path = dirname(path)) {
    if (path === store) {
      const text = `expected a target outside the store's directory, got ${target} in ${directory}; name another one`;
      throw new StoreToolError(text, { code: 'target-in-store' });
    }
    if (path === dirname(path)) return;
  }
}

/** With no symbolic link in it, as far as it is there. */
async function realPath(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return await realpath(whole);
  } catch {
    const parent = dirname(whole);
    return parent === whole ? whole : join(await realPath(parent), basename(whole));
  }
}

async function copy(
  held: HeldSegments,
  { segments, tornTail }: RecoveredLog,
  target: NodeLogFiles,
  onProgress: BackupOptions['onProgress'],
): Promise<number> {
  const lengths = segments.map(({ number, bytes }) =>
    tornTail?.file === segmentName(number) ? tornTail.offset : bytes,
  );
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let done = 0;
  for (let index = 0; index < segments.length; index++) {
    const name = segmentName(segments[index]!.number);
    const from = await held.open(name, 'read');
    const to = await target.create(name);
    try {
      await copyBytes(from, to, lengths[index]!);
    } finally {
      await to.close();
    }
    done += lengths[index]!;
    onProgress?.('copy', done, total);
  }
  return total;
}

async function copyBytes(from: LogFile, to: LogFile, length: number): Promise<void> {
  const buffer = new Uint8Array(Math.min(COPYING_CHUNK_BYTES, length));
  for (let position = 0; position < length; ) {
    const wanted = buffer.subarray(0, Math.min(buffer.length, length - position));
    const count = await from.read(wanted, position);
    if (count === 0)
      throw new StoreToolError('a file became shorter while it was copied', { code: 'copy-differs' });
    await to.write([wanted.subarray(0, count)], position, false);
    position += count;
  }
  await to.sync();
}

async function verifyCopy(
  files: NodeLogFiles,
  original: RecoveredLog,
  onProgress: BackupOptions['onProgress'],
): Promise<void> {
  const copied = await recover(files, {
    verifiesData: 'always',
    onBatch: () => undefined,
    onProgress: onProgress && ((done, total) => onProgress('verify-copy', done, total)),
  });
  const isSame =
    copied.lastSequence === original.lastSequence &&
    copied.segments.length === original.segments.length &&
    copied.tornTail === undefined &&
    isSameId(copied.storeId, original.storeId);
  if (!isSame) {
    const text = `expected a copy up to batch ${original.lastSequence}, got one up to ${copied.lastSequence}; was the target written to meanwhile?`;
    throw new StoreToolError(text, { code: 'copy-differs' });
  }
}

function isSameId(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}
