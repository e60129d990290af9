import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../../test/seeded-random.ts';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { LogWorldOptions } from './log-world.ts';
import { LogWorld } from './log-world.ts';
import type { SimulatedCall, SimulatedFault } from './simulated-files.ts';
import { SimulatedFiles } from './simulated-files.ts';

const HISTORIES = 240;
const LIVES = 5;
const STEPS_OF_A_LIFE = 25;

/** What one process promised before it ended. */
interface Promised {
  readonly keptAtOs: number;
  readonly keptAtDisk: number;
  readonly staged: number;
  readonly forgotten: number;
}

/** A process that stages, commits and removes at random until the call at which everything stops. */
class RandomProcess {
  readonly #random: SeededRandom;
  readonly #files: SimulatedFiles;
  readonly #options: LogWorldOptions;
  #world: LogWorld | undefined;

  constructor(random: SeededRandom, files: SimulatedFiles, options: LogWorldOptions) {
    this.#random = random;
    this.#files = files;
    this.#options = options;
  }

  async live(before: Promised): Promise<Promised> {
    await Promise.race([this.#run(before), this.#files.whenStopped]);
    const world = this.#world;
    if (world === undefined) return before;
    const { keptAtOs, keptAtDisk, next, forgotten } = world;
    // Until this process has kept anything, what an earlier one wrote in vain may still be found.
    const staged = world.hasKept ? next : Math.max(next, before.staged);
    return { keptAtOs, keptAtDisk, staged, forgotten };
  }

  async #run(before: Promised): Promise<void> {
    const world = await LogWorld.open(this.#files, this.#options);
    // What was found is no longer in doubt after a kill, but nobody promised that it survives a power cut.
    world.keptAtOs = world.next;
    world.keptAtDisk = Math.min(before.keptAtDisk, world.next);
    this.#world = world;
    // A disk that cannot be read is not opened at all, which another test is about.
    this.#files.faultOf = faultsOf(this.#random);
    if (this.#random.chance(0.3)) this.#files.capacityBytes = 2000 + this.#random.below(20_000);
    for (let step = 0; step < STEPS_OF_A_LIFE; step++) await this.#step(world);
    if (!this.#random.chance(0.3)) return;
    this.#files.faultOf = () => undefined;
    this.#files.capacityBytes = Number.POSITIVE_INFINITY;
    this.#files.answerSilentCalls();
    await world.log.close();
    world.keptAtOs = world.next;
    world.keptAtDisk = world.next;
  }

  async #step(world: LogWorld): Promise<void> {
    const random = this.#random;
    for (let count = random.below(4); count > 0; count--)
      world.stage(1 + random.below(random.chance(0.1) ? 4000 : 200));
    const durability = random.chance(0.5) ? Durability.Disk : Durability.Os;
    const outcome = await world.commit(durability, () => {
      if (random.chance(0.5)) world.stage(1 + random.below(100));
    });
    if (outcome === 'silent') {
      if (random.chance(0.3)) this.#files.answerSilentCalls();
      await world.abandon();
    }
    if (random.chance(0.2)) this.#files.answerSilentCalls();
    if (random.chance(0.2)) world.readAll();
    const { segments, hasPending } = world.log;
    const newest = world.entries.get(world.next - 1)?.segment ?? 0;
    if (newest > segments[0]!.number + 1 && !hasPending && random.chance(0.5)) await world.removeOldest();
  }
}

/** Faults of a disk that is unwell for this life, or of one that is well. */
function faultsOf(random: SeededRandom): (call: SimulatedCall) => SimulatedFault | undefined {
  if (random.chance(0.4)) return () => undefined;
  const rate = random.next() * 0.3;
  return ({ operation, synced }) => {
    if (!random.chance(rate) || operation === 'read' || operation === 'size' || operation === 'list')
      return undefined;
    if (operation === 'open') return random.chance(0.3) ? { kind: 'error', code: 'EIO' } : undefined;
    if (random.chance(0.2)) return { kind: 'silent' };
    const canLose = operation === 'sync' || (operation === 'write' && synced);
    if (canLose && random.chance(0.5)) return { kind: 'lost-sync', code: 'EIO' };
    const codes = ['ENOSPC', 'EIO', 'EROFS'];
    return { kind: 'error', code: codes[random.below(codes.length)]! };
  };
}

async function history(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const options = { segmentBytes: 200 + random.below(5000), unsyncedBytes: random.below(8000) };
  let files = new SimulatedFiles({ seed });
  let promised: Promised = { keptAtOs: 0, keptAtDisk: 0, staged: 0, forgotten: 0 };
  for (let life = 0; life < LIVES; life++) {
    files.stopAt(random.below(150));
    const process = new RandomProcess(random, files, options);
    promised = await process.live(promised);
    const isKilled = random.chance(0.4);
    files = isKilled ? files.afterKill() : files.afterPowerCut();
    files.capacityBytes = Number.POSITIVE_INFINITY;
    const found = await LogWorld.open(files, options);
    expect(found.next).toBeGreaterThanOrEqual(isKilled ? promised.keptAtOs : promised.keptAtDisk);
    expect(found.next).toBeLessThanOrEqual(promised.staged);
    expect(found.forgotten).toBeLessThanOrEqual(promised.forgotten);
    found.readAll();
    const again = await LogWorld.open(files, options);
    expect([...again.entries.keys()]).toEqual([...found.entries.keys()]);
    promised = { ...promised, keptAtOs: found.next };
  }
}

describe('A log whose process ends at any moment, on a disk that fails in any way', () => {
  test.each(Array.from({ length: 8 }, (_, part) => part))(
    'shows all that was kept, in order, and nothing that was not staged (part %i)',
    async (part) => {
      for (let seed = part; seed < HISTORIES; seed += 8) {
        try {
          await history(seed);
        } catch (error) {
          throw new Error(`history ${seed}`, { cause: error });
        }
      }
    },
  );
});
