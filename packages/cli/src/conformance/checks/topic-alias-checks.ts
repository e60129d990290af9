/** Section 3.3.2.3.4 of the specification: topic aliases, both ways. */
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { bytesOf, expectEqual, expectThat, textOf } from '../expectations.ts';
import type { RawClient } from '../raw-client.ts';

function sendAliased(client: RawClient, topicName: string, topicAlias: number, payload: string): void {
  client.send({
    type: 'publish',
    topicName,
    payload: bytesOf(payload),
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: { topicAlias },
  });
}

async function subscriberOf(world: CheckWorld): Promise<RawClient> {
  const subscriber = await world.connect('subscriber');
  await world.subscribed(subscriber, world.topic('+'));
  return subscriber;
}

export const TOPIC_ALIAS_CHECKS: readonly Check[] = [
  {
    id: 'alias-lowest-and-highest',
    title: 'takes every topic alias from 1 up to its maximum',
    v5: ['MQTT-3.3.2-12'],
    needs: ['topicAliases', 'wildcards'],
    run: async (world) => {
      const subscriber = await subscriberOf(world);
      const publisher = await world.connect('publisher');
      const { topicAliasMaximum } = world.capabilities;
      for (const alias of new Set([1, topicAliasMaximum])) {
        const topicName = world.topic(`a${alias}`);
        sendAliased(publisher, topicName, alias, 'named');
        sendAliased(publisher, '', alias, 'by alias');
        const got = [await world.message(subscriber), await world.message(subscriber)];
        expectEqual(
          got.map((message) => [message.topicName, textOf(message)]),
          [
            [topicName, 'named'],
            [topicName, 'by alias'],
          ],
          `what comes by alias ${alias}`,
        );
      }
    },
  },
  {
    id: 'alias-changed',
    title: 'lets an alias be given to another topic',
    v5: ['MQTT-3.3.2-12'],
    needs: ['topicAliases', 'wildcards'],
    run: async (world) => {
      const subscriber = await subscriberOf(world);
      const publisher = await world.connect('publisher');
      sendAliased(publisher, world.topic('a'), 1, '1');
      sendAliased(publisher, world.topic('b'), 1, '2');
      sendAliased(publisher, '', 1, '3');
      const names: string[] = [];
      for (let i = 0; i < 3; i++) names.push((await world.message(subscriber)).topicName);
      expectEqual(names, [world.topic('a'), world.topic('b'), world.topic('b')], 'the topics');
    },
  },
  {
    id: 'alias-0',
    title: 'closes for topic alias 0',
    v5: ['MQTT-3.3.2-8'],
    run: async (world) => {
      const client = await world.connect('client');
      const topicName = bytesOf(world.topic('a'));
      const body = [0, topicName.length, ...topicName, 3, 0x23, 0, 0];
      client.sendBytes(Uint8Array.of(0x30, body.length, ...body), 'PUBLISH with topic alias 0');
      await client.closes('topic alias 0');
    },
  },
  {
    id: 'alias-above-maximum',
    title: 'closes for a topic alias above its maximum',
    v5: ['MQTT-4.13.1-1'],
    run: async (world) => {
      const { topicAliasMaximum } = world.capabilities;
      if (topicAliasMaximum === 65_535) world.skip('the server takes all that there are');
      const client = await world.connect('client');
      sendAliased(client, world.topic('a'), topicAliasMaximum + 1, 'x');
      const { disconnect } = await client.closes(`topic alias ${topicAliasMaximum + 1}`);
      if (disconnect?.reasonCode !== 0x94) world.note('does not say Topic Alias invalid (0x94)');
    },
  },
  {
    id: 'alias-unknown',
    title: 'closes for an alias that has been given to no topic',
    v5: ['MQTT-4.13.1-1'],
    needs: ['topicAliases'],
    run: async (world) => {
      const client = await world.connect('client');
      sendAliased(client, '', 1, 'x');
      await client.closes('an alias without a topic');
    },
  },
  {
    id: 'alias-forgotten',
    title: 'forgets aliases with the connection',
    v5: ['MQTT-3.3.2-7'],
    needs: ['topicAliases'],
    run: async (world) => {
      const clientId = world.clientId('kept');
      const client = await world.connect('before', { clientId, keepSession: true });
      sendAliased(client, world.topic('a'), 1, 'x');
      await client.untilPing();
      await world.disconnect(client);
      const again = await world.connect('after', {
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 60 },
      });
      sendAliased(again, '', 1, 'x');
      await again.closes('an alias of an earlier connection');
    },
  },
  {
    id: 'alias-outgoing',
    title: 'gives no alias above what the client takes, and none to a client that takes none',
    v5: ['MQTT-3.1.2-26', 'MQTT-3.1.2-27', 'MQTT-3.3.2-11'],
    needs: ['wildcards'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      for (const topicAliasMaximum of [undefined, 0, 2]) {
        const subscriber = await world.connect(`takes${topicAliasMaximum ?? 'none'}`, {
          properties: topicAliasMaximum === undefined ? {} : { topicAliasMaximum },
        });
        await world.subscribed(subscriber, world.topic('+'));
        const names = new Map<number, string>();
        for (let i = 0; i < 12; i++) {
          const topicName = world.topic(`a${i % 4}`);
          await world.publish(publisher, topicName, 'x');
          const message = await world.message(subscriber);
          const { topicAlias } = message.properties;
          const maximum = topicAliasMaximum ?? 0;
          expectThat(
            topicAlias === undefined || topicAlias <= maximum,
            `no alias above ${maximum}`,
            String(topicAlias),
          );
          if (topicAlias !== undefined && message.topicName !== '') names.set(topicAlias, message.topicName);
          const meant = message.topicName === '' ? names.get(topicAlias ?? 0) : message.topicName;
          expectEqual(meant, topicName, 'the topic, by name or alias');
        }
      }
    },
  },
];
