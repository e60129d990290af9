/** A store with points at which the process dies: around staging, and where a commit begins and ends. */

/** @typedef {import('@martlet/broker').Store} Store */
/** @typedef {import('@martlet/broker').MessageQueue} MessageQueue */
/** @typedef {import('./executioner.mjs').Executioner} Executioner */

/** Methods of a store, and of a queue, that stage something. */
export const STAGING = /** @type {readonly (string | symbol)[]} */ ([
  'putSession',
  'deleteSession',
  'putSubscription',
  'deleteSubscription',
  'putReceived',
  'deleteReceived',
  'putRetained',
  'deleteRetained',
  'deleteQueue',
  'restamp',
  'push',
  'unshift',
  'sent',
  'done',
]);

/**
 * The same object with some methods replaced. What is not named is the object's own, called on the object.
 * @template {object} T
 * @param {T} object
 * @param {(name: string | symbol, call: (...args: unknown[]) => unknown) => ((...args: any[]) => unknown)} replaced
 * @returns {T}
 */
export function withMethods(object, replaced) {
  /** @type {Map<string | symbol, unknown>} */
  const known = new Map();
  return new Proxy(object, {
    get(target, name) {
      if (known.has(name)) return known.get(name);
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const method = replaced(name, value.bind(target));
      known.set(name, method);
      return method;
    },
  });
}

/**
 * @param {Store} store
 * @param {Executioner} executioner
 * @returns {Store}
 */
export function dyingStore(store, executioner) {
  /** @param {string | symbol} name @param {(...args: unknown[]) => unknown} call */
  const staging = (name, call) => {
    if (!STAGING.includes(name)) return call;
    return (/** @type {unknown[]} */ ...args) => {
      const result = call(...args);
      executioner.pass('staged');
      return result;
    };
  };
  return withMethods(store, (name, call) => {
    if (name === 'openQueue') {
      return (owner) => withMethods(/** @type {MessageQueue} */ (call(owner)), staging);
    }
    if (name !== 'commit') return staging(name, call);
    return (durability, done) => {
      executioner.pass('commit-called');
      call(durability, (/** @type {unknown} */ error) => {
        executioner.pass('commit-done');
        done(error);
        executioner.pass('told');
        // The turn that writes to the sockets is scheduled by `setImmediate`; it may be scheduled in this very round.
        setImmediate(() => setImmediate(() => executioner.pass('flushed')));
      });
    };
  });
}
