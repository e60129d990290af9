import { expect } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import { StoreFailure } from '../../../src/stores/disk/files/store-failure.ts';
import type { BatchMove } from '../../../src/stores/disk/log/batch-places.ts';
import type { BatchPlace } from '../../../src/stores/disk/log/segment-log.ts';
import { SegmentLog } from '../../../src/stores/disk/log/segment-log.ts';
import type { SimulatedFiles } from './simulated-files.ts';

const ENTRY_BYTES = 12;

interface KnownEntry {
  segment: number;
  /** In the file. */
  offset: number;
  readonly length: number;
}

export interface LogWorldOptions {
  readonly segmentBytes?: number;
  readonly unsyncedBytes?: number;
  readonly largeBatchBytes?: number;
}

/**
 * A log that keeps numbered entries, each with some bytes in a data area, and what a user of the log knows: where each
 * entry is, and what has been promised about it.
 */
export class LogWorld {
  readonly files: SimulatedFiles;
  readonly notes: string[] = [];
  readonly entries: Map<number, KnownEntry> = new Map();
  log!: SegmentLog;
  /** The number of the next entry. */
  next = 0;
  /** All entries below were kept at `Os`, and at `Disk`. */
  keptAtOs = 0;
  keptAtDisk = 0;
  /** Entries below this may be gone: their segment was removed. */
  forgotten = 0;
  /** A commit has succeeded. */
  hasKept = false;
  #isRemoving = false;

  constructor(files: SimulatedFiles) {
    this.files = files;
  }

  /** Opens the log and looks at what it shows: numbers in order without a gap. */
  static async open(files: SimulatedFiles, options: LogWorldOptions = {}): Promise<LogWorld> {
    const world = new LogWorld(files);
    const shown: number[] = [];
    world.log = await SegmentLog.open(files, {
      ...options,
      storeId: new Uint8Array(16).fill(7),
      onReplay: (meta, place) => shown.push(...world.#replay(meta, place)),
      onMoved: (moves) => world.#onMoved(moves),
      onNote: (code) => world.notes.push(code),
    });
    expect(shown).toEqual(shown.map((_, index) => shown[0]! + index));
    world.next = (shown.at(-1) ?? -1) + 1;
    world.forgotten = shown[0] ?? 0;
    return world;
  }

  /** Stages an entry of at least one byte. Its bytes follow from its number and its length. */
  stage(length: number): number {
    const { data, meta, place } = this.log.gathering;
    const number = this.next++;
    this.entries.set(number, { segment: place.segment, offset: place.dataStart + data.length, length });
    meta.writeU32(number);
    meta.writeU32(data.length);
    meta.writeU32(length);
    data.writeBytes(contentOf(number, length), 0, length);
    return number;
  }

  /** @returns the code of the failure, or undefined; `silent` if no answer came and none will */
  async commit(durability: Durability, meanwhile: () => void = () => undefined): Promise<string | undefined> {
    const covered = this.next;
    let outcome: string | undefined = 'silent';
    const done = this.log.commit(durability).then(
      () => {
        outcome = undefined;
        this.hasKept = true;
        this.keptAtOs = covered;
        if (durability === Durability.Disk) this.keptAtDisk = covered;
      },
      (error: unknown) => {
        expect(error).toBeInstanceOf(StoreFailure);
        outcome = (error as StoreFailure).code;
      },
    );
    meanwhile();
    await Promise.race([done, afterAllMicrotasks()]);
    return outcome;
  }

  /** Gives up the commit that is not answered. */
  async abandon(): Promise<void> {
    this.log.abandon();
    await afterAllMicrotasks();
  }

  /** Every entry that may not be gone can be read where it is known to be. */
  readAll(): void {
    for (const [number, { segment, offset, length }] of this.entries) {
      if (number < this.forgotten) continue;
      const difference = Buffer.compare(this.log.read(segment, offset, length), contentOf(number, length));
      expect(difference, `entry ${number}`).toBe(0);
    }
  }

  /** Removes the oldest segment, whose entries are not wanted any more; unless it fails, or is not answered. */
  async removeOldest(): Promise<void> {
    if (this.#isRemoving) return;
    const oldest = this.log.segments[0]!.number;
    for (const [number, { segment }] of this.entries) {
      if (segment === oldest) this.forgotten = Math.max(this.forgotten, number + 1);
    }
    this.#isRemoving = true;
    const onEnd = (): void => {
      this.#isRemoving = false;
    };
    const removal = this.log.remove(oldest).then(onEnd, (error: unknown) => {
      onEnd();
      expect(error).toBeInstanceOf(StoreFailure);
    });
    await Promise.race([removal, afterAllMicrotasks()]);
  }

  #replay(meta: Uint8Array, place: BatchPlace): number[] {
    const view = new DataView(meta.buffer, meta.byteOffset, meta.length);
    const numbers: number[] = [];
    for (let at = 0; at < meta.length; at += ENTRY_BYTES) {
      const number = view.getUint32(at, true);
      const offset = place.dataStart + view.getUint32(at + 4, true);
      this.entries.set(number, { segment: place.segment, offset, length: view.getUint32(at + 8, true) });
      numbers.push(number);
    }
    return numbers;
  }

  /** Each entry moves once, for all move at the same time. */
  #onMoved(moves: readonly BatchMove[]): void {
    for (const entry of this.entries.values()) {
      for (const { from, to, dataLength } of moves) {
        const at = entry.offset - from.dataStart;
        if (entry.segment !== from.segment || at < 0 || at >= dataLength) continue;
        entry.segment = to.segment;
        entry.offset = to.dataStart + at;
        break;
      }
    }
  }
}

export function contentOf(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = number * 31 + at * 7 + (at >>> 8);
  return bytes;
}

/** The simulated disk answers in microtasks. */
export function afterAllMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
