import type { Store } from '../../src/core/ports/store.ts';
import type { World } from '../world/world.ts';

/** A broker whose commits end when a history says so, and which can crash. */
export interface CrashingBroker {
  readonly world: World<Store>;
  /** Lets the commit under way end, if there is one. */
  endCommit(fails: boolean): Promise<void>;
  /** Lets commits end until nothing is staged. */
  settle(): Promise<void>;
  /** Another process on what was kept, some time later. */
  crash(): Promise<CrashingBroker>;
}
