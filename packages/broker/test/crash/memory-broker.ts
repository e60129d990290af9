import { CommittingWorld } from '../commits/committing-world.ts';
import type { CrashingBroker } from './crashing-broker.ts';

/** A broker on a memory store. */
export class MemoryBroker implements CrashingBroker {
  readonly world: CommittingWorld;

  constructor(world: CommittingWorld = new CommittingWorld()) {
    this.world = world;
  }

  async endCommit(fails: boolean): Promise<void> {
    if (!this.world.store.commitUnderWay) return;
    if (fails) this.world.fail();
    else this.world.finish();
  }

  async settle(): Promise<void> {
    this.world.settle();
  }

  async crash(): Promise<MemoryBroker> {
    const { store, wallMs } = this.world;
    return new MemoryBroker(new CommittingWorld({ store: store.reopen(), wallMs: wallMs + 1000 }));
  }
}
