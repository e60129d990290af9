/** Section 4.8.2 of the specification: shared subscriptions. */
import type { Check } from '../check.ts';
import { expectEqual, expectThat, textOf } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import { packetsText } from '../packets-text.ts';
import type { RawClient } from '../raw-client.ts';

export const SHARED_SUBSCRIPTION_CHECKS: readonly Check[] = [
  {
    id: 'shared-one-of-group',
    title: 'gives each message to one of the group, and to every other subscription',
    v5: ['MQTT-4.8.2-1', 'MQTT-4.5.0-1'],
    needs: ['shared', 'qos1'],
    run: async (world) => {
      const filter = `$share/${world.clientId('g')}/${world.topic('a')}`;
      const members = [await world.connect('member1'), await world.connect('member2')];
      for (const member of members) await world.subscribed(member, filter, { qos: 1 });
      const other = await world.connect('other');
      await world.subscribed(other, world.topic('a'), { qos: 1 });
      const publisher = await world.connect('publisher');
      const sent = Array.from({ length: 10 }, (_, at) => `${at}`);
      for (const payload of sent) await world.publish(publisher, world.topic('a'), payload, { qos: 1 });
      const got: string[] = [];
      for (const member of members) got.push(...(await world.messagesUpToNow(member)).map(textOf));
      expectEqual([...got].sort(), sent, 'what all members have received together');
      expectEqual(
        (await world.messagesUpToNow(other)).map(textOf),
        sent,
        'what the other subscription has received',
      );
    },
  },
  {
    id: 'shared-two-groups',
    title: 'gives each message to one member of each group',
    v5: ['MQTT-4.8.2-1'],
    needs: ['shared'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      const members: RawClient[] = [];
      for (const name of ['g1', 'g2']) {
        const member = await world.connect(name);
        await world.subscribed(member, `$share/${world.clientId(name)}/${world.topic('a')}`);
        members.push(member);
      }
      await world.publish(publisher, world.topic('a'), 'x');
      for (const member of members) expectEqual(textOf(await world.message(member)), 'x', 'what comes');
    },
  },
  {
    id: 'shared-qos',
    title: 'delivers to a shared subscriber at no more than its QoS',
    v5: ['MQTT-4.8.2-3'],
    needs: ['shared', 'qos2'],
    run: async (world) => {
      const member = await world.connect('member');
      await world.subscribed(member, `$share/${world.clientId('g')}/${world.topic('a')}`, { qos: 1 });
      const publisher = await world.connect('publisher');
      for (const [qos, expected] of [
        [2, 1],
        [1, 1],
        [0, 0],
      ] as const) {
        await world.publish(publisher, world.topic('a'), 'x', { qos });
        expectEqual((await world.message(member)).qos, expected, `the QoS of a message of QoS ${qos}`);
      }
    },
  },
  {
    id: 'shared-invalid-filters',
    title: 'refuses a ShareName that is empty or has a wildcard, and a shared filter without a filter',
    v5: ['MQTT-4.8.2-1', 'MQTT-4.8.2-2'],
    needs: ['shared'],
    run: async (world) => {
      for (const topicFilter of ['$share//a', '$share/+/a', '$share/a#/b', '$share/group', '$share/group/']) {
        const client = await world.connect('client');
        client.sendBytes(frame(0x82, [0, 7], [0], field(topicFilter), [0]), `SUBSCRIBE to ${topicFilter}`);
        const answer = await client.nextOrClosed('SUBACK that refuses, or the end of the connection');
        if (answer === 'closed' || answer.type === 'disconnect') continue;
        const isRefusal = answer.type === 'suback' && answer.reasonCodes.every((code) => code >= 0x80);
        expectThat(isRefusal, `the filter ${topicFilter} to be refused`, packetsText([answer]));
      }
    },
  },
  {
    id: 'shared-unsubscribe',
    title: 'ends a shared subscription by its whole filter',
    v5: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
    needs: ['shared'],
    run: async (world) => {
      const filter = `$share/${world.clientId('g')}/${world.topic('a')}`;
      const member = await world.connect('member');
      await world.subscribed(member, filter);
      expectEqual(
        await world.unsubscribe(member, world.topic('a')),
        [0x11],
        'the code without $share: none existed',
      );
      expectEqual(await world.unsubscribe(member, filter), [0], 'the code with it');
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x');
      const messages = await world.messagesUpToNow(member);
      expectThat(messages.length === 0, 'nothing', packetsText(messages));
    },
  },
  {
    id: 'shared-refused',
    title: 'gives a message that one member has refused to no other member',
    v5: ['MQTT-4.8.2-6'],
    needs: ['shared', 'qos1'],
    run: async (world) => {
      const filter = `$share/${world.clientId('g')}/${world.topic('a')}`;
      const members = [await world.connect('member1'), await world.connect('member2')];
      for (const member of members) await world.subscribed(member, filter, { qos: 1 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 1 });
      let received = 0;
      for (const member of members) {
        for (const packet of await member.untilPing()) {
          if (packet.type !== 'publish') continue;
          received += 1;
          member.send({ type: 'puback', packetId: packet.packetId, reasonCode: 0x83, properties: {} });
          await member.untilPing();
        }
      }
      for (const member of members) received += (await member.untilPing()).length;
      expectEqual(received, 1, 'how often it was delivered');
    },
  },
  {
    id: 'shared-qos2-finished',
    title: 'finishes a QoS 2 delivery that was cut off with the same member when it is back',
    v5: ['MQTT-4.8.2-4'],
    needs: ['shared', 'qos2'],
    run: async (world) => {
      const filter = `$share/${world.clientId('g')}/${world.topic('a')}`;
      const clientId = world.clientId('kept');
      const member = await world.connect('member', { clientId, keepSession: true });
      await world.subscribed(member, filter, { qos: 2 });
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'x', { qos: 2 });
      const first = await member.expect('publish');
      member.drop();
      const other = await world.connect('other');
      await world.subscribed(other, filter, { qos: 2 });
      const again = await world.connect('again', {
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 60 },
      });
      const second = await again.expect('publish');
      expectEqual([second.packetId, textOf(second)], [first.packetId, 'x'], 'what comes again');
      await world.acknowledge(again, second);
      const messages = await world.messagesUpToNow(other);
      expectThat(messages.length === 0, 'nothing to another member', packetsText(messages));
    },
  },
];
