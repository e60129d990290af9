import { Session } from 'node:inspector';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { createBroker } from '../../src/host/create-broker.ts';
import { collectAll } from '../../src/host/full-collection.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';

/** Of so many messages, without their memory. */
class StoreOf extends MemoryStore {
  readonly #messages: number;

  constructor(messages: number) {
    super();
    this.#messages = messages;
  }

  override get messageCount(): number {
    return this.#messages;
  }
}

/** A function of its own, so that no variable of the test has ever held the object. */
function referenceToNothing(): WeakRef<object> {
  return new WeakRef({ of: 'nobody' });
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('what nobody refers to is gone after a full collection', async () => {
  const kept = { of: 'the test' };
  const reference = new WeakRef(kept);
  const forgotten = referenceToNothing();
  // A reference of this kind holds what it refers to until the turn in which it was made is over.
  await turn();
  expect(await collectAll()).toBe(true);
  expect(reference.deref()).toBe(kept);
  expect(forgotten.deref()).toBeUndefined();
});

test('a broker that loads 10,000 messages collects the garbage of that, one that loads 9,999 does not', async () => {
  const post = vi.spyOn(Session.prototype, 'post');
  for (const [messages, collections] of [
    [9999, 0],
    [10_000, 1],
  ] as const) {
    const broker = createBroker({ store: new StoreOf(messages) });
    expect(post).toHaveBeenCalledTimes(collections);
    await broker.close();
  }
  expect(post).toHaveBeenCalledWith('HeapProfiler.collectGarbage', expect.any(Function));
});

test('a broker whose runtime does not let it ask works all the same', async () => {
  vi.spyOn(Session.prototype, 'connect').mockImplementation(() => {
    throw new Error('access is denied');
  });
  expect(await collectAll()).toBe(false);
  const broker = createBroker({ store: new StoreOf(10_000) });
  expect(broker.profile.limits.sessions).toBeGreaterThan(0);
  await broker.close();
});
