import type { SeededRandom } from '../../../../../test/seeded-random.ts';

/** What a disk writes as a whole. */
export const SECTOR_BYTES = 512;

/**
 * The contents of a file: as the operating system shows them, and as they are on the disk. In between, each sector has
 * every version that was written since the last sync; any of them may be the one that the disk has.
 */
export class SimulatedInode {
  #shown: Uint8Array;
  #onDisk: Uint8Array;
  readonly #unsynced: Map<number, Uint8Array[]>;
  #unsyncedLengths: number[];

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#shown = bytes.slice();
    this.#onDisk = bytes.slice();
    this.#unsynced = new Map();
    this.#unsyncedLengths = [];
  }

  get shown(): Uint8Array {
    return this.#shown;
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    if (end > this.#shown.length) this.#shown = resized(this.#shown, end);
    this.#shown.set(bytes, position);
    for (let at = position - (position % SECTOR_BYTES); at < end; at += SECTOR_BYTES) {
      const versions = this.#unsynced.get(at) ?? [];
      versions.push(this.#shown.slice(at, at + SECTOR_BYTES));
      this.#unsynced.set(at, versions);
    }
    this.#unsyncedLengths.push(this.#shown.length);
  }

  /** What was written since the last sync reaches the disk; not what a failed one has lost. */
  sync(): void {
    const synced = resized(this.#onDisk, this.#shown.length);
    for (const at of this.#unsynced.keys()) synced.set(this.#shown.subarray(at, at + SECTOR_BYTES), at);
    this.#onDisk = synced;
    this.#forgetUnsynced();
  }

  /** Some of what was written reaches the disk, in no order; from now on the system believes that all of it did. */
  syncPartly(random: SeededRandom): void {
    this.#onDisk = this.#afterPowerCut(random);
    this.#forgetUnsynced();
  }

  /** As it is found after a power cut: of each sector, any version since the last sync. */
  afterPowerCut(random: SeededRandom): SimulatedInode {
    return new SimulatedInode(this.#afterPowerCut(random));
  }

  /** The same file on the same machine, for another process. */
  clone(): SimulatedInode {
    const copy = new SimulatedInode(this.#shown);
    copy.#onDisk = this.#onDisk.slice();
    for (const [at, versions] of this.#unsynced) copy.#unsynced.set(at, [...versions]);
    copy.#unsyncedLengths = [...this.#unsyncedLengths];
    return copy;
  }

  /** As a disk that forgets: in what is shown and in what is kept. */
  flipBit(position: number, bit: number): void {
    for (const bytes of [this.#shown, this.#onDisk]) {
      if (position < bytes.length) bytes[position]! ^= 1 << bit;
    }
  }

  /** As a file that somebody cut off. */
  truncate(length: number): void {
    this.#shown = this.#shown.slice(0, length);
    this.#onDisk = this.#onDisk.slice(0, length);
    this.#forgetUnsynced();
  }

  #afterPowerCut(random: SeededRandom): Uint8Array {
    const lengths = [this.#onDisk.length, ...this.#unsyncedLengths];
    const length = lengths[random.below(lengths.length)]!;
    const found = resized(this.#onDisk, Math.max(length, this.#onDisk.length, this.#shown.length));
    for (const [at, versions] of this.#unsynced) {
      const version = versions[random.below(versions.length + 1)];
      if (version !== undefined) found.set(version, at);
    }
    return found.slice(0, length);
  }

  #forgetUnsynced(): void {
    this.#unsynced.clear();
    this.#unsyncedLengths = [];
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}
