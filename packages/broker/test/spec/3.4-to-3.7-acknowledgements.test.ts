import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { acknowledgement } from '../world/packets.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

describe('an acknowledgement from a client', () => {
  it('[MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] v5 with a reason code of another packet ends the connection', () => {
    for (const [firstByte, reasonCode] of [
      [0x40, ReasonCode.PacketIdentifierNotFound],
      [0x40, 0x01],
      [0x50, ReasonCode.PacketIdentifierNotFound],
      [0x50, 0x7f],
      [0x62, ReasonCode.NoMatchingSubscribers],
      [0x62, ReasonCode.UnspecifiedError],
      [0x70, ReasonCode.NoMatchingSubscribers],
      [0x70, ReasonCode.QuotaExceeded],
    ] as const) {
      const world = new World();
      const client = world.connect();
      client.sendBytes(Uint8Array.of(firstByte, 3, 0, 1, reasonCode));
      expect(client.takeOne('disconnect').reasonCode).toBeGreaterThanOrEqual(0x81);
      expect(client.closed).toBe(true);
    }
  });

  it('[MQTT-3.6.1-1] v5 v3.1.1 that is a PUBREL without its flags ends the connection', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const flags of [0, 1, 3, 4, 10, 15]) {
        const world = new World();
        const client = world.connect({ protocolVersion });
        client.publish('t', 'x', { qos: 2, packetId: 1 });
        client.take();
        client.sendBytes(Uint8Array.of(0x60 | flags, 2, 0, 1));
        if (protocolVersion === V5) {
          expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.MalformedPacket);
        }
        expect(client.take()).toEqual([]);
        expect(client.closed).toBe(true);
      }
    }
  });

  it('with packet identifier 0, of the wrong length or with flags ends the connection', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const type of [0x40, 0x50, 0x62, 0x70]) {
        for (const bytes of [
          [type, 2, 0, 0],
          [type, 1, 0],
          [type, 0],
          [type | 1, 2, 0, 1],
          ...(protocolVersion === V311 ? [[type, 3, 0, 1, 0]] : []),
        ]) {
          const client = new World().connect({ protocolVersion });
          client.sendBytes(Uint8Array.from(bytes));
          expect(client.closed).toBe(true);
        }
      }
    }
  });

  it('may say its reason in full, with a reason string and properties, or in short', () => {
    for (const properties of [{}, { reasonString: 'why', userProperties: [['a', 'b']] as const }]) {
      const world = new World();
      const client = world.connect();
      client.subscribe('t', 2);
      const publisher = world.connect();
      publisher.publish('t', 'x', { qos: 1 });
      publisher.publish('t', 'x', { qos: 2 });
      const [one, two] = client.takePublishes();
      client.send(
        acknowledgement('puback', one!.packetId, ReasonCode.NoMatchingSubscribers, properties),
        acknowledgement('pubrec', two!.packetId, ReasonCode.Success, properties),
      );
      expect(client.take()).toEqual([acknowledgement('pubrel', two!.packetId)]);
      client.send(acknowledgement('pubcomp', two!.packetId, ReasonCode.Success, properties));
      client.publish('u', 'x', { qos: 2, packetId: 3 });
      client.send(acknowledgement('pubrel', 3, ReasonCode.Success, properties));
      expect(client.take().map(({ type }) => type)).toEqual(['pubrec', 'pubcomp']);
      expect(client.closed).toBe(false);
      expect(world.core.context.outcomes.deliveredCount).toBe(2);
    }
  });

  it('is told apart from its like by its packet type: the wrong one ends no exchange', () => {
    const world = new World();
    const client = world.connect({ properties: { receiveMaximum: 1 } });
    client.subscribe('t', 2);
    const publisher = world.connect();
    publisher.publish('t', 'a', { qos: 2 });
    publisher.publish('t', 'b', { qos: 1 });
    const { packetId } = client.takePublishes()[0]!;
    client.send(acknowledgement('puback', packetId), acknowledgement('pubcomp', packetId));
    expect(client.take()).toEqual([]);
    client.send(acknowledgement('pubrec', packetId), acknowledgement('puback', packetId));
    expect(client.take()).toEqual([acknowledgement('pubrel', packetId)]);
    client.send(acknowledgement('pubcomp', packetId));
    expect(client.takeTexts()).toEqual(['b']);
  });
});
