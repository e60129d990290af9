import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { ClientError } from '../../src/client-error.ts';
import { FileSessionStore } from '../../src/stores/file/file-session-store.ts';
import type { StoredChange, StoredRecord } from '../../src/stores/session-store.ts';
import { put, remove } from './session-store-contract.ts';
import type { SimulatedCall } from './simulated-files.ts';
import { SimulatedFiles } from './simulated-files.ts';
import type { Survival } from './simulated-inode.ts';

/** Small, so that a log is compacted often. */
const LIMITS = { compactFromBytes: 100, batchBytes: 2000, copyBytes: 60 };

type State = ReadonlyMap<number, string>;

const EMPTY: State = new Map();

function storeOn(files: SimulatedFiles): FileSessionStore {
  return new FileSessionStore('the store', {
    files,
    limits: LIMITS,
    lock: async () => ({ release: async () => undefined }),
  });
}

function after(state: State, changes: readonly StoredChange[]): State {
  const next = new Map(state);
  for (const { key, value } of changes) {
    if (value === null) next.delete(key);
    else next.set(key, new TextDecoder().decode(value));
  }
  return next;
}

function stateOf(records: readonly StoredRecord[]): State {
  return after(EMPTY, records);
}

/** As text, to compare it. */
function shown(state: State): string {
  return JSON.stringify([...state].sort(([one], [other]) => one - other));
}

/** What one write did or did not do, as far as a process knew when it ended. */
interface Knowledge {
  /** After all writes that were fulfilled. */
  readonly certain: State;
  /** With the one that was begun after them too, or the same. */
  readonly possible: State;
}

async function expectKnown(found: readonly StoredRecord[], { certain, possible }: Knowledge): Promise<State> {
  const state = stateOf(found);
  expect([shown(certain), shown(possible)]).toContain(shown(state));
  return state;
}

describe('A process that ends within any call, after any byte of a write', () => {
  const writes: readonly (readonly StoredChange[])[] = [
    [put(1, 'one'), put(2, 'two')],
    [put(3, 'three'), remove(1)],
    [put(2, 'two, and much longer than before')],
    [remove(3), put(4, ''), put(-1, 'minus one')],
    [put(2, 'short'), put(5, 'five'.repeat(10))],
    [remove(5)],
    [put(6, 'six'), put(2, 'b')],
    [remove(4), put(7, 'seven')],
  ];

  async function workOn(files: SimulatedFiles): Promise<Knowledge> {
    let knowledge: Knowledge = { certain: EMPTY, possible: EMPTY };
    const work = async (): Promise<void> => {
      const store = storeOn(files);
      await store.open();
      for (const changes of writes) {
        knowledge = { certain: knowledge.certain, possible: after(knowledge.certain, changes) };
        await store.write(changes);
        knowledge = { certain: knowledge.possible, possible: knowledge.possible };
      }
      await store.close();
    };
    await Promise.race([work(), files.whenStopped]);
    return knowledge;
  }

  /** Every place where this work can be interrupted: a call, and of a write each number of bytes. */
  async function placesOf(begin: () => SimulatedFiles, work: (files: SimulatedFiles) => Promise<unknown>) {
    const files = begin();
    await work(files);
    return files.calls.flatMap(({ index, bytes, operation }) =>
      Array.from({ length: operation === 'write' ? bytes + 1 : 1 }, (_, count) => ({ index, count })),
    );
  }

  const survivals = (seed: number): Survival[] => {
    const random = new SeededRandom(seed);
    return ['all', 'none', { chosenBy: () => random.next() }];
  };

  test('the work compacts the log, so that the places lie in that too', async () => {
    const files = new SimulatedFiles({});
    await workOn(files);
    const renames = files.calls.filter(({ operation }) => operation === 'rename').length;
    expect(renames).toBeGreaterThanOrEqual(3);
  });

  test.each([1, 512])(
    'leaves a prefix of whole writes, with all that were fulfilled, on a disk with sectors of %i bytes',
    async (sectorBytes) => {
      const begin = (): SimulatedFiles => new SimulatedFiles({ sectorBytes });
      const places = await placesOf(begin, workOn);
      expect(places.length).toBeGreaterThan(800);
      for (const { index, count } of places) {
        for (const survival of survivals(index * 1000 + count)) {
          const files = begin();
          files.stopAt(index, count);
          const knowledge = await workOn(files);
          const found = files.afterPowerCut(survival);
          const store = storeOn(found);
          const state = await expectKnown(await store.open(), knowledge);
          await store.write([put(100, 'and on')]);
          await store.close();
          const again = storeOn(found.afterPowerCut('none'));
          expect(shown(stateOf(await again.open()))).toBe(shown(after(state, [put(100, 'and on')])));
        }
      }
    },
  );

  test('may end so while it opens a torn log, too', async () => {
    const torn = new SimulatedFiles({ sectorBytes: 16 });
    const inLastWrite = (await placesOf(() => new SimulatedFiles({ sectorBytes: 16 }), workOn))
      .filter(({ count }) => count > 0)
      .at(-40)!;
    torn.stopAt(inLastWrite.index, inLastWrite.count);
    const knowledge = await workOn(torn);
    const begin = (): SimulatedFiles => torn.afterPowerCut('all');
    const open = (files: SimulatedFiles) => Promise.race([storeOn(files).open(), files.whenStopped]);
    const places = await placesOf(begin, open);
    expect(places.length).toBeGreaterThan(20);
    for (const { index, count } of places) {
      for (const survival of survivals(index * 1000 + count)) {
        const files = begin();
        files.stopAt(index, count);
        await open(files);
        await expectKnown(await storeOn(files.afterPowerCut(survival)).open(), knowledge);
      }
    }
  });
});

describe('A disk that fails in any way', () => {
  const HISTORIES = 600;
  const LIVES = 6;

  test.each(Array.from({ length: 3 }, (_, part) => part))(
    'keeps every write that was fulfilled, and of the one that failed all or nothing (part %i)',
    async (part) => {
      for (let seed = part; seed < HISTORIES; seed += 3) {
        try {
          await history(seed);
        } catch (error) {
          throw new Error(`history ${seed}`, { cause: error });
        }
      }
    },
  );

  async function history(seed: number): Promise<void> {
    const random = new SeededRandom(seed);
    let files = new SimulatedFiles({ seed, sectorBytes: [1, 16, 64, 512][random.below(4)]! });
    let knowledge: Knowledge = { certain: EMPTY, possible: EMPTY };
    for (let life = 0; life < LIVES; life++) {
      files.stopAt(random.below(120), random.below(60));
      const process = new RandomProcess(random, files, knowledge);
      await Promise.race([process.live(), files.whenStopped]);
      knowledge = process.knowledge;
      const survival = { chosenBy: () => random.next() };
      files = random.chance(0.4) ? files.afterKill() : files.afterPowerCut(survival);
    }
    await expectKnown(await storeOn(files).open(), knowledge);
  }

  /** Writes, closes and opens at random, on a disk that is well or unwell. */
  class RandomProcess {
    readonly #random: SeededRandom;
    readonly #files: SimulatedFiles;
    #knowledge: Knowledge;

    constructor(random: SeededRandom, files: SimulatedFiles, knowledge: Knowledge) {
      this.#random = random;
      this.#files = files;
      this.#knowledge = knowledge;
    }

    get knowledge(): Knowledge {
      return this.#knowledge;
    }

    async live(): Promise<void> {
      const random = this.#random;
      const faultOf = faultsOf(random);
      for (let opening = 0; opening < 4; opening++) {
        const store = storeOn(this.#files);
        this.#files.faultOf = random.chance(0.3) ? faultOf : () => undefined;
        const records = await store.open().catch(isStoreFailed);
        if (records === undefined) continue;
        const state = await expectKnown(records, this.#knowledge);
        this.#knowledge = { certain: state, possible: state };
        this.#files.faultOf = faultOf;
        if (random.chance(0.2)) this.#files.capacityBytes = 300 + random.below(1500);
        for (let step = random.below(12); step >= 0; step--) {
          if (!(await this.#write(store))) break;
        }
        await store.close().catch(isStoreFailed);
        this.#files.capacityBytes = Number.POSITIVE_INFINITY;
      }
    }

    /** Fulfils with whether the store can be used on. */
    async #write(store: FileSessionStore): Promise<boolean> {
      const { certain } = this.#knowledge;
      const changes = this.#changes();
      const possible = after(certain, changes);
      this.#knowledge = { certain, possible };
      try {
        await store.write(changes);
      } catch (error) {
        isStoreFailed(error);
        // None that comes later gets in, whatever the disk does now.
        this.#files.faultOf = () => undefined;
        await expect(store.write([put(999, 'late')])).rejects.toThrow(ClientError);
        return false;
      }
      this.#knowledge = { certain: possible, possible };
      return true;
    }

    #changes(): StoredChange[] {
      const random = this.#random;
      return Array.from({ length: 1 + random.below(4) }, () => {
        const key = random.below(12) - 3;
        const length = random.below(random.chance(0.1) ? 300 : 30);
        return random.chance(0.4) ? remove(key) : put(key, 'v'.repeat(length) + random.below(1000));
      });
    }
  }

  function faultsOf(random: SeededRandom): (call: SimulatedCall) => string | undefined {
    if (random.chance(0.4)) return () => undefined;
    const rate = random.next() * 0.2;
    const codes = ['EIO', 'ENOSPC', 'EROFS'];
    return ({ operation }) =>
      // A disk that cannot be read, and says that a file is not there, is not what this is about.
      operation !== 'read' && operation !== 'size' && random.chance(rate)
        ? codes[random.below(3)]
        : undefined;
  }

  function isStoreFailed(error: unknown): undefined {
    expect(error).toMatchObject({ name: 'ClientError', code: 'STORE_FAILED' });
  }
});
