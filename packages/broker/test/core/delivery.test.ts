import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { textOf, World } from '../world/world.ts';

describe('a message', () => {
  for (const from of [ProtocolVersion.V31, ProtocolVersion.V311, ProtocolVersion.V5]) {
    for (const to of [ProtocolVersion.V31, ProtocolVersion.V311, ProtocolVersion.V5]) {
      for (const qos of [0, 1, 2] as const) {
        it(`goes from a client of version ${from} to one of version ${to} at QoS ${qos}`, () => {
          const world = new World();
          const subscriber = world.connect({ protocolVersion: to });
          const publisher = world.connect({ protocolVersion: from });
          expect(subscriber.subscribe('a/+', qos)).toEqual([qos]);
          publisher.publish('a/b', 'hello', { qos });
          if (qos === 1) expect(publisher.takeOne('puback').reasonCode).toBe(0);
          if (qos === 2) {
            const { packetId } = publisher.takeOne('pubrec');
            publisher.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
            expect(publisher.takeOne('pubcomp').packetId).toBe(packetId);
          }
          const [message] = subscriber.takeAndAcknowledge();
          expect(textOf(message)).toBe('hello');
          expect(message).toMatchObject({ topicName: 'a/b', qos, retain: false, dup: false });
          expect(subscriber.take()).toEqual([]);
        });
      }
    }
  }

  it('reaches a subscriber in order when many come in one read', () => {
    const world = new World();
    const subscriber = world.connect({ protocolVersion: 4 });
    const publisher = world.connect({ protocolVersion: 5 });
    subscriber.subscribe('#');
    publisher.send(
      ...Array.from({ length: 3000 }, (_, i) => ({
        type: 'publish' as const,
        topicName: `t/${i % 3 === 0 ? 0 : 1}`,
        payload: new TextEncoder().encode(String(i)),
        qos: 0 as const,
        retain: false,
        dup: false,
        packetId: 0,
        properties: {},
      })),
    );
    expect(subscriber.takeTexts()).toEqual(Array.from({ length: 3000 }, (_, i) => String(i)));
    expect(subscriber.writes.length).toBeLessThan(6);
  });
});
