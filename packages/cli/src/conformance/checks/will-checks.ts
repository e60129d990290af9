/** Sections 3.1.2.5 and 3.1.3.2 of the specification: the will. */
import type { Will } from '@martlet/protocol';
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { bytesOf, expectEqual, expectThat, textOf } from '../expectations.ts';
import { packetsText } from '../packets-text.ts';
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

async function isRefused(world: CheckWorld, will: Will): Promise<void> {
  const client = await world.open('client');
  client.send(world.connectPacket('client', { will }));
  const { packets } = await client.closes('a will that it cannot keep');
  const [first] = packets;
  const isRefusal = first === undefined || (first.type === 'connack' && first.reasonCode >= 0x80);
  expectThat(isRefusal, 'a CONNACK that refuses, or none', packetsText(packets));
}

/** The will comes, and not before it may. @param dueMs when, by the clock of the world */
async function late(world: CheckWorld, subscriber: RawClient, dueMs: number): Promise<void> {
  const message = await world.message(subscriber, world.timeoutMs + LATEST_MS);
  const lateMs = world.nowMs() - dueMs;
  expectEqual(textOf(message), 'gone', 'the payload of the will');
  expectThat(lateMs > -50, 'the will when it is due', `it ${Math.round(-lateMs)} ms before`);
  if (lateMs > 1500) world.note(`publishes a will ${(lateMs / 1000).toFixed(1)} s after it is due`);
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
    id: 'will-after-malformed',
    title: 'publishes the will of a client that sends what is no packet',
    v5: ['MQTT-3.1.2-8'],
    v311: ['MQTT-3.1.2-8'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', { will: willOf(world) });
      client.sendBytes(Uint8Array.of(0x00, 0), 'packet type 0');
      await client.closes('packet type 0');
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
  {
    id: 'will-not-inherited',
    title: 'publishes no will of an earlier connection for a client that has none now',
    v5: ['MQTT-3.1.2-10'],
    v311: ['MQTT-3.1.2-12', 'MQTT-3.1.2-10'],
    run: async (world) => {
      const subscriber = await mourner(world);
      await world.disconnect(await world.connect('client', { will: willOf(world) }));
      const client = await world.connect('client');
      client.drop();
      // The server knows of the end at the latest when the client comes again.
      await world.disconnect(await world.connect('client'));
      const messages = await world.messagesUpToNow(subscriber);
      expectThat(messages.length === 0, 'no will', packetsText(messages));
    },
  },
  {
    id: 'will-with-user',
    title: 'finds will, user name and password in a CONNECT that has all of them',
    v5: ['MQTT-3.1.3-1'],
    v311: ['MQTT-3.1.3-1'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const { username = 'name', password = bytesOf('secret') } = world.target;
      const client = await world.open('client');
      client.send(world.connectPacket('client', { username, password, will: willOf(world) }));
      const connack = await client.expect('connack');
      if (connack.reasonCode !== 0)
        world.skip('the server does not take any user name; give one by -u and -P');
      client.drop();
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
  {
    id: 'will-qos-refused',
    title: 'refuses a will of a QoS that it does not have',
    v5: ['MQTT-3.2.2-12'],
    run: async (world) => {
      if (world.capabilities.maximumQos === 2) world.skip('the server takes every QoS');
      await isRefused(world, willOf(world, { qos: 2 }));
    },
  },
  {
    id: 'will-retain-refused',
    title: 'refuses a will that is to be retained if it retains none',
    v5: ['MQTT-3.2.2-13'],
    run: async (world) => {
      if (world.capabilities.retain) world.skip('the server keeps retained messages');
      await isRefused(world, willOf(world, { retain: true }));
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
    needs: ['retain', 'qos1'],
    run: async (world) => {
      const subscriber = await mourner(world);
      const client = await world.connect('client', { will: willOf(world, { retain: true, qos: 1 }) });
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
      const droppedMs = world.nowMs();
      client.drop();
      await world.pass(200);
      const early = await world.messagesUpToNow(subscriber);
      // On a busy machine the delay may be over by now, and there is nothing to be said.
      if (world.nowMs() - droppedMs < 1000)
        expectThat(early.length === 0, 'nothing in the first second', packetsText(early));
      else if (early.length > 0) return;
      await late(world, subscriber, droppedMs + 1000);
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
        will: willOf(world, { properties: { willDelayInterval: 2 } }),
      });
      client.drop();
      await world.connect('again', {
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 60 },
      });
      await world.pass(2800);
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
      const droppedMs = world.nowMs();
      client.drop();
      await late(world, subscriber, droppedMs + 1000);
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
      const tookMs = world.nowMs() - startMs;
      expectThat(
        tookMs >= keepAlive * 1000,
        `the connection to stay for the Keep Alive of ${keepAlive} s at least`,
        `${Math.round(tookMs)} ms`,
      );
      const lateMs = tookMs - keepAlive * 1500;
      if (lateMs > 1000)
        world.note(`closes a silent connection ${(lateMs / 1000).toFixed(1)} s after it has to`);
      expectEqual(textOf(await world.message(subscriber)), 'gone', 'the payload of the will');
    },
  },
];
