/** A disk that is slow is not one that does not answer: as long as a commit gets on, it is waited for. */
import { expect, it } from 'vitest';
import type { LogFile, LogFiles } from '../../src/stores/disk/files/log-files.ts';
import type { SimulatedFiles } from '../stores/disk/simulated-files.ts';
import { CommittingWorld } from './committing-world.ts';
import { OnDiskWorld } from './on-disk-world.ts';
import { RecordingStore } from './recording-store.ts';

const MIB = 2 ** 20;

/** Files of a disk that writes so many bytes in a millisecond of virtual time; at once until it is told the time. */
class SlowFiles implements LogFiles {
  /** Virtual. */
  nowMs = 0;
  isSlow = false;
  readonly #files: SimulatedFiles;
  readonly #bytesPerMs: number;
  #waiting: { readonly dueMs: number; readonly goOn: () => void }[] = [];

  constructor(files: SimulatedFiles, bytesPerMs: number) {
    this.#files = files;
    this.#bytesPerMs = bytesPerMs;
  }

  passTo(nowMs: number): void {
    this.nowMs = nowMs;
    for (const { dueMs, goOn } of this.#waiting) if (dueMs <= nowMs) goOn();
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs);
  }

  list(): Promise<readonly string[]> {
    return this.#files.list();
  }

  async create(name: string): Promise<LogFile> {
    return this.#slow(await this.#files.create(name));
  }

  async open(name: string, mode: 'read' | 'write'): Promise<LogFile> {
    return this.#slow(await this.#files.open(name, mode));
  }

  openSync(name: string): LogFile {
    return this.#files.openSync(name);
  }

  remove(name: string): Promise<void> {
    return this.#files.remove(name);
  }

  #slow(file: LogFile): LogFile {
    const { write } = file;
    file.write = async (pieces, position, synced) => {
      const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
      const dueMs = this.nowMs + bytes / this.#bytesPerMs;
      if (this.isSlow) await new Promise<void>((goOn) => this.#waiting.push({ dueMs, goOn }));
      return write.call(file, pieces, position, synced);
    };
    return file;
  }
}

it.each([5, 0.5])('a commit of 20 MiB on a disk of %d MB/s is waited for, and kept once', async (speed) => {
  let slow: SlowFiles | undefined;
  const onDisk = await OnDiskWorld.open({}, (files) => {
    slow = new SlowFiles(files, speed * 1000);
    return slow;
  });
  const { world } = onDisk;
  await onDisk.offline('reader', 'a', 1);
  const publisher = await onDisk.connect('publisher', { cleanStart: true });
  slow!.passTo(world.nowMs);
  slow!.isSlow = true;
  publisher.publish('a', 'first', { qos: 1 });
  for (let count = 0; count < 20; count++) publisher.publish('a', new Uint8Array(MIB), { qos: 1 });
  let acknowledged = 0;
  for (let second = 0; second < 120 && acknowledged < 21; second++) {
    world.advance(500);
    slow!.passTo(world.nowMs);
    await onDisk.settle();
    acknowledged += publisher.take().filter(({ type }) => type === 'puback').length;
  }
  const { commitsFailed } = world.core.context.metrics;
  expect([acknowledged, commitsFailed, world.log]).toEqual([21, 0, []]);
});

it('a commit that got on and then stopped is given up so long after its last step', () => {
  const store = new RecordingStore(false);
  const world = new CommittingWorld({ store, limits: { commitSilenceMs: 5000 } });
  world.connect().publish('r', 'x', { qos: 1, retain: true });
  for (let step = 1; step <= 4; step++) {
    world.advance(4000);
    store.commitProgress = step;
  }
  world.advance(4000);
  expect(store.abandoned).toBe(0);
  // A step is noticed when it is looked for next.
  world.advance(6000);
  expect([store.abandoned, world.core.gauges.storeState]).toEqual([1, 2]);
});
