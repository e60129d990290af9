/** Sections 1.5, 2, 3.1.2.11.4 and 3.3.2.3 of the specification: the form and the size of what a server sends. */
import type { Packet } from '@martlet/protocol';
import { encodePacket } from '@martlet/protocol';
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { checkId, expectEqual, expectThat, textOf } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import type { RawClient } from '../raw-client.ts';

/** PUBLISH of QoS 0 with this property, which no server may take. */
async function refuses(world: CheckWorld, property: readonly number[], what: string): Promise<void> {
  const client = await world.connect('client');
  client.sendBytes(frame(0x30, field(world.topic('a')), [property.length], property), `PUBLISH with ${what}`);
  await client.closes(what);
}

const SURROGATE: Readonly<Uint8Array> = Uint8Array.of(0xed, 0xa0, 0x80);

/** Lets the server send every packet that it has for a client. Each is taken apart by the strictest reading. */
async function seeAllPackets(world: CheckWorld, client: RawClient): Promise<void> {
  await world.subscribed(client, world.topic('a'), { qos: 2 });
  for (const qos of [0, 1, 2] as const) {
    await world.publish(client, world.topic('a'), 'x', { qos });
    const message = await world.message(client);
    expectEqual([message.qos, textOf(message)], [qos, 'x'], 'QoS and payload of what comes');
  }
  await world.unsubscribe(client, world.topic('a'), world.topic('none'));
  await client.untilPing();
}

export const SENT_PACKET_CHECKS: readonly Check[] = [
  {
    id: 'sent-packet-forms',
    title: 'sends packets in the form that the specification gives them',
    v5: ['MQTT-1.5.5-1', 'MQTT-2.2.1-2', 'MQTT-2.2.2-1', 'MQTT-3.2.2-1', 'MQTT-3.6.2-1', 'MQTT-2.1.3-1'],
    v311: ['MQTT-2.3.1-5', 'MQTT-2.2.2-1', 'MQTT-2.3.1-6'],
    needs: ['qos2'],
    run: async (world) => seeAllPackets(world, await world.connect('client')),
  },
  {
    id: 'sent-packet-sizes',
    title: 'leaves Reason String and User Properties out where a client takes no larger packets',
    v5: [
      'MQTT-3.1.2-24',
      'MQTT-3.2.2-19',
      'MQTT-3.2.2-20',
      'MQTT-3.4.2-2',
      'MQTT-3.4.2-3',
      'MQTT-3.5.2-2',
      'MQTT-3.5.2-3',
      'MQTT-3.6.2-2',
      'MQTT-3.6.2-3',
      'MQTT-3.7.2-2',
      'MQTT-3.7.2-3',
      'MQTT-3.9.2-1',
      'MQTT-3.9.2-2',
      'MQTT-3.11.2-1',
      'MQTT-3.11.2-2',
      'MQTT-3.14.2-3',
      'MQTT-3.14.2-4',
    ],
    needs: ['qos2'],
    run: (world) => sizesKept(world),
  },
  {
    id: 'publish-response-topic-wildcards',
    title: 'forwards no Response Topic with a wildcard',
    v5: ['MQTT-3.3.2-14'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'));
      for (const responseTopic of ['answers/#', 'answers/+']) {
        const publisher = await world.connect('publisher');
        const property = [0x08, ...field(responseTopic)];
        const bytes = frame(0x30, field(world.topic('a')), [property.length], property);
        publisher.sendBytes(bytes, `PUBLISH with the Response Topic ${responseTopic}`);
        publisher.send({ type: 'pingreq' });
        const answer = await publisher.nextOrSettled();
        if (answer !== 'closed' && answer !== 'silence' && answer.type !== 'disconnect')
          world.note('does not close for a Response Topic with a wildcard');
      }
      // A PUBLISH that has one is no packet: what comes is taken apart by the strictest reading.
      await world.messagesUpToNow(subscriber);
    },
  },
  {
    id: 'publish-response-topic-utf8',
    title: 'closes for a Response Topic that is not UTF-8',
    v5: ['MQTT-3.3.2-13', 'MQTT-1.5.4-1'],
    run: (world) => refuses(world, [0x08, ...field(SURROGATE)], 'the Response Topic ed a0 80'),
  },
  {
    id: 'publish-content-type-utf8',
    title: 'closes for a Content Type that is not UTF-8',
    v5: ['MQTT-3.3.2-19', 'MQTT-1.5.4-1'],
    run: (world) => refuses(world, [0x03, ...field(SURROGATE)], 'the Content Type ed a0 80'),
  },
];

/** What cannot be left out has to fit: CONNACK as the server sends it to everybody, and a message of our own, in bytes. */
async function smallestSize(world: CheckWorld): Promise<number> {
  const { connack } = await world.connect('first');
  const { reasonString: _, userProperties: __, ...properties } = connack?.properties ?? {};
  const packets: readonly Packet[] = [
    { type: 'connack', sessionPresent: false, reasonCode: 0, properties },
    {
      type: 'publish',
      topicName: world.topic('a'),
      payload: Uint8Array.of(1),
      qos: 2,
      packetId: 1,
      dup: false,
      retain: false,
      properties: {},
    },
  ];
  return Math.max(...packets.map((packet) => encodePacket(packet, 5).length));
}

async function sizesKept(world: CheckWorld): Promise<void> {
  const maximumPacketSize = await smallestSize(world);
  const client = await world.open('client');
  client.send(world.connectPacket('client', { properties: { maximumPacketSize } }));
  const connack = await client.nextOrClosed('CONNACK, or the end of the connection');
  if (connack === 'closed' || connack.type !== 'connack' || connack.reasonCode !== 0)
    return world.skip(`the server takes no client with a Maximum Packet Size of ${maximumPacketSize}`);
  await seeAllPackets(world, client);
  world.send(client, world.topic('nobody'), 'x', { qos: 1 });
  await client.expect('puback');
  client.send({ type: 'pubrel', packetId: 99, reasonCode: 0, properties: {} });
  checkId(await client.expect('pubcomp'), 99);
  client.sendBytes(frame(0x82, [0, 7], [0], field('a/#/b'), [0]), 'SUBSCRIBE to a/#/b');
  const suback = await client.nextOrClosed('SUBACK that refuses, or the end of the connection');
  if (suback !== 'closed' && suback.type === 'suback') {
    client.sendBytes(Uint8Array.of(0xc1, 0), 'PINGREQ with flags 0001');
    await client.settles();
  }
  expectThat(
    client.largestPacket <= maximumPacketSize,
    `no packet of more than ${maximumPacketSize} bytes`,
    `one of ${client.largestPacket}`,
  );
}
