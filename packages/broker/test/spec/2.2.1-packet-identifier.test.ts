import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { acknowledgement } from '../world/packets.ts';
import { World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];
const IDENTIFIERS = [1, 255, 256, 4660, 65_535];

describe('a packet identifier', () => {
  it('[MQTT-2.2.1-5] v5 [MQTT-2.3.1-6] v3.1.1 of PUBLISH is that of every answer to it', () => {
    for (const protocolVersion of VERSIONS) {
      const client = new World().connect({ protocolVersion });
      for (const packetId of IDENTIFIERS) {
        client.publish('t', 'x', { qos: 1, packetId });
        expect(client.take()).toMatchObject([{ type: 'puback', packetId }]);
        client.publish('t', 'x', { qos: 2, packetId });
        expect(client.take()).toMatchObject([{ type: 'pubrec', packetId }]);
        client.send(acknowledgement('pubrel', packetId));
        expect(client.take()).toMatchObject([{ type: 'pubcomp', packetId }]);
      }
    }
  });

  it('[MQTT-2.2.1-5] v5 [MQTT-2.3.1-6] v3.1.1 of a PUBLISH to a client is that of the PUBREL behind it', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      const client = world.connect({ protocolVersion });
      client.subscribe('t', 2);
      const publisher = world.connect();
      for (let i = 0; i < 300; i++) publisher.publish('t', 'x', { qos: 2, packetId: i + 1 });
      const identifiers = client.takePublishes().map((packet) => packet.packetId);
      expect(new Set(identifiers).size).toBe(300);
      for (const packetId of identifiers.reverse()) {
        client.send(acknowledgement('pubrec', packetId));
        expect(client.take()).toMatchObject([{ type: 'pubrel', packetId }]);
        client.send(acknowledgement('pubcomp', packetId));
      }
      expect(client.closed).toBe(false);
    }
  });

  it('[MQTT-2.2.1-6] v5 [MQTT-2.3.1-7] v3.1.1 of SUBSCRIBE and UNSUBSCRIBE is that of the answer', () => {
    for (const protocolVersion of VERSIONS) {
      const client = new World().connect({ protocolVersion });
      for (const packetId of IDENTIFIERS) {
        client.send({
          type: 'subscribe',
          packetId,
          subscriptions: [
            { topicFilter: 't', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
          ],
          properties: {},
        });
        expect(client.take()).toMatchObject([{ type: 'suback', packetId }]);
        client.send({ type: 'unsubscribe', packetId, topicFilters: ['t'], properties: {} });
        expect(client.take()).toMatchObject([{ type: 'unsuback', packetId }]);
      }
    }
  });
});
