/** Sections 4.1, 4.3.3, 4.4 and 4.6 of the specification: what goes on across connections, and is not lost as time passes. */
import type { PublishPacket } from '@martlet/protocol';
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

/** A subscriber of QoS 2 with a session that is kept, and somebody who publishes to it. */
async function pair(world: CheckWorld, clientId: string): Promise<readonly [RawClient, RawClient]> {
  const client = await world.connect('before', { clientId, keepSession: true });
  await world.subscribed(client, world.topic('a'), { qos: 2 });
  return [client, await world.connect('publisher')];
}

const EXPIRES: Readonly<PublishPacket['properties']> = { messageExpiryInterval: 1 };
/** Longer than that, in ms. */
const EXPIRED_MS = 2200;

export const RESUMPTION_CHECKS: readonly Check[] = [
  {
    id: 'session-resends-qos2-publish',
    title: 'sends a QoS 2 PUBLISH again that had no PUBREC when its client is back',
    v5: ['MQTT-4.3.3-3', 'MQTT-4.4.0-1', 'MQTT-3.3.1-1'],
    v311: ['MQTT-4.4.0-1', 'MQTT-4.3.3-1', 'MQTT-3.3.1-1'],
    needs: ['qos2'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const [client, publisher] = await pair(world, clientId);
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
      const first = await client.expect('publish');
      client.drop();
      const again = await back(world, 'after', clientId);
      const second = await world.message(again);
      expectEqual(
        [second.packetId, second.qos, second.dup, textOf(second)],
        [first.packetId, 2, true, 'x'],
        'what comes again',
      );
    },
  },
  {
    id: 'session-order',
    title: 'keeps the order of one topic and QoS when unacknowledged messages come again',
    v5: ['MQTT-4.6.0-5', 'MQTT-4.4.0-1'],
    v311: ['MQTT-4.6.0-6', 'MQTT-4.4.0-1'],
    needs: ['qos1'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const client = await world.connect('before', { clientId, keepSession: true });
      await world.subscribed(client, world.topic('a'), { qos: 1 });
      const publisher = await world.connect('publisher');
      const sent = Array.from({ length: 8 }, (_, at) => String(at));
      for (const payload of sent.slice(0, 4))
        await world.publish(publisher, world.topic('a'), payload, { qos: 1 });
      for (let i = 0; i < 4; i++) await client.expect('publish');
      client.drop();
      for (const payload of sent.slice(4))
        await world.publish(publisher, world.topic('a'), payload, { qos: 1 });
      const again = await back(world, 'after', clientId);
      const got: string[] = [];
      while (got.length < sent.length) got.push(textOf(await world.message(again)));
      expectEqual(got, sent, 'what comes, in its order');
    },
  },
  {
    id: 'session-while-connected',
    title:
      'keeps the state of a session while its client is connected, and a client that sends within its Keep Alive',
    v5: ['MQTT-4.1.0-1', 'MQTT-3.1.2-22'],
    v311: ['MQTT-4.1.0-2', 'MQTT-3.1.2-24'],
    run: async (world) => {
      const properties = world.isV5 ? { sessionExpiryInterval: 1 } : {};
      const client = await world.connect('client', { keepAlive: 2, properties });
      await world.subscribed(client, world.topic('a'));
      // Every packet counts, PINGREQ is not needed. Together more than 1.5 times the Keep Alive.
      for (let i = 0; i < 4; i++) {
        await world.pass(1000);
        world.send(client, world.topic('nobody'), 'x');
      }
      await world.publish(await world.connect('publisher'), world.topic('a'), 'still');
      expectEqual(textOf(await world.message(client)), 'still', 'what comes after 4 seconds');
    },
  },
  {
    id: 'qos2-expired-for-subscriber',
    title: 'lets no QoS 2 message expire once its PUBLISH has gone out',
    v5: ['MQTT-4.3.3-7'],
    needs: ['qos2'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const [client, publisher] = await pair(world, clientId);
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2, properties: EXPIRES });
      const { packetId } = await client.expect('publish');
      client.drop();
      await world.pass(EXPIRED_MS);
      const again = await back(world, 'after', clientId);
      const second = await world.message(again);
      expectEqual([second.packetId, textOf(second)], [packetId, 'x'], 'what comes again');
    },
  },
  {
    id: 'qos2-expired-from-publisher',
    title: 'finishes the exchange of a QoS 2 message that has expired meanwhile',
    v5: ['MQTT-4.3.3-13', 'MQTT-4.3.3-11'],
    needs: ['qos2'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      const packetId = world.send(publisher, world.topic('a'), 'x', { qos: 2, properties: EXPIRES });
      checkTaken(await publisher.expect('pubrec'), packetId);
      await world.pass(EXPIRED_MS);
      publisher.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
      checkId(await publisher.expect('pubcomp'), packetId);
    },
  },
  {
    id: 'shared-session-ended',
    title: 'gives a cut-off QoS 2 message to no other member when the session of its member ends',
    v5: ['MQTT-4.8.2-5'],
    needs: ['shared', 'qos2'],
    run: async (world) => {
      const filter = `$share/${world.clientId('g')}/${world.topic('a')}`;
      const clientId = world.clientId('kept');
      const member = await world.connect('member', { clientId, keepSession: true });
      await world.subscribed(member, filter, { qos: 2 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
      await member.expect('publish');
      const other = await world.connect('other');
      await world.subscribed(other, filter, { qos: 2 });
      member.drop();
      await world.disconnect(await world.connect('ender', { clientId, cleanStart: true }));
      const messages = await world.messagesUpToNow(other);
      expectThat(messages.length === 0, 'nothing to another member', packetsText(messages));
    },
  },
];
