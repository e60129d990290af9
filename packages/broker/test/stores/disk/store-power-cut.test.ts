import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../../test/seeded-random.ts';
import { Durability } from '../../../src/core/ports/durability.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import type { SimulatedFault } from './simulated-files.ts';
import { SimulatedFiles } from './simulated-files.ts';
import type { StoreView } from './store-history.ts';
import { EMPTY_VIEW, StoreHistory, textOfView, viewOfStore } from './store-history.ts';

const SMALL = { segmentBytes: 4096, smallestCleanedBytes: 8192, largeBatchBytes: 300 } as const;
const SEEDS = Array.from({ length: 12 }, (_, i) => i);
const HISTORIES = 12;
const LIVES = 4;
const LONGEST_LIFE = 150;

/** The states that commits were to keep. */
interface Commits {
  /** Since the last that was synced, that one included. */
  readonly sinceSynced: StoreView[];
  /** Since the last that was written, that one included. */
  readonly sinceWritten: StoreView[];
}

/** One call in so many goes wrong. */
const CALLS_PER_FAULT = 12;
const FAULTS: readonly SimulatedFault[] = [
  { kind: 'error', code: 'ENOSPC' },
  { kind: 'error', code: 'EIO' },
  { kind: 'lost-sync', code: 'EIO' },
  { kind: 'silent' },
];

function breakCalls(files: SimulatedFiles, random: SeededRandom): void {
  files.faultOf = ({ operation }) => {
    if (operation !== 'write' && operation !== 'sync' && operation !== 'create') return undefined;
    return random.below(CALLS_PER_FAULT) === 0 ? FAULTS[random.below(FAULTS.length)] : undefined;
  };
}

/** Uses the store until its files stop, or for long enough. */
async function live(
  files: SimulatedFiles,
  store: DiskStore,
  history: StoreHistory,
  random: SeededRandom,
  commits: Commits,
): Promise<void> {
  let isStopped = false;
  files.whenStopped.then(() => {
    isStopped = true;
  });
  breakCalls(files, random);
  for (let number = 0; number < LONGEST_LIFE; number++) {
    for (let steps = 1 + random.below(12); steps > 0; steps--) {
      history.step();
      if (random.chance(0.7)) continue;
      // What was staged so far may be kept without the rest.
      store.endTurn();
      commits.sinceSynced.push(history.expected);
      commits.sinceWritten.push(history.expected);
    }
    const durability = random.chance(0.5) ? Durability.Disk : Durability.Os;
    const { expected } = history;
    commits.sinceSynced.push(expected);
    commits.sinceWritten.push(expected);
    const commit = history.commit(durability);
    // All that the files answer, they answer before this.
    await Promise.race([commit, new Promise((resolve) => setImmediate(resolve))]);
    if (isStopped) return;
    store.abandon();
    const error = await commit;
    if (random.chance(0.5)) files.answerSilentCalls();
    if (error !== null) continue;
    commits.sinceWritten.splice(0, commits.sinceWritten.length - 1);
    if (durability === Durability.Disk) commits.sinceSynced.splice(0, commits.sinceSynced.length - 1);
  }
}

function expectOneOf(possible: readonly StoreView[], found: StoreView): void {
  const text = textOfView(found);
  if (!possible.some((each) => textOfView(each) === text)) expect(found).toEqual(possible.at(-1));
}

describe('a disk store', () => {
  test.each(SEEDS)(
    'after a power cut has a state no older than the last synced one, after a kill no older than the last written (seed %i)',
    async (seed) => {
      for (let number = 0; number < HISTORIES; number++) {
        const random = new SeededRandom(seed * HISTORIES + number);
        let files = new SimulatedFiles({ seed: random.below(2 ** 31) });
        let view: StoreView = EMPTY_VIEW;
        for (let life = 0; life < LIVES; life++) {
          const commits: Commits = { sinceSynced: [view], sinceWritten: [view] };
          const store = await DiskStore.openOn(files, SMALL);
          const history = new StoreHistory(store, random, view);
          files.stopAt(files.callCount + random.below(LONGEST_LIFE));
          await Promise.race([live(files, store, history, random, commits), files.whenStopped]);
          const loses = random.chance(0.7);
          const left = loses ? files.afterPowerCut() : files.afterKill();
          const found = viewOfStore(await DiskStore.openOn(left, SMALL));
          expectOneOf(loses ? commits.sinceSynced : commits.sinceWritten, found);
          // What was found has been synced by the opening: whatever comes next finds it again, or what came later.
          files = random.chance(0.5) ? left.afterPowerCut() : left.afterKill();
          view = found;
        }
      }
    },
  );
});
