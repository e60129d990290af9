// How fast a disk store opens, and what it holds in memory, by itself: without the core's own sessions.
//
//     npm run build && node bench/store-load.mjs [directory]

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Delivery } from '../packages/broker/dist/core/publish/delivery.js';
import { Message } from '../packages/broker/dist/core/publish/message.js';
import { TopicTable } from '../packages/broker/dist/core/topics/topic-table.js';
import { DiskStore } from '../packages/broker/dist/stores/disk/disk-store.js';

const NONE = new Uint8Array(0);
const DISK = 2;
const STORES = {
  '100,000 sessions with 10 messages of 64 bytes each': { sessions: 100_000, messages: 10 },
  '1,000,000 sessions with a subscription each': { sessions: 1_000_000, messages: 0 },
};

const topic = new TopicTable({ maxLevels: 128 }).internName('bench/topic/one');
const conversion = {
  restore: (stored) =>
    new Message(topic, stored.payload, stored.qos, stored.retain, stored.properties, stored.expiresAtWallMs),
  expiresAtWallMs: (message) => message.expiresAtMs,
  onDamaged() {},
};
const census = { describe() {} };

/** Bytes of memory that no file stands behind. */
function anonymousBytes() {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}

function commit(store) {
  return new Promise((resolve, reject) => {
    store.commit(DISK, (error) => (error === null ? resolve() : reject(new Error(error.message))));
  });
}

async function fill(directory, { sessions, messages }) {
  const store = await DiskStore.open({ directory });
  store.load(
    { onSession() {}, onSubscription() {}, onReceived() {}, onRetained() {}, onQueue() {} },
    conversion,
    census,
  );
  for (let i = 0; i < sessions; i++) {
    const clientId = `client-${i}`;
    store.putSession({
      clientId,
      sessionExpiryInterval: 86_400,
      disconnectedAtWallMs: 1.7e12,
      will: undefined,
    });
    store.putSubscription(clientId, {
      topicFilter: `device/${i}/command`,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      subscriptionIdentifier: 0,
    });
    if (i % 5000 === 4999) await commit(store);
  }
  const payload = new Uint8Array(64).fill(0x2e);
  for (let round = 0; round < messages; round++) {
    for (let i = 0; i < sessions; i++) {
      const queue = store.openQueue({ kind: 'session', clientId: `client-${i}` });
      queue.rest();
      queue.push(
        new Delivery(new Message(topic, payload, 1, false, NONE, Number.POSITIVE_INFINITY), 1, false),
      );
      if (i % 5000 === 4999) await commit(store);
    }
  }
  await commit(store);
  if (process.argv[4] === 'killed') process.kill(process.pid, 'SIGKILL');
  await store.close();
}

/** Opens and loads; the visitor does as a core that keeps nothing but the queues. */
async function open(directory) {
  globalThis.gc();
  const before = anonymousBytes();
  const started = process.hrtime.bigint();
  const store = await DiskStore.open({ directory });
  const opened = process.hrtime.bigint();
  const queues = [];
  let subscriptions = 0;
  store.load(
    {
      onSession() {},
      onSubscription() {
        subscriptions++;
      },
      onReceived() {},
      onRetained() {},
      onQueue: (owner) => queues.push(store.openQueue(owner)),
    },
    conversion,
    census,
  );
  const loaded = process.hrtime.bigint();
  globalThis.gc();
  globalThis.gc();
  const { sessions, messages, fileBytes } = store.stats();
  const seconds = (from, to) => (Number(to - from) / 1e9).toFixed(2);
  console.log(
    `  ${sessions} sessions, ${subscriptions} subscriptions, ${messages} messages, ${(fileBytes / 2 ** 20).toFixed(0)} MiB of files\n` +
      `  opened in ${seconds(started, opened)} s, loaded in ${seconds(opened, loaded)} s, CPU ${(process.cpuUsage().user / 1e6).toFixed(2)} s\n` +
      `  ${((anonymousBytes() - before) / sessions).toFixed(0)} bytes of anonymous memory for each session (${queues.length} queues are open)`,
  );
  process.exit(0);
}

const [, script, step, directory, ending] = process.argv;
if (step === 'fill' || step === 'open') {
  const shape = Object.values(STORES)[Number(ending === 'killed' ? process.argv[5] : ending)];
  if (step === 'fill') await fill(directory, shape);
  else await open(directory);
} else {
  for (const [i, name] of Object.keys(STORES).entries()) {
    for (const stop of ['stopped', 'killed']) {
      const path = await mkdtemp(join(step ?? tmpdir(), 'martlet-store-load-'));
      console.log(`${name}, ${stop}`);
      const run = (...args) =>
        spawnSync(process.execPath, ['--expose-gc', script, ...args], { stdio: 'inherit' });
      run('fill', path, ...(stop === 'killed' ? ['killed'] : []), `${i}`);
      run('open', path, `${i}`);
      await rm(path, { recursive: true });
    }
  }
}
