/** Sections 3.1.2.5 and 3.1.3.2 of the specification: the will. */
import type { Will } from '@martlet/protocol';
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { bytesOf, expectEqual, expectThat, packetsText, textOf } from '../expectations.ts';
import type { RawClient } from '../raw-client.ts';

function willOf(world: CheckWorld, wish: Partial<Will> = {}): Will {
  return {
    topicName: world.topic('will'),
    payload: bytesOf('gone'),
    qos: 0,
    retain: false,
    properties: {},
    ...wish,
  };
}

/** Servers look at their clocks now and then; later than this is too late. */
const LATEST_MS = 10_000;

/** Somebody who gets the will, with every property and flag that it may have. */
async function mourner(world: CheckWorld, qos: 0 | 1 | 2 = 0): Promise<RawClient> {
  const client = await world.connect('mourner');
  await world.subscribed(client, world.topic('will'), { qos });
  return client;
}

export const WILL_CHECKS: readonly Check[] = [
  {
    id: 'will-published',
    title: 'publishes the will of a client whose connection breaks, once',
    v5: ['MQTT-3.1.2-7', 'MQTT-3.1.2-8', 'MQTT-3.1.2-10'],
    v311: ['MQTT-3.1.2-8', 'MQTT-3.1.2-10'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', { will: willOf(world) });
      client.drop();
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
      const again = await world.connect('client');
      await world.disconnect(again);
      const rest = await world.messagesUpToNow(subscriber);
      expectThat(rest.length === 0, 'the will once', packetsText(rest));
    },
  },
  {
    id: 'will-not-published',
    title: 'publishes no will for a client that says goodbye',
    v5: ['MQTT-3.14.4-3', 'MQTT-3.1.2-10'],
    v311: ['MQTT-3.14.4-3', 'MQTT-3.1.2-10'],
    run: async (world) => {
      const subscriber = await mourner(world);
      await world.disconnect(await world.connect('client', { will: willOf(world) }));
      const messages = await world.messagesUpToNow(subscriber);
      expectThat(messages.length === 0, 'no will', packetsText(messages));
    },
  },
  {
    id: 'will-at-disconnect',
    title: 'publishes the will of a client that says Disconnect with Will Message',
    v5: ['MQTT-3.1.2-8'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', { will: willOf(world) });
      client.send({ type: 'disconnect', reasonCode: 0x04, properties: {} });
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
  {
    id: 'will-after-protocol-error',
    title: 'publishes the will of a client that it has to disconnect',
    v5: ['MQTT-3.1.2-8'],
    v311: ['MQTT-3.1.2-8'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', { will: willOf(world) });
      client.send(world.connectPacket('client'));
      await client.closes('a second CONNECT');
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
  {
    id: 'will-qos',
    title: 'publishes the will at its QoS',
    v5: ['MQTT-3.1.2-12'],
    v311: ['MQTT-3.1.2-9', 'MQTT-3.1.2-14'],
    needs: ['qos2'],
    run: async (world) => {
      const subscriber = await mourner(world, 2);
      for (const qos of [0, 1, 2] as const) {
        const client = await world.connect('client', { will: willOf(world, { qos }) });
        client.drop();
        expectEqual((await world.message(subscriber)).qos, qos, 'the QoS of the will');
      }
    },
  },
  {
    id: 'will-retained',
    title: 'keeps a will with Will Retain for those who come later',
    v5: ['MQTT-3.1.2-15'],
    v311: ['MQTT-3.1.2-17'],
    needs: ['retain'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', { will: willOf(world, { retain: true }) });
      client.drop();
      await world.message(subscriber);
      const later = await world.connect('later');
      await world.subscribed(later, world.topic('will'));
      const message = await world.message(later);
      expectEqual([textOf(message), message.retain], ['gone', true], 'what comes later');
    },
  },
  {
    id: 'will-not-retained',
    title: 'keeps a will without Will Retain for nobody',
    v5: ['MQTT-3.1.2-14'],
    v311: ['MQTT-3.1.2-16'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', { will: willOf(world) });
      client.drop();
      await world.message(subscriber);
      const later = await world.connect('later');
      await world.subscribed(later, world.topic('will'));
      const messages = await world.messagesUpToNow(later);
      expectThat(messages.length === 0, 'nothing for those who come later', packetsText(messages));
    },
  },
  {
    id: 'will-properties',
    title: 'publishes the will with its properties, User Properties in their order',
    v5: ['MQTT-3.1.3-10', 'MQTT-3.1.2-9'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const properties = {
        payloadFormatIndicator: 1,
        contentType: 'text/plain',
        responseTopic: world.topic('answer'),
        correlationData: Uint8Array.of(1, 2, 3),
        userProperties: [
          ['b', '1'],
          ['a', '2'],
          ['b', '3'],
        ],
      } as const;
      const client = await world.connect('client', { will: willOf(world, { properties }) });
      client.drop();
      const message = await world.message(subscriber);
      const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } =
        message.properties;
      expectEqual(userProperties, properties.userProperties, 'the User Properties');
      expectEqual(
        [payloadFormatIndicator, contentType, responseTopic, [...(correlationData ?? [])]],
        [1, 'text/plain', properties.responseTopic, [1, 2, 3]],
        'the other properties',
      );
    },
  },
  {
    id: 'will-delay',
    title: 'publishes a will with a delay after that, and not at once',
    v5: ['MQTT-3.1.2-8'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', {
        keepSession: true,
        will: willOf(world, { properties: { willDelayInterval: 1 } }),
      });
      client.drop();
      await world.pass(200);
      const early = await world.messagesUpToNow(subscriber);
      expectThat(early.length === 0, 'nothing after 0.2 of 1 seconds', packetsText(early));
      await world.pass(1500);
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
  {
    id: 'will-delay-cancelled',
    title: 'forgets a will when its client is back within the delay',
    v5: ['MQTT-3.1.3-9', 'MQTT-3.1.2-8'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const clientId = world.clientId('client');
      const client = await world.connect('client', {
        clientId,
        keepSession: true,
        will: willOf(world, { properties: { willDelayInterval: 1 } }),
      });
      client.drop();
      await world.connect('again', {
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 60 },
      });
      await world.pass(1800);
      const messages = await world.messagesUpToNow(subscriber);
      expectThat(messages.length === 0, 'no will', packetsText(messages));
    },
  },
  {
    id: 'will-at-end-of-session',
    title: 'publishes a delayed will when the session ends before the delay is over',
    v5: ['MQTT-3.1.2-8'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', {
        properties: { sessionExpiryInterval: 1 },
        will: willOf(world, { properties: { willDelayInterval: 60 } }),
      });
      client.drop();
      await world.pass(1500);
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
  {
    id: 'will-keep-alive',
    title: 'takes a client that is silent for one and a half times its Keep Alive for lost',
    v5: ['MQTT-3.1.2-22', 'MQTT-3.2.2-22'],
    v311: ['MQTT-3.1.2-24'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', { keepAlive: 1, will: willOf(world) });
      const keepAlive = client.connack?.properties.serverKeepAlive ?? 1;
      if (keepAlive > 5) world.skip(`the server sets a Keep Alive of ${keepAlive} s`);
      const startMs = world.nowMs();
      await client.closes('its silence', keepAlive * 1500 + LATEST_MS);
      const lateMs = world.nowMs() - startMs - keepAlive * 1500;
      expectThat(lateMs > -500, 'the connection to stay for 1.5 times the Keep Alive', `${-lateMs} ms less`);
      if (lateMs > 1000)
        world.note(`closes a silent connection ${(lateMs / 1000).toFixed(1)} s after it has to`);
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
];
