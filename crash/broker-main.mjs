/**
 * The broker that the rig kills, in a process of its own: the broker of `martlet start` and its disk store, which can
 * kill the process at a numbered point, or is broken on purpose. Takes its description as JSON in its only argument.
 */
import { createBroker, MemoryStore } from '@martlet/broker';
import { DiskStore } from '../packages/broker/dist/stores/disk/disk-store.js';
import { NodeLogFiles } from '../packages/broker/dist/stores/disk/files/node-log-files.js';
import { StoreLock } from '../packages/broker/dist/stores/disk/store-lock.js';
import { DyingFiles } from './dying-files.mjs';
import { dyingStore } from './dying-store.mjs';
import { Executioner } from './executioner.mjs';
import { MUTANTS } from './mutants.mjs';

/**
 * @typedef {object} Description
 * @property {string} directory
 * @property {number} port
 * @property {'disk' | 'os' | 'memory'} durability
 * @property {string} [mutant]
 * @property {import('./broker-process.mjs').Death | null} death
 */
/** @typedef {import('@martlet/broker').Store} Store */

/** So small that new segments and cleaning come all the time. */
const SIZES = { segmentBytes: 64 * 1024, smallestCleanedBytes: 256 * 1024 };
/** Wills of clients that do not come back after a restart are published this soon. */
const WILL_GRACE_MS = 300;

const log = {
  /** @param {string} level @param {string} code @param {string} text */
  write: (level, code, text) => console.error(`${level} ${code}: ${text}`),
};

/**
 * @param {Description} description
 * @returns {Promise<Store>}
 */
async function openStore({ directory, durability, mutant, death }) {
  if (durability === 'memory') return new MemoryStore();
  const executioner = new Executioner(death);
  await StoreLock.acquire(directory);
  const changes = mutant === undefined ? undefined : MUTANTS[mutant];
  const real = new NodeLogFiles(directory);
  const files = changes?.files === undefined ? real : changes.files(real);
  const store = await DiskStore.openOn(new DyingFiles(files, executioner), { ...SIZES, log });
  executioner.opening = false;
  executioner.pass('recovered');
  return dyingStore(changes?.store === undefined ? store : changes.store(store), executioner);
}

/** @type {Description} */
const description = JSON.parse(process.argv[2] ?? '{}');
const { durability, port } = description;
const store = await openStore(description);
const broker = createBroker({ store, durability, willGraceMs: WILL_GRACE_MS, log });
await broker.listen({ host: '127.0.0.1', port });
// Whoever started this process has gone.
process.stdin.on('end', () => process.exit(0)).resume();
