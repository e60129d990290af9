import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import { afterAllMicrotasks, contentOf, LogWorld } from './log-world.ts';
import type { SimulatedCall, SimulatedFault } from './simulated-files.ts';
import { SimulatedFiles } from './simulated-files.ts';

const FIRST = '00000001.log';
const SECOND = '00000002.log';

const { Os, Disk } = Durability;

function newFiles(): SimulatedFiles {
  return new SimulatedFiles({ seed: 1 });
}

/** A fault for the first call that fits. */
function once(
  fault: SimulatedFault,
  fits: (call: SimulatedCall) => boolean,
): (call: SimulatedCall) => SimulatedFault | undefined {
  let isDone = false;
  return (call) => {
    if (isDone || !fits(call)) return undefined;
    isDone = true;
    return fault;
  };
}

const isWrite = ({ operation }: SimulatedCall): boolean => operation === 'write';
const isSync = ({ operation, synced }: SimulatedCall): boolean => operation === 'sync' || synced;

/** One kept entry, so that a file is open. */
async function begun(files: SimulatedFiles, options = {}): Promise<LogWorld> {
  const world = await LogWorld.open(files, options);
  world.stage(100);
  expect(await world.commit(Disk)).toBeUndefined();
  return world;
}

async function expectFound(files: SimulatedFiles, entries: number): Promise<LogWorld> {
  const found = await LogWorld.open(files);
  expect(found.next).toBe(entries);
  found.readAll();
  return found;
}

describe('A piece of a data area', () => {
  test('is read while it is gathered, on its way, and when it is in a file', async () => {
    const world = await begun(newFiles());
    world.stage(50);
    world.readAll();
    await world.commit(Os, () => {
      world.stage(60);
      world.readAll();
    });
    world.readAll();
    await world.commit(Disk);
    world.readAll();
  });

  test('stays as it is when the memory it was gathered in is used again', async () => {
    const world = await begun(newFiles());
    const { place } = world.log.gathering;
    const number = world.stage(80);
    const kept = world.log.read(place.segment, place.dataStart, 80);
    for (let round = 0; round < 10; round++) {
      world.stage(80);
      await world.commit(Disk);
    }
    expect(kept).toEqual(contentOf(number, 80));
  });

  test('that the file does not have is damage, and one that cannot be opened says so', async () => {
    const world = await begun(newFiles());
    const read = (segment: number): Uint8Array => world.log.read(segment, 64, 1_000_000);
    expect(() => read(1)).toThrow(expect.objectContaining({ code: 'store-damaged' }));
    expect(() => read(9)).toThrow(expect.objectContaining({ code: 'store-io' }));
  });

  test('is read from as many files as there are, of which few are open', async () => {
    const files = newFiles();
    const world = await LogWorld.open(files, { segmentBytes: 100 });
    for (let count = 0; count < 80; count++) {
      world.stage(100);
      await world.commit(Disk);
    }
    expect(world.log.segments).toHaveLength(81);
    let closed = 0;
    files.faultOf = ({ operation }) => {
      if (operation === 'close') closed++;
      return undefined;
    };
    world.readAll();
    expect(closed).toBe(80 - 32);
  });
});

describe('A log', () => {
  test.each([0, -1, Number.NaN, 2 ** 30 + 1])(
    'is not opened with files of %d bytes',
    async (segmentBytes) => {
      await expect(LogWorld.open(newFiles(), { segmentBytes })).rejects.toThrow(
        'expected segmentBytes from 1 to',
      );
    },
  );
});

describe('A commit', () => {
  test('of nothing makes no file', async () => {
    const files = newFiles();
    const world = await LogWorld.open(files);
    expect(await world.commit(Disk)).toBeUndefined();
    await world.log.close();
    expect(files.names).toEqual([]);
  });

  test('at Disk is one synced write when a file is open', async () => {
    const files = newFiles();
    const world = await begun(files);
    const calls: string[] = [];
    files.faultOf = ({ operation, synced }) => {
      calls.push(`${operation} ${synced}`);
      return undefined;
    };
    world.stage(10);
    await world.commit(Disk);
    expect(calls).toEqual(['write true']);
  });

  test('at Os is a write, and the next one at Disk, of nothing, is a sync', async () => {
    const files = newFiles();
    const world = await begun(files);
    const calls: string[] = [];
    files.faultOf = ({ operation, synced }) => {
      calls.push(`${operation} ${synced}`);
      return undefined;
    };
    world.stage(10);
    await world.commit(Os);
    expect(world.log.hasPending).toBe(true);
    await world.commit(Disk);
    expect(world.log.hasPending).toBe(false);
    await world.commit(Disk);
    expect(calls).toEqual(['write false', 'sync false']);
  });

  test('at Os is synced when more than the limit would be held in memory', async () => {
    const world = await begun(newFiles(), { unsyncedBytes: 1000 });
    world.stage(400);
    await world.commit(Os);
    expect(world.log.hasPending).toBe(true);
    world.stage(600);
    await world.commit(Os);
    expect(world.log.hasPending).toBe(false);
  });

  test('is one at a time', async () => {
    const world = await begun(newFiles());
    world.stage(1);
    const first = world.log.commit(Disk);
    expect(() => world.log.commit(Disk)).toThrow('one commit at a time');
    await first;
  });

  test('after the end is refused', async () => {
    const world = await begun(newFiles());
    await world.log.close();
    world.stage(1);
    expect(await world.commit(Disk)).toBe('store-closed');
  });

  test('of more than fits in a batch is refused', async () => {
    const world = await LogWorld.open(newFiles());
    // The sink is not really filled: a gigabyte is more than a test should take.
    Object.defineProperty(world.log.gathering.data, 'length', { value: 2 ** 30 + 1 });
    expect(await world.commit(Disk)).toBe('store-batch-too-large');
  });
});

describe('What is gathered while a commit is under way', () => {
  const SMALL_BATCHES = { largeBatchBytes: 500 } as const;

  test('is divided at the end of a turn when it is large, and only there', async () => {
    const files = newFiles();
    const world = await begun(files, SMALL_BATCHES);
    files.faultOf = once({ kind: 'silent' }, isWrite);
    world.stage(10);
    expect(await world.commit(Disk)).toBe('silent');
    const batches = new Set([world.log.gathering]);
    for (let turn = 0; turn < 6; turn++) {
      world.stage(100);
      world.stage(100);
      world.stage(100);
      batches.add(world.log.gathering);
      world.log.endTurn();
    }
    expect(batches.size).toBe(3);
    world.readAll();
    expect(world.log.hasUncovered).toBe(true);
    await world.abandon();
    world.readAll();
    expect(await world.commit(Disk)).toBeUndefined();
    expect(world.log.hasUncovered).toBe(false);
    world.readAll();
    await expectFound(files.afterPowerCut(), 20);
  });

  test('and was divided is not waited for by that commit, and kept by the next', async () => {
    const files = newFiles();
    const world = await begun(files, SMALL_BATCHES);
    files.faultOf = once({ kind: 'silent' }, isWrite);
    world.stage(10);
    const covered = world.log.commit(Disk);
    await afterAllMicrotasks();
    world.stage(600);
    world.log.endTurn();
    expect(world.log.gathering.isEmpty).toBe(true);
    const written: number[] = [];
    files.faultOf = (call) => {
      if (isWrite(call)) written.push(call.index);
      return undefined;
    };
    files.answerSilentCalls();
    await covered;
    expect(written).toEqual([]);
    expect([world.log.hasUncovered, world.log.hasPending]).toEqual([true, true]);
    expect(await world.commit(Os)).toBeUndefined();
    expect(world.log.hasUncovered).toBe(false);
    await expectFound(files.afterKill(), 3);
  });

  test.each([0, 1, 2, 3, 4])('is found up to the end of a turn after a power cut (seed %i)', async (seed) => {
    const counts = new Set<number>();
    for (let cut = 0; cut < 4; cut++) {
      const files = new SimulatedFiles({ seed: seed * 10 + cut });
      const world = await begun(files, { ...SMALL_BATCHES, segmentBytes: 1500 });
      files.faultOf = once({ kind: 'error', code: 'ENOSPC' }, isWrite);
      world.stage(10);
      expect(await world.commit(Disk)).toBe('store-full');
      for (let turn = 0; turn < 8; turn++) {
        for (let count = 0; count < 3; count++) world.stage(200);
        world.log.endTurn();
      }
      files.stopAt(files.callCount + cut);
      await world.commit(Disk);
      const found = await LogWorld.open(files.afterPowerCut());
      found.readAll();
      counts.add(found.next);
      // The first two, then three entries a turn.
      expect(found.next === 1 || found.next % 3 === 2).toBe(true);
    }
    expect(counts.size).toBeGreaterThan(1);
  });
});

describe('On a disk that is full', () => {
  test('a commit says so, and the next one with space keeps all, in the same file', async () => {
    const files = newFiles();
    const world = await begun(files);
    files.capacityBytes = 1000;
    world.stage(2000);
    expect(await world.commit(Disk)).toBe('store-full');
    world.stage(10);
    expect(await world.commit(Os)).toBe('store-full');
    world.readAll();
    files.capacityBytes = 10_000;
    expect(await world.commit(Disk)).toBeUndefined();
    expect(files.names).toEqual([FIRST]);
    world.readAll();
    await expectFound(files.afterPowerCut(), 3);
  });

  test('a process that ends leaves what was kept before', async () => {
    const files = newFiles();
    const world = await begun(files);
    files.capacityBytes = 1200;
    world.stage(2000);
    await world.commit(Disk);
    expect(files.bytesOf(FIRST).length).toBeGreaterThan(500);
    const found = await expectFound(files.afterKill(), 1);
    expect(found.notes).toEqual(['store-torn-tail']);
  });

  test('a new file is tried again until there is space', async () => {
    const files = newFiles();
    const world = await begun(files, { segmentBytes: 64 });
    files.capacityBytes = 300;
    world.stage(500);
    expect(await world.commit(Disk)).toBe('store-full');
    expect(await world.commit(Disk)).toBe('store-full');
    files.capacityBytes = 10_000;
    expect(await world.commit(Disk)).toBeUndefined();
    await expectFound(files.afterPowerCut(), 2);
  });
});

describe('A disk that refuses', () => {
  test.each(['EROFS', 'EACCES', 'EPERM'])('to write with %s is read-only, until it is not', async (code) => {
    const files = newFiles();
    const world = await begun(files);
    const refused = new Set(['write', 'create', 'remove']);
    files.faultOf = ({ operation }) => (refused.has(operation) ? { kind: 'error', code } : undefined);
    world.stage(10);
    for (let round = 0; round < 3; round++) expect(await world.commit(Disk)).toBe('store-read-only');
    world.readAll();
    files.faultOf = () => undefined;
    expect(await world.commit(Disk)).toBeUndefined();
    await expectFound(files.afterPowerCut(), 2);
  });

  test('to open its file for writing is read all the same', async () => {
    const files = newFiles();
    await (await begun(files)).log.close();
    files.faultOf = ({ operation, synced }) =>
      operation === 'open' && synced ? { kind: 'error', code: 'EROFS' } : undefined;
    const world = await expectFound(files, 1);
    world.stage(10);
    expect(await world.commit(Disk)).toBe('store-read-only');
    files.faultOf = () => undefined;
    expect(await world.commit(Disk)).toBeUndefined();
    expect(files.names).toEqual([FIRST]);
  });
});

describe('A write that fails', () => {
  test('makes the log go on in another file, which stands for the one before', async () => {
    const files = newFiles();
    const world = await begun(files);
    files.faultOf = once({ kind: 'error', code: 'EIO' }, isWrite);
    world.stage(3000);
    expect(await world.commit(Os)).toBe('store-io');
    expect(world.notes).toEqual(['store-file-given-up']);
    world.readAll();
    world.stage(20);
    expect(await world.commit(Os)).toBeUndefined();
    expect(files.names).toEqual([FIRST, SECOND]);
    world.readAll();
    await expectFound(files.afterPowerCut(), 3);
  });
});

describe('A move to another file', () => {
  test('of batches of which one was to be in that file already leaves none in the place of another', async () => {
    const files = newFiles();
    const world = await begun(files, { segmentBytes: 1000 });
    files.capacityBytes = 400;
    world.stage(1000);
    expect(await world.commit(Disk)).toBe('store-full');
    // The file would be full: the next batch has its place in the one after it.
    world.stage(50);
    expect(world.log.segments).toHaveLength(2);
    expect(await world.commit(Disk, () => world.stage(30))).toBe('store-full');
    files.capacityBytes = 10_000;
    files.faultOf = once({ kind: 'error', code: 'EIO' }, isWrite);
    expect(await world.commit(Disk)).toBe('store-io');
    world.readAll();
    expect(await world.commit(Disk)).toBeUndefined();
    world.readAll();
    await expectFound(files.afterPowerCut(), 4);
  });
});

describe('A sync that fails', () => {
  test('loses nothing that was kept at Os, though the system thinks it clean', async () => {
    const files = newFiles();
    const world = await begun(files);
    world.stage(1000);
    expect(await world.commit(Os)).toBeUndefined();
    world.stage(1000);
    files.faultOf = once({ kind: 'lost-sync', code: 'EIO' }, isSync);
    expect(await world.commit(Disk)).toBe('store-sync-failed');
    expect(await world.commit(Disk)).toBeUndefined();
    world.readAll();
    await expectFound(files.afterPowerCut(), 3);
  });

  test('and then again, in the new file, is overcome too', async () => {
    const files = newFiles();
    const world = await begun(files);
    world.stage(1000);
    files.faultOf = ({ operation, synced }) =>
      operation === 'write' && synced ? { kind: 'lost-sync', code: 'EIO' } : undefined;
    for (let round = 0; round < 4; round++) expect(await world.commit(Disk)).toBe('store-sync-failed');
    files.faultOf = () => undefined;
    expect(await world.commit(Disk)).toBeUndefined();
    expect(files.names).toEqual([FIRST, SECOND]);
    await expectFound(files.afterPowerCut(), 2);
  });

  test.each([...Array(12).keys()])(
    'and a power cut %i calls later leave what was kept, and no more than was staged',
    async (calls) => {
      const files = newFiles();
      const world = await begun(files);
      world.stage(1000);
      await world.commit(Os);
      files.faultOf = once({ kind: 'lost-sync', code: 'EIO' }, isSync);
      world.stage(1000);
      await world.commit(Disk);
      files.stopAt(files.callCount + calls);
      await world.commit(Disk);
      const found = await LogWorld.open(files.afterPowerCut());
      expect(found.next).toBeGreaterThanOrEqual(world.keptAtDisk);
      expect(found.next).toBeLessThanOrEqual(3);
      found.readAll();
    },
  );

  test('and a kill leave what was kept at Os, which the next process writes again', async () => {
    const files = newFiles();
    const world = await begun(files);
    world.stage(1000);
    await world.commit(Os);
    files.faultOf = once({ kind: 'lost-sync', code: 'EIO' }, isSync);
    await world.commit(Disk);
    const killed = files.afterKill();
    const next = await expectFound(killed, 2);
    expect(next.log.hasPending).toBe(true);
    expect(await next.commit(Disk)).toBeUndefined();
    expect(next.log.hasPending).toBe(false);
    await expectFound(killed.afterPowerCut(), 2);
  });

  test('is not overcome while what was kept before is not there any more', async () => {
    const files = newFiles();
    const world = await begun(files);
    files.faultOf = once({ kind: 'lost-sync', code: 'EIO' }, isSync);
    world.stage(10);
    await world.commit(Disk);
    files.flipBit(FIRST, 150, 3);
    expect(await world.commit(Disk)).toBe('store-damaged');
    files.flipBit(FIRST, 150, 3);
    expect(await world.commit(Disk)).toBeUndefined();
  });
});

describe('A call that is not answered', () => {
  test('is given up, and what it was to keep is kept elsewhere', async () => {
    const files = newFiles();
    const world = await begun(files);
    files.faultOf = once({ kind: 'silent' }, isWrite);
    world.stage(1000);
    expect(await world.commit(Disk)).toBe('silent');
    await world.abandon();
    expect(await world.commit(Disk)).toBeUndefined();
    expect(files.names).toEqual([FIRST, SECOND]);
    files.answerSilentCalls();
    await afterAllMicrotasks();
    world.stage(10);
    expect(await world.commit(Disk)).toBeUndefined();
    world.readAll();
    await expectFound(files.afterPowerCut(), 3);
  });

  test('tells whoever waits, once', async () => {
    const files = newFiles();
    const world = await begun(files);
    files.faultOf = once({ kind: 'silent' }, isWrite);
    world.stage(10);
    const commit = world.log.commit(Disk);
    world.log.abandon();
    world.log.abandon();
    await expect(commit).rejects.toMatchObject({ code: 'store-silent' });
  });

  test.each(['remove', 'create', 'write'])(
    'in the beginning of a file, a %s, is waited for',
    async (operation) => {
      const files = newFiles();
      const world = await LogWorld.open(files);
      files.faultOf = once({ kind: 'silent' }, (call) => call.operation === operation);
      world.stage(10);
      for (let round = 0; round < 3; round++) {
        expect(await world.commit(Disk)).toBe('silent');
        await world.abandon();
      }
      files.answerSilentCalls();
      expect(await world.commit(Disk)).toBeUndefined();
      world.stage(10);
      expect(await world.commit(Disk)).toBeUndefined();
      await expectFound(files.afterPowerCut(), 2);
    },
  );
});

/** Three full files, and a fourth that is given up: the next commit looks whether the others are there. */
async function givenUp(files: SimulatedFiles): Promise<LogWorld> {
  const world = await LogWorld.open(files, { segmentBytes: 300 });
  for (const length of [200, 200, 200, 10]) {
    world.stage(length);
    expect(await world.commit(Disk)).toBeUndefined();
  }
  world.stage(10);
  files.faultOf = once({ kind: 'lost-sync', code: 'EIO' }, isSync);
  expect(await world.commit(Disk)).toBe('store-sync-failed');
  expect(world.notes).toEqual(['store-file-given-up']);
  files.faultOf = () => undefined;
  return world;
}

describe('A removal', () => {
  test('that may have taken the file away leaves nothing to be missed when the disk is looked at', async () => {
    const files = newFiles();
    const world = await givenUp(files);
    files.faultOf = once({ kind: 'lost-sync', code: 'EIO' }, ({ operation }) => operation === 'remove');
    await expect(world.log.remove(1)).rejects.toMatchObject({ code: 'store-sync-failed' });
    expect(files.names).not.toContain(FIRST);
    expect(world.log.segments[0]!.number).toBe(1);
    expect(await world.commit(Disk)).toBeUndefined();
    await world.log.remove(1);
    expect(world.log.segments[0]!.number).toBe(2);
  });

  test('that is not answered yet does not hold up the look', async () => {
    const files = newFiles();
    const world = await givenUp(files);
    files.faultOf = once({ kind: 'silent' }, ({ operation }) => operation === 'remove');
    const removal = world.log.remove(1);
    files.take(FIRST);
    expect(await world.commit(Disk)).toBeUndefined();
    files.answerSilentCalls();
    await removal;
  });

  test('does not begin while the disk is looked at', async () => {
    const files = newFiles();
    const world = await givenUp(files);
    let removals = 0;
    const silent = once({ kind: 'silent' }, ({ operation }) => operation === 'list');
    files.faultOf = (call) => {
      if (call.operation === 'remove' && call.name === FIRST) removals++;
      return silent(call);
    };
    const commit = world.log.commit(Disk);
    await afterAllMicrotasks();
    const removal = world.log.remove(1);
    await afterAllMicrotasks();
    expect(removals).toBe(0);
    files.answerSilentCalls();
    await commit;
    await removal;
    expect(removals).toBe(1);
  });

  test('does not begin once the log is closed', async () => {
    const files = newFiles();
    const world = await givenUp(files);
    await world.commit(Disk);
    await world.log.close();
    await expect(world.log.remove(1)).rejects.toMatchObject({ code: 'store-closed' });
    expect(files.names).toContain(FIRST);
  });
});

describe('The files of the log', () => {
  test('are removed from the oldest on, and never the last', async () => {
    const files = newFiles();
    const world = await LogWorld.open(files, { segmentBytes: 100 });
    for (let count = 0; count < 4; count++) {
      world.stage(100);
      await world.commit(Disk);
    }
    expect(world.log.segments.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    await expect(world.log.remove(2)).rejects.toThrow('expected the oldest');
    for (const segment of [1, 2, 3]) await world.log.remove(segment);
    await expect(world.log.remove(4)).rejects.toThrow('expected the oldest');
    expect(files.names).toEqual(['00000004.log']);
    await world.log.close();
    const found = await LogWorld.open(files.afterPowerCut());
    expect([...found.entries.keys()]).toEqual([3]);
  });

  test('are removed one at a time', async () => {
    const files = newFiles();
    const world = await LogWorld.open(files, { segmentBytes: 100 });
    for (let count = 0; count < 4; count++) {
      world.stage(100);
      await world.commit(Disk);
    }
    const first = world.log.remove(1);
    await expect(world.log.remove(1)).rejects.toThrow('one removal at a time');
    await first;
  });

  test('are written on after a clean stop, and left after any other', async () => {
    const files = newFiles();
    await (await begun(files)).log.close();
    const second = await LogWorld.open(files);
    second.stage(10);
    await second.commit(Disk);
    expect(files.names).toEqual([FIRST]);
    const killed = files.afterKill();
    const third = await LogWorld.open(killed);
    third.stage(10);
    await third.commit(Disk);
    expect(killed.names).toEqual([FIRST, SECOND]);
    await expectFound(killed.afterPowerCut(), 3);
  });

  test('do not grow by being opened and closed', async () => {
    const files = newFiles();
    await (await begun(files)).log.close();
    const bytes = files.bytesOf(FIRST).length;
    for (let round = 0; round < 3; round++) await (await LogWorld.open(files)).log.close();
    expect(files.names).toEqual([FIRST]);
    expect(files.bytesOf(FIRST).length).toBe(bytes);
  });
});

describe('A stop in order', () => {
  test('keeps what is gathered', async () => {
    const files = newFiles();
    const world = await begun(files);
    world.stage(10);
    await world.log.close();
    const found = await expectFound(files.afterPowerCut(), 2);
    expect(found.log.hasPending).toBe(false);
  });

  test('says what it could not keep', async () => {
    const files = newFiles();
    const world = await begun(files);
    world.stage(10);
    files.capacityBytes = 100;
    await expect(world.log.close()).rejects.toMatchObject({ code: 'store-full' });
  });
});
