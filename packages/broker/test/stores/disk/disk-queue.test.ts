import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { LoadedStore } from '../contract/loaded-store.ts';
import { numbered, owner, session, share, shiftFrom, textOf, topicOf } from '../contract/store-rig.ts';
import { SimulatedFiles } from './simulated-files.ts';

interface Logged {
  readonly level: string;
  readonly code: string;
}

class Rig {
  readonly logged: Logged[] = [];
  files = new SimulatedFiles({ seed: 1 });

  async open(): Promise<LoadedStore<DiskStore>> {
    const log = { write: (level: string, code: string) => void this.logged.push({ level, code }) };
    return new LoadedStore(await DiskStore.openOn(this.files, { log }));
  }

  /** Keeps what was staged, and opens it again as another process. */
  async restart(core: LoadedStore): Promise<LoadedStore<DiskStore>> {
    await new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
    this.files = this.files.afterKill();
    return this.open();
  }

  /** A bit of a stored payload turns over. */
  damage(payload: string): void {
    const at = Buffer.from(this.files.bytesOf('00000001.log')).indexOf(payload);
    this.files.flipBit('00000001.log', at, 0);
  }
}

describe('the queue of a disk store', () => {
  test('gives what waits in order, far beyond what it holds as objects, while more is pushed', async () => {
    const core = await new Rig().open();
    core.store.putSession(session('c'));
    const queue = core.sessionQueue('c');
    const found: (string | undefined)[] = [];
    for (let i = 0; i < 1000; i++) {
      queue.push(new Delivery(core.message({ payload: `${i}` }), 1, false));
      if (i % 3 === 0) found.push(textOf(shiftFrom(queue).message));
      if (i % 100 === 50) queue.rest();
    }
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) found.push(textOf(next.message));
    expect(found).toEqual(Array.from({ length: 1000 }, (_, i) => `${i}`));
  });

  test('at rest lets go of its objects, and makes them anew when it is read', async () => {
    const core = await new Rig().open();
    core.store.putSession(session('c'));
    const queue = core.sessionQueue('c');
    const pushed = new Delivery(core.message({ payload: 'x' }), 1, false);
    queue.push(pushed);
    queue.rest();
    queue.done(pushed); // no object of the queue any more
    expect(queue.length).toBe(1);
    const again = shiftFrom(queue);
    expect(again).not.toBe(pushed);
    expect(textOf(again.message)).toBe('x');
    queue.unshift(again);
    expect(queue.peek()).toBe(again);
    queue.rest();
    queue.unshift(shiftFrom(queue));
    expect(queue.length).toBe(1);
    queue.done(shiftFrom(queue));
    expect([queue.length, core.store.messageCount]).toEqual([0, 0]);
  });

  test('takes a message that outlived its place in the store as a new one', async () => {
    const rig = new Rig();
    const core = await rig.open();
    core.store.putSession(session('c'));
    core.store.putSession(session('d'));
    const message = core.message({ payload: 'outlives' });
    const [c, d] = [core.sessionQueue('c'), core.sessionQueue('d')];
    c.push(new Delivery(message, 1, false));
    d.push(new Delivery(message, 1, false));
    d.rest();
    c.done(shiftFrom(c));
    d.done(shiftFrom(d)); // another object of the same message
    c.push(new Delivery(core.message({ payload: 'in its place' }), 1, false));
    d.push(new Delivery(message, 1, false));
    expect(core.store.messageCount).toBe(2);
    const again = await rig.restart(core);
    expect(again.drain(owner('c')).map(({ text }) => text)).toEqual(['in its place']);
    expect(again.drain(owner('d')).map(({ text }) => text)).toEqual(['outlives']);
  });

  test('knows nothing of deliveries of a session of the same name before', async () => {
    const core = await new Rig().open();
    core.store.putSession(session('c'));
    const before = core.sessionQueue('c');
    const stale = numbered(new Delivery(core.message({ payload: 'before' }), 1, false), 1);
    before.sent(stale);
    core.store.deleteSession('c');
    core.store.putSession(session('c'));
    const queue = core.sessionQueue('c');
    queue.push(new Delivery(core.message({ payload: 'after' }), 1, false));
    queue.done(stale);
    before.done(stale);
    expect(queue.length).toBe(1);
    expect(() => before.push(stale)).toThrow('deleted');
    expect([before.length, before.bytes, before.shift()]).toEqual([0, 0, undefined]);
  });

  test('moves a delivery from the queue that holds it', async () => {
    const core = await new Rig().open();
    const group = share('g', 'f');
    core.store.putSession(session('c'));
    const given = numbered(new Delivery(core.message({ payload: 'x' }), 1, false), 1);
    core.sessionQueue('c').sent(given);
    core.queue(group).unshift(given);
    core.sessionQueue('c').done(given);
    expect(core.store.stats()).toMatchObject({ queued: 1, messages: 1 });
    expect(textOf(shiftFrom(core.queue(group)).message)).toBe('x');
  });

  test('passes over a message whose bytes on the disk were damaged, tells of it, and forgets it', async () => {
    const rig = new Rig();
    let core = await rig.open();
    core.store.putSession(session('c'));
    const queue = core.sessionQueue('c');
    for (const text of ['first one', 'second one', 'third one']) {
      queue.push(new Delivery(core.message({ payload: text }), 1, false));
    }
    core.store.putRetained('r', core.message({ topicName: 'r', payload: 'retained one' }), 1e12);
    await new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
    // What is opened after a clean stop is not read before it is needed.
    await core.store.close();
    rig.files = rig.files.afterKill();
    for (const text of ['first one', 'third one', 'retained one']) rig.damage(text);
    core = await rig.open();
    expect(core.damaged).toEqual(['']);
    expect(core.drain(owner('c')).map(({ text }) => text)).toEqual(['second one']);
    expect(core.damaged).toEqual(['', 'c', 'c']);
    expect(rig.logged.filter(({ code }) => code === 'stored-message-damaged').length).toBe(3);
    expect(core.store.stats()).toMatchObject({ messages: 1, damagedMessages: 3, retained: 0 });
  });

  test('gives what is whole of a file that somebody has cut off', async () => {
    const rig = new Rig();
    let core = await rig.open();
    core.store.putSession(session('c'));
    for (let i = 0; i < 10; i++) {
      core.sessionQueue('c').push(new Delivery(core.message({ payload: `number ${i}` }), 1, false));
    }
    core = await rig.restart(core);
    await new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
    const found = Buffer.from(rig.files.bytesOf('00000001.log')).indexOf('number 6');
    for (const name of rig.files.names)
      if (rig.files.bytesOf(name).length > found) rig.files.truncate(name, found);
    const texts = core.drain(owner('c')).map(({ text }) => text);
    expect(texts).toEqual(['number 0', 'number 1', 'number 2', 'number 3', 'number 4', 'number 5']);
    expect(core.damaged).toEqual(['c', 'c', 'c', 'c']);
  });

  test('gives nothing while its files cannot be read, and everything when they can', async () => {
    const rig = new Rig();
    let core = await rig.open();
    core.store.putSession(session('c'));
    core.sessionQueue('c').push(new Delivery(core.message({ payload: 'x' }), 1, false));
    core = await rig.restart(core);
    await new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
    rig.files.faultOf = ({ operation }) =>
      operation === 'read' ? { kind: 'error', code: 'EIO' } : undefined;
    expect(core.sessionQueue('c').shift()).toBe(undefined);
    expect(core.sessionQueue('c').peek()).toBe(undefined);
    expect(rig.logged.map(({ code }) => code)).toContain('store-not-readable');
    rig.files.faultOf = () => undefined;
    expect(textOf(shiftFrom(core.sessionQueue('c')).message)).toBe('x');
    expect(core.damaged).toEqual([]);
  });

  test('names the topics of what it gives up, with a read for many, and makes no objects for it', async () => {
    const rig = new Rig();
    let core = await rig.open();
    core.store.putSession(session('c'));
    const topicNames = Array.from({ length: 200 }, (_, i) =>
      i % 7 === 6 ? 'x'.repeat(i + 300) : `t/${i % 5}`,
    );
    for (const topicName of topicNames) {
      core.sessionQueue('c').push(new Delivery(core.message({ topicName, payload: 'p' }), 1, false));
    }
    const large = core.message({ topicName: 'large', payload: new Uint8Array(100_000) });
    core.sessionQueue('c').push(new Delivery(large, 1, false));
    core = await rig.restart(core);
    await new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
    const queue = core.sessionQueue('c');
    let reads = 0;
    rig.files.faultOf = ({ operation }) => {
      if (operation === 'read') reads++;
      return undefined;
    };
    expect(topicNames.map(() => topicOf(queue.dropOldest()))).toEqual(topicNames);
    expect(reads).toBeLessThan(10);
    expect(topicOf(queue.dropOldest())).toBe('large');
    expect([queue.length, core.store.messageCount]).toEqual([0, 0]);
  });

  test('gives up what cannot be read too, and says that it knows no topic', async () => {
    const rig = new Rig();
    let core = await rig.open();
    core.store.putSession(session('c'));
    for (let i = 0; i < 3; i++) {
      core.sessionQueue('c').push(new Delivery(core.message({ topicName: 'named', payload: 'p' }), 1, false));
    }
    core = await rig.restart(core);
    await new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
    rig.files.faultOf = ({ operation }) =>
      operation === 'read' ? { kind: 'error', code: 'EIO' } : undefined;
    const queue = core.sessionQueue('c');
    expect(queue.dropOldest()).toBe('');
    rig.files.faultOf = () => undefined;
    // The length of the second one's topic name is far too large now.
    const [name] = rig.files.names.toReversed();
    const first = Buffer.from(rig.files.bytesOf(name!)).indexOf('named');
    const second = Buffer.from(rig.files.bytesOf(name!)).indexOf('named', first + 1);
    rig.files.flipBit(name!, second - 1, 7);
    expect([queue.dropOldest(), queue.dropOldest(), queue.length]).toEqual(['', 'named', 0]);
    expect(core.damaged).toEqual([]);
  });

  test('at rest gives up what is only in memory as the object that it is', async () => {
    const core = await new Rig().open();
    core.store.putSession(session('c'));
    const queue = core.sessionQueue('c');
    queue.rest();
    const message = core.message({ payload: 'never written', durability: Durability.Memory });
    queue.push(new Delivery(message, 1, false));
    const dropped = queue.dropOldest();
    expect(typeof dropped === 'object' ? dropped.message : dropped).toBe(message);
    expect([queue.length, core.store.messageCount]).toEqual([0, 0]);
  });

  test('keeps messages of a shared group apart from the group that had its name before', async () => {
    const rig = new Rig();
    const core = await rig.open();
    const group = share('g', 'f');
    core.queue(group).push(new Delivery(core.message({ payload: 'of the former' }), 1, false, [], group));
    core.store.deleteQueue(group);
    core.queue(group).push(new Delivery(core.message({ payload: 'of this one' }), 1, false, [], group));
    const again = await rig.restart(core);
    expect(again.drain(group).map(({ text }) => text)).toEqual(['of this one']);
    expect(again.store.messageCount).toBe(1);
  });
});
