/** What of the unsynced is on the disk after a power cut. */
export type Survival = 'all' | 'none' | { readonly chosenBy: () => number };

/**
 * The contents of a file: as the system shows them, and as they are on the disk. In between, each sector has every version
 * that it had since the last sync, and the file every length; any of them may be what the disk has.
 */
export class SimulatedInode {
  readonly #sectorBytes: number;
  #shown: Uint8Array;
  #onDisk: Uint8Array;
  readonly #versions: Map<number, Uint8Array[]>;
  #lengths: number[];

  constructor(sectorBytes: number, bytes: Uint8Array = new Uint8Array(0)) {
    this.#sectorBytes = sectorBytes;
    this.#shown = bytes.slice();
    this.#onDisk = bytes.slice();
    this.#versions = new Map();
    this.#lengths = [];
  }

  get shown(): Uint8Array {
    return this.#shown;
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    if (end > this.#shown.length) this.#shown = resized(this.#shown, end);
    this.#shown.set(bytes, position);
    for (let at = position - (position % this.#sectorBytes); at < end; at += this.#sectorBytes) {
      const versions = this.#versions.get(at) ?? [];
      versions.push(this.#shown.slice(at, at + this.#sectorBytes));
      this.#versions.set(at, versions);
    }
    this.#lengths.push(this.#shown.length);
  }

  truncate(length: number): void {
    this.#shown = resized(this.#shown, length);
    this.#lengths.push(length);
  }

  /** What was written since the last sync reaches the disk; not what a failed one has lost. */
  sync(): void {
    const synced = resized(this.#onDisk, this.#shown.length);
    for (const at of this.#versions.keys()) {
      if (at < synced.length) synced.set(this.#shown.subarray(at, at + this.#sectorBytes), at);
    }
    this.#onDisk = synced;
    this.#forgetUnsynced();
  }

  /** Some of what was written reaches the disk; from now on the system believes that all of it did. */
  loseSync(survival: Survival): void {
    this.#onDisk = this.afterPowerCut(survival).shown;
    this.#forgetUnsynced();
  }

  afterPowerCut(survival: Survival): SimulatedInode {
    if (survival === 'all') return new SimulatedInode(this.#sectorBytes, this.#shown);
    if (survival === 'none') return new SimulatedInode(this.#sectorBytes, this.#onDisk);
    const choose = <T>(from: readonly T[]): T => from[Math.floor(survival.chosenBy() * from.length)]!;
    const length = choose([this.#onDisk.length, ...this.#lengths]);
    const found = resized(this.#onDisk, Math.max(length, this.#onDisk.length, this.#shown.length));
    for (const [at, versions] of this.#versions) {
      const version = choose([undefined, ...versions]);
      // The file may have been made shorter since.
      if (version !== undefined && at < found.length) found.set(version.subarray(0, found.length - at), at);
    }
    return new SimulatedInode(this.#sectorBytes, found.slice(0, length));
  }

  /** The same file on the same machine, for the next process. */
  clone(): SimulatedInode {
    const copy = new SimulatedInode(this.#sectorBytes, this.#shown);
    copy.#onDisk = this.#onDisk.slice();
    for (const [at, versions] of this.#versions) copy.#versions.set(at, [...versions]);
    copy.#lengths = [...this.#lengths];
    return copy;
  }

  #forgetUnsynced(): void {
    this.#versions.clear();
    this.#lengths = [];
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}
