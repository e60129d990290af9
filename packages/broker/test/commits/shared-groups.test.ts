/** Shared groups on the disk store: whose messages wait where, and to whom they go when a member leaves. */
import { describe, expect, it } from 'vitest';
import type { TestClient } from '../world/test-client.ts';
import { DiskWorld } from './disk-world.ts';

const SHARED = '$share/g/t';

/** A member that ends with its connection. */
async function passing(disk: DiskWorld, receiveMaximum = 100): Promise<TestClient> {
  const member = disk.world.connect({ cleanStart: true, properties: { receiveMaximum } });
  await disk.subscribe(member, SHARED, 2);
  return member;
}

/** A member that stays and is away. */
async function away(disk: DiskWorld, clientId: string): Promise<void> {
  const member = await disk.durable(clientId);
  await disk.subscribe(member, SHARED, 2);
  member.drop();
  await disk.settle();
}

describe('a group whose last kept member leaves', () => {
  it('leaves on the disk what waits there, and its other members take it in order', async () => {
    const disk = await DiskWorld.open({ limits: { queuedBytesInAll: 200_000 } });
    await away(disk, 'kept');
    for (let i = 0; i < 50; i++) await disk.publish('t', `${i}`.padEnd(20_000), 1);
    const member = await passing(disk, 1);
    await disk.durable('kept', { cleanStart: true });
    expect(disk.world.core.context.queuedBytes).toBeLessThan(50_000);
    const taken: string[] = [];
    await disk.publish('t', 'later', 1);
    for (let round = 0; round < 60; round++) {
      for (const { payload } of member.takeAndAcknowledge())
        taken.push(new TextDecoder().decode(payload).trim());
      await disk.settle();
    }
    expect(taken).toEqual([...Array.from({ length: 50 }, (_, i) => `${i}`), 'later']);
    // From now on nothing of the group is kept.
    await disk.publish('t', 'not kept', 1);
    expect(member.takeTexts()).toEqual(['not kept']);
    expect(disk.world.store.messageCount).toBe(0);
    expect(disk.world.eventsOf('messageDropped')).toEqual([]);
  });

  it('loses nothing although what waits cannot be read at that moment', async () => {
    const disk = await DiskWorld.open();
    await away(disk, 'kept');
    for (const text of ['0', '1', '2']) await disk.publish('t', text, 1);
    await disk.kill();
    disk.files.faultOf = ({ operation }) =>
      operation === 'read' || operation === 'open' ? { kind: 'error', code: 'EMFILE' } : undefined;
    const member = await passing(disk);
    await disk.durable('kept', { cleanStart: true });
    expect(member.takeTexts()).toEqual([]);
    disk.files.faultOf = () => undefined;
    disk.world.advance(10_000);
    expect(member.takeTexts()).toEqual(['0', '1', '2']);
  });

  it('counts what waited in it when the process is killed, because no member is left', async () => {
    const disk = await DiskWorld.open();
    await away(disk, 'kept');
    for (const text of ['0', '1', '2']) await disk.publish('t', text, 1);
    await passing(disk, 1);
    await disk.durable('kept', { cleanStart: true });
    await disk.kill();
    expect(disk.world.dropped('group-without-members')).toBe(3);
    expect(disk.world.store.messageCount).toBe(0);
    await disk.kill();
    expect(disk.world.dropped('group-without-members')).toBe(0);
  });
});

describe('a QoS 2 message of a group whose PUBLISH waited for a commit', () => {
  it('goes to another member if its member goes before', async () => {
    const disk = await DiskWorld.open();
    await away(disk, 'kept');
    const member = await passing(disk);
    member.take();
    const publisher = disk.world.connect();
    publisher.publish('t', 'x', { qos: 2 });
    disk.world.turn();
    expect(member.take()).toEqual([]);
    member.drop();
    await disk.settle();
    expect(publisher.takeOne('pubrec').reasonCode).toBe(0);
    expect((await disk.durable('kept')).takeTexts()).toEqual(['x']);
    expect(disk.world.dropped('session-ended')).toBe(0);
  });

  it('goes to another member if the commit fails', async () => {
    const disk = await DiskWorld.open();
    await away(disk, 'kept');
    await disk.publish('t', 'x', 2);
    const member = disk.world.connect();
    disk.files.capacityBytes = 0;
    await disk.subscribe(member, SHARED, 2);
    expect(member.take().map(({ type }) => type)).toEqual(['suback', 'disconnect']);
    disk.files.capacityBytes = Number.POSITIVE_INFINITY;
    disk.world.advance(1000);
    await disk.settle();
    expect((await disk.durable('kept')).takeTexts()).toEqual(['x']);
    expect(disk.world.dropped('session-ended')).toBe(0);
  });

  it('goes to another member if its member never comes back, although the store keeps again', async () => {
    const disk = await DiskWorld.open();
    await away(disk, 'kept');
    const properties = { sessionExpiryInterval: 5 };
    const member = await disk.durable('member', { properties });
    await disk.subscribe(member, SHARED, 2);
    const publisher = disk.world.connect();
    publisher.publish('t', 'x', { qos: 2 });
    disk.world.turn();
    member.drop();
    await disk.settle();
    disk.world.advance(10_000);
    await disk.settle();
    expect((await disk.durable('kept')).takeTexts()).toEqual(['x']);
  });

  it('is lost with its member once it has left [MQTT-4.8.2-5] v5', async () => {
    const disk = await DiskWorld.open();
    await away(disk, 'kept');
    const member = await passing(disk);
    await disk.publish('t', 'x', 2);
    expect(member.takeTexts()).toEqual(['x']);
    member.drop();
    await disk.settle();
    expect((await disk.durable('kept')).takeTexts()).toEqual([]);
    expect(disk.world.dropped('session-ended')).toBe(1);
  });
});
