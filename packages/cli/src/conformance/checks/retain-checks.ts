/** Sections 3.3.1.3, 3.8.3.1 and 3.8.4 of the specification: retained messages, and who gets them when. */
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { expectEqual, expectThat, textOf } from '../expectations.ts';
import { packetsText } from '../packets-text.ts';
import type { RawClient } from '../raw-client.ts';

/** Somebody who has published `payload` retained to the topic `a`. */
async function retained(world: CheckWorld, payload = 'kept'): Promise<RawClient> {
  const publisher = await world.connect('publisher');
  await world.publish(publisher, world.topic('a'), payload, { retain: true, qos: 1 });
  return publisher;
}

/** What a new subscriber of the topic `a` gets. */
async function shownToNew(world: CheckWorld, name: string): Promise<readonly string[]> {
  const client = await world.connect(name);
  await world.subscribed(client, world.topic('a'));
  const messages = await world.messagesUpToNow(client);
  return messages.map((message) => `${textOf(message)}${message.retain ? ' retained' : ''}`);
}

export const RETAIN_CHECKS: readonly Check[] = [
  {
    id: 'retain-kept',
    title: 'shows a retained message to those who subscribe later, with RETAIN 1',
    v5: ['MQTT-3.3.1-5'],
    v311: ['MQTT-3.3.1-5', 'MQTT-3.3.1-6', 'MQTT-3.3.1-8'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      await retained(world);
      expectEqual(await shownToNew(world, 'later'), ['kept retained'], 'what comes');
    },
  },
  {
    id: 'retain-replaced',
    title: 'replaces the retained message of a topic by the next one',
    v5: ['MQTT-3.3.1-5'],
    v311: ['MQTT-3.3.1-5', 'MQTT-3.3.1-7'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      const publisher = await retained(world, 'old');
      await world.publish(publisher, world.topic('a'), 'new', { retain: true, qos: 1 });
      expectEqual(await shownToNew(world, 'later'), ['new retained'], 'what comes');
    },
  },
  {
    id: 'retain-deleted',
    title: 'deletes the retained message for an empty payload, which it delivers and does not keep',
    v5: ['MQTT-3.3.1-6', 'MQTT-3.3.1-7'],
    v311: ['MQTT-3.3.1-10', 'MQTT-3.3.1-11'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      const publisher = await retained(world);
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'));
      await world.message(subscriber);
      await world.publish(publisher, world.topic('a'), '', { retain: true, qos: 1 });
      expectEqual(textOf(await world.message(subscriber)), '', 'what is delivered');
      expectEqual(await shownToNew(world, 'later'), [], 'what comes later');
    },
  },
  {
    id: 'retain-untouched',
    title: 'leaves the retained message alone for a PUBLISH with RETAIN 0',
    v5: ['MQTT-3.3.1-8'],
    v311: ['MQTT-3.3.1-12'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      const publisher = await retained(world);
      await world.publish(publisher, world.topic('a'), 'live', { qos: 1 });
      await world.publish(publisher, world.topic('a'), '', { qos: 1 });
      expectEqual(await shownToNew(world, 'later'), ['kept retained'], 'what comes');
    },
  },
  {
    id: 'retain-live',
    title: 'forwards a retained message to those who have subscribed with RETAIN 0',
    v5: ['MQTT-3.3.1-12'],
    v311: ['MQTT-3.3.1-9'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'));
      await retained(world);
      const message = await world.message(subscriber);
      expectEqual([textOf(message), message.retain], ['kept', false], 'what comes');
    },
  },
  {
    id: 'retain-as-published',
    title: 'leaves RETAIN as it was published for those who ask for that',
    v5: ['MQTT-3.3.1-13'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { retainAsPublished: true });
      const publisher = await retained(world);
      await world.publish(publisher, world.topic('a'), 'live', { qos: 1 });
      const got = [await world.message(subscriber), await world.message(subscriber)];
      expectEqual(
        got.map((message) => [textOf(message), message.retain]),
        [
          ['kept', true],
          ['live', false],
        ],
        'what comes',
      );
    },
  },
  {
    id: 'retain-handling-0',
    title: 'shows retained messages for every subscription with Retain Handling 0',
    v5: ['MQTT-3.3.1-9', 'MQTT-3.8.4-4'],
    v311: ['MQTT-3.8.4-3'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      await retained(world);
      const subscriber = await world.connect('subscriber');
      for (let i = 0; i < 2; i++) {
        await world.subscribed(subscriber, world.topic('a'));
        expectEqual(textOf(await world.message(subscriber)), 'kept', 'what comes');
      }
    },
  },
  {
    id: 'retain-handling-1',
    title:
      'shows retained messages with Retain Handling 1 for a new subscription, and not for one that is there',
    v5: ['MQTT-3.3.1-10'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      await retained(world);
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { retainHandling: 1 });
      expectEqual(textOf(await world.message(subscriber)), 'kept', 'what comes for the new subscription');
      await world.subscribed(subscriber, world.topic('a'), { retainHandling: 1 });
      const messages = await world.messagesUpToNow(subscriber);
      expectThat(messages.length === 0, 'nothing for the old subscription', packetsText(messages));
    },
  },
  {
    id: 'retain-handling-2',
    title: 'shows no retained messages with Retain Handling 2',
    v5: ['MQTT-3.3.1-11'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      await retained(world);
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('a'), { retainHandling: 2 });
      const messages = await world.messagesUpToNow(subscriber);
      expectThat(messages.length === 0, 'nothing', packetsText(messages));
    },
  },
  {
    id: 'retain-wildcards',
    title: 'shows the latest retained message of every topic that a new filter matches',
    v5: ['MQTT-3.3.1-5', 'MQTT-3.3.1-9'],
    v311: ['MQTT-3.3.1-6'],
    needs: ['retain', 'wildcards', 'qos1'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      for (const name of ['r/1', 'r/2', 'r/2/3', 's/1']) {
        await world.publish(publisher, world.topic(name), name, { retain: true, qos: 1 });
      }
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('r/#'));
      const got = new Set<string>();
      for (let i = 0; i < 3; i++) got.add(textOf(await world.message(subscriber)));
      expectEqual([...got].sort(), ['r/1', 'r/2', 'r/2/3'], 'what comes');
    },
  },
  {
    id: 'retain-qos',
    title: 'shows a retained message at the lower of its QoS and that of the subscription',
    v5: ['MQTT-3.8.4-8'],
    v311: ['MQTT-3.8.4-6', 'MQTT-3.3.1-5'],
    needs: ['retain', 'qos2'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'kept', { retain: true, qos: 1 });
      for (const [granted, expected] of [
        [0, 0],
        [1, 1],
        [2, 1],
      ] as const) {
        const subscriber = await world.connect(`subscriber${granted}`);
        await world.subscribed(subscriber, world.topic('a'), { qos: granted });
        const { qos } = await world.message(subscriber);
        expectEqual(qos, expected, `the QoS with a subscription of QoS ${granted}`);
      }
    },
  },
  {
    id: 'retain-expired',
    title: 'shows no retained message that has expired',
    v5: ['MQTT-3.3.2-5'],
    needs: ['retain', 'qos1'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('a'), 'brief', {
        retain: true,
        qos: 1,
        properties: { messageExpiryInterval: 1 },
      });
      await world.pass(2200);
      expectEqual(await shownToNew(world, 'later'), [], 'what comes after 2.2 of 1 seconds');
    },
  },
  {
    id: 'retain-not-for-shared',
    title: 'lets a shared subscription be made where messages are retained',
    v5: ['MQTT-3.3.1-9'],
    needs: ['retain', 'shared', 'qos1'],
    run: async (world) => {
      await retained(world);
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, `$share/group/${world.topic('a')}`);
      const messages = await world.messagesUpToNow(subscriber);
      if (messages.length > 0) world.note('shows retained messages to a shared subscription');
    },
  },
  {
    id: 'retain-unavailable',
    title: 'closes for a retained PUBLISH if it has said that it keeps none',
    v5: ['MQTT-4.13.1-1'],
    run: async (world) => {
      if (world.capabilities.retain) world.skip('the server keeps retained messages');
      const client = await world.connect('client');
      world.send(client, world.topic('a'), 'x', { retain: true });
      await client.closes('a retained PUBLISH');
    },
  },
];
