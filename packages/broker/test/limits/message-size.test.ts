import type { ConnectPacket } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { encodedPackets, publishPacket } from '../world/packets.ts';
import { bytesOf, World } from '../world/world.ts';

describe('messageSize', () => {
  const limits = { messageSize: 10 };
  const large = 'x'.repeat(11);

  it('is the most: a larger message is dropped and counted, and told as the version can be told', () => {
    for (const protocolVersion of [3, 4, 5] as const) {
      const world = new World({ limits });
      const subscriber = world.connect();
      subscriber.subscribe('#', 2);
      const client = world.connect({ clientId: 'c', protocolVersion });
      client.publish('a', large);
      client.publish('a', large, { qos: 1 });
      client.publish('a', large, { qos: 2, retain: true });
      const refused = protocolVersion === 5 ? 0x83 : 0;
      expect(client.take()).toMatchObject([
        { type: 'puback', reasonCode: refused },
        { type: 'pubrec', reasonCode: refused },
      ]);
      expect(subscriber.take()).toEqual([]);
      expect([world.dropped('payload-too-large'), world.core.gauges.retainedMessages]).toEqual([3, 0]);
      expect(client.closed).toBe(false);
    }
  });

  it('counts the bytes of the payload, however it comes', () => {
    const world = new World({ limits });
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const client = world.connect();
    client.sendBytes(
      encodedPackets(
        5,
        ['x'.repeat(9), 'x'.repeat(10), large, ''].map((payload) =>
          publishPacket('topic/of/some/length', payload),
        ),
      ),
    );
    expect(subscriber.takeTexts().map(({ length }) => length)).toEqual([9, 10, 0]);
  });

  it('is that of now', () => {
    const world = new World();
    const client = world.connect();
    const publish = (): number => {
      client.publish('a', large, { qos: 1 });
      return client.takeOne('puback').reasonCode;
    };
    expect(publish()).toBe(0x10);
    world.reconfigure({ limits });
    expect(publish()).toBe(0x83);
    world.reconfigure({ limits: { messageSize: 11 } });
    expect(publish()).toBe(0x10);
    world.reconfigure({ limits: { messageSize: 0 } });
    expect(publish()).toBe(0x83);
    client.publish('a', '', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0x10);
  });

  it('bounds wills', () => {
    const world = new World({ limits });
    const connect = (payload: string): Partial<ConnectPacket> => ({
      will: { topicName: 'w', payload: bytesOf(payload), qos: 0, retain: false, properties: {} },
    });
    expect(world.connecting(connect(large)).takeOne('connack').reasonCode).toBe(0x95);
    world.connect(connect('x'.repeat(10)));
  });
});
