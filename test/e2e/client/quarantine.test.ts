// A message over which the server closes the connection, each time it gets it: it is set aside, and the others arrive.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import type { QuarantinedEvent } from '@martlet/client';
import { afterEach, expect, test } from 'vitest';
import { Clients, textsUntil } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';
import { WireTap } from './wire-tap.ts';

const clients = new Clients();

/** A way to a server on which who sends this text is reset. */
async function resettingOver(text: string, targetPort: number) {
  let resets = 0;
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('close', () => far.destroy());
    far.on('data', (bytes) => near.write(bytes)).on('close', () => near.destroy());
    near.on('data', (bytes) => {
      if (!bytes.includes(text)) far.write(bytes);
      else if (!near.destroyed) {
        resets++;
        near.resetAndDestroy();
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, resets: () => resets, close: () => server.close() };
}

afterEach(() => clients.closeAll());

// Before MQTT 5.0 a server does not tell how large a packet may be: it closes the connection of who sends a larger one.
describeEachServer(
  (_tested, running) => {
    test.each([1, 2] as const)(
      'the message at QoS %d that is too large for the server is set aside',
      async (qos) => {
        const topicName = `quarantine/${qos}`;
        const tap = await WireTap.start(running().port);
        const receiver = await clients.connect(running().url('mqtt'));
        const subscription = await receiver.subscribe(topicName);
        const client = await clients.connect(tap.url, {
          protocolVersion: 4,
          sessionExpiryInterval: 60,
          clientId: `quarantine-${qos}`,
        });
        const events: QuarantinedEvent[] = [];
        client.on('quarantined', (event) => events.push(event));
        const before = client.publish(topicName, 'before', { qos });
        const large = client.publish(topicName, 'x'.repeat(3000), { qos });
        const after = client.publish(topicName, 'after', { qos });
        await expect(large).rejects.toMatchObject({ code: 'QUARANTINED' });
        await Promise.all([before, after]);
        await client.publish(topicName, 'end', { qos });
        expect([...new Set(await textsUntil(subscription, 'end'))]).toEqual(['before', 'after']);
        expect(events.map(({ what }) => what === large || what)).toEqual([true]);
        expect(client.state).toBe('online');
        expect(tap.relay.accepted).toBeLessThan(20);
        await tap.close();
      },
    );

    test('a message over which something on the way resets the connection is set aside', async () => {
      const proxy = await resettingOver('poison', running().port);
      const client = await clients.connect(`mqtt://127.0.0.1:${proxy.port}`, {
        clientId: 'quarantine-reset',
        reconnect: { minimumDelayMs: 10, maximumDelayMs: 50 },
      });
      const outcomes = await Promise.allSettled(
        ['before', 'poison', 'after'].map((text) => client.publish('quarantine/reset', text, { qos: 1 })),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      // Five, and two before the first message was alone and so got through.
      expect([client.state, proxy.resets()]).toEqual(['online', 7]);
      await client.close();
      proxy.close();
    });

    test('what is cut off by the network is not set aside, however often', async () => {
      const tap = await WireTap.start(running().port);
      const receiver = await clients.connect(running().url('mqtt'));
      const subscription = await receiver.subscribe('quarantine/cut');
      const client = await clients.connect(tap.url, { clientId: 'quarantine-cut' });
      let cuts = 0;
      tap.onPacket = ({ way, packet }) => {
        if (way !== 'toServer' || packet.type !== 'publish' || cuts === 5) return;
        cuts++;
        tap.relay.cut();
      };
      const texts = Array.from({ length: 20 }, (_, index) => String(index));
      await Promise.all(texts.map((text) => client.publish('quarantine/cut', text, { qos: 2 })));
      await client.publish('quarantine/cut', 'end', { qos: 2 });
      expect(await textsUntil(subscription, 'end')).toEqual(texts);
      expect(cuts).toBe(5);
      await tap.close();
    });
  },
  { maximumPacketSize: 2000 },
);
