import type { Durability } from '../../src/core/ports/durability.ts';
import type { StoreError } from '../../src/core/ports/store.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';

/** A store whose commits a test ends, and which notes what it is asked for. */
export class RecordingStore extends MemoryStore {
  override readonly holdsWaitingInMemory: boolean;
  /** Of each commit, in order. */
  readonly levels: Durability[] = [];
  abandoned = 0;
  /** As a test says. */
  override commitProgress = 0;
  override stagedBytes = 0;

  /** @param holdsWaitingInMemory false as with a store on disk */
  constructor(holdsWaitingInMemory = true) {
    super({ commits: 'manual' });
    this.holdsWaitingInMemory = holdsWaitingInMemory;
  }

  override commit(durability: Durability, done: (error: StoreError | null) => void): void {
    this.levels.push(durability);
    super.commit(durability, done);
  }

  override abandon(): void {
    this.abandoned++;
  }
}
