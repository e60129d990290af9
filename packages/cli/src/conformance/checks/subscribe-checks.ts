/** Sections 3.8 to 3.11 of the specification: SUBSCRIBE, UNSUBSCRIBE and their answers. */
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { expectEqual, expectThat, textOf } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import { packetsText } from '../packets-text.ts';

/** Sends a packet that no server may take. */
async function refuses(world: CheckWorld, bytes: Uint8Array, what: string): Promise<void> {
  const client = await world.connect('client');
  client.sendBytes(bytes, what);
  await client.closes(what);
}

function noProperties(world: CheckWorld): readonly number[] {
  return world.isV5 ? [0] : [];
}

const PACKET_ID: readonly number[] = [0, 7];

export const SUBSCRIBE_CHECKS: readonly Check[] = [
  {
    id: 'subscribe-answered',
    title:
      'answers SUBSCRIBE by one SUBACK with its packet identifier and a code for each filter, in their order',
    v5: [
      'MQTT-3.8.4-1',
      'MQTT-3.8.4-2',
      'MQTT-3.8.4-5',
      'MQTT-3.8.4-6',
      'MQTT-3.8.4-7',
      'MQTT-3.9.3-1',
      'MQTT-3.9.3-2',
      'MQTT-2.2.1-6',
      'MQTT-3.2.2-10',
    ],
    v311: [
      'MQTT-3.8.4-1',
      'MQTT-3.8.4-2',
      'MQTT-3.8.4-4',
      'MQTT-3.8.4-5',
      'MQTT-3.9.3-1',
      'MQTT-3.9.3-2',
      'MQTT-2.3.1-7',
    ],
    run: async (world) => {
      const client = await world.connect('client');
      const codes = await world.subscribe(client, [
        { topicFilter: world.topic('q2'), qos: 2 },
        { topicFilter: world.topic('q0'), qos: 0 },
        { topicFilter: world.topic('q1'), qos: 1 },
      ]);
      const asked = [2, 0, 1];
      expectThat(codes.length === asked.length, 'a code for each filter', codes.join(', '));
      expectThat(
        codes.every((code, at) => code <= asked[at]! || code >= 0x80),
        'no more granted than was asked for',
        codes.join(', '),
      );
      if (world.capabilities.maximumQos === 2 && codes.some((code, at) => code !== asked[at]))
        world.note(`grants other QoS than 2, 0, 1 where those were asked for: ${codes.join(', ')}`);
      const rest = await client.untilPing();
      expectThat(rest.length === 0, 'one SUBACK', packetsText(rest));
    },
  },
  {
    id: 'subscribe-qos-bounds',
    title: 'delivers at the lower of the QoS of the message and of the subscription',
    v5: ['MQTT-3.8.4-8'],
    v311: ['MQTT-3.8.4-6'],
    needs: ['qos2'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      for (const asked of [0, 1, 2] as const) {
        const subscriber = await world.connect(`subscriber${asked}`);
        const granted = await world.subscribed(subscriber, world.topic('a'), { qos: asked });
        for (const qos of [0, 1, 2] as const) {
          await world.publish(publisher, world.topic('a'), 'x', { qos });
          const message = await world.message(subscriber);
          expectEqual(message.qos, Math.min(granted, qos), `QoS ${qos} to a subscription of QoS ${granted}`);
        }
        await world.disconnect(subscriber);
      }
    },
  },
  {
    id: 'subscribe-replaces',
    title: 'replaces a subscription when its filter comes again: one copy, with the new options',
    v5: ['MQTT-3.8.4-3'],
    v311: ['MQTT-3.8.4-3'],
    needs: ['qos2'],
    run: async (world) => {
      const client = await world.connect('client');
      const publisher = await world.connect('publisher');
      for (const [old, qos] of [
        [2, 0],
        [0, 1],
      ] as const) {
        await world.subscribed(client, world.topic('a'), { qos: old });
        await world.subscribed(client, world.topic('a'), { qos });
        await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
        const messages = await world.messagesUpToNow(client);
        expectEqual(
          messages.map((message) => message.qos),
          [qos],
          `the QoS of what comes, after ${old} and then ${qos}`,
        );
      }
      expectThat(
        (await world.unsubscribe(client, world.topic('a'))).every((code) => code === 0),
        'it to be one',
        'more',
      );
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
      const messages = await world.messagesUpToNow(client);
      expectThat(messages.length === 0, 'nothing after one UNSUBSCRIBE', packetsText(messages));
    },
  },
  {
    id: 'subscribe-no-local',
    title: 'sends a client nothing of its own with No Local, and the rest',
    v5: ['MQTT-3.8.3-3'],
    run: async (world) => {
      const client = await world.connect('client');
      await world.subscribed(client, world.topic('a'), { noLocal: true });
      await world.publish(client, world.topic('a'), 'own');
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'of another');
      expectEqual(textOf(await world.message(client)), 'of another', 'what comes');
    },
  },
  {
    id: 'subscribe-local',
    title: 'sends a client what it has published itself',
    v5: ['MQTT-4.5.0-1'],
    v311: ['MQTT-4.5.0-1'],
    run: async (world) => {
      const client = await world.connect('client');
      await world.subscribed(client, world.topic('a'));
      world.send(client, world.topic('a'), 'own');
      expectEqual(textOf(await world.message(client)), 'own', 'what comes');
    },
  },
  {
    id: 'subscribe-no-local-shared',
    title: 'closes for No Local in a shared subscription',
    v5: ['MQTT-3.8.3-4'],
    needs: ['shared'],
    run: (world) =>
      refuses(
        world,
        frame(0x82, PACKET_ID, [0], field(`$share/group/${world.topic('a')}`), [0x04]),
        'SUBSCRIBE to a shared filter with No Local',
      ),
  },
  {
    id: 'subscribe-flags',
    title: 'closes for a SUBSCRIBE whose fixed header has other flags than 0010',
    v5: ['MQTT-3.8.1-1', 'MQTT-2.1.3-1'],
    v311: ['MQTT-3.8.1-1', 'MQTT-2.2.2-2'],
    run: (world) =>
      refuses(
        world,
        frame(0x80, PACKET_ID, noProperties(world), field(world.topic('a')), [0]),
        'SUBSCRIBE with flags 0000',
      ),
  },
  {
    id: 'subscribe-empty',
    title: 'closes for a SUBSCRIBE without a filter',
    v5: ['MQTT-3.8.3-2'],
    v311: ['MQTT-3.8.3-3'],
    run: (world) => refuses(world, frame(0x82, PACKET_ID, noProperties(world)), 'SUBSCRIBE without a filter'),
  },
  {
    id: 'subscribe-reserved-bits',
    title: 'closes for reserved bits beside the QoS',
    v5: ['MQTT-3.8.3-5'],
    v311: ['MQTT-3.8.3-4'],
    run: async (world) => {
      for (const bit of [0x40, 0x80]) {
        await refuses(
          world,
          frame(0x82, PACKET_ID, noProperties(world), field(world.topic('a')), [bit]),
          `SUBSCRIBE with the option bit 0x${bit.toString(16)}`,
        );
      }
    },
  },
  {
    id: 'subscribe-qos-3',
    title: 'closes for a subscription of QoS 3',
    v5: ['MQTT-4.13.1-1'],
    v311: ['MQTT-3.8.3-4'],
    run: (world) =>
      refuses(
        world,
        frame(0x82, PACKET_ID, noProperties(world), field(world.topic('a')), [3]),
        'SUBSCRIBE with QoS 3',
      ),
  },
  {
    id: 'subscribe-retain-handling-3',
    title: 'closes for Retain Handling 3',
    v5: ['MQTT-4.13.1-1'],
    run: (world) =>
      refuses(
        world,
        frame(0x82, PACKET_ID, [0], field(world.topic('a')), [0x30]),
        'SUBSCRIBE with Retain Handling 3',
      ),
  },
  {
    id: 'subscribe-packet-id-0',
    title: 'closes for a SUBSCRIBE with the packet identifier 0',
    v5: ['MQTT-4.13.1-1'],
    v311: ['MQTT-4.8.0-1', 'MQTT-2.3.1-1'],
    run: (world) =>
      refuses(
        world,
        frame(0x82, [0, 0], noProperties(world), field(world.topic('a')), [0]),
        'SUBSCRIBE with packet identifier 0',
      ),
  },
  {
    id: 'subscribe-filter-utf8',
    title: 'closes for a Topic Filter that is not UTF-8',
    v5: ['MQTT-3.8.3-1'],
    v311: ['MQTT-3.8.3-1'],
    run: (world) =>
      refuses(
        world,
        frame(0x82, PACKET_ID, noProperties(world), field(Uint8Array.of(0x61, 0xff)), [0]),
        'SUBSCRIBE to the filter 61 ff',
      ),
  },
  {
    id: 'subscribe-identifier-0',
    title: 'closes for the Subscription Identifier 0',
    v5: ['MQTT-4.13.1-1'],
    needs: ['identifiers'],
    run: (world) =>
      refuses(
        world,
        frame(0x82, PACKET_ID, [2, 0x0b, 0], field(world.topic('a')), [0]),
        'SUBSCRIBE with Subscription Identifier 0',
      ),
  },
  {
    id: 'subscribe-identifiers',
    title: 'sends the identifiers of all subscriptions that match, with one copy or one with each',
    v5: ['MQTT-3.3.4-3', 'MQTT-3.3.4-4', 'MQTT-3.3.4-5'],
    needs: ['identifiers', 'wildcards'],
    run: async (world) => {
      const client = await world.connect('client');
      await world.subscribed(client, world.topic('a'), { subscriptionIdentifier: 1 });
      await world.subscribed(client, world.topic('+'), { subscriptionIdentifier: 268_435_455 });
      await world.subscribed(client, world.topic('#'));
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x');
      const messages = await world.messagesUpToNow(client);
      const copies = messages.filter((message) => message.topicName === world.topic('a'));
      const identifiers = copies.flatMap((message) => message.properties.subscriptionIdentifiers ?? []);
      expectEqual(
        [...identifiers].sort((a, b) => a - b),
        [1, 268_435_455],
        'the identifiers of all copies',
      );
    },
  },
  {
    id: 'subscribe-overlap-qos',
    title: 'delivers at the highest QoS among the filters that match',
    v5: ['MQTT-3.3.4-2'],
    v311: ['MQTT-3.3.5-1'],
    needs: ['wildcards', 'qos2'],
    run: async (world) => {
      const client = await world.connect('client');
      await world.subscribed(client, world.topic('a'), { qos: 0 });
      await world.subscribed(client, world.topic('+'), { qos: 2 });
      await world.subscribed(client, world.topic('#'), { qos: 1 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
      const messages = await world.messagesUpToNow(client);
      const copies = messages.filter((message) => message.topicName === world.topic('a'));
      expectEqual(Math.max(...copies.map((message) => message.qos)), 2, 'the highest QoS of what comes');
    },
  },
  {
    id: 'unsubscribe-answered',
    title:
      'answers UNSUBSCRIBE by one UNSUBACK with its packet identifier, also where there was no subscription',
    v5: ['MQTT-3.10.4-4', 'MQTT-3.10.4-5', 'MQTT-3.10.4-6', 'MQTT-3.11.3-1', 'MQTT-3.11.3-2', 'MQTT-2.2.1-6'],
    v311: ['MQTT-3.10.4-4', 'MQTT-3.10.4-5', 'MQTT-3.10.4-6', 'MQTT-2.3.1-7'],
    run: async (world) => {
      const client = await world.connect('client');
      await world.subscribed(client, world.topic('a'));
      const codes = await world.unsubscribe(client, world.topic('none'), world.topic('a'));
      if (world.isV5) expectEqual(codes, [0x11, 0], 'the codes of UNSUBACK: none existed, success');
      const rest = await client.untilPing();
      expectThat(rest.length === 0, 'one UNSUBACK', packetsText(rest));
    },
  },
  {
    id: 'unsubscribe-literally',
    title: 'deletes the subscription whose filter is the same character for character, and no other',
    v5: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
    v311: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
    needs: ['wildcards'],
    run: async (world) => {
      const client = await world.connect('client');
      const publisher = await world.connect('publisher');
      await world.subscribed(client, world.topic('+'));
      await world.subscribed(client, world.topic('a'));
      await world.unsubscribe(client, world.topic('#'), world.topic('A'));
      await world.unsubscribe(client, world.topic('+'));
      await world.publish(publisher, world.topic('b'), 'not any more');
      await world.publish(publisher, world.topic('a'), 'still');
      const messages = await world.messagesUpToNow(client);
      expectEqual(messages.map(textOf), ['still'], 'what comes');
    },
  },
  {
    id: 'unsubscribe-in-flight',
    title: 'carries a delivery through that was under way at UNSUBSCRIBE',
    v5: ['MQTT-3.10.4-3'],
    v311: ['MQTT-3.10.4-3'],
    needs: ['qos2'],
    run: async (world) => {
      const client = await world.connect('client');
      await world.subscribed(client, world.topic('a'), { qos: 2 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
      const message = await client.expect('publish');
      await world.unsubscribe(client, world.topic('a'));
      await world.acknowledge(client, message);
    },
  },
  {
    id: 'unsubscribe-flags',
    title: 'closes for an UNSUBSCRIBE whose fixed header has other flags than 0010',
    v5: ['MQTT-3.10.1-1'],
    v311: ['MQTT-3.10.1-1'],
    run: (world) =>
      refuses(
        world,
        frame(0xa0, PACKET_ID, noProperties(world), field(world.topic('a'))),
        'UNSUBSCRIBE with flags 0000',
      ),
  },
  {
    id: 'unsubscribe-empty',
    title: 'closes for an UNSUBSCRIBE without a filter',
    v5: ['MQTT-3.10.3-2'],
    v311: ['MQTT-3.10.3-2'],
    run: (world) =>
      refuses(world, frame(0xa2, PACKET_ID, noProperties(world)), 'UNSUBSCRIBE without a filter'),
  },
  {
    id: 'unsubscribe-filter-utf8',
    title: 'closes for an UNSUBSCRIBE whose filter is not UTF-8',
    v5: ['MQTT-3.10.3-1'],
    v311: ['MQTT-3.10.3-1'],
    run: (world) =>
      refuses(
        world,
        frame(0xa2, PACKET_ID, noProperties(world), field(Uint8Array.of(0x61, 0xff))),
        'UNSUBSCRIBE of the filter 61 ff',
      ),
  },
];
