import { MOSQUITTO_PROFILE } from '@martlet/broker/mosquitto';
import { ReasonCode } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { connectPacket, publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

function mosquittoWorld(): World {
  const { limits = {}, ...habits } = MOSQUITTO_PROFILE;
  return new World({ limits, habits });
}

const hex = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString('hex');

describe('With the profile of Mosquitto', () => {
  // Of Mosquitto 2.0.11 with max_packet_size 2000000, which 2.1 has by itself.
  test('CONNACK has the properties that Mosquitto sends, in its order, and no other', () => {
    const client = mosquittoWorld().connect({ clientId: 'a', keepAlive: 10 });
    expect(hex(client.writes)).toBe('200e00000b22000a27001e8480210014');
  });

  test('CONNACK tells the identifier behind the aliases', () => {
    const { connack } = mosquittoWorld().connect({ clientId: '', keepAlive: 10 });
    expect(Object.keys(connack!.properties)).toEqual([
      'topicAliasMaximum',
      'assignedClientIdentifier',
      'maximumPacketSize',
      'receiveMaximum',
    ]);
  });

  test('no reason is told in words, but its code is', () => {
    const world = mosquittoWorld();
    const client = world.connect({ clientId: 'a' });
    client.take();
    client.send(connectPacket({ clientId: 'a' }));
    expect(client.take()).toEqual([
      { type: 'disconnect', reasonCode: ReasonCode.ProtocolError, properties: {} },
    ]);
    const refused = world.connecting({ clientId: 'b', properties: { authenticationMethod: 'none' } });
    expect(refused.take()).toEqual([
      {
        type: 'connack',
        sessionPresent: false,
        reasonCode: ReasonCode.BadAuthenticationMethod,
        properties: {},
      },
    ]);
  });

  test('a publisher is told that nobody is subscribed', () => {
    const client = mosquittoWorld().connect({ clientId: 'a' });
    client.take();
    client.send(publishPacket('nobody', 'x', { qos: 1, packetId: 1 }));
    expect(client.take()).toMatchObject([{ type: 'puback', reasonCode: ReasonCode.NoMatchingSubscribers }]);
  });

  test('$SYS tells the version of Mosquitto', () => {
    const { limits = {}, ...habits } = MOSQUITTO_PROFILE;
    const world = new World({ limits, habits: { ...habits, sysInterval: 10 } });
    world.advance(20_000);
    const client = world.connect({ clientId: 'a' });
    client.subscribe('$SYS/broker/version');
    const texts = client
      .take()
      .flatMap((packet) => (packet.type === 'publish' ? [Buffer.from(packet.payload).toString()] : []));
    expect(texts).toEqual(['mosquitto version 2.1.2']);
  });
});
