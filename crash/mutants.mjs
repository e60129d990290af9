/** Brokers that are broken on purpose. What finds nothing wrong with them proves nothing. */
import { STAGING, withMethods } from './dying-store.mjs';

/** @typedef {import('@martlet/broker').Store} Store */
/** @typedef {import('@martlet/broker').MessageQueue} MessageQueue */
/** @typedef {import('../packages/broker/dist/stores/disk/files/log-files.js').LogFiles} LogFiles */
/** @typedef {import('../packages/broker/dist/stores/disk/files/log-files.js').LogFile} LogFile */

/**
 * @typedef {object} Mutant
 * @property {string} text
 * @property {(store: Store) => Store} [store]
 * @property {(files: LogFiles) => LogFiles} [files]
 */

const LATE_MS = 30;

/** @type {Readonly<Record<string, Mutant>>} */
export const MUTANTS = {
  'commits-late': { text: 'says that a commit is done, and begins it 30 ms later', store: committingLate },
  'syncs-late': { text: 'says that a write is synced, and syncs it 30 ms later', files: syncingLate },
  'forgets-received': {
    text: 'does not keep the packet identifiers of QoS 2 messages that it has accepted',
    store: (store) => without(store, ['putReceived']),
  },
  'forgets-retained': {
    text: 'does not keep retained messages',
    store: (store) => without(store, ['putRetained', 'deleteRetained']),
  },
};

/** @param {Store} store @param {readonly (string | symbol)[]} methods */
function without(store, methods) {
  return withMethods(store, (name, call) => (methods.includes(name) ? () => {} : call));
}

/** @param {Store} store @returns {Store} */
function committingLate(store) {
  let staged = false;
  let underWay = false;
  /** @param {string | symbol} name @param {(...args: unknown[]) => unknown} call */
  const noting = (name, call) => {
    if (!STAGING.includes(name)) return call;
    return (/** @type {unknown[]} */ ...args) => {
      staged = true;
      return call(...args);
    };
  };
  const changed = withMethods(store, (name, call) => {
    if (name === 'openQueue') {
      return (owner) => withMethods(/** @type {MessageQueue} */ (call(owner)), noting);
    }
    if (name !== 'commit') return noting(name, call);
    return (durability, done) => {
      staged = false;
      setImmediate(() => done(null));
      if (underWay) return;
      underWay = true;
      setTimeout(() => call(durability, () => (underWay = false)), LATE_MS);
    };
  });
  return new Proxy(changed, {
    get: (target, name) => (name === 'hasStaged' ? staged : Reflect.get(target, name, target)),
  });
}

/** @param {LogFiles} files @returns {LogFiles} */
function syncingLate(files) {
  /** @param {LogFile} file */
  const late = (file) =>
    withMethods(file, (name, call) => {
      if (name === 'sync') return async () => void setTimeout(call, LATE_MS);
      if (name !== 'write') return call;
      return async (pieces, position, synced) => {
        await call(pieces, position, false);
        if (synced) setTimeout(() => file.sync().catch(() => {}), LATE_MS);
      };
    });
  return withMethods(files, (name, call) => {
    if (name !== 'create' && name !== 'open') return call;
    return async (...args) => late(/** @type {LogFile} */ (await call(...args)));
  });
}
