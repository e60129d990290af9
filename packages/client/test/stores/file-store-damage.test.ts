import { describe, expect, test } from 'vitest';
import type { ClientError } from '../../src/client-error.ts';
import { FileSessionStore } from '../../src/stores/file/file-session-store.ts';
import {
  BATCH_HEADER_BYTES,
  encodeBatch,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  seedOf,
} from '../../src/stores/file/log-format.ts';
import type { StoredChange } from '../../src/stores/session-store.ts';
import { put, remove } from './session-store-contract.ts';
import { SimulatedFiles } from './simulated-files.ts';

const LOG = 'session.log';
const LIMITS = { compactFromBytes: 400, batchBytes: 1000, copyBytes: 100 };

const WRITES: readonly (readonly StoredChange[])[] = [
  [put(1, 'one'), put(2, 'two')],
  [put(3, 'three'), remove(1)],
  [put(4, 'four')],
];

function storeOn(files: SimulatedFiles, onWarning?: (warning: ClientError) => void): FileSessionStore {
  const ground = { files, limits: LIMITS, lock: async () => ({ release: async () => undefined }) };
  return new FileSessionStore('the store', ground, onWarning);
}

/** The files of a store that has written, and was closed or not. */
async function written(end: 'closed' | 'killed'): Promise<SimulatedFiles> {
  const files = new SimulatedFiles({});
  const store = storeOn(files);
  await store.open();
  for (const changes of WRITES) await store.write(changes);
  if (end === 'closed') await store.close();
  return files.afterKill();
}

function withLog(bytes: Uint8Array): SimulatedFiles {
  const files = new SimulatedFiles({});
  files.put(LOG, bytes);
  return files;
}

interface Outcome {
  readonly keys: readonly number[] | undefined;
  readonly error: ClientError | undefined;
  readonly warnings: readonly ClientError[];
  readonly bytes: Uint8Array;
}

async function opened(bytes: Uint8Array): Promise<Outcome> {
  const files = withLog(bytes);
  const warnings: ClientError[] = [];
  try {
    const records = await storeOn(files, (warning) => void warnings.push(warning)).open();
    return { keys: records.map(({ key }) => key), error: undefined, warnings, bytes: files.bytesOf(LOG) };
  } catch (error) {
    return { keys: undefined, error: error as ClientError, warnings, bytes: files.bytesOf(LOG) };
  }
}

/** Where the batches begin, and the end. */
function batchStarts(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts = [FILE_HEADER_BYTES];
  while (starts.at(-1)! < bytes.length) {
    starts.push(starts.at(-1)! + BATCH_HEADER_BYTES + view.getUint32(starts.at(-1)! + 12, true));
  }
  return starts;
}

describe('One wrong bit in the log', () => {
  test('of a store that was closed is refused and named wherever it is, and nothing is changed', async () => {
    const whole = (await written('closed')).bytesOf(LOG);
    const starts = batchStarts(whole);
    expect(starts).toHaveLength(WRITES.length + 2);
    for (let at = 0; at < starts.at(-2)!; at++) {
      const bytes = whole.slice();
      bytes[at]! ^= 1 << (at % 8);
      const { error, bytes: left } = await opened(bytes);
      const from = at < FILE_HEADER_BYTES ? 0 : starts.findLast((start) => start <= at)!;
      expect(error).toMatchObject({
        code: 'STORE_FAILED',
        message: expect.stringMatching(
          new RegExp(
            `^the session store is damaged: /data/session\\.log, byte ${from}: expected .* Nothing was changed`,
          ),
        ),
      });
      expect(left).toEqual(bytes);
    }
  });

  test('of a store that was killed is refused, but for its last write, which cannot be told from a torn one', async () => {
    const whole = (await written('killed')).bytesOf(LOG);
    const [, , lastStart] = batchStarts(whole);
    for (let at = 0; at < whole.length; at++) {
      const bytes = whole.slice();
      bytes[at]! ^= 1 << (at % 8);
      const { keys, error, warnings } = await opened(bytes);
      if (at < lastStart!) expect(error?.code).toBe('STORE_FAILED');
      else expect([keys, warnings.length]).toEqual([[2, 3], 1]);
    }
  });

  test('behind the end of a store that was closed loses nothing', async () => {
    const whole = (await written('closed')).bytesOf(LOG);
    const bytes = whole.slice();
    bytes[whole.length - 1]! ^= 1;
    expect(await opened(bytes)).toMatchObject({ keys: [2, 3, 4], warnings: [{ code: 'STORE_FAILED' }] });
  });
});

describe('A log that ends within a write', () => {
  test('has the writes before, is cut behind them, and says so', async () => {
    const whole = (await written('killed')).bytesOf(LOG);
    const starts = batchStarts(whole);
    const states = [[], [1, 2], [2, 3], [2, 3, 4]];
    for (let length = FILE_HEADER_BYTES; length <= whole.length; length++) {
      const { keys, warnings, bytes } = await opened(whole.slice(0, length));
      const batches = starts.findLastIndex((start) => start <= length);
      expect(keys).toEqual(states[batches]);
      expect(bytes).toEqual(whole.slice(0, starts[batches]));
      const cut = length - starts[batches]!;
      expect(warnings.map(({ message }) => message)).toEqual(
        cut === 0
          ? []
          : [expect.stringMatching(new RegExp(`byte ${starts[batches]}: .*its ${cut} bytes were cut off$`))],
      );
    }
  });

  test('may end in zeros, and in bytes that look like a batch of another log', async () => {
    const whole = (await written('killed')).bytesOf(LOG);
    const foreign = encodeBatch([put(9, 'foreign')], 100, seedOf(new Uint8Array(16)));
    for (const tail of [new Uint8Array(5000), foreign, Buffer.concat([new Uint8Array(77), foreign])]) {
      const { keys, bytes } = await opened(Buffer.concat([whole, tail]));
      expect(keys).toEqual([2, 3, 4]);
      expect(bytes).toEqual(whole);
    }
  });

  test('ends before its header only if it was damaged', async () => {
    const whole = (await written('closed')).bytesOf(LOG);
    for (let length = 0; length < FILE_HEADER_BYTES; length++) {
      const { error } = await opened(whole.slice(0, length));
      expect(error?.message).toContain(`expected the header of a session log in a file of ${length} bytes`);
    }
  });

  test('is damaged if a later write follows at any distance', async () => {
    const id = new Uint8Array(16);
    const seed = seedOf(id);
    const first = encodeBatch([put(1, 'one')], 1, seed);
    const third = encodeBatch([put(3, 'three')], 3, seed);
    for (const gap of [0, 1, 1000, 65_510, 65_536, 65_537, 300_000]) {
      const { error } = await opened(
        Buffer.concat([encodeFileHeader(id), first, new Uint8Array(gap), third]),
      );
      expect(error?.message).toContain(`byte ${FILE_HEADER_BYTES + first.length}: expected`);
      expect(error?.message).toContain('and batch 3 follows');
    }
  });
});

describe('A log that this program did not write', () => {
  test('in a newer format is refused, and left as it is', async () => {
    const header = encodeFileHeader(new Uint8Array(16));
    // The checksum is over the version, too.
    const { crc32 } = await import('node:zlib');
    const view = new DataView(header.buffer);
    view.setUint32(8, 2, true);
    view.setUint32(28, crc32(header.subarray(0, 28)), true);
    const { error, bytes } = await opened(header);
    expect(error?.message).toMatch(
      /^expected \/data\/session\.log in format 1 or less, got 2: a newer version wrote it/,
    );
    expect(bytes).toEqual(header);
  });

  test('with whole checksums around changes that are not whole is damaged', async () => {
    const id = new Uint8Array(16);
    const { crc32 } = await import('node:zlib');
    const batch = encodeBatch([put(1, 'one')], 1, seedOf(id));
    const view = new DataView(batch.buffer);
    view.setUint32(BATCH_HEADER_BYTES + 8, 4, true);
    view.setUint32(16, crc32(batch.subarray(BATCH_HEADER_BYTES)), true);
    view.setUint32(4, crc32(batch.subarray(8, BATCH_HEADER_BYTES), seedOf(id)), true);
    const { error } = await opened(Buffer.concat([encodeFileHeader(id), batch]));
    expect(error?.message).toContain('expected whole changes, their lengths are wrong');
  });
});

describe('A write', () => {
  test('may be as long as the limit, and not one byte longer', async () => {
    const files = new SimulatedFiles({});
    const store = storeOn(files);
    await store.open();
    const room = LIMITS.batchBytes - BATCH_HEADER_BYTES - 12;
    await store.write([put(1, 'x'.repeat(room))]);
    await expect(store.write([put(2, 'x'.repeat(room + 1))])).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: 'expected at most 1000 bytes in one write to a session store, got 1001',
    });
    await store.close();
    expect((await store.open()).map(({ key }) => key)).toEqual([1]);
  });

  test('that fails is told with its cause and what to do, and so are those after it', async () => {
    const files = new SimulatedFiles({});
    const store = storeOn(files);
    await store.open();
    files.capacityBytes = 60;
    await expect(store.write([put(1, 'too much')])).rejects.toMatchObject({
      code: 'STORE_FAILED',
      kind: 'environment',
      message: 'writing to the store failed: ENOSPC: simulated; free some space on its disk',
      cause: { code: 'ENOSPC' },
    });
    await expect(store.write([])).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringMatching(/^the store has failed before; close it and open it again, .*ENOSPC/),
      cause: { code: 'STORE_FAILED', cause: { code: 'ENOSPC' } },
    });
  });
});

describe('A log that is compacted', () => {
  /** Writes until the log has been compacted, or that has been tried. */
  async function writeMuch(store: FileSessionStore, rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++)
      await store.write([put(1, 'x'.repeat(100)), put(-1 - (round % 2), 'y')]);
  }

  test('has nothing dead any more, and every record in order', async () => {
    const files = new SimulatedFiles({});
    const store = storeOn(files);
    await store.open();
    await store.write(Array.from({ length: 30 }, (_, key) => put(key, `v${key}`)));
    let smallest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20; round++) {
      await writeMuch(store, 2);
      smallest = Math.min(smallest, files.bytesOf(LOG).length);
    }
    await store.close();
    expect(smallest).toBeLessThan(900);
    const operations = files.calls.map(({ operation }) => operation);
    const copying = operations.slice(operations.lastIndexOf('create'), operations.lastIndexOf('rename'));
    // The header, and what lives in more than one batch: no more is gathered than of one and 100 bytes.
    expect(copying.filter((operation) => operation === 'write').length).toBeGreaterThan(2);
    const ofKind = (...kinds: string[]): number => operations.filter((kind) => kinds.includes(kind)).length;
    // The first opening found no file.
    expect(ofKind('close')).toBe(ofKind('create', 'open') - 1);
    expect(files.names).toEqual([LOG]);
    expect((await store.open()).map(({ key }) => key)).toEqual([
      -2,
      -1,
      ...Array.from({ length: 30 }, (_, key) => key),
    ]);
  });

  test('stays as it was when the disk is full, tries again when twice as much is dead, and warns each time', async () => {
    const files = new SimulatedFiles({});
    const warnings: ClientError[] = [];
    const store = storeOn(files, (warning) => void warnings.push(warning));
    await store.open();
    files.faultOf = ({ operation, name }) =>
      operation === 'write' && name === 'session.new' && files.names.includes(name) ? 'ENOSPC' : undefined;
    await writeMuch(store, 20);
    // What is asked for after the last write is done before it.
    await store.write([]);
    const tries = files.calls.filter(
      ({ operation, name }) => operation === 'create' && name === 'session.new',
    );
    // One made the log itself.
    expect(tries).toHaveLength(1 + warnings.length);
    // Dead from 400, 800, 1600 and 3200 bytes on, of about 3000.
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatchObject({
      code: 'STORE_FAILED',
      message:
        'making /data/session.log smaller (it is used on as it is) failed: ENOSPC: simulated; free some space on its disk',
    });
    expect(files.names).toEqual([LOG]);
    files.faultOf = () => undefined;
    await writeMuch(store, 60);
    await store.close();
    // And as often as ever from then on.
    expect(files.bytesOf(LOG).length).toBeLessThan(800);
    expect((await store.open()).map(({ key }) => key)).toEqual([-2, -1, 1]);
  });

  test('makes the next write fail when it turns out to be damaged', async () => {
    const files = new SimulatedFiles({});
    const store = storeOn(files);
    await store.open();
    await store.write([put(7, 'seven')]);
    // As a disk that forgets: the bytes of a file are where the simulation has them.
    files.bytesOf(LOG)[FILE_HEADER_BYTES + BATCH_HEADER_BYTES]! ^= 1;
    await expect(writeMuch(store, 20)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining(
        `the session store is damaged: /data/session.log, byte ${FILE_HEADER_BYTES}: `,
      ),
    });
  });

  test('and was interrupted leaves a file that the next opening removes', async () => {
    const files = await written('killed');
    files.put('session.new', new Uint8Array(100));
    const store = storeOn(files);
    await store.open();
    expect(files.names).toEqual([LOG]);
  });

  test('has the write and the close that come meanwhile wait for it', async () => {
    const files = new SimulatedFiles({});
    const store = storeOn(files);
    await store.open();
    const operations = (): readonly string[] => files.calls.map(({ operation }) => operation);
    // The last round is the one that makes the log be compacted for the second time.
    let rounds = 0;
    const compactions = (): number => operations().filter((operation) => operation === 'create').length - 1;
    while (compactions() < 2) {
      await store.write([put(1, `${rounds}`.padEnd(50)), put(2, `${rounds}`)]);
      rounds++;
    }
    expect(operations().at(-1)).toBe('create');
    await store.close();
    expect(operations().slice(-4)).toEqual(['rename', 'syncNames', 'write', 'close']);
    const records = await store.open();
    const last = `${rounds - 1}`;
    expect(records.map(({ value }) => new TextDecoder().decode(value))).toEqual([last.padEnd(50), last]);
  });
});
