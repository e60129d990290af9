import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { connectPacket, publishPacket } from '../world/packets.ts';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import { World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

describe('CONNACK', () => {
  it('[MQTT-3.2.0-2] v5 comes once on a connection, whatever follows', () => {
    const world = new World();
    for (const behind of [
      connectPacket({ clientId: 'again' }),
      { type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'x' } },
      { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} },
    ] as const) {
      const client = world.connecting({}, behind);
      const received = client.take().map((packet) => packet.type);
      expect(received).toEqual(['connack', 'disconnect']);
    }
    const authenticator = new TestAuthenticator(() => ({ kind: 'continue' }));
    const refused = new World({ authenticator }).connecting(
      { properties: { authenticationMethod: 'x' } },
      connectPacket(),
    );
    expect(refused.take().map((packet) => packet.type)).toEqual(['auth', 'connack']);
  });

  it('of an older version has two bytes: Session Present and the return code', () => {
    for (const protocolVersion of [V31, V311]) {
      const world = new World();
      const connect = { clientId: 'c', protocolVersion, cleanStart: false };
      expect(world.connect(connect).writes).toEqual([Uint8Array.of(0x20, 2, 0, 0)]);
      const present = protocolVersion === V311 ? 1 : 0;
      expect(world.connect(connect).writes).toEqual([Uint8Array.of(0x20, 2, present, 0)]);
    }
  });

  it('has no more properties than are needed', () => {
    const { connack } = new World().connect({
      keepAlive: 60,
      properties: { sessionExpiryInterval: 10, receiveMaximum: 5, topicAliasMaximum: 5 },
    });
    expect(connack!.properties).toEqual({
      receiveMaximum: 1000,
      maximumPacketSize: 16_777_216,
      topicAliasMaximum: 256,
      userProperties: [['durability', 'memory']],
    });
  });

  it('has its properties in the order of the profile, then the others', () => {
    const limits = { maximumKeepAlive: 60, maximumSessionExpiryInterval: 100 };
    const connect = {
      clientId: '',
      keepAlive: 100,
      properties: { sessionExpiryInterval: 1000, requestResponseInformation: true },
    };
    const namesIn = (world: World): string[] => Object.keys(world.connect(connect).connack!.properties);
    expect(namesIn(new World({ limits }))).toEqual([
      'sessionExpiryInterval',
      'receiveMaximum',
      'maximumPacketSize',
      'assignedClientIdentifier',
      'topicAliasMaximum',
      'serverKeepAlive',
      'responseInformation',
      'userProperties',
    ]);
    const connackOrder = [
      'topicAliasMaximum',
      'authenticationMethod',
      'assignedClientIdentifier',
      'serverKeepAlive',
      'receiveMaximum',
    ] as const;
    expect(namesIn(new World({ limits, habits: { connackOrder } }))).toEqual([
      'topicAliasMaximum',
      'assignedClientIdentifier',
      'serverKeepAlive',
      'receiveMaximum',
      'sessionExpiryInterval',
      'maximumPacketSize',
      'responseInformation',
      'userProperties',
    ]);
  });

  it('that refuses says why in words, and has no other property', () => {
    const { properties } = new World()
      .connecting({ properties: { authenticationMethod: 'carrier-pigeon' } })
      .takeOne('connack');
    expect(properties).toEqual({
      reasonString: 'the authentication method carrier-pigeon is not supported',
    });
  });
});

describe('a Reason String in CONNACK', () => {
  it('[MQTT-3.2.2-19] v5 is left out where it would make the packet too large for the client', () => {
    const refusedWith = (maximumPacketSize: number): object =>
      new World()
        .connecting({ properties: { authenticationMethod: 'none', maximumPacketSize } })
        .takeOne('connack').properties;
    const reasonString = 'the authentication method none is not supported';
    expect(refusedWith(5 + 3 + reasonString.length)).toEqual({ reasonString });
    expect(refusedWith(5 + 3 + reasonString.length - 1)).toEqual({});
  });
});

describe('Topic Alias Maximum', () => {
  it('[MQTT-3.2.2-17] v5 is told, and an alias above it ends the connection with 0x94', () => {
    const client = new World({ limits: { topicAliasMaximum: 3 } }).connect();
    expect(client.connack!.properties.topicAliasMaximum).toBe(3);
    client.subscribe('#');
    client.publish('t', 'x', { properties: { topicAlias: 3 } });
    client.publish('', 'y', { properties: { topicAlias: 3 } });
    expect(client.takeTexts()).toEqual(['x', 'y']);
    client.publish('t', 'x', { properties: { topicAlias: 4 } });
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: ReasonCode.TopicAliasInvalid }]);
    expect(client.closed).toBe(true);
  });

  it('[MQTT-3.2.2-18] v5 of 0 is left out, and any alias ends the connection with 0x94', () => {
    const client = new World({ limits: { topicAliasMaximum: 0 } }).connect();
    expect(client.connack!.properties.topicAliasMaximum).toBeUndefined();
    client.publish('t', 'x', { properties: { topicAlias: 1 } });
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: ReasonCode.TopicAliasInvalid }]);
    expect(client.closed).toBe(true);
  });
});

describe('a feature that CONNACK does not deny', () => {
  it('is there: QoS 2, retained messages, wildcards, subscription identifiers, shared subscriptions', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      const client = world.connect();
      expect(client.subscribe('+/#', 2, 77)).toEqual([2]);
      expect(client.subscribe('$share/group/other', 2)).toEqual([2]);
      const publisher = world.connect({ protocolVersion });
      publisher.send(publishPacket('t', 'x', { qos: 2, retain: true, packetId: 1 }));
      expect(client.takeAndAcknowledge()).toMatchObject([
        { qos: 2, properties: { subscriptionIdentifiers: [77] } },
      ]);
      const late = world.connect();
      late.subscribe('t', 2);
      expect(late.takeAndAcknowledge()).toMatchObject([{ qos: 2, retain: true }]);
    }
  });
});
