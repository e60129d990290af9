/** Sections 4.3 and 4.9 of the specification: QoS 1 and 2 step by step, and how much may be under way. */
import type { PublishPacket, ServerPacket } from '@martlet/protocol';
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { bytesOf, checkId, checkTaken, expectEqual, expectThat, textOf } from '../expectations.ts';
import { frame } from '../frame.ts';
import { packetsText } from '../packets-text.ts';
import type { RawClient } from '../raw-client.ts';

function sendAgain(
  client: RawClient,
  topicName: string,
  packetId: number,
  wish: Partial<PublishPacket>,
): void {
  client.send({
    type: 'publish',
    topicName,
    payload: bytesOf('x'),
    qos: 2,
    retain: false,
    dup: true,
    packetId,
    properties: {},
    ...wish,
  });
}

function isPublish(packet: ServerPacket): packet is PublishPacket {
  return packet.type === 'publish';
}

export const QUALITY_OF_SERVICE_CHECKS: readonly Check[] = [
  {
    id: 'qos1-reused-id',
    title: 'takes a QoS 1 PUBLISH with a packet identifier that it has acknowledged for a new message',
    v5: ['MQTT-4.3.2-5'],
    v311: ['MQTT-4.3.2-2'],
    needs: ['qos1'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { qos: 1 });
      const publisher = await world.connect('publisher');
      for (const dup of [false, true]) {
        sendAgain(publisher, world.topic('a'), 5, { qos: 1, dup });
        checkTaken(await publisher.expect('puback'), 5);
      }
      const messages = await world.messagesUpToNow(subscriber);
      expectEqual(messages.length, 2, 'the number of messages');
    },
  },
  {
    id: 'qos2-once',
    title: 'answers a repeated QoS 2 PUBLISH by PUBREC again, and passes it on once',
    v5: ['MQTT-4.3.3-10'],
    v311: ['MQTT-4.3.3-2'],
    needs: ['qos2'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { qos: 2 });
      const publisher = await world.connect('publisher');
      sendAgain(publisher, world.topic('a'), 9, { dup: false });
      checkTaken(await publisher.expect('pubrec'), 9);
      sendAgain(publisher, world.topic('a'), 9, {});
      checkTaken(await publisher.expect('pubrec'), 9);
      publisher.send({ type: 'pubrel', packetId: 9, reasonCode: 0, properties: {} });
      checkId(await publisher.expect('pubcomp'), 9);
      const messages = await world.messagesUpToNow(subscriber);
      expectEqual(messages.map(textOf), ['x'], 'what comes');
    },
  },
  {
    id: 'qos2-reused-id',
    title: 'takes a QoS 2 PUBLISH with a packet identifier that it has completed for a new message',
    v5: ['MQTT-4.3.3-12'],
    v311: ['MQTT-4.3.3-2'],
    needs: ['qos2'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { qos: 2 });
      const publisher = await world.connect('publisher');
      for (const dup of [false, true]) {
        sendAgain(publisher, world.topic('a'), 9, { dup });
        checkTaken(await publisher.expect('pubrec'), 9);
        publisher.send({ type: 'pubrel', packetId: 9, reasonCode: 0, properties: {} });
        checkId(await publisher.expect('pubcomp'), 9);
      }
      const messages = await world.messagesUpToNow(subscriber);
      expectEqual(messages.length, 2, 'the number of messages');
    },
  },
  {
    id: 'qos2-out-of-order',
    title: 'completes QoS 2 messages whose PUBREL come in another order',
    v5: ['MQTT-4.3.3-11', 'MQTT-2.2.1-5'],
    v311: ['MQTT-4.3.3-2', 'MQTT-2.3.1-6'],
    needs: ['qos2'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      const ids = [11, 12, 13];
      for (const packetId of ids) sendAgain(publisher, world.topic('a'), packetId, { dup: false });
      for (const packetId of ids) checkTaken(await publisher.expect('pubrec'), packetId);
      for (const packetId of [13, 11, 12]) {
        publisher.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
        checkId(await publisher.expect('pubcomp'), packetId);
      }
    },
  },
  {
    id: 'qos2-unknown-pubrel',
    title: 'answers a PUBREL that it has no PUBLISH for by PUBCOMP',
    v5: ['MQTT-4.3.3-11', 'MQTT-3.7.2-1'],
    v311: ['MQTT-4.3.3-2'],
    needs: ['qos2'],
    run: async (world) => {
      const client = await world.connect('client');
      client.send({ type: 'pubrel', packetId: 77, reasonCode: 0, properties: {} });
      const pubcomp = checkId(await client.expect('pubcomp'), 77);
      if (world.isV5)
        expectThat(
          [0, 0x92].includes(pubcomp.reasonCode),
          'code 0x00 or 0x92',
          `0x${pubcomp.reasonCode.toString(16)}`,
        );
    },
  },
  {
    id: 'qos2-pubrel-flags',
    title: 'closes for a PUBREL whose fixed header has other flags than 0010',
    v5: ['MQTT-3.6.1-1', 'MQTT-2.1.3-1'],
    v311: ['MQTT-3.6.1-1', 'MQTT-2.2.2-2'],
    needs: ['qos2'],
    run: async (world) => {
      const client = await world.connect('client');
      sendAgain(client, world.topic('a'), 1, { dup: false });
      await client.expect('pubrec');
      client.sendBytes(frame(0x60, [0, 1]), 'PUBREL with flags 0000');
      await client.closes('PUBREL with flags 0000');
    },
  },
  {
    id: 'qos-packet-ids',
    title: 'gives messages under way to a client packet identifiers that differ and are not 0',
    v5: ['MQTT-2.2.1-4', 'MQTT-4.3.2-1', 'MQTT-4.3.3-1', 'MQTT-4.3.2-2', 'MQTT-4.3.3-2'],
    v311: ['MQTT-2.3.1-4', 'MQTT-4.3.2-1', 'MQTT-4.3.3-1'],
    needs: ['qos2'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { qos: 2 });
      const publisher = await world.connect('publisher');
      const messages: PublishPacket[] = [];
      for (let i = 0; i < 10; i++) {
        await world.publish(publisher, world.topic('a'), `${i}`, { qos: i % 2 === 0 ? 1 : 2 });
        messages.push(await subscriber.expect('publish'));
      }
      const ids = messages.map(({ packetId }) => packetId);
      expectThat(new Set(ids).size === 10 && !ids.includes(0), 'ten different identifiers', ids.join(', '));
      expectThat(
        messages.every(({ dup }) => !dup),
        'DUP 0 in all of them',
        packetsText(messages),
      );
    },
  },
  {
    id: 'qos2-refused-pubrec',
    title: 'takes a PUBREC of 0x80 or above for the end of the message: no PUBREL, and nothing again later',
    v5: ['MQTT-4.3.3-4', 'MQTT-4.4.0-2'],
    needs: ['qos2'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const subscriber = await world.connect('before', { clientId, keepSession: true });
      await world.subscribed(subscriber, world.topic('a'), { qos: 2 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
      const { packetId } = await subscriber.expect('publish');
      subscriber.send({ type: 'pubrec', packetId, reasonCode: 0x83, properties: {} });
      const rest = await subscriber.untilPing();
      expectThat(rest.length === 0, 'no PUBREL', packetsText(rest));
      subscriber.drop();
      const again = await world.connect('after', {
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 60 },
      });
      const later = await again.untilPing();
      expectThat(later.length === 0, 'nothing again', packetsText(later));
    },
  },
  {
    id: 'qos1-refused-puback',
    title: 'takes a PUBACK of 0x80 or above for the end of the message',
    v5: ['MQTT-4.4.0-2'],
    needs: ['qos1'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const subscriber = await world.connect('before', { clientId, keepSession: true });
      await world.subscribed(subscriber, world.topic('a'), { qos: 1 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 1 });
      const { packetId } = await subscriber.expect('publish');
      subscriber.send({ type: 'puback', packetId, reasonCode: 0x83, properties: {} });
      await subscriber.untilPing();
      subscriber.drop();
      const again = await world.connect('after', {
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 60 },
      });
      const later = await again.untilPing();
      expectThat(later.length === 0, 'nothing again', packetsText(later));
    },
  },
  {
    id: 'flow-receive-maximum',
    title: 'has no more QoS 1 and 2 messages under way to a client than its Receive Maximum',
    v5: ['MQTT-3.3.4-9', 'MQTT-4.9.0-1', 'MQTT-4.9.0-2'],
    needs: ['qos2'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber', { properties: { receiveMaximum: 2 } });
      await world.subscribed(subscriber, world.topic('a'), { qos: 2 });
      const publisher = await world.connect('publisher');
      for (let i = 0; i < 5; i++)
        await world.publish(publisher, world.topic('a'), `${i}`, { qos: i % 2 === 0 ? 1 : 2 });
      const first = (await subscriber.untilPing()).filter(isPublish);
      expectThat(
        first.length <= 2,
        'at most 2 messages before the first is acknowledged',
        packetsText(first),
      );
      const got = first.map(textOf);
      for (const message of first) await world.acknowledge(subscriber, message);
      while (got.length < 5) got.push(textOf(await world.message(subscriber)));
      expectEqual([...got].sort(), ['0', '1', '2', '3', '4'], 'all messages in the end');
    },
  },
  {
    id: 'flow-other-packets',
    title: 'answers everything else while a client is at its Receive Maximum',
    v5: ['MQTT-3.3.4-10', 'MQTT-4.9.0-3'],
    needs: ['qos1'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber', { properties: { receiveMaximum: 1 } });
      await world.subscribed(subscriber, world.topic('a'), { qos: 1 });
      const publisher = await world.connect('publisher');
      for (const payload of ['1', '2']) await world.publish(publisher, world.topic('a'), payload, { qos: 1 });
      await subscriber.expect('publish');
      // PUBLISH of QoS 0 may be held back too, so nothing is said of it.
      await world.subscribed(subscriber, world.topic('b'), { qos: 0 });
      await world.publish(subscriber, world.topic('c'), 'x', { qos: 1 });
      await world.unsubscribe(subscriber, world.topic('b'));
      const rest = await subscriber.untilPing();
      expectThat(rest.length === 0, 'nothing but the answers', packetsText(rest));
    },
  },
  {
    id: 'flow-exceeded',
    title: 'takes no more than its Receive Maximum from a client, and closes for more',
    v5: ['MQTT-4.13.1-1'],
    needs: ['qos2'],
    run: async (world) => {
      const { receiveMaximum } = world.capabilities;
      if (receiveMaximum > 2000) world.skip(`the server takes ${receiveMaximum} messages at once`);
      const client = await world.connect('client');
      const packets = Array.from({ length: receiveMaximum + 1 }, (_, at) => ({
        type: 'publish' as const,
        topicName: world.topic('a'),
        payload: bytesOf('x'),
        qos: 2 as const,
        retain: false,
        dup: false,
        packetId: at + 1,
        properties: {},
      }));
      client.send(...packets);
      const answers: ServerPacket[] = [];
      for (;;) {
        const answer = await client.nextOrSettled();
        if (answer === 'closed') break;
        if (answer === 'silence') {
          const taken = answers.filter((each) => each.type === 'pubrec' && each.reasonCode < 0x80);
          expectThat(
            taken.length < packets.length,
            `no more than ${receiveMaximum} messages to be taken`,
            packetsText(answers),
          );
          world.note('refuses what exceeds its Receive Maximum, and does not close');
          return;
        }
        answers.push(answer);
      }
      const last = answers.at(-1);
      if (last?.type === 'disconnect' && last.reasonCode !== 0x93)
        world.note('does not say Receive Maximum exceeded (0x93)');
    },
  },
  {
    id: 'packet-size-obeyed',
    title: 'sends no packet larger than the client takes, and goes on with the next one',
    v5: ['MQTT-3.1.2-24', 'MQTT-3.1.2-25'],
    needs: ['qos1'],
    run: (world) => sizeObeyed(world),
  },
  {
    id: 'packet-size-exceeded',
    title: 'closes for a packet above the Maximum Packet Size that it announces',
    v5: ['MQTT-4.13.1-1'],
    run: async (world) => {
      const { maximumPacketSize } = world.capabilities;
      if (maximumPacketSize === undefined || maximumPacketSize > 32 * 1024 * 1024)
        return world.skip('the server names no limit that could be reached here');
      const client = await world.connect('client');
      world.send(client, world.topic('a'), new Uint8Array(maximumPacketSize + 1));
      await client.closes(`a packet of more than ${maximumPacketSize} bytes`);
    },
  },
];

async function sizeObeyed(world: CheckWorld): Promise<void> {
  const subscriber = await world.connect('subscriber', {
    properties: { maximumPacketSize: 200, receiveMaximum: 1 },
  });
  await world.subscribed(subscriber, world.topic('a'), { qos: 1 });
  const publisher = await world.connect('publisher');
  await world.publish(publisher, world.topic('a'), 'x'.repeat(300), { qos: 1 });
  await world.publish(publisher, world.topic('a'), 'short', { qos: 1 });
  expectEqual(textOf(await world.message(subscriber)), 'short', 'what comes');
  const rest = await subscriber.untilPing();
  expectThat(rest.length === 0, 'nothing more', packetsText(rest));
}
