import { describe, expect, test } from 'vitest';
import { Durability } from '../../src/core/ports/durability.ts';
import type { MemoryStoreOptions } from '../../src/stores/memory-store.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { LoadedStore } from './contract/loaded-store.ts';
import type { StoreHarness } from './store-contract.ts';
import { describeStore } from './store-contract.ts';

function harnessOf(store: MemoryStore): StoreHarness {
  let failNext = false;
  return {
    store,
    async finishCommit() {
      if (!store.commitUnderWay) return;
      if (!failNext) return store.finishCommit();
      failNext = false;
      store.failCommit({ code: 'store-full', message: 'no space is left' });
    },
    failNextCommit() {
      failNext = true;
    },
    async reopen() {
      return harnessOf(store.reopen());
    },
    async close() {},
  };
}

function make(commits: NonNullable<MemoryStoreOptions['commits']>): () => Promise<StoreHarness> {
  return async () => harnessOf(new MemoryStore({ commits }));
}

describeStore('MemoryStore, at once', { keepsAtOnce: true, histories: 300 }, make('at-once'));
describeStore('MemoryStore, manual', { keepsAtOnce: false, histories: 300 }, make('manual'));

describe('MemoryStore', () => {
  test('keeps at once unless told otherwise', () => {
    expect(new MemoryStore().keepsAtOnce).toBe(true);
  });

  test('refuses to be loaded twice, to commit twice at a time, and to end a commit that is not there', () => {
    const { store } = new LoadedStore(new MemoryStore({ commits: 'manual' }));
    expect(() => new LoadedStore(store)).toThrow('has been given to a broker already');
    expect(() => store.finishCommit()).toThrow('no commit is under way');
    store.commit(Durability.Disk, () => undefined);
    expect(() => store.commit(Durability.Disk, () => undefined)).toThrow('under way');
  });

  test('loses a commit under way in a crash', () => {
    const { store } = new LoadedStore(new MemoryStore({ commits: 'manual' }));
    store.putRetained('r', new LoadedStore(new MemoryStore()).message({ topicName: 'r' }), 1);
    store.commit(Durability.Disk, () => undefined);
    expect(new LoadedStore(store.reopen()).shown).toEqual([]);
    store.finishCommit();
    expect(new LoadedStore(store.reopen()).shown).toEqual(['retained r']);
  });

  test('counts what is kept, not what a failed commit was to keep', () => {
    const { store } = new LoadedStore(new MemoryStore({ commits: 'manual' }));
    store.putRetained('r', new LoadedStore(new MemoryStore()).message({ topicName: 'r' }), 1);
    store.commit(Durability.Disk, () => undefined);
    store.failCommit({ code: 'store-full', message: 'no space is left' });
    expect(store.messageCount).toBe(0);
    store.commit(Durability.Disk, () => undefined);
    store.finishCommit();
    expect(store.messageCount).toBe(1);
  });

  test('can be opened again before it was loaded', () => {
    const { store } = new LoadedStore(new MemoryStore());
    store.putRetained('r', new LoadedStore(new MemoryStore()).message({ topicName: 'r' }), 1);
    expect(new LoadedStore(store.reopen().reopen()).shown).toEqual(['retained r']);
  });

  test('what is opened again shares no memory with what crashed', () => {
    const core = new LoadedStore(new MemoryStore());
    const message = core.message({ topicName: 'r', payload: 'kept' });
    core.store.putRetained('r', message, 1);
    const again = new LoadedStore(core.store.reopen());
    message.payload.fill(0);
    expect(new TextDecoder().decode(again.retained.get('r')?.message.payload)).toBe('kept');
  });
});
