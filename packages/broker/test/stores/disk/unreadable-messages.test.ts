import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { StoreError } from '../../../src/core/ports/store.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { DamageLog } from '../../../src/stores/disk/reading/damage-log.ts';
import { LoadedStore } from '../contract/loaded-store.ts';
import { numbered, owner, session, shiftFrom } from '../contract/store-rig.ts';
import { SimulatedFiles } from './simulated-files.ts';

const OPTIONS = { segmentBytes: 4096, smallestCleanedBytes: 16_384 } as const;

/** A store, what it logs, and the time it sees. */
class Rig {
  readonly lines: string[] = [];
  readonly clock = { nowMs: 0 };

  async open(files: SimulatedFiles): Promise<LoadedStore<DiskStore>> {
    const log = { write: (_: string, code: string) => void this.lines.push(code) };
    return new LoadedStore(await DiskStore.openOn(files, { ...OPTIONS, log, clock: this.clock }));
  }

  count(code: string): number {
    return this.lines.filter((each) => each === code).length;
  }
}

function commit(core: LoadedStore): Promise<StoreError | null> {
  return new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
}

/** The next process finds these waiting, and has read none of them. */
async function reopen(rig: Rig, texts: readonly string[]): Promise<[LoadedStore<DiskStore>, SimulatedFiles]> {
  const first = new SimulatedFiles({ seed: 1 });
  const core = await rig.open(first);
  core.store.putSession(session('c'));
  for (const payload of texts) core.sessionQueue('c').push(new Delivery(core.message({ payload }), 1, false));
  await commit(core);
  await core.store.close();
  const files = first.afterKill();
  return [await rig.open(files), files];
}

function failReads(files: SimulatedFiles, code: string): void {
  files.faultOf = ({ operation }) => (operation === 'read' ? { kind: 'error', code } : undefined);
}

describe('a message that cannot be read', () => {
  test('is given up after tries that failed for seconds, told once with its outcome, and its queue goes on', async () => {
    const rig = new Rig();
    const [core, files] = await reopen(rig, ['bad', 'good']);
    let failed = 0;
    files.faultOf = ({ operation }) =>
      operation === 'read' && rig.clock.nowMs <= 3000 && ++failed > 0
        ? { kind: 'error', code: 'EIO' }
        : undefined;
    const queue = core.sessionQueue('c');
    for (const nowMs of [0, 1000, 2000]) {
      rig.clock.nowMs = nowMs;
      for (let i = 0; i < 1000; i++) expect(queue.shift()).toBe(undefined);
    }
    expect(rig.count('store-not-readable')).toBe(3);
    expect(queue.length).toBe(2);
    rig.clock.nowMs = 3000;
    expect(queue.shift()).toBe(undefined);
    expect(core.damaged).toEqual(['c']);
    rig.clock.nowMs = 4000;
    expect(core.drain(owner('c')).map(({ text }) => text)).toEqual(['good']);
    expect(rig.count('stored-message-damaged')).toBe(1);
    expect(failed).toBeGreaterThan(3000);
  });

  test('is given when it can be read again before', async () => {
    const rig = new Rig();
    const [core, files] = await reopen(rig, ['1', '2']);
    failReads(files, 'EIO');
    const queue = core.sessionQueue('c');
    for (rig.clock.nowMs = 0; rig.clock.nowMs < 3000; rig.clock.nowMs += 1000) queue.shift();
    files.faultOf = () => undefined;
    expect(core.drain(owner('c')).map(({ text }) => text)).toEqual(['1', '2']);
    expect(core.damaged).toEqual([]);
  });

  test.each(['EMFILE', 'EACCES'])('is not given up for an error that is not its own (%s)', async (code) => {
    const rig = new Rig();
    const [core, files] = await reopen(rig, ['1']);
    failReads(files, code);
    const queue = core.sessionQueue('c');
    for (rig.clock.nowMs = 0; rig.clock.nowMs < 60_000; rig.clock.nowMs += 1000) queue.shift();
    expect(queue.length).toBe(1);
    expect(core.damaged).toEqual([]);
  });

  test('is not given up while nothing can be written either', async () => {
    const rig = new Rig();
    const [core, files] = await reopen(rig, ['1']);
    files.faultOf = ({ operation }) =>
      operation === 'read' || operation === 'write' || operation === 'create'
        ? { kind: 'error', code: 'EIO' }
        : undefined;
    core.store.putSession(session('other'));
    expect((await commit(core))?.code).toBe('store-io');
    const queue = core.sessionQueue('c');
    for (rig.clock.nowMs = 0; rig.clock.nowMs < 60_000; rig.clock.nowMs += 1000) queue.shift();
    expect(queue.length).toBe(1);
    files.faultOf = () => undefined;
    expect(core.drain(owner('c')).map(({ text }) => text)).toEqual(['1']);
  });

  test('does not keep a broker from starting if it is retained, and is told', async () => {
    const rig = new Rig();
    const first = new SimulatedFiles({ seed: 1 });
    const before = await rig.open(first);
    before.store.putRetained('r', before.message({ topicName: 'r' }), Number.POSITIVE_INFINITY);
    await commit(before);
    await before.store.close();
    const files = first.afterKill();
    const store = await DiskStore.openOn(files, OPTIONS);
    failReads(files, 'EIO');
    const core = new LoadedStore(store);
    expect(core.retained.size).toBe(0);
    expect(core.damaged).toEqual(['']);
    expect(store.stats()).toMatchObject({ retained: 0, messages: 0, damagedMessages: 1 });
  });

  test('is lost if it was in flight, and the others of its session are not', async () => {
    const rig = new Rig();
    const first = new SimulatedFiles({ seed: 1 });
    const before = await rig.open(first);
    before.store.putSession(session('c'));
    for (const packetId of [1, 2]) {
      before.sessionQueue('c').sent(numbered(new Delivery(before.message(), 1, false), packetId));
    }
    await commit(before);
    await before.store.close();
    const files = first.afterKill();
    const core = await rig.open(files);
    let failures = 0;
    files.faultOf = ({ operation }) =>
      operation === 'read' && failures++ < 3 ? { kind: 'error', code: 'EIO' } : undefined;
    expect(core.takeInFlight(owner('c')).map(({ packetId }) => packetId)).toEqual([2]);
    expect(core.damaged).toEqual(['c']);
  });

  test('keeps its file until it is given up, and then the log is small again', async () => {
    const rig = new Rig();
    const files = new SimulatedFiles({ seed: 1 });
    const core = await rig.open(files);
    core.store.putSession(session('c'));
    core.sessionQueue('c').rest();
    core.sessionQueue('c').push(new Delivery(core.message({ payload: 'bad' }), 1, false));
    core.store.putSession(session('passing'));
    await commit(core);
    files.faultOf = ({ operation, name }) =>
      operation === 'read' && name === '00000001.log' ? { kind: 'error', code: 'EIO' } : undefined;
    const queue = core.sessionQueue('passing');
    const pass = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) queue.push(new Delivery(core.message(), 1, false));
      for (let i = 0; i < 10; i++) {
        const delivery = numbered(shiftFrom(queue), i + 1);
        queue.sent(delivery);
        queue.done(delivery);
      }
      expect(await commit(core)).toBe(null);
    };
    for (let number = 0; number < 200; number++) await pass();
    expect(files.names).toContain('00000001.log');
    expect(rig.count('store-cleaning-paused')).toBeGreaterThan(0);
    for (rig.clock.nowMs = 0; rig.clock.nowMs < 10_000; rig.clock.nowMs += 50) await pass();
    expect(files.names).not.toContain('00000001.log');
    expect(core.store.stats().fileBytes).toBeLessThan(40_000);
    expect(core.damaged).toEqual([]);
    expect(core.drain(owner('c'))).toEqual([]);
    expect(core.damaged).toEqual(['c']);
  });
});

describe('many damaged messages', () => {
  test('are all counted, but told in a hundred lines a minute', async () => {
    const rig = new Rig();
    const texts = Array.from({ length: 300 }, (_, i) => `message ${i}`);
    const [core, files] = await reopen(rig, texts);
    const bytes = Buffer.from(files.bytesOf('00000001.log'));
    for (let at = bytes.indexOf('message '); at >= 0; at = bytes.indexOf('message ', at + 1)) {
      files.flipBit('00000001.log', at, 0);
    }
    expect(core.drain(owner('c'))).toEqual([]);
    expect(core.damaged.length).toBe(300);
    expect(rig.count('stored-message-damaged')).toBe(100);
  });

  test('that were not told are counted in the next line', () => {
    const texts: string[] = [];
    const clock = { nowMs: 0 };
    const log = new DamageLog({ write: (_level, _code, text) => void texts.push(text) }, clock);
    for (let i = 0; i < 103; i++) log.tell(`${i}`);
    expect(texts.length).toBe(100);
    clock.nowMs = 60_000;
    log.tell('last');
    expect(texts.slice(100)).toEqual(['3 more messages were damaged in a minute', 'last']);
  });
});
