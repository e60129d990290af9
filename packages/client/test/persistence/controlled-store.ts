import type { SessionStore, StoredChange, StoredRecord } from '@martlet/client';

/**
 * What a disk holds of a session, and the stores through which processes reach it, one after the other. A write is on the
 * disk when the test says so; what is not when the process crashes is lost.
 */
export class Disk {
  readonly records: Map<number, Uint8Array> = new Map();
  /** Writes that have begun, over all processes. */
  writes = 0;

  /** The store of one process; whatever the one before still had under way does not arrive. */
  store(): ControlledStore {
    return new ControlledStore(this);
  }

  get keys(): number[] {
    return [...this.records.keys()].sort((a, b) => a - b);
  }
}

export class ControlledStore implements SessionStore {
  readonly disk: Disk;
  /** Writes end at once. */
  isFast = false;
  /** What the next write fails with. */
  failure: Error | undefined;
  openFailure: Error | undefined;
  isOpen = false;
  isClosed = false;
  #hasCrashed = false;
  #underWay:
    | { readonly changes: readonly StoredChange[]; readonly settle: (error?: Error) => void }
    | undefined;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  async open(): Promise<readonly StoredRecord[]> {
    if (this.openFailure !== undefined) throw this.openFailure;
    this.isOpen = true;
    return this.disk.keys.map((key) => ({ key, value: this.disk.records.get(key)! }));
  }

  write(changes: readonly StoredChange[]): Promise<void> {
    if (!this.isOpen || this.isClosed) throw new Error('expected an open store');
    if (this.#underWay !== undefined) throw new Error('expected one write at a time');
    this.disk.writes++;
    return new Promise((resolve, reject) => {
      this.#underWay = { changes, settle: (error) => (error === undefined ? resolve() : reject(error)) };
      if (this.isFast) this.finish();
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** How many changes are on their way to the disk. */
  get underWay(): number {
    return this.#underWay?.changes.length ?? 0;
  }

  /** The write that is under way arrives, or fails. */
  finish(): void {
    const underWay = this.#underWay;
    if (underWay === undefined) return;
    this.#underWay = undefined;
    const { failure } = this;
    if (failure === undefined && !this.#hasCrashed) {
      for (const { key, value } of underWay.changes) {
        if (value === null) this.disk.records.delete(key);
        else this.disk.records.set(key, value.slice());
      }
    }
    underWay.settle(failure);
  }

  /** The process is gone; so is what was on its way. What it still does has no effect. */
  crash(): void {
    this.#hasCrashed = true;
  }
}
