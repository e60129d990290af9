import type { Client, ClientOptions, StoredChange } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Keeper } from '../../src/core/keeper.ts';
import { StagedChanges } from '../../src/core/staged-changes.ts';
import { puback } from '../outgoing/answers.ts';
import { World } from '../world/world.ts';
import { ControlledStore, Disk } from './controlled-store.ts';

/** A store that shows what it was given with each write. */
class WatchedStore extends ControlledStore {
  readonly batches: (readonly StoredChange[])[] = [];

  override write(changes: readonly StoredChange[]): Promise<void> {
    this.batches.push(changes);
    return super.write(changes);
  }
}

let disk: Disk;
let world: World;
let store: WatchedStore;
beforeEach(() => {
  disk = new Disk();
  world = new World();
  store = new WatchedStore(disk);
});
afterEach(async () => {
  store.isFast = true;
  store.finish();
  await world.close();
});

function start(options: ClientOptions = {}): Client {
  const client = world.connect({ store, ...options });
  client.on('error', () => {});
  return client;
}

function publish(client: Client, payload: string, signal?: AbortSignal): void {
  client.publish('a', payload, { qos: 1, signal }).acknowledged.catch(() => {});
}

describe('What is staged while a write hangs', () => {
  test.each([
    ['the oldest is dropped', { messages: 10, whenFull: 'dropOldest' }],
    ['only the latest of each topic counts', { latestPerTopic: true }],
  ] as const)('is what waits, and no more, where %s', async (_, queue) => {
    const client = start({ queue });
    await world.settle();
    expect(store.underWay).toBe(1);
    for (let i = 0; i < 1000; i++) publish(client, `${i}`);
    await world.settle();
    store.finish();
    await world.settle();
    expect(store.batches[1]).toHaveLength(client.gauges.queuedMessages);
    expect(client.gauges.queuedMessages).toBeLessThanOrEqual(10);
    store.finish();
    await world.settle();
    expect(disk.records.size).toBe(1 + client.gauges.queuedMessages);
  });

  test('holds nothing of messages that were withdrawn', async () => {
    const client = start();
    await world.accept();
    const abort = new AbortController();
    for (let i = 0; i < 100; i++) publish(client, `${i}`, abort.signal);
    await world.settle();
    abort.abort();
    publish(client, 'last');
    await world.settle();
    store.finish();
    await world.settle();
    // The session, and the last message.
    expect(store.batches[1]).toHaveLength(2);
  });

  test('holds up nothing when all of it was withdrawn', async () => {
    const client = start();
    const server = await world.accept();
    for (let i = 0; i < 2; i++) {
      store.finish();
      await world.settle();
    }
    const writes = disk.writes;
    const abort = new AbortController();
    publish(client, 'withdrawn', abort.signal);
    abort.abort();
    // It is answered as soon as everything staged before it is safe.
    server.send({ type: 'pubrel', packetId: 7, reasonCode: 0, properties: {} });
    await world.settle();
    expect(server.takeAll()).toMatchObject([{ type: 'pubcomp', packetId: 7 }]);
    expect(disk.writes).toBe(writes);
  });

  test('takes back from the store what a write has taken', async () => {
    const client = start();
    await world.settle();
    const abort = new AbortController();
    store.finish();
    await world.settle();
    publish(client, 'first', abort.signal);
    await world.settle();
    expect(store.underWay).toBe(1);
    abort.abort();
    publish(client, 'second');
    await world.settle();
    for (let i = 0; i < 2; i++) {
      store.finish();
      await world.settle();
    }
    expect(disk.keys).toEqual([0, 2]);
  });

  test('leaves a restored message to be taken back, which has changed since', async () => {
    const client = start();
    await world.accept();
    store.isFast = true;
    store.finish();
    publish(client, 'kept');
    await world.settle();
    store.crash();
    world = new World();
    store = new WatchedStore(disk);
    start();
    const server = await world.accept({ sessionPresent: true });
    store.isFast = true;
    store.finish();
    await world.settle();
    expect(server.take('publish')).toMatchObject({ packetId: 1 });
    server.send(puback(1));
    await world.settle();
    expect(disk.keys).toEqual([0]);
  });
});

describe('A keeper', () => {
  test('writes the last value of a key, and has whoever waits for it wait for that', () => {
    const keeper = new Keeper();
    const changes = new StagedChanges();
    keeper.changes = changes;
    const first = Uint8Array.of(1);
    changes.begin(1);
    keeper.keep(1, first);
    const revision = keeper.keep(1, Uint8Array.of(2));
    expect(changes.take()).toEqual([{ key: 1, value: Uint8Array.of(2) }]);
    expect(keeper.revision).toBe(revision);
    expect(changes.take()).toBeNull();
  });

  test('writes the removal of a key that a write has taken, or that was in the store', () => {
    const keeper = new Keeper();
    const changes = new StagedChanges();
    keeper.changes = changes;
    changes.begin(1);
    keeper.keep(1, Uint8Array.of(1));
    changes.take();
    keeper.keep(1, null);
    changes.begin(2);
    keeper.keep(2, Uint8Array.of(1));
    keeper.keep(-5, Uint8Array.of(1));
    keeper.keep(-5, null);
    keeper.keep(2, null);
    expect(changes.take()).toEqual([
      { key: 1, value: null },
      { key: -5, value: null },
    ]);
  });
});
