/**
 * Makes a store with many offline sessions, each with a subscription of its own, as the broker would have written it: through
 * the store itself, since connecting a million clients takes minutes and measures something else.
 *
 *     node bench/durable/make-sessions.mjs DIRECTORY SESSIONS
 */
import { DiskStore, Durability } from '../../packages/broker/dist/index.js';

const NEVER = 0xffff_ffff;
const PER_COMMIT = 10_000;

const [, , directory, count] = process.argv;
const store = await DiskStore.open({ directory });
const ignore = () => {};
const nothing = {
  onSession: ignore,
  onSubscription: ignore,
  onReceived: ignore,
  onRetained: ignore,
  onQueue: ignore,
};
store.load(
  nothing,
  { restore: () => null, expiresAtWallMs: () => Number.POSITIVE_INFINITY },
  { describe: ignore },
);
for (let n = 0; n < Number(count); n++) {
  const clientId = `device-${n}`;
  store.putSession({
    clientId,
    sessionExpiryInterval: NEVER,
    disconnectedAtWallMs: Date.now(),
    will: undefined,
  });
  store.putSubscription(clientId, {
    topicFilter: `devices/${n}/commands`,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: 0,
  });
  if (n % PER_COMMIT === PER_COMMIT - 1) await commit();
}
await commit();
await store.close();

function commit() {
  return new Promise((resolve, reject) => {
    store.commit(Durability.Disk, (error) => (error === null ? resolve() : reject(new Error(error.message))));
  });
}
