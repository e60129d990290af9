/** What a packet identifier of QoS 2 is used for next is never taken for what it was used for before, whatever was lost. */
import { describe, expect, it } from 'vitest';
import { acknowledgement } from '../world/packets.ts';
import { CommittingWorld } from './committing-world.ts';
import { OnDiskWorld } from './on-disk-world.ts';

const MEMORY_TOPICS = { topicDurability: [{ topicFilter: 'm/#', durability: 'memory' }] } as const;

describe('an identifier that is used again after PUBCOMP is a new message', () => {
  it.each([
    ['os', 'a power cut'],
    ['memory', 'a kill'],
  ] as const)('on a listener of level %s, although %s brought back an older state', async (listener, end) => {
    const onDisk = await OnDiskWorld.open({
      habits: { durability: listener, topicDurability: [{ topicFilter: 'safe/#', durability: 'disk' }] },
    });
    await onDisk.offline('reader', 'safe/#', 2);
    let publisher = await onDisk.connect('publisher', undefined, listener);
    await onDisk.rest();
    publisher.publish('safe/a', 'one', { qos: 2, packetId: 1 });
    await onDisk.settle();
    expect(publisher.takeOne('pubrec').reasonCode).toBe(0);
    if (listener === 'memory') onDisk.silence();
    publisher.send(acknowledgement('pubrel', 1));
    await onDisk.settle();
    const isComplete = publisher.take().some(({ type }) => type === 'pubcomp');
    await (end === 'a kill' ? onDisk.kill() : onDisk.powerCut());

    publisher = await onDisk.connect('publisher', undefined, listener);
    if (!isComplete) {
      publisher.send(acknowledgement('pubrel', 1));
      await onDisk.settle();
      publisher.takeOne('pubcomp');
    }
    publisher.publish('safe/a', 'two', { qos: 2, packetId: 1 });
    await onDisk.settle();
    publisher.takeOne('pubrec');
    const reader = await onDisk.connect('reader', undefined, 'disk');
    expect(reader.takeTexts()).toEqual(['one', 'two']);
  });

  it('to a subscriber at os whose power cut gave identifiers to other messages than before', async () => {
    const onDisk = await OnDiskWorld.open();
    let reader = await onDisk.connect('reader', undefined, 'os');
    await onDisk.subscribe(reader, 'a', 2);
    await onDisk.rest();
    const publisher = await onDisk.connect('publisher', { cleanStart: true });
    for (const text of ['1', '2', '3']) publisher.publish('a', text, { qos: 2 });
    await onDisk.settle();
    const before = reader.takePublishes();
    expect(before.map(({ packetId }) => packetId)).toEqual([1, 2, 3]);
    // The first two are complete, so that their identifiers are free.
    for (const type of ['pubrec', 'pubcomp'] as const) {
      for (const packetId of [1, 2]) reader.send(acknowledgement(type, packetId));
      await onDisk.settle();
    }
    await onDisk.powerCut();
    reader = await onDisk.connect('reader', undefined, 'os');
    const again = reader.takePublishes();
    // The client has the third under its identifier: it must not come under another, nor another under this one.
    expect(
      again.map(({ packetId, payload }) => [packetId, new TextDecoder().decode(payload)]),
    ).toContainEqual([3, '3']);
  });
});

describe('the identifier of a message of level memory', () => {
  it('is released while nothing can be kept, because nothing is kept of it', () => {
    const world = new CommittingWorld({ habits: MEMORY_TOPICS });
    const publisher = world.durable('publisher');
    world.connect().publish('r', 'x', { qos: 1, retain: true });
    world.fail();
    publisher.publish('m/a', 'x', { qos: 2, packetId: 3 });
    publisher.publish('m/a', 'x', { qos: 2, packetId: 3, dup: true });
    publisher.send(acknowledgement('pubrel', 3));
    expect(publisher.take().map(({ type }) => type)).toEqual(['pubrec', 'pubrec', 'pubcomp']);
    expect(publisher.closed).toBe(false);
  });

  it('used again by a message that is kept, is kept', () => {
    const world = new CommittingWorld({ habits: MEMORY_TOPICS });
    const publisher = world.durable('publisher');
    publisher.publish('m/a', 'x', { qos: 2, packetId: 3 });
    publisher.send(acknowledgement('pubrel', 3));
    publisher.publish('a', 'x', { qos: 2, packetId: 3 });
    world.settle();
    const again = new CommittingWorld({ store: world.store.reopen() });
    expect([...again.core.sessions.get('publisher')!.receiver.received]).toEqual([3]);
  });

  it('is not told to a store that writes its records anew', () => {
    const world = new CommittingWorld({ habits: MEMORY_TOPICS });
    const publisher = world.durable('publisher');
    publisher.publish('m/a', 'x', { qos: 2, packetId: 3 });
    publisher.publish('a', 'x', { qos: 2, packetId: 4 });
    world.settle();
    const told: number[] = [];
    world.core.sessions.describe('publisher', {
      onSession: () => {},
      onSubscription: () => {},
      onReceived: (_clientId, packetId) => told.push(packetId),
    });
    expect(told).toEqual([4]);
  });
});
