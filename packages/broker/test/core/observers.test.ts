// Subscriptions of the application that only look on.

import { ReasonCode } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

/** The payloads of what an observer of everything is given from now on. */
function observed(world: World): string[] {
  const texts: string[] = [];
  world.core.subscribe('#', (message) => texts.push(new TextDecoder().decode(message.payload)), true);
  return texts;
}

describe('A subscription that observes', () => {
  test('gets every message, and publishers are told that nobody is subscribed', () => {
    const world = new World();
    const seen = observed(world);
    const client = world.connect();
    client.publish('t', 'unheard', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(ReasonCode.NoMatchingSubscribers);
    expect(world.dropped('no-matching-subscribers')).toBe(1);

    world.core.subscribe('t', () => {});
    client.publish('t', 'heard', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(ReasonCode.Success);
    expect(world.dropped('no-matching-subscribers')).toBe(1);
    expect(seen).toEqual(['unheard', 'heard']);
  });

  test('gets the messages of a run that nobody else wants, each of which counts as dropped', () => {
    const world = new World();
    const seen = observed(world);
    const client = world.connect();
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    client.send(...texts.map((text, index) => publishPacket('t', text, { qos: 1, packetId: index + 1 })));
    const reasonCodes = client
      .take()
      .map((packet) => (packet.type === 'puback' ? packet.reasonCode : packet));
    expect(reasonCodes).toEqual(texts.map(() => ReasonCode.NoMatchingSubscribers));
    expect(seen).toEqual(texts);
    expect(world.dropped('no-matching-subscribers')).toBe(20);
  });

  test('gets a will that nobody else wants, and gets nothing any more once it has been taken off', () => {
    const world = new World();
    const texts: string[] = [];
    const observer = world.core.subscribe('#', (message) => texts.push(message.topic.name), true);
    const will = {
      topicName: 'gone',
      payload: new Uint8Array(1),
      qos: 1,
      retain: false,
      properties: {},
    } as const;
    world.connect({ will }).drop();
    expect(texts).toEqual(['gone']);
    world.core.unsubscribe(observer);
    world.connect({ will }).drop();
    expect(texts).toEqual(['gone']);
  });
});
