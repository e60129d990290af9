/** Sections 3.1.2.4, 3.1.2.11.2, 4.1 and 4.4 of the specification: what outlives a connection, and for how long. */
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { checkId, checkTaken, expectEqual, expectThat, textOf } from '../expectations.ts';
import { packetsText } from '../packets-text.ts';
import type { RawClient } from '../raw-client.ts';

/** Comes back to a session that is to be there, in the form of the version. */
function back(world: CheckWorld, name: string, clientId: string): Promise<RawClient> {
  const properties = world.isV5 ? { sessionExpiryInterval: 60 } : {};
  return world.connect(name, { clientId, cleanStart: false, properties });
}

/** Servers look at their clocks now and then; later than this is too late. */
const LATEST_MS = 9000;

/** A client with a session that is kept and one subscription, which has left. */
async function leave(
  world: CheckWorld,
  clientId: string,
  topicFilter: string,
  qos: 0 | 1 | 2,
): Promise<void> {
  const client = await world.connect('before', { clientId, keepSession: true });
  await world.subscribed(client, topicFilter, { qos });
  await world.disconnect(client);
}

export const SESSION_CHECKS: readonly Check[] = [
  {
    id: 'session-present',
    title: 'finds the session of a client that comes back, and says so',
    v5: ['MQTT-3.1.2-5', 'MQTT-3.1.2-23', 'MQTT-3.2.2-3', 'MQTT-3.1.3-2'],
    v311: ['MQTT-3.1.2-4', 'MQTT-3.2.2-2', 'MQTT-3.1.3-2', 'MQTT-4.1.0-1'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      await leave(world, clientId, world.topic('a'), 1);
      const client = await back(world, 'after', clientId);
      expectEqual(client.connack?.sessionPresent, true, 'Session Present');
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'still subscribed');
      expectEqual(
        textOf(await world.message(client)),
        'still subscribed',
        'the message to the old subscription',
      );
    },
  },
  {
    id: 'session-absent',
    title: 'says that there is no session where there was none',
    v5: ['MQTT-3.1.2-6', 'MQTT-3.2.2-3'],
    v311: ['MQTT-3.2.2-3'],
    run: async (world) => {
      const client = await back(world, 'client', world.clientId('new'));
      expectEqual(client.connack?.sessionPresent, false, 'Session Present');
    },
  },
  {
    id: 'session-clean-start',
    title: 'throws the old session away for a clean start',
    v5: ['MQTT-3.1.2-4', 'MQTT-3.2.2-2', 'MQTT-3.1.4-4'],
    v311: ['MQTT-3.1.2-6', 'MQTT-3.2.2-1', 'MQTT-3.1.4-3'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      await leave(world, clientId, world.topic('a'), 1);
      const client = await world.connect('after', { clientId });
      expectEqual(client.connack?.sessionPresent, false, 'Session Present');
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 1 });
      const messages = await world.messagesUpToNow(client);
      expectThat(messages.length === 0, 'no message for a subscription that is gone', packetsText(messages));
    },
  },
  {
    id: 'session-ends-with-connection',
    title: 'keeps no session beyond its connection unless that is asked for',
    v5: ['MQTT-4.1.0-2'],
    v311: ['MQTT-3.1.2-6'],
    run: async (world) => {
      const clientId = world.clientId('brief');
      const client = await world.connect('before', { clientId });
      await world.subscribed(client, world.topic('a'), { qos: 1 });
      await world.disconnect(client);
      const again = await back(world, 'after', clientId);
      expectEqual(again.connack?.sessionPresent, false, 'Session Present');
    },
  },
  {
    id: 'session-expires',
    title: 'deletes the session when its expiry interval is over',
    v5: ['MQTT-4.1.0-2'],
    run: async (world) => {
      const clientIds = [world.clientId('brief1'), world.clientId('brief2')] as const;
      for (const clientId of clientIds) {
        const client = await world.connect('before', { clientId, properties: { sessionExpiryInterval: 1 } });
        await world.disconnect(client);
      }
      await world.pass(2500);
      const again = await back(world, 'after', clientIds[0]);
      if (again.connack?.sessionPresent === false) return;
      world.note('still has a session 1.5 s after it has expired');
      await world.pass(LATEST_MS);
      const later = await back(world, 'later', clientIds[1]);
      expectEqual(later.connack?.sessionPresent, false, 'Session Present 11 seconds after it has expired');
    },
  },
  {
    id: 'session-expiry-at-disconnect',
    title: 'takes the expiry interval that DISCONNECT names',
    v5: ['MQTT-4.1.0-2'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const client = await world.connect('before', { clientId, keepSession: true });
      await world.disconnect(client, { sessionExpiryInterval: 0 });
      const again = await back(world, 'after', clientId);
      expectEqual(again.connack?.sessionPresent, false, 'Session Present');
    },
  },
  {
    id: 'session-expiry-from-zero',
    title: 'closes for a DISCONNECT that wants to keep a session which CONNECT did not',
    v5: ['MQTT-4.13.1-1'],
    run: async (world) => {
      const client = await world.connect('client');
      client.send({ type: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 60 } });
      await client.closes('DISCONNECT');
      const again = await back(world, 'after', world.clientId('client'));
      expectEqual(again.connack?.sessionPresent, false, 'Session Present');
    },
  },
  {
    id: 'session-queues',
    title: 'keeps the QoS 1 and 2 messages for a client that is away, in their order',
    v5: ['MQTT-3.1.2-5', 'MQTT-4.5.0-1', 'MQTT-4.6.0-5'],
    v311: ['MQTT-3.1.2-5', 'MQTT-4.5.0-1', 'MQTT-4.6.0-6'],
    needs: ['qos2'],
    run: async (world) => {
      const clientId = world.clientId('away');
      await leave(world, clientId, world.topic('a'), 2);
      const publisher = await world.connect('publisher');
      for (const [payload, qos] of [
        ['1', 1],
        ['2', 2],
        ['3', 1],
      ] as const) {
        await world.publish(publisher, world.topic('a'), payload, { qos });
      }
      const client = await back(world, 'after', clientId);
      const got: unknown[] = [];
      for (let i = 0; i < 3; i++) {
        const message = await world.message(client);
        got.push([textOf(message), message.qos]);
      }
      // The order is promised among messages of one QoS.
      const ones = got.filter((each) => (each as unknown[])[1] === 1);
      expectEqual(
        ones,
        [
          ['1', 1],
          ['3', 1],
        ],
        'the messages of QoS 1',
      );
      expectThat(got.length === 3, 'three messages', JSON.stringify(got));
    },
  },
  {
    id: 'session-resends-publish',
    title:
      'sends an unacknowledged PUBLISH again when its client is back, with DUP and its packet identifier',
    v5: ['MQTT-4.4.0-1', 'MQTT-3.3.1-1', 'MQTT-4.3.2-3'],
    v311: ['MQTT-4.4.0-1', 'MQTT-3.3.1-1'],
    needs: ['qos1'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const client = await world.connect('before', { clientId, keepSession: true });
      await world.subscribed(client, world.topic('a'), { qos: 1 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 1 });
      const first = await client.expect('publish');
      expectEqual(first.dup, false, 'DUP of the first PUBLISH');
      client.drop();
      const again = await back(world, 'after', clientId);
      const second = await again.expect('publish');
      expectEqual(
        [second.packetId, second.dup, textOf(second)],
        [first.packetId, true, 'x'],
        'what comes again',
      );
    },
  },
  {
    id: 'session-resends-pubrel',
    title: 'sends an unanswered PUBREL again when its client is back, and not the PUBLISH',
    v5: ['MQTT-4.4.0-1', 'MQTT-4.3.3-5', 'MQTT-4.3.3-6'],
    v311: ['MQTT-4.4.0-1', 'MQTT-4.3.3-1'],
    needs: ['qos2'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const client = await world.connect('before', { clientId, keepSession: true });
      await world.subscribed(client, world.topic('a'), { qos: 2 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
      const { packetId } = await client.expect('publish');
      client.send({ type: 'pubrec', packetId, reasonCode: 0, properties: {} });
      checkId(await client.expect('pubrel'), packetId);
      client.drop();
      const again = await back(world, 'after', clientId);
      checkId(await again.expect('pubrel'), packetId);
      again.send({ type: 'pubcomp', packetId, reasonCode: 0, properties: {} });
      const rest = await again.untilPing();
      expectThat(rest.length === 0, 'nothing more', packetsText(rest));
    },
  },
  {
    id: 'session-no-resending-while-connected',
    title: 'sends nothing again while the connection is up',
    v5: ['MQTT-4.4.0-1'],
    needs: ['qos1'],
    run: async (world) => {
      const client = await world.connect('client');
      await world.subscribed(client, world.topic('a'), { qos: 1 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 1 });
      await client.expect('publish');
      await world.pass(1500);
      const rest = await client.untilPing();
      expectThat(rest.length === 0, 'nothing in the next 1.5 seconds', packetsText(rest));
    },
  },
  {
    id: 'session-qos2-received-once',
    title: 'passes a QoS 2 message on once, though its PUBLISH comes again on the next connection',
    v5: ['MQTT-4.3.3-10', 'MQTT-4.4.0-1'],
    v311: ['MQTT-4.3.3-2', 'MQTT-4.4.0-1'],
    needs: ['qos2'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { qos: 2 });
      const clientId = world.clientId('pub');
      const publisher = await world.connect('before', { clientId, keepSession: true });
      const packetId = world.send(publisher, world.topic('a'), 'x', { qos: 2 });
      checkTaken(await publisher.expect('pubrec'), packetId);
      publisher.drop();
      const again = await back(world, 'after', clientId);
      again.send({
        type: 'publish',
        topicName: world.topic('a'),
        payload: Uint8Array.of(0x78),
        qos: 2,
        retain: false,
        dup: true,
        packetId,
        properties: {},
      });
      checkTaken(await again.expect('pubrec'), packetId);
      again.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
      checkId(await again.expect('pubcomp'), packetId);
      const messages = await world.messagesUpToNow(subscriber);
      expectEqual(messages.map(textOf), ['x'], 'what the subscriber has received');
    },
  },
  {
    id: 'session-retained-outlive-it',
    title: 'deletes no retained message with the session of its publisher',
    v311: ['MQTT-3.1.2-7'],
    needs: ['retain'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'kept', { retain: true, qos: 1 });
      await world.disconnect(publisher);
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'));
      expectEqual(textOf(await world.message(subscriber)), 'kept', 'the retained message');
    },
  },
];
