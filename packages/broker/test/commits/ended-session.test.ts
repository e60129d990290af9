/** That a client has no session is told only when no crash can bring one back. */
import { describe, expect, it } from 'vitest';
import { CommittingWorld } from './committing-world.ts';
import { OnDiskWorld } from './on-disk-world.ts';

const CLEAN = { clientId: 'c', cleanStart: true } as const;

/** A world in which the kept session of `c` has just ended, and the commit that says so is under way. */
function afterTheEnd(): CommittingWorld {
  const world = new CommittingWorld();
  world.durable('c').disconnect(0, { sessionExpiryInterval: 0 });
  return world;
}

describe('CONNACK of a client whose kept session ended just now', () => {
  it('waits for a commit on the disk that ends it', () => {
    const world = afterTheEnd();
    const client = world.connecting(CLEAN);
    world.finish(); // nobody waited for it when it began, so that it is not synced
    expect(client.take()).toEqual([]);
    world.finish();
    expect(client.takeOne('connack').sessionPresent).toBe(false);
  });

  it('waits for it again on the next connection', () => {
    const world = afterTheEnd();
    world.connecting(CLEAN).drop();
    const client = world.connecting(CLEAN);
    expect(client.take()).toEqual([]);
    world.settle();
    expect(client.takeOne('connack').sessionPresent).toBe(false);
  });

  it('waits for a sync, if it was only handed to the operating system', () => {
    const world = new CommittingWorld({ habits: { durability: 'os' } });
    world.durable('c').disconnect(0, { sessionExpiryInterval: 0 });
    world.finish();
    world.listenerDurability = 'disk';
    const client = world.connecting(CLEAN);
    expect(client.take()).toEqual([]);
    world.finish();
    expect(client.takeOne('connack').sessionPresent).toBe(false);
    expect(world.connecting(CLEAN).takeOne('connack').sessionPresent).toBe(false);
  });

  it('does not wait at level memory, nor for the end of the session of another client', () => {
    const world = afterTheEnd();
    expect(world.connecting({ clientId: 'other' }).takeOne('connack').sessionPresent).toBe(false);
    world.listenerDurability = 'memory';
    expect(world.connecting(CLEAN).takeOne('connack').sessionPresent).toBe(false);
  });

  it('refuses, while nothing can be kept', () => {
    const world = afterTheEnd();
    world.fail();
    expect(world.connecting(CLEAN).takeOne('connack').reasonCode).toBe(0x97);
    world.advance(100);
    world.settle();
    const client = world.connecting(CLEAN);
    world.settle();
    expect(client.takeOne('connack').reasonCode).toBe(0);
  });
});

it('a client that was told that it has no session has none after a kill', async () => {
  const onDisk = await OnDiskWorld.open();
  const client = await onDisk.connect('c');
  await onDisk.subscribe(client, 'a', 1);
  onDisk.silence();
  client.disconnect(0, { sessionExpiryInterval: 0 });
  await onDisk.settle();
  const again = onDisk.world.connecting(CLEAN);
  await onDisk.settle();
  const told = again.take();
  await onDisk.kill();
  expect([told, (await onDisk.connect('c')).connack!.sessionPresent]).toEqual([[], true]);
});
