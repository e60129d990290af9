import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { Damage, StoreOpenError } from '../../../src/stores/disk/files/store-open-error.ts';
import { encodeSegmentHeader } from '../../../src/stores/disk/log/batch-format.ts';
import type { RecoveredLog } from '../../../src/stores/disk/log/recovery.ts';
import { recover } from '../../../src/stores/disk/log/recovery.ts';
import { LogWorld } from './log-world.ts';
import { SimulatedFiles } from './simulated-files.ts';

const { Os, Disk } = Durability;

const FIRST = '00000001.log';
const SECOND = '00000002.log';
const HEADER = 64;
const DATA = 300;
/** Of a batch with one entry: header, data, record. */
const BATCH = 64 + DATA + 12;

interface Written {
  readonly files: SimulatedFiles;
  readonly world: LogWorld;
}

/** A store with this many batches of one entry each. */
async function written(batches: number, durability: Durability = Disk, segmentBytes = 1e6): Promise<Written> {
  const files = new SimulatedFiles({ seed: 5 });
  const world = await LogWorld.open(files, { segmentBytes });
  for (let count = 0; count < batches; count++) {
    world.stage(DATA);
    await world.commit(durability);
  }
  return { files, world };
}

async function damageOf(files: SimulatedFiles): Promise<Damage> {
  const error = await LogWorld.open(files).then(
    () => undefined,
    (thrown: StoreOpenError) => thrown,
  );
  expect(error?.code).toBe('store-damaged');
  expect(error?.message).toContain('martlet store check');
  expect(error?.message).toContain('export --salvage');
  expect(error?.message).toContain(error?.damage?.file);
  return error!.damage!;
}

async function found(files: SimulatedFiles): Promise<{ entries: number; notes: readonly string[] }> {
  const world = await LogWorld.open(files);
  world.readAll();
  return { entries: world.next, notes: world.notes };
}

function inBatch(index: number): number {
  return HEADER + index * BATCH;
}

describe('A torn tail', () => {
  test.each([0, 1, 63, 64, 65, 64 + DATA, 64 + DATA + 11])(
    'of a batch of which %i bytes were written is cut, and told',
    async (bytes) => {
      const { files } = await written(3);
      files.truncate(FIRST, inBatch(2) + bytes);
      const notes = bytes === 0 ? [] : ['store-torn-tail'];
      expect(await found(files)).toEqual({ entries: 2, notes });
    },
  );

  test.each([10, 80, 64 + DATA + 2])('of a batch with a wrong bit at %i is cut', async (offset) => {
    const { files } = await written(3);
    files.flipBit(FIRST, inBatch(2) + offset, 0);
    expect(await found(files)).toEqual({ entries: 2, notes: ['store-torn-tail'] });
  });

  test('ends where the first batch is bad, though later ones are whole', async () => {
    const { files } = await written(1);
    const world = await LogWorld.open(files);
    for (let count = 0; count < 4; count++) {
      world.stage(DATA);
      await world.commit(Os);
    }
    // The second process began its own file, with the batch of the first one before them.
    files.flipBit(SECOND, inBatch(3) + 100, 0);
    expect(await found(files)).toEqual({ entries: 3, notes: ['store-torn-tail'] });
  });

  test('is left in the file, and the next batch goes to another', async () => {
    const { files } = await written(3);
    files.truncate(FIRST, inBatch(2) + 100);
    const torn = files.bytesOf(FIRST).slice();
    const world = await LogWorld.open(files);
    world.stage(DATA);
    expect(await world.commit(Disk)).toBeUndefined();
    expect(files.bytesOf(FIRST)).toEqual(torn);
    expect(await found(files)).toEqual({ entries: 3, notes: [] });
  });
});

describe('Damage', () => {
  test.each([
    ['header', 12],
    ['data', 100],
    ['records', 64 + DATA + 3],
  ])(
    'of the %s of a batch, when a later one was written after it was on the disk, is refused',
    async (_, offset) => {
      const { files } = await written(4);
      files.flipBit(FIRST, inBatch(1) + offset, 6);
      expect(await damageOf(files)).toMatchObject({ file: FIRST, offset: inBatch(1) });
    },
  );

  test('of the first batch of a file is refused, for the file has its header since the batch was there', async () => {
    const { files } = await written(1);
    files.flipBit(FIRST, inBatch(0) + 100, 1);
    expect(await damageOf(files)).toMatchObject({ file: FIRST, offset: HEADER });
  });

  test('of a file cut off right behind its header is refused', async () => {
    const { files } = await written(1);
    files.truncate(FIRST, HEADER);
    expect(await damageOf(files)).toMatchObject({ file: FIRST, offset: HEADER });
  });

  test('of the last batch before a clean stop is refused', async () => {
    const { files, world } = await written(3);
    await world.log.close();
    files.flipBit(FIRST, inBatch(2) + 64 + DATA, 1);
    expect(await damageOf(files)).toMatchObject({ file: FIRST, offset: inBatch(2) });
  });

  test('in a file that is not the last is refused, at its end too', async () => {
    const { files } = await written(4, Disk, 700);
    expect(files.names).toEqual([FIRST, SECOND]);
    files.flipBit(FIRST, inBatch(1) + 100, 0);
    expect(await damageOf(files)).toMatchObject({ file: FIRST, offset: inBatch(1) });
    files.truncate(FIRST, inBatch(1));
    expect((await damageOf(files)).text).toContain('the file ends');
  });

  test('of the header of a file is refused', async () => {
    for (const name of [FIRST, SECOND]) {
      const { files } = await written(4, Disk, 700);
      files.flipBit(name, 20, 0);
      expect(await damageOf(files)).toMatchObject({ file: name, offset: 0 });
    }
  });

  test('that blanks the header of the last file is refused when later batches tell of it', async () => {
    const { files } = await written(3);
    const bytes = files.bytesOf(FIRST).slice();
    files.put(FIRST, bytes.fill(0, 0, HEADER));
    expect(await damageOf(files)).toMatchObject({ file: FIRST, offset: 0 });
  });

  test('is a missing file, one under another name, and one of another store', async () => {
    const { files } = await written(6, Disk, 700);
    const second = files.bytesOf(SECOND).slice();
    files.take(SECOND);
    expect(await damageOf(files)).toMatchObject({ file: SECOND, text: expect.stringContaining('not there') });
    files.put(SECOND, files.bytesOf(FIRST));
    expect((await damageOf(files)).text).toBe('expected segment 2, found segment 1');
    const other = encodeSegmentHeader({
      version: 1,
      segment: 2,
      firstSequence: 3,
      storeId: new Uint8Array(16).fill(9),
    });
    second.set(other);
    files.put(SECOND, second);
    expect((await damageOf(files)).text).toContain('another');
  });

  test('can be told of instead, and what lies behind it be read', async () => {
    const { files } = await written(8, Disk, 1400);
    files.flipBit(FIRST, inBatch(1) + 100, 0);
    files.flipBit(SECOND, inBatch(1) + 3, 0);
    const sequences: number[] = [];
    const damages: Damage[] = [];
    await recover(files, {
      verifiesData: 'always',
      onBatch: ({ header }) => sequences.push(header.sequence),
      onDamage: (damage) => damages.push(damage),
    });
    expect(sequences).toEqual([1, 3, 4, 5, 7, 8]);
    expect(damages.map(({ file, offset }) => ({ file, offset }))).toEqual([
      { file: FIRST, offset: inBatch(1) },
      { file: SECOND, offset: inBatch(1) },
    ]);
  });
});

describe('The data areas', () => {
  const bytesRead = async (
    files: SimulatedFiles,
    verifiesData: 'after-unclean-stop' | 'always' | 'never',
  ) => {
    const recovered = recover(files, { verifiesData, onBatch: () => undefined });
    return recovered.then(
      () => 'accepted',
      () => 'refused',
    );
  };

  test('are held against their checksums after an unclean stop, or when that is asked for', async () => {
    const { files, world } = await written(3);
    files.flipBit(FIRST, inBatch(1) + 100, 0);
    expect(await bytesRead(files, 'never')).toBe('accepted');
    expect(await bytesRead(files, 'after-unclean-stop')).toBe('refused');
    await world.log.close();
    expect(await bytesRead(files, 'after-unclean-stop')).toBe('accepted');
    expect(await bytesRead(files, 'always')).toBe('refused');
  });
});

describe('A file that was never finished', () => {
  test.each([0, 30, 64, 500])('of %i zeros is passed over, told, and made anew', async (bytes) => {
    const { files } = await written(2);
    files.put(SECOND, new Uint8Array(bytes));
    const world = await LogWorld.open(files);
    expect(world.notes).toEqual(['store-unfinished-file']);
    world.stage(DATA);
    expect(await world.commit(Disk)).toBeUndefined();
    expect(await found(files.afterPowerCut())).toEqual({ entries: 3, notes: [] });
  });

  test.each([
    [FIRST, 0, 13],
    [FIRST, 20, HEADER],
    [SECOND, 0, 13],
    [SECOND, 30, 50],
  ])(
    'is passed over with a header of which only a part was written (%s, from %i to %i)',
    async (name, from, to) => {
      const { files } = await written(name === FIRST ? 1 : 3, Disk, 700);
      const bytes = files.bytesOf(name).slice();
      files.put(name, bytes.fill(0, 0, from).fill(0, to, HEADER));
      expect(await found(files)).toEqual({
        entries: name === FIRST ? 0 : 2,
        notes: ['store-unfinished-file'],
      });
    },
  );

  test.each([
    [
      'that is not part of what it was to have',
      (bytes: Uint8Array) => bytes.fill(9, 12, 13).fill(0, 20, HEADER),
    ],
    ['that is whole but for one bit', (bytes: Uint8Array) => bytes.fill(9, 20, 21)],
    ['and no batch behind it', (bytes: Uint8Array) => bytes.fill(0, 13).slice(0, HEADER + 10)],
    ['and is cut off within it', (bytes: Uint8Array) => bytes.slice(0, 40)],
  ])('is another than one with a header %s', async (_, change) => {
    const { files } = await written(3, Disk, 700);
    files.put(SECOND, change(files.bytesOf(SECOND).slice()));
    expect(await damageOf(files)).toMatchObject({ file: SECOND, offset: 0 });
  });

  test('is passed over with its batches behind the missing header', async () => {
    const { files, world } = await written(1);
    await world.log.close();
    const killed = new SimulatedFiles({ seed: 1 });
    killed.put(FIRST, files.bytesOf(FIRST).slice().fill(0, 0, HEADER).slice(0, inBatch(1)));
    expect(await found(killed)).toEqual({ entries: 0, notes: ['store-unfinished-file'] });
  });

  test('is passed over before another file too, if no batch is missing between', async () => {
    const namesFound = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const files = new SimulatedFiles({ seed });
      const world = await LogWorld.open(files);
      // The sync of the header fails, and the process ends before it can begin the file again.
      files.faultOf = ({ operation, index }) => {
        if (operation === 'write' && index > 3) return { kind: 'lost-sync', code: 'EIO' };
        return undefined;
      };
      world.stage(DATA);
      expect(await world.commit(Disk)).toBe('store-sync-failed');
      const killed = files.afterKill();
      const next = await LogWorld.open(killed);
      expect(next.next).toBe(1);
      next.stage(DATA);
      expect(await next.commit(Disk)).toBeUndefined();
      const cut = killed.afterPowerCut();
      namesFound.add(cut.bytesOf(FIRST)[0]!);
      expect(await found(cut)).toEqual({ entries: 2, notes: [] });
    }
    // The header was there in some of these histories, and lost in others.
    expect([...namesFound].sort()).toEqual([0, 0x4d]);
  });

  test('is damage if batches are missing between its neighbours', async () => {
    const { files } = await written(6, Disk, 700);
    files.put(SECOND, new Uint8Array(64));
    expect(await damageOf(files)).toMatchObject({ file: FIRST, offset: inBatch(2) });
  });
});

describe('A directory', () => {
  test('of a newer version is refused, and the text says what to do', async () => {
    const { files } = await written(1);
    const header = encodeSegmentHeader({
      version: 2,
      segment: 1,
      firstSequence: 1,
      storeId: new Uint8Array(16).fill(7),
    });
    const bytes = files.bytesOf(FIRST).slice();
    bytes.set(header);
    files.put(FIRST, bytes);
    await expect(LogWorld.open(files)).rejects.toMatchObject({
      code: 'store-too-new',
      message: expect.stringContaining('format version 2, and this program reads up to version 1'),
    });
  });

  test('may hold files of other names, which nobody looks at', async () => {
    const { files } = await written(2);
    for (const name of ['lock.1.sock', 'notes.txt', '00000003.log.bak', 'backup'])
      files.put(name, new Uint8Array(3));
    expect(await found(files)).toEqual({ entries: 2, notes: [] });
  });

  test('that cannot be read is not opened', async () => {
    for (const operation of ['list', 'open', 'read']) {
      const { files } = await written(2);
      files.faultOf = (call) =>
        call.operation === operation ? { kind: 'error', code: 'EACCES' } : undefined;
      await expect(LogWorld.open(files)).rejects.toMatchObject({ code: 'store-unreadable' });
    }
  });
});

describe('A recovery', () => {
  const look = (files: SimulatedFiles): Promise<RecoveredLog> =>
    recover(files, { verifiesData: 'never', onBatch: () => undefined });

  test('does not take a header that is shown for one that is on the disk', async () => {
    const { files } = await written(1);
    expect(await look(files)).toMatchObject({ lastSequence: 1, syncedSequence: 0 });
  });

  test('tells what is on the disk for certain, and what is not', async () => {
    const { files, world } = await written(2);
    for (let count = 0; count < 2; count++) {
      world.stage(DATA);
      await world.commit(Os);
    }
    const recovered = await look(files);
    expect(recovered).toMatchObject({ lastSequence: 4, syncedSequence: 2, isClean: false });
    expect(recovered.unsynced.map(({ header }) => header.sequence)).toEqual([3, 4]);
    await world.log.close();
    const clean = await look(files);
    expect(clean).toMatchObject({ lastSequence: 5, syncedSequence: 5, isClean: true });
    expect(clean.unsynced.map(({ header }) => header.sequence)).toEqual([5]);
  });

  test('tells how far it is', async () => {
    const { files } = await written(6, Disk, 700);
    const progress: string[] = [];
    await recover(files, {
      verifiesData: 'always',
      onBatch: () => undefined,
      onProgress: (readBytes, totalBytes) => progress.push(`${readBytes} of ${totalBytes}`),
    });
    const bytes = HEADER + 2 * BATCH;
    expect(progress).toEqual([1, 2, 3].map((count) => `${count * bytes} of ${3 * bytes}`));
  });

  test('reads batches larger than what it reads at once', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const world = await LogWorld.open(files);
    for (const length of [3_000_000, 1, 1_100_000]) {
      world.stage(length);
      await world.commit(Disk);
    }
    expect(await found(files)).toEqual({ entries: 3, notes: [] });
    await world.log.close();
    expect(await found(files)).toEqual({ entries: 3, notes: [] });
  });

  test('is not led astray by data that looks like a batch', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const world = await LogWorld.open(files);
    world.stage(DATA);
    await world.commit(Disk);
    // A publisher who knows the format, but not the id of the store.
    const copied = files.bytesOf(FIRST).slice(HEADER, HEADER + 64);
    new DataView(copied.buffer).setUint32(8, 9, true);
    new DataView(copied.buffer).setUint32(16, 8, true);
    for (let count = 0; count < 2; count++) {
      world.log.gathering.data.writeBytes(copied, 0, 64);
      world.stage(DATA);
      await world.commit(Os);
    }
    files.flipBit(FIRST, inBatch(1) + 5, 0);
    expect(await found(files)).toEqual({ entries: 1, notes: ['store-torn-tail'] });
  });
});
