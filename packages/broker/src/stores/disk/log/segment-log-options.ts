import type { OnMoved } from './batch-places.ts';
import type { BatchPlace } from './gathering-batch.ts';

export interface SegmentLogOptions {
  /** A new file is begun when one has this many bytes. From 1 to 1 GiB. @default 16 MiB */
  readonly segmentBytes?: number | undefined;
  /** What was written and not synced is held in memory; a commit that would exceed this is synced. @default 16 MiB */
  readonly unsyncedBytes?: number | undefined;
  /** What is gathered goes on in another batch at the end of a turn once this many bytes are in one. @default 32 MiB */
  readonly largeBatchBytes?: number | undefined;
  /** 16 bytes: the id of the store, if there is none yet. @default random */
  readonly storeId?: Uint8Array | undefined;
  /** While it is opened: the records of every batch, in order. `meta` is valid until this returns. */
  readonly onReplay: (meta: Uint8Array, place: BatchPlace) => void;
  /**
   * Batches that are not known to be on the disk go on in other places, what is being gathered too: all of them at the
   * same time, so that one may have its new place where another had its old one. Must not throw.
   */
  readonly onMoved: OnMoved;
  /** What an operator should know. `code` is stable, `text` is one line. */
  readonly onNote: (code: string, text: string) => void;
  readonly onProgress?: ((readBytes: number, totalBytes: number) => void) | undefined;
}
