/** Sections 1.5, 2, 3.12, 3.14, 3.15 and 4.13 of the specification: PINGREQ, DISCONNECT, AUTH, and bytes that are no packet. */
import type { AcknowledgementProperties, ServerPacket } from '@martlet/protocol';
import { encodePacket } from '@martlet/protocol';
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { bytesOf, expectEqual, expectThat, textOf } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import { packetsText } from '../packets-text.ts';

async function refuses(world: CheckWorld, bytes: Uint8Array, what: string): Promise<void> {
  const client = await world.connect('client');
  client.sendBytes(bytes, what);
  await client.closes(what);
}

export const CONNECTION_CHECKS: readonly Check[] = [
  {
    id: 'ping-answered',
    title: 'answers PINGREQ by PINGRESP',
    v5: ['MQTT-3.12.4-1'],
    v311: ['MQTT-3.12.4-1'],
    run: async (world) => {
      const client = await world.connect('client');
      for (let i = 0; i < 3; i++) expectEqual(await client.untilPing(), [], 'what comes before PINGRESP');
      // One PINGRESP too many would come before it.
      await world.subscribed(client, world.topic('a'));
    },
  },
  {
    id: 'ping-flags',
    title: 'closes for a PINGREQ with flags',
    v5: ['MQTT-2.1.3-1'],
    v311: ['MQTT-2.2.2-2'],
    run: (world) => refuses(world, Uint8Array.of(0xc1, 0), 'PINGREQ with flags 0001'),
  },
  {
    id: 'disconnect-flags',
    title: 'closes for a DISCONNECT with flags, and takes it for no goodbye',
    v5: ['MQTT-3.14.1-1', 'MQTT-2.1.3-1'],
    v311: ['MQTT-3.14.1-1', 'MQTT-2.2.2-2'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('will'));
      const client = await world.connect('client', {
        will: {
          topicName: world.topic('will'),
          payload: bytesOf('gone'),
          qos: 0,
          retain: false,
          properties: {},
        },
      });
      client.sendBytes(Uint8Array.of(0xe1, 0), 'DISCONNECT with flags 0001');
      await client.closes('DISCONNECT with flags 0001');
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
  {
    id: 'disconnect-by-server',
    title: 'closes behind the DISCONNECT that it sends, and sends nothing more',
    v5: ['MQTT-3.14.4-1', 'MQTT-3.14.4-2', 'MQTT-3.14.2-1', 'MQTT-3.14.2-2', 'MQTT-4.13.2-1'],
    run: async (world) => {
      const clientId = world.clientId('same');
      const client = await world.connect('first', { clientId, properties: { sessionExpiryInterval: 30 } });
      await world.subscribed(client, world.topic('a'));
      await world.connect('second', {
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 30 },
      });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'for the second');
      const { disconnect, packets } = await client.closes('a second connection with its Client Identifier');
      if (disconnect === undefined)
        return world.skip('the server sends no DISCONNECT when a client is taken over');
      expectThat(packets.length === 0, 'nothing but DISCONNECT', packetsText(packets));
      expectEqual(disconnect.properties.sessionExpiryInterval, undefined, 'Session Expiry Interval');
    },
  },
  {
    id: 'auth-unasked',
    title: 'closes for an AUTH on a connection without an authentication method',
    v5: ['MQTT-4.13.1-1'],
    run: (world) => refuses(world, Uint8Array.of(0xf0, 2, 0x18, 0), 'AUTH that nobody asked for'),
  },
  {
    id: 'auth-flags',
    title: 'closes for an AUTH with flags',
    v5: ['MQTT-3.15.1-1'],
    run: (world) => refuses(world, Uint8Array.of(0xf1, 2, 0x18, 0), 'AUTH with flags 0001'),
  },
  {
    id: 'packet-type-0',
    title: 'closes for packet type 0',
    v5: ['MQTT-4.13.1-1'],
    v311: ['MQTT-4.8.0-1'],
    run: (world) => refuses(world, Uint8Array.of(0x00, 0), 'packet type 0'),
  },
  {
    id: 'packet-type-15',
    title: 'closes for packet type 15, which MQTT 3.1.1 has not',
    v311: ['MQTT-4.8.0-1'],
    run: (world) => refuses(world, Uint8Array.of(0xf0, 0), 'packet type 15'),
  },
  {
    id: 'packet-of-server',
    title: 'closes for a packet that only a server sends',
    v5: ['MQTT-4.13.1-1'],
    v311: ['MQTT-4.8.0-1'],
    run: async (world) => {
      const properties = world.isV5 ? [0] : [];
      await refuses(world, frame(0x20, [0, 0], properties), 'CONNACK from a client');
      await refuses(world, frame(0x90, [0, 1], properties, [0]), 'SUBACK from a client');
      await refuses(world, frame(0xb0, [0, 1], properties, world.isV5 ? [0] : []), 'UNSUBACK from a client');
      await refuses(world, frame(0xd0), 'PINGRESP from a client');
    },
  },
  {
    id: 'packet-length-too-long',
    title: 'closes for a Remaining Length of five bytes',
    v5: ['MQTT-4.13.1-1'],
    v311: ['MQTT-4.8.0-1'],
    run: (world) =>
      refuses(world, Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x7f), 'a Remaining Length of five bytes'),
  },
  {
    id: 'packet-property-twice',
    title: 'closes for a property that stands twice and may not',
    v5: ['MQTT-4.13.1-1'],
    run: (world) =>
      refuses(
        world,
        frame(0x30, field(world.topic('a')), [4, 0x01, 0x01, 0x01, 0x01]),
        'PUBLISH with two Payload Format Indicators',
      ),
  },
  {
    id: 'packet-property-elsewhere',
    title: 'closes for a property that does not belong into its packet',
    v5: ['MQTT-4.13.1-1'],
    run: (world) =>
      refuses(
        world,
        frame(0x30, field(world.topic('a')), [5, 0x11, 0, 0, 0, 1]),
        'PUBLISH with a Session Expiry Interval',
      ),
  },
  {
    id: 'packet-property-unknown',
    title: 'closes for a property that there is not',
    v5: ['MQTT-4.13.1-1'],
    run: (world) =>
      refuses(world, frame(0x30, field(world.topic('a')), [2, 0x7f, 0x00]), 'PUBLISH with the property 0x7f'),
  },
  {
    id: 'packet-property-length',
    title: 'closes for a Property Length that goes beyond its packet',
    v5: ['MQTT-4.13.1-1'],
    run: (world) =>
      refuses(
        world,
        frame(0x30, field(world.topic('a')), [100, 0x01, 0x01]),
        'PUBLISH with too long a Property Length',
      ),
  },
  {
    id: 'packet-user-property-utf8',
    title: 'closes for a User Property that is not UTF-8',
    v5: ['MQTT-1.5.7-1', 'MQTT-1.5.4-1'],
    run: (world) => {
      const property = [0x26, ...field('a'), ...field(Uint8Array.of(0xc0, 0xaf))];
      return refuses(
        world,
        frame(0x30, field(world.topic('a')), [property.length], property),
        'PUBLISH with the User Property value c0 af',
      );
    },
  },
  {
    id: 'packet-split',
    title: 'takes packets that come in pieces, and several in one',
    v5: ['MQTT-4.2.0-1'],
    v311: ['MQTT-7.1.1-1'],
    run: async (world) => {
      const client = await world.open('client');
      const connect = encodePacket(world.connectPacket('client'), world.version);
      const bytes = Uint8Array.of(...connect, 0xc0, 0, 0xc0, 0);
      for (const byte of bytes.subarray(0, connect.length - 3))
        client.sendBytes(Uint8Array.of(byte), 'a byte');
      client.sendBytes(bytes.subarray(connect.length - 3), 'the rest of CONNECT, and two PINGREQ');
      await world.accepted(client);
      await client.expect('pingresp');
      await client.expect('pingresp');
    },
  },
  {
    id: 'problem-information',
    title: 'leaves Reason String and User Properties out of its acknowledgements when asked to',
    v5: ['MQTT-3.1.2-29'],
    needs: ['qos1'],
    run: async (world) => {
      const client = await world.connect('client', { properties: { requestProblemInformation: false } });
      const packets: ServerPacket[] = [];
      client.send({
        type: 'subscribe',
        packetId: 1,
        subscriptions: [
          {
            topicFilter: 'a/#/b',
            qos: 0,
            noLocal: false,
            retainAsPublished: false,
            retainHandling: 0,
          },
        ],
        properties: {},
      });
      const suback = await client.nextOrClosed('SUBACK');
      if (suback === 'closed' || suback.type === 'disconnect') return;
      packets.push(suback);
      client.send({ type: 'unsubscribe', packetId: 2, topicFilters: [world.topic('none')], properties: {} });
      packets.push(await client.expect('unsuback'));
      world.send(client, world.topic('nobody'), 'x', { qos: 1 });
      packets.push(await client.expect('puback'));
      for (const packet of packets) {
        const { reasonString, userProperties }: AcknowledgementProperties =
          'properties' in packet ? packet.properties : {};
        const isBare = reasonString === undefined && userProperties === undefined;
        expectThat(isBare, 'no Reason String, no User Properties', packetsText([packet]));
      }
    },
  },
];
