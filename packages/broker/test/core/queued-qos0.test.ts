import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

describe('QoS 0 messages for a client that is away', () => {
  const connect = { clientId: 's', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
  const packets = [
    publishPacket('t', 'a'),
    publishPacket('t', 'b'),
    publishPacket('t', 'c', { qos: 1, packetId: 1 }),
    publishPacket('t', 'd'),
  ];

  for (const topicFilter of ['t', '$share/g/t'])
    for (const protocolVersion of [ProtocolVersion.V311, ProtocolVersion.V5]) {
      it(`are dropped and counted, or wait in order where the broker is told so (version ${protocolVersion}, ${topicFilter})`, () => {
        for (const queueQos0 of [false, true]) {
          const world = new World({ habits: { queueQos0 } });
          const before = world.connect(connect);
          before.subscribe(topicFilter, 2);
          before.drop();
          world.connect({ protocolVersion }).send(...packets);
          expect(world.dropped('offline-qos0')).toBe(queueQos0 ? 0 : 3);
          const after = world.connect(connect);
          expect(
            after
              .takeAndAcknowledge()
              .map(({ qos, payload }) => `${new TextDecoder().decode(payload)}${qos}`),
          ).toEqual(queueQos0 ? ['a0', 'b0', 'c1', 'd0'] : ['c1']);
          after.drop();
          // What was sent at QoS 0 is not sent again.
          expect(world.connect(connect).take()).toEqual([]);
          expect(world.core.context.outcomes.deliveredCount).toBe(queueQos0 ? 4 : 1);
        }
      });
    }
});

describe('QoS 0 messages for a shared group with a member that reads too slowly', () => {
  it('are dropped as for one client, and are not taken for offline', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const member = world.connect();
    member.subscribe('$share/g/t');
    member.stalled = true;
    const publisher = world.connect();
    for (let i = 0; i < 10; i++) publisher.publish('t', new Uint8Array(500));
    expect(world.dropped('outbox-full')).toBeGreaterThan(0);
    expect(world.dropped('offline-qos0')).toBe(0);
    member.unstall();
    expect(member.takePublishes()).toHaveLength(10 - world.dropped('outbox-full'));
  });
});
