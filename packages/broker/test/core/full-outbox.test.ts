import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

describe('messages that find the outbox full within one turn', () => {
  it('leave without being asked for when the client reads as fast as they come', () => {
    for (const sessionExpiryInterval of [0, 100]) {
      for (const filler of [0, 1] as const) {
        const world = new World({ limits: { outboxBytes: 1024 } });
        const subscriber = world.connect({ properties: { sessionExpiryInterval } });
        subscriber.subscribe('t', 1);
        world
          .connect({ protocolVersion: ProtocolVersion.V311 })
          .send(
            publishPacket('t', 'a'.repeat(1500), { qos: filler, packetId: filler === 0 ? 0 : 1 }),
            ...['b', 'c', 'd'].map((payload, i) => publishPacket('t', payload, { qos: 1, packetId: i + 2 })),
          );
        expect(subscriber.takeTexts().map((text) => text[0])).toEqual(['a', 'b', 'c', 'd']);
      }
    }
  });

  it('leave when a client that had stopped reading reads again', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const subscriber = world.connect();
    subscriber.subscribe('t', 1);
    const publisher = world.connect();
    subscriber.stalled = true;
    for (let i = 0; i < 20; i++) publisher.publish('t', String(i).padStart(300, ' '), { qos: 1 });
    subscriber.unstall();
    expect(subscriber.takeTexts().map(Number)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});
