/** The core on the disk store: what a disk that is full, or does not answer, means for clients. */
import { beforeEach, expect, it } from 'vitest';
import { DiskStore } from '../../src/stores/disk/disk-store.ts';
import { SimulatedFiles } from '../stores/disk/simulated-files.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const DURABLE = { cleanStart: false, properties: { sessionExpiryInterval: 100_000 } } as const;

let files: SimulatedFiles;
let world: World<DiskStore>;

async function open(): Promise<void> {
  world = new World({ store: await DiskStore.openOn(files) });
  await settle();
}

/** Lets the files answer until no commit is under way. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    world.turn();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function connect(clientId: string): Promise<TestClient> {
  const client = world.connecting({ clientId, ...DURABLE });
  await settle();
  expect(client.takeOne('connack').reasonCode).toBe(0);
  return client;
}

/** The process is killed, and another one finds what was kept for the reader. */
async function keptForReader(): Promise<string[]> {
  files = files.afterKill();
  await open();
  return (await connect('reader')).takeTexts();
}

beforeEach(async () => {
  files = new SimulatedFiles({ seed: 7 });
  await open();
  const reader = await connect('reader');
  reader.send({
    type: 'subscribe',
    packetId: 1,
    subscriptions: [
      { topicFilter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    ],
    properties: {},
  });
  await settle();
  reader.drop();
  await settle();
});

it('a full disk refuses what it cannot keep, serves the rest, and goes on when there is room', async () => {
  const publisher = world.connect({ clientId: 'publisher' });
  publisher.publish('a', 'before', { qos: 1 });
  await settle();
  expect(publisher.takeOne('puback').reasonCode).toBe(0);

  files.capacityBytes = 0;
  publisher.publish('a', 'waited', { qos: 1 });
  await settle();
  expect(publisher.takeOne('disconnect').reasonCode).toBe(0x97);
  const second = world.connect({ clientId: 'second' });
  second.subscribe('b');
  second.publish('a', 'refused', { qos: 1 });
  second.publish('b', 'free', { qos: 1 });
  await settle();
  expect(second.take()).toMatchObject([
    { type: 'puback', reasonCode: 0x97, properties: { reasonString: expect.stringContaining('store-full') } },
    { type: 'publish', topicName: 'b' },
    { type: 'puback', reasonCode: 0 },
  ]);
  expect(world.core.gauges.storeState).toBe(1);

  files.capacityBytes = Number.POSITIVE_INFINITY;
  world.advance(100);
  await settle();
  expect(world.core.gauges.storeState).toBe(0);
  second.publish('a', 'after', { qos: 1 });
  await settle();
  expect(second.takeOne('puback').reasonCode).toBe(0);
  expect(await keptForReader()).toEqual(['before', 'waited', 'after']);
});

it('a disk that does not answer is given up after commitSilenceMs, and kept on in another file', async () => {
  const publisher = world.connect({ clientId: 'publisher' });
  files.faultOf = ({ operation }) =>
    operation === 'write' || operation === 'sync' ? { kind: 'silent' } : undefined;
  publisher.publish('a', 'waited', { qos: 1 });
  await settle();
  world.advance(4999);
  expect([publisher.take(), world.core.gauges.storeState]).toEqual([[], 0]);
  world.advance(1);
  expect(world.core.gauges.storeState).toBe(2);
  const second = world.connect({ clientId: 'second' });
  second.publish('a', 'refused', { qos: 1 });
  expect(second.takeOne('puback').reasonCode).toBe(0x80);
  await settle();
  expect(publisher.takeOne('disconnect').reasonCode).toBe(0x80);

  files.faultOf = () => undefined;
  world.advance(100);
  await settle();
  expect(world.core.gauges.storeState).toBe(0);
  second.publish('a', 'after', { qos: 1 });
  await settle();
  expect(second.takeOne('puback').reasonCode).toBe(0);
  expect(await keptForReader()).toEqual(['waited', 'after']);
});

it('what was acknowledged at os survives the process, and a power cut once osSyncMs have passed', async () => {
  world.listenerDurability = 'os';
  const publisher = world.connect({ clientId: 'publisher' });
  publisher.publish('a', 'synced', { qos: 1 });
  await settle();
  expect(publisher.takeOne('puback').reasonCode).toBe(0);
  world.advance(1000);
  await settle();
  files = files.afterPowerCut();
  await open();
  expect((await connect('reader')).takeTexts()).toEqual(['synced']);
});

it('a message of level memory waits in its queue among the others, and is gone with the process', async () => {
  world = new World({
    store: await DiskStore.openOn((files = files.afterKill())),
    habits: { topicDurability: [{ topicFilter: 'a/#', durability: 'memory' }], queueQos0: true },
  });
  await settle();
  const reader = await connect('reader');
  reader.send({
    type: 'subscribe',
    packetId: 1,
    subscriptions: ['a/memory', 'disk'].map((topicFilter) => ({
      topicFilter,
      qos: 2,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    })),
    properties: {},
  });
  await settle();
  reader.drop();
  await settle();
  const publisher = world.connect({ clientId: 'publisher' });
  publisher.publish('a/memory', '1', { qos: 2 });
  expect(publisher.takeOne('pubrec').reasonCode).toBe(0);
  publisher.publish('disk', '2', { qos: 1 });
  publisher.publish('a/memory', '3', { qos: 1 });
  await settle();
  const { queuedBytes } = world.core.context;
  expect([queuedBytes > 0, world.core.gauges.storedMessages]).toEqual([true, 3]);
  const before = files;
  const back = await connect('reader');
  await settle();
  expect(back.takeAndAcknowledge().map(({ payload }) => new TextDecoder().decode(payload))).toEqual([
    '1',
    '2',
    '3',
  ]);
  await settle();
  expect([world.core.context.queuedBytes, world.core.gauges.storedMessages]).toEqual([0, 0]);

  publisher.publish('disk', '4', { qos: 1 });
  publisher.publish('a/memory', '5', { qos: 1 });
  back.drop();
  await settle();
  publisher.publish('a/memory', '6', { qos: 1 });
  publisher.publish('disk', '7', { qos: 1 });
  await settle();
  files = before;
  expect(await keptForReader()).toEqual(['4', '7']);
});
