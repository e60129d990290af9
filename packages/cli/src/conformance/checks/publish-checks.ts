/** Section 3.3 of the specification: PUBLISH, what of it reaches subscribers, and what ends the connection. */
import type { PublishProperties } from '@martlet/protocol';
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { bytesOf, checkTaken, expectEqual, expectThat, textOf } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import { packetsText } from '../packets-text.ts';
import type { RawClient } from '../raw-client.ts';

/** Sends a PUBLISH that no server may take, and looks that nobody gets it. */
async function refuses(world: CheckWorld, bytes: Uint8Array, what: string): Promise<void> {
  const publisher = await world.connect('publisher');
  publisher.sendBytes(bytes, `PUBLISH with ${what}`);
  await publisher.closes(what);
}

/** What a subscriber gets of a message with these properties. */
async function forwarded(
  world: CheckWorld,
  properties: PublishProperties,
  payload = 'x',
): Promise<PublishProperties> {
  const subscriber = await world.connect('subscriber');
  await world.subscribed(subscriber, world.topic('a'));
  const publisher = await world.connect('publisher');
  await world.publish(publisher, world.topic('a'), payload, { properties });
  const message = await world.message(subscriber);
  expectEqual(textOf(message), payload, 'the payload');
  return message.properties;
}

async function sendAll(
  world: CheckWorld,
  publisher: RawClient,
  payloads: readonly string[],
  qos: 0 | 1 | 2,
): Promise<void> {
  for (const payload of payloads) await world.publish(publisher, world.topic('a'), payload, { qos });
}

/** Properties of PUBLISH, byte by byte, where the version has them. */
function noProperties(world: CheckWorld): readonly number[] {
  return world.isV5 ? [0] : [];
}

export const PUBLISH_CHECKS: readonly Check[] = [
  {
    id: 'publish-payload',
    title: 'forwards a payload byte by byte, whatever is in it',
    v5: ['MQTT-3.3.2-3'],
    v311: ['MQTT-3.3.2-3'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'));
      const publisher = await world.connect('publisher');
      const bytes = Uint8Array.from({ length: 1024 }, (_, at) => at & 0xff);
      for (const payload of [bytes, new Uint8Array(0)]) {
        await world.publish(publisher, world.topic('a'), payload);
        const message = await world.message(subscriber);
        expectThat(
          message.topicName === world.topic('a') && Buffer.from(payload).equals(message.payload),
          `the ${payload.length} bytes that were published`,
          packetsText([message]),
        );
      }
    },
  },
  {
    id: 'publish-dup',
    title: 'forwards with DUP 0 what is no repetition, whatever DUP the publisher set',
    v5: ['MQTT-3.3.1-3', 'MQTT-3.3.1-2', 'MQTT-4.3.1-1'],
    v311: ['MQTT-3.3.1-3', 'MQTT-3.3.1-2', 'MQTT-4.3.1-1'],
    needs: ['qos1'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { qos: 1 });
      const other = await world.connect('other');
      await world.subscribed(other, world.topic('a'));
      const publisher = await world.connect('publisher');
      publisher.send({
        type: 'publish',
        topicName: world.topic('a'),
        payload: bytesOf('x'),
        qos: 1,
        retain: false,
        dup: true,
        packetId: 7,
        properties: {},
      });
      checkTaken(await publisher.expect('puback'), 7);
      const message = await world.message(subscriber);
      expectEqual([message.qos, message.dup], [1, false], 'QoS and DUP of what is forwarded');
      expectEqual((await world.message(other)).dup, false, 'DUP of what is forwarded at QoS 0');
    },
  },
  {
    id: 'publish-qos-3',
    title: 'closes for a PUBLISH of QoS 3',
    v5: ['MQTT-3.3.1-4'],
    v311: ['MQTT-3.3.1-4'],
    run: (world) =>
      refuses(world, frame(0x36, field(world.topic('a')), [0, 1], noProperties(world)), 'QoS 3'),
  },
  {
    id: 'publish-packet-id-0',
    title: 'closes for a PUBLISH with the packet identifier 0',
    v5: ['MQTT-4.13.1-1'],
    v311: ['MQTT-4.8.0-1', 'MQTT-2.3.1-1'],
    needs: ['qos1'],
    run: (world) =>
      refuses(
        world,
        frame(0x32, field(world.topic('a')), [0, 0], noProperties(world)),
        'packet identifier 0',
      ),
  },
  {
    id: 'publish-topic-wildcards',
    title: 'closes for a Topic Name with a wildcard',
    v5: ['MQTT-3.3.2-2', 'MQTT-4.7.0-1'],
    v311: ['MQTT-3.3.2-2', 'MQTT-4.7.1-1'],
    run: async (world) => {
      for (const name of ['a/#', 'a/+', 'a#b', 'a+b']) {
        await refuses(
          world,
          frame(0x30, field(world.topic(name)), noProperties(world)),
          `the Topic Name ${name}`,
        );
      }
    },
  },
  {
    id: 'publish-topic-empty',
    title: 'closes for an empty Topic Name',
    v5: ['MQTT-4.7.3-1'],
    v311: ['MQTT-4.7.3-1'],
    run: (world) => refuses(world, frame(0x30, field(''), noProperties(world)), 'an empty Topic Name'),
  },
  {
    id: 'publish-topic-null',
    title: 'closes for a Topic Name with U+0000',
    v5: ['MQTT-4.7.3-2', 'MQTT-1.5.4-2'],
    v311: ['MQTT-4.7.3-2', 'MQTT-1.5.3-2'],
    run: (world) =>
      refuses(
        world,
        frame(0x30, field(world.topic('a\u0000b')), noProperties(world)),
        'U+0000 in the Topic Name',
      ),
  },
  {
    id: 'publish-topic-utf8',
    title: 'closes for a Topic Name that is not UTF-8',
    v5: ['MQTT-3.3.2-1', 'MQTT-1.5.4-1'],
    v311: ['MQTT-3.3.2-1', 'MQTT-1.5.3-1'],
    run: async (world) => {
      for (const bad of [
        [0x61, 0xff],
        [0xed, 0xa0, 0x80],
        [0xc0, 0xaf],
        [0xe2, 0x82],
      ]) {
        const hex = bad.map((byte) => byte.toString(16)).join(' ');
        await refuses(
          world,
          frame(0x30, field(Uint8Array.from(bad)), noProperties(world)),
          `the Topic Name ${hex}`,
        );
      }
    },
  },
  {
    id: 'publish-topic-byte-order-mark',
    title: 'takes EF BB BF at the front of a Topic Name for a character',
    v5: ['MQTT-1.5.4-3', 'MQTT-4.7.3-4'],
    v311: ['MQTT-1.5.3-3', 'MQTT-4.7.3-4'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('\u{FEFF}a'));
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'without');
      await world.publish(publisher, world.topic('\u{FEFF}a'), 'with');
      expectEqual(textOf(await world.message(subscriber)), 'with', 'the message that arrives');
    },
  },
  {
    id: 'publish-properties',
    title: 'forwards the properties of a message unchanged',
    v5: ['MQTT-3.3.2-4', 'MQTT-3.3.2-15', 'MQTT-3.3.2-16', 'MQTT-3.3.2-20'],
    run: async (world) => {
      const got = await forwarded(world, {
        payloadFormatIndicator: 1,
        contentType: 'text/plain; ü',
        responseTopic: world.topic('answer'),
        correlationData: Uint8Array.of(0, 255, 7),
      });
      expectEqual(
        [got.payloadFormatIndicator, got.contentType, got.responseTopic, [...(got.correlationData ?? [])]],
        [1, 'text/plain; ü', world.topic('answer'), [0, 255, 7]],
        'the properties',
      );
    },
  },
  {
    id: 'publish-user-properties',
    title: 'forwards all User Properties in their order, repeated names included',
    v5: ['MQTT-3.3.2-17', 'MQTT-3.3.2-18'],
    run: async (world) => {
      const userProperties = [
        ['z', '1'],
        ['a', '2'],
        ['z', '1'],
        ['', ''],
        ['a', '3'],
      ] as const;
      const got = await forwarded(world, { userProperties });
      expectEqual(got.userProperties, userProperties, 'the User Properties');
    },
  },
  {
    id: 'publish-expiry',
    title: 'forwards a Message Expiry Interval, and no larger one',
    v5: ['MQTT-3.3.2-6'],
    run: async (world) => {
      const got = await forwarded(world, { messageExpiryInterval: 100 });
      const left = got.messageExpiryInterval;
      expectThat(left !== undefined && left <= 100 && left >= 90, 'about 100 seconds', `${left}`);
    },
  },
  {
    id: 'publish-expired',
    title: 'deletes what has expired before its subscriber came back, and shortens what has waited',
    v5: ['MQTT-3.3.2-5', 'MQTT-3.3.2-6'],
    needs: ['qos1'],
    run: async (world) => {
      const clientId = world.clientId('away');
      const subscriber = await world.connect('before', { clientId, keepSession: true });
      await world.subscribed(subscriber, world.topic('a'), { qos: 1 });
      await world.disconnect(subscriber);
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'brief', {
        qos: 1,
        properties: { messageExpiryInterval: 1 },
      });
      await world.publish(publisher, world.topic('a'), 'long', {
        qos: 1,
        properties: { messageExpiryInterval: 100 },
      });
      await world.pass(2200);
      const again = await world.connect('after', {
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 60 },
      });
      const message = await world.message(again);
      expectEqual(textOf(message), 'long', 'the first message after 2.2 seconds');
      const left = message.properties.messageExpiryInterval;
      expectThat(left !== undefined && left <= 98, 'at most 98 of the 100 seconds left', `${left}`);
    },
  },
  {
    id: 'publish-with-identifier',
    title: 'closes for a PUBLISH of a client with a Subscription Identifier',
    v5: ['MQTT-3.3.4-6', 'MQTT-4.13.1-1'],
    run: (world) =>
      refuses(world, frame(0x30, field(world.topic('a')), [2, 0x0b, 1]), 'a Subscription Identifier'),
  },
  {
    id: 'publish-qos-answers',
    title: 'answers PUBLISH by its QoS: nothing, PUBACK, PUBREC',
    v5: [
      'MQTT-3.3.4-1',
      'MQTT-4.3.2-4',
      'MQTT-4.3.3-8',
      'MQTT-4.3.3-11',
      'MQTT-2.2.1-5',
      'MQTT-3.4.2-1',
      'MQTT-3.5.2-1',
      'MQTT-3.7.2-1',
      'MQTT-3.2.2-9',
    ],
    v311: ['MQTT-3.3.4-1', 'MQTT-4.3.2-2', 'MQTT-4.3.3-2', 'MQTT-2.3.1-6'],
    needs: ['qos2'],
    run: async (world) => {
      const client = await world.connect('client');
      world.send(client, world.topic('a'), 'x');
      const answers = await client.untilPing();
      expectThat(answers.length === 0, 'no answer to QoS 0', packetsText(answers));
      await world.publish(client, world.topic('a'), 'x', { qos: 1 });
      await world.publish(client, world.topic('a'), 'x', { qos: 2 });
      const rest = await client.untilPing();
      expectThat(rest.length === 0, 'no further answer', packetsText(rest));
    },
  },
  {
    id: 'publish-maximum-qos',
    title: 'closes for a PUBLISH above the Maximum QoS that it announces',
    v5: ['MQTT-4.13.1-1'],
    run: async (world) => {
      const { maximumQos } = world.capabilities;
      if (maximumQos === 2) world.skip('the server takes every QoS');
      const client = await world.connect('client');
      world.send(client, world.topic('a'), 'x', { qos: 2 });
      await client.closes('QoS 2');
    },
  },
  {
    id: 'publish-order',
    title: 'delivers the messages of one publisher, topic and QoS in their order',
    v5: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'],
    v311: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'],
    needs: ['qos2'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { qos: 2 });
      for (const qos of [0, 1, 2] as const) {
        const publisher = await world.connect(`publisher${qos}`);
        const count = 20;
        const sent = Array.from({ length: count }, (_, at) => `${qos}-${at}`);
        const got: string[] = [];
        await Promise.all([
          sendAll(world, publisher, sent, qos),
          (async () => {
            while (got.length < count) got.push(textOf(await world.message(subscriber)));
          })(),
        ]);
        expectEqual(got, sent, `the messages of QoS ${qos}`);
      }
    },
  },
];
