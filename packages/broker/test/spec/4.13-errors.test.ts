import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { wire } from '../../../protocol/test/codec/wire-notation.ts';
import { encodedPackets, publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

/** What a connected client of MQTT 5.0 must not send, and the reason code with which it is ended. */
const ERRORS: readonly (readonly [what: string, notation: string, reasonCode: ReasonCode])[] = [
  ['a packet of type 0', '00 00', 0x81],
  ['a Remaining Length of five bytes', '30 ff ff ff ff 01', 0x81],
  ['a Remaining Length longer than it needs to be', 'c0 80 00', 0x81],
  ['PINGREQ with a body', 'c0 01 00', 0x81],
  ['PINGREQ with flags', 'c1 00', 0x81],
  ['PINGRESP', 'd0 00', 0x82],
  ['CONNACK', '20 03 00 00 00', 0x82],
  ['SUBACK', '90 04 00 01 00 00', 0x82],
  ['UNSUBACK', 'b0 04 00 01 00 00', 0x82],
  ['SUBSCRIBE with flags 0000', '80 [0001 [] "t" 00]', 0x81],
  ['SUBSCRIBE without a filter', '82 [0001 []]', 0x82],
  ['SUBSCRIBE with packet identifier 0', '82 [0000 [] "t" 00]', 0x82],
  ['SUBSCRIBE with QoS 3', '82 [0001 [] "t" 03]', 0x82],
  ['SUBSCRIBE with Retain Handling 3', '82 [0001 [] "t" 30]', 0x82],
  ['SUBSCRIBE with reserved options', '82 [0001 [] "t" 40]', 0x81],
  ['SUBSCRIBE with Subscription Identifier 0', '82 [0001 [0b 00] "t" 00]', 0x82],
  ['UNSUBSCRIBE without a filter', 'a2 [0001 []]', 0x82],
  ['PUBLISH with QoS 3', '36 ["t" 0001 []]', 0x81],
  ['PUBLISH with DUP at QoS 0', '38 ["t" []]', 0x81],
  ['PUBLISH with packet identifier 0', '32 ["t" 0000 []]', 0x82],
  ['PUBLISH with a wildcard', '30 ["a/+" []]', 0x90],
  ['PUBLISH with U+0000', '30 [0001 00 []]', 0x81],
  ['PUBLISH with a property twice', '30 ["t" [01 00 01 00]]', 0x82],
  ['PUBLISH without topic and alias', '30 [0000 []]', 0x82],
  ['PUBLISH with Topic Alias 0', '30 ["t" [23 0000]]', 0x94],
  ['PUBREL with flags 0000', '60 02 0001', 0x81],
  ['PUBACK cut off', '40 01 00', 0x81],
  ['DISCONNECT that raises a Session Expiry Interval of 0', 'e0 [00 [11 00000001]]', 0x82],
  ['DISCONNECT with a reason code of CONNACK', 'e0 [86 []]', 0x81],
];

describe('an error of the client', () => {
  it('[MQTT-4.13.1-1] [MQTT-4.13.2-1] v5 is told with its reason code, and ends this connection and no other', () => {
    for (const [what, notation, reasonCode] of ERRORS) {
      const world = new World();
      const other = world.connect({ clientId: 'other' });
      other.subscribe('#');
      const client = world.connect({ clientId: 'c' });
      const behind = encodedPackets(V5, [publishPacket('t', 'too late')]);
      client.sendBytes(new Uint8Array([...wire(notation), ...behind]));
      const disconnect = client.takeOne('disconnect');
      expect([what, disconnect.reasonCode]).toEqual([what, reasonCode]);
      expect(disconnect.properties.reasonString).toMatch(/\w+ \w+/);
      expect([client.closed, client.take()]).toEqual([true, []]);
      expect(other.take()).toEqual([]);
      other.publish('t', 'goes on');
      expect(other.takeTexts()).toEqual(['goes on']);
      expect(world.eventsOf('clientDisconnected')).toMatchObject([{ clientId: 'c', reasonCode }]);
      expect(world.log.map((line) => line.code)).toEqual(['protocol-error']);
    }
  });

  it('[MQTT-4.8.0-1] v3.1.1 ends its connection without a word, and no other', () => {
    for (const notation of [
      '00 00',
      'c0 80 00',
      'c1 00',
      'd0 00',
      '20 02 00 00',
      '90 03 00 01 00',
      '80 [0001 "t" 00]',
      '82 [0001]',
      '82 [0000 "t" 00]',
      '82 [0001 "t" 03]',
      'a2 [0001]',
      '36 ["t" 0001]',
      '38 ["t"]',
      '32 ["t" 0000]',
      '30 ["a/#"]',
      '30 [0001 00]',
      '30 [0000]',
      '60 02 0001',
      'f0 00',
    ]) {
      const world = new World();
      const other = world.connect();
      other.subscribe('#');
      const client = world.connect({ protocolVersion: V311 });
      const behind = encodedPackets(V311, [publishPacket('t', 'too late')]);
      client.sendBytes(new Uint8Array([...wire(notation), ...behind]));
      expect([notation, client.closed, client.take()]).toEqual([notation, true, []]);
      expect(other.take()).toEqual([]);
      other.publish('t', 'goes on');
      expect(other.takeTexts()).toEqual(['goes on']);
    }
  });

  it('[MQTT-4.13.2-1] v5 ends the connection also where the DISCONNECT is too large to be sent', () => {
    const world = new World({ limits: { receiveMaximum: 65_535, topicAliasMaximum: 0 } });
    // Room for CONNACK with Maximum Packet Size, and so for a DISCONNECT without Reason String.
    const client = world.connect({ properties: { maximumPacketSize: 10 } });
    client.sendBytes(wire('c1 00'));
    expect(client.take()).toEqual([
      { type: 'disconnect', reasonCode: ReasonCode.MalformedPacket, properties: {} },
    ]);
    expect(client.closed).toBe(true);
    const silent = world.connecting({
      properties: { maximumPacketSize: 4, authenticationMethod: 'unknown' },
    });
    expect([silent.closed, silent.take()]).toEqual([true, []]);
  });

  it('[MQTT-3.14.2-1] v5 is told with a code that DISCONNECT has, whatever the reason was', () => {
    for (const [reasonCode, told] of [
      [ReasonCode.NormalDisconnection, ReasonCode.NormalDisconnection],
      [ReasonCode.AdministrativeAction, ReasonCode.AdministrativeAction],
      [ReasonCode.ServerMoved, ReasonCode.ServerMoved],
      [ReasonCode.Banned, ReasonCode.NotAuthorized],
      [ReasonCode.BadUserNameOrPassword, ReasonCode.NotAuthorized],
      [ReasonCode.ClientIdentifierNotValid, ReasonCode.NotAuthorized],
      [ReasonCode.ServerUnavailable, ReasonCode.ServerBusy],
      [ReasonCode.PacketIdentifierInUse, ReasonCode.UnspecifiedError],
      [ReasonCode.GrantedQos1, ReasonCode.UnspecifiedError],
    ] as const) {
      const world = new World();
      const client = world.connect({ clientId: 'c' });
      expect(world.core.disconnect('c', reasonCode, 'because')).toBe(true);
      world.turn();
      expect(client.take()).toEqual([
        { type: 'disconnect', reasonCode: told, properties: { reasonString: 'because' } },
      ]);
      expect(client.closed).toBe(true);
      expect(world.eventsOf('clientDisconnected')).toMatchObject([{ reasonCode }]);
    }
  });

  it('is logged at a bounded rate', () => {
    const world = new World({ limits: { malformedLogPerMinute: 3 } });
    for (let i = 0; i < 50; i++) world.connect().sendBytes(wire('c1 00'));
    expect(world.log.filter((line) => line.code === 'protocol-error')).toHaveLength(3);
  });
});
