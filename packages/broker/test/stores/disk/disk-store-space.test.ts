import { DeliveryState } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { LoadedStore } from '../contract/loaded-store.ts';
import { numbered, owner, session, share, shiftFrom, subscription } from '../contract/store-rig.ts';
import { SimulatedFiles } from './simulated-files.ts';

const SMALL = { segmentBytes: 4096, smallestCleanedBytes: 16_384 } as const;

async function open(files: SimulatedFiles): Promise<LoadedStore<DiskStore>> {
  return new LoadedStore(await DiskStore.openOn(files, SMALL));
}

function commit(core: LoadedStore, durability: Durability = Durability.Disk): Promise<void> {
  return new Promise((resolve, reject) => {
    core.store.commit(durability, (error) => (error === null ? resolve() : reject(new Error(error.code))));
  });
}

/** So many messages come and go, some with each commit. */
async function pass(
  core: LoadedStore,
  clientId: string,
  messages: number,
  durability?: Durability,
): Promise<void> {
  const queue = core.sessionQueue(clientId);
  for (let sent = 0; sent < messages; sent += 10) {
    for (let i = 0; i < 10; i++) queue.push(new Delivery(core.message({ payload: `${sent + i}` }), 1, false));
    for (let i = 0; i < 10; i++) {
      const delivery = numbered(shiftFrom(queue), i + 1);
      queue.sent(delivery);
      queue.done(delivery);
    }
    await commit(core, durability);
  }
}

describe('the files of a disk store', () => {
  test('stay small however many messages have passed', async () => {
    const core = await open(new SimulatedFiles({ seed: 1 }));
    core.store.putSession(session('c'));
    let largest = 0;
    for (let round = 0; round < 20; round++) {
      await pass(core, 'c', 500);
      largest = Math.max(largest, core.store.stats().fileBytes);
    }
    // Ten thousand messages have been written, with some 100 bytes each.
    expect(largest).toBeLessThan(40_000);
    expect(core.census.asked).toBeGreaterThan(0);
  });

  test('are freed by synced commits when those before were only written', async () => {
    const core = await open(new SimulatedFiles({ seed: 1 }));
    core.store.putSession(session('c'));
    await pass(core, 'c', 2000, Durability.Os);
    expect(core.store.stats().fileBytes).toBeGreaterThan(70_000);
    for (let commits = 0; commits < 10; commits++) await pass(core, 'c', 10);
    expect(core.store.stats().fileBytes).toBeLessThan(40_000);
  });

  test('are cleaned of what is dead, and what lives goes on, over restarts too', async () => {
    let files = new SimulatedFiles({ seed: 1 });
    let core = await open(files);
    const group = share('g', 'f');
    core.store.putSession({ ...session('c'), sessionExpiryInterval: 77 });
    core.store.putSubscription('c', subscription('kept', { qos: 2, subscriptionIdentifier: 5 }));
    core.store.putSubscription('c', subscription('gone'));
    core.store.putReceived('c', 9);
    core.store.putRetained('r', core.message({ topicName: 'r', payload: 'retained' }), 5000);
    const text = 'for two sessions and a group';
    const message = core.message({ payload: text, qos: 2, expiresAtMs: 4000 });
    const inFlight = numbered(new Delivery(message, 2, true, [3, 4]), 8, DeliveryState.AwaitingPubcomp);
    core.sessionQueue('c').sent(inFlight);
    core.store.putSession(session('d'));
    const queue = core.sessionQueue('d');
    for (const each of ['1', '2', '3']) queue.push(new Delivery(core.message({ payload: each }), 1, false));
    queue.push(new Delivery(message, 1, false, [], group));
    core.queue(group).push(new Delivery(message, 2, false, [], group));
    const expiry = core.expiresAtWallMs(message);
    core.store.deleteSubscription('c', 'gone');
    await commit(core);
    const { messages, queued } = core.store.stats();
    for (let round = 0; round < 3; round++) {
      core.store.putSession(session(`passing ${round}`));
      await pass(core, `passing ${round}`, 2000);
      core.store.deleteSession(`passing ${round}`);
      await commit(core);
      expect(core.store.stats()).toMatchObject({ messages, queued, retained: 1, sessions: 2 });
      files = files.afterKill();
      core = await open(files);
      expect(files.names).not.toContain('00000001.log');
    }
    expect(core.sessions.get('c')?.sessionExpiryInterval).toBe(77);
    expect(core.subscriptions).toEqual([['c', subscription('kept', { qos: 2, subscriptionIdentifier: 5 })]]);
    expect(core.received).toEqual([['c', 9]]);
    expect(core.retained.get('r')?.expiresAtWallMs).toBe(5000);
    const [restored] = core.sessionQueue('c').takeInFlight();
    expect(restored).toMatchObject({ packetId: 8, state: DeliveryState.AwaitingPubcomp, retain: true });
    expect(restored?.subscriptionIdentifiers).toEqual([3, 4]);
    expect(core.expiresAtWallMs(restored!.message)).toBe(expiry);
    const waiting = [1, 2, 3, 4].map(() => shiftFrom(core.sessionQueue('d')));
    expect(waiting.map((each) => new TextDecoder().decode(each.message.payload))).toEqual([
      '1',
      '2',
      '3',
      text,
    ]);
    expect(waiting[3]?.share).toEqual(group);
    expect(shiftFrom(core.queue(group)).message).toBe(waiting[3]?.message);
    expect(core.drain(owner('c'))).toEqual([]);
  });

  test('hold one message for many sessions once, and few bytes for each further one', async () => {
    const core = await open(new SimulatedFiles({ seed: 1 }));
    for (let i = 0; i < 100; i++) core.store.putSession(session(`c${i}`));
    await commit(core);
    const before = core.store.stats().fileBytes;
    const payload = new Uint8Array(1000);
    for (let round = 0; round < 3; round++) {
      const message = core.message({ payload });
      for (let i = 0; i < 100; i++) core.sessionQueue(`c${i}`).push(new Delivery(message, 1, false));
    }
    await commit(core);
    const grown = core.store.stats().fileBytes - before;
    expect(grown).toBeGreaterThan(3 * 1000);
    expect(grown).toBeLessThan(3 * (1000 + 100 * 12));
    expect(core.store.messageCount).toBe(3);
  });

  test('do not hold what is promised for the life of the process only', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const core = await open(files);
    core.store.putSession(session('c'));
    await commit(core);
    const before = core.store.stats().fileBytes;
    const queue = core.sessionQueue('c');
    const texts = Array.from({ length: 200 }, (_, i) => `${i}`);
    for (const text of texts) {
      queue.push(new Delivery(core.message({ payload: text, durability: Durability.Memory }), 1, false));
    }
    expect(core.store.hasStaged).toBe(false);
    expect(core.store.messageCount).toBe(200);
    queue.rest();
    for (const text of texts) {
      const delivery = numbered(shiftFrom(queue), 1);
      expect(new TextDecoder().decode(delivery.message.payload)).toBe(text);
      queue.sent(delivery);
      if (text !== '0') queue.done(delivery);
    }
    expect(core.store.hasStaged).toBe(false);
    await commit(core);
    expect(core.store.stats()).toMatchObject({ fileBytes: before, messages: 1 });
    const again = await open(files.afterKill());
    expect(again.store.messageCount).toBe(0);
    expect(again.sessionQueue('c').takeInFlight()).toEqual([]);
  });
});
