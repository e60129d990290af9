// A message over which the server closes the connection, each time it gets it: it is set aside, and the others arrive.

import type { QuarantinedEvent } from '@martlet/client';
import { afterEach, expect, test } from 'vitest';
import { Clients, textsUntil } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';
import { WireTap } from './wire-tap.ts';

const clients = new Clients();

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
