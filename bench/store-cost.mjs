// What a disk store costs by itself: CPU for each call, on files of a real directory, beside nothing else.
//
//     npm run build && node --expose-gc bench/store-cost.mjs [directory]
//
// The goals stand in the table. `load` measures how fast a large store opens, and what it holds in memory.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Delivery } from '../packages/broker/dist/core/publish/delivery.js';
import { Message } from '../packages/broker/dist/core/publish/message.js';
import { TopicTable } from '../packages/broker/dist/core/topics/topic-table.js';
import { DiskStore } from '../packages/broker/dist/stores/disk/disk-store.js';

const NONE = new Uint8Array(0);
const PAYLOAD = new Uint8Array(64).fill(0x2e);
const ROUNDS = 40;
const DISK = 2;
const OS = 1;

const directory = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'martlet-store-cost-'));
const topics = new TopicTable({ maxLevels: 128 });
const topic = topics.internName('bench/topic/one');
const visitor = { onSession() {}, onSubscription() {}, onReceived() {}, onRetained() {}, onQueue() {} };
const conversion = {
  restore: (stored) =>
    new Message(topic, stored.payload, stored.qos, stored.retain, stored.properties, stored.expiresAtWallMs),
  expiresAtWallMs: (message) => message.expiresAtMs,
  onDamaged() {},
};
const census = { describe: (clientId, each) => each.onSession(sessionOf(clientId)) };

function sessionOf(clientId) {
  return { clientId, sessionExpiryInterval: 3600, disconnectedAtWallMs: undefined, will: undefined };
}

function message() {
  return new Message(topic, PAYLOAD, 1, false, NONE, Number.POSITIVE_INFINITY);
}

function commit(store, durability) {
  return new Promise((resolve, reject) => {
    store.commit(durability, (error) => (error === null ? resolve() : reject(new Error(error.code))));
  });
}

async function opened(name) {
  const store = await DiskStore.open({ directory: join(directory, name) });
  store.load(visitor, conversion, census);
  return store;
}

/** The best of some rounds, in µs of wall time for each of `count` things; commits are not in it. */
async function measured(name, goal, count, work) {
  const store = await opened(name);
  let best = Number.POSITIVE_INFINITY;
  let kept = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const made = work.prepare(count);
    await work.before?.(store, count);
    globalThis.gc?.();
    const start = process.hrtime.bigint();
    work.run(store, made);
    const us = Number(process.hrtime.bigint() - start) / 1000;
    best = Math.min(best, us / count);
    const before = process.cpuUsage();
    await commit(store, OS);
    const { user, system } = process.cpuUsage(before);
    kept = (user + system) / count;
    work.after?.(store);
  }
  await commit(store, DISK);
  await store.close();
  console.log(
    `${name.padEnd(44)} ${best.toFixed(3).padStart(8)} µs  (goal ${goal}); commit ${kept.toFixed(3)} µs CPU`,
  );
}

const deliveries = (count) => Array.from({ length: count }, () => new Delivery(message(), 1, false));

await measured('offline: push of a new message', 1, 20_000, {
  prepare: deliveries,
  run(store, made) {
    const queue = store.openQueue({ kind: 'session', clientId: 'c' });
    queue.rest();
    for (const each of made) queue.push(each);
  },
  after: (store) => store.deleteQueue({ kind: 'session', clientId: 'c' }),
});

await measured('offline: the same message for one more', 0.4, 100_000, {
  prepare: (count) =>
    Array.from({ length: count / 100 }, () => {
      const shared = message();
      return Array.from({ length: 100 }, () => new Delivery(shared, 1, false));
    }),
  run(store, made) {
    const queues = Array.from({ length: 100 }, (_, i) =>
      store.openQueue({ kind: 'session', clientId: `c${i}` }),
    );
    for (const queue of queues) queue.rest();
    for (const each of made) for (let i = 0; i < 100; i++) queues[i].push(each[i]);
  },
  after(store) {
    for (let i = 0; i < 100; i++) store.deleteQueue({ kind: 'session', clientId: `c${i}` });
  },
});

await measured('online: push, shift, sent, done', 1, 20_000, {
  prepare: deliveries,
  run(store, made) {
    const queue = store.openQueue({ kind: 'session', clientId: 'c' });
    for (const each of made) {
      queue.push(each);
      const delivery = queue.shift();
      delivery.packetId = 1;
      delivery.state = 1;
      queue.sent(delivery);
      queue.done(delivery);
    }
  },
});

await measured('offline and full: push, and drop of the oldest', '-', 20_000, {
  prepare: deliveries,
  async before(store, count) {
    const queue = store.openQueue({ kind: 'session', clientId: 'c' });
    if (queue.length > 0) return;
    queue.rest();
    for (const each of deliveries(5 * count)) queue.push(each);
    await commit(store, DISK);
  },
  run(store, made) {
    const queue = store.openQueue({ kind: 'session', clientId: 'c' });
    for (const each of made) {
      queue.dropOldest();
      queue.push(each);
    }
  },
});

await measured('backlog: shift and done of what is on the disk', '-', 20_000, {
  prepare: () => null,
  async before(store, count) {
    const queue = store.openQueue({ kind: 'session', clientId: 'c' });
    queue.rest();
    for (const each of deliveries(count)) queue.push(each);
    await commit(store, DISK);
  },
  run(store) {
    const queue = store.openQueue({ kind: 'session', clientId: 'c' });
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) queue.done(next);
  },
});

await rm(directory, { recursive: true });
