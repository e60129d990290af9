import type { DiskStore, DiskStoreOptions } from '../../src/stores/disk/disk-store.ts';
import { PATIENT } from '../commits/committing-world.ts';
import { SimulatedFiles } from '../stores/disk/simulated-files.ts';
import type { DiskHarness } from '../stores/disk-harness.ts';
import { simulatedHarness } from '../stores/disk-harness.ts';
import { World } from '../world/world.ts';
import type { CrashingBroker } from './crashing-broker.ts';

/** A broker on a disk store whose files are simulated. */
export class DiskBroker implements CrashingBroker {
  readonly world: World<DiskStore>;
  readonly #harness: DiskHarness;

  private constructor(harness: DiskHarness, wallMs: number | undefined) {
    this.#harness = harness;
    this.world = new World({
      store: harness.store,
      limits: PATIENT,
      ...(wallMs === undefined ? undefined : { wallMs }),
    });
  }

  static async open(options: DiskStoreOptions): Promise<DiskBroker> {
    return new DiskBroker(await simulatedHarness(new SimulatedFiles({ seed: 1 }), options), undefined);
  }

  async endCommit(fails: boolean): Promise<void> {
    if (!this.#harness.commitUnderWay()) return;
    if (fails) this.#harness.failNextCommit();
    await this.#harness.finishCommit();
    this.world.turn();
  }

  async settle(): Promise<void> {
    this.world.turn();
    while (this.#harness.commitUnderWay()) await this.endCommit(false);
  }

  async crash(): Promise<DiskBroker> {
    return new DiskBroker(await this.#harness.reopen(), this.world.wallMs + 1000);
  }
}
