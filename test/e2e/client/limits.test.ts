// What client and server tell each other to keep to in MQTT 5.0, as it is seen on the wire.

import { ReasonCode } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Clients, nextEvent, take } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';
import { WireTap } from './wire-tap.ts';

const clients = new Clients();

afterEach(() => clients.closeAll());

describeEachServer(({ differences }, running) => {
  let tap: WireTap;

  beforeEach(async () => {
    tap = await WireTap.start(running().port);
  });
  afterEach(() => tap.close());

  test('MQTT 5.0: topic aliases take the place of topic names both ways, as far as both allow', async () => {
    const client = await clients.connect(tap.url, { topicAliasMaximum: 2 });
    const prefix = 'limits/a/rather/long/topic/name';
    const subscription = await client.subscribe(`${prefix}/+`);
    const names = Array.from({ length: 30 }, (_, index) => `${prefix}/${index % 3}`);
    for (const name of names) await client.publish(name, name, { qos: 1 });
    const messages = await take(subscription, names.length);
    for (const message of messages) expect(message.topicName).toBe(message.text());

    const sent = tap.of('toServer', 'publish');
    expect(sent.filter(({ topicName }) => topicName === '')).toHaveLength(24);
    const { topicAliasMaximum } = client.server!;
    for (const { properties } of sent)
      expect(properties.topicAlias ?? 0).toBeLessThanOrEqual(topicAliasMaximum);
    const received = tap.of('toClient', 'publish').filter(({ topicName }) => topicName === '');
    expect(received.length > 0).toBe(differences.givesTopicAliases);
    for (const { properties } of received) expect(properties.topicAlias).toBeLessThanOrEqual(2);
  });

  test('aliases end with the connection: what is sent again has its topic name', async () => {
    const client = await clients.connect(tap.url);
    for (let i = 0; i < 4; i++) await client.publish('limits/aliases', 'before', { qos: 1 });
    tap.cutAt('toServer', 'publish');
    await client.publish('limits/aliases', 'cut', { qos: 1 });
    const afterwards = tap.packets.filter(({ connection }) => connection === 2).map(({ packet }) => packet);
    const publish = afterwards.find((packet) => packet.type === 'publish')!;
    expect(publish).toMatchObject({ topicName: 'limits/aliases', dup: true });
  });

  for (const receiveMaximum of [1, 20]) {
    test(`MQTT 5.0: as many as the client's Receive Maximum of ${receiveMaximum} are unacknowledged, and no more are read`, async () => {
      const topicName = `limits/receive/${receiveMaximum}`;
      const client = await clients.connect(tap.url, { receiveMaximum });
      const subscription = await client.subscribe(topicName, { acknowledge: 'manual' });
      const publisher = await clients.connect(running().url('mqtt'));
      const count = receiveMaximum * 2 + 5;
      const publications = Array.from({ length: count }, (_, index) =>
        publisher.publish(topicName, String(index), { qos: index % 2 === 0 ? 1 : 2 }),
      );
      await Promise.all(publications);
      const first = await take(subscription, receiveMaximum);
      // In another order than they came in.
      for (const message of first.toReversed()) message.acknowledge();
      const numbers = first.map((message) => Number(message.text()));
      let most = 0;
      for await (const message of subscription) {
        most = Math.max(most, client.gauges.unacknowledged);
        numbers.push(Number(message.text()));
        message.acknowledge();
        if (numbers.length === count) break;
      }
      expect(numbers.toSorted((a, b) => a - b)).toEqual(publications.map((_, index) => index));
      expect(most).toBeLessThanOrEqual(receiveMaximum + (differences.keepsReceiveMaximum ? 0 : 1));
      if (differences.keepsReceiveMaximum) expect(tap.mostInFlight('toClient')).toBe(receiveMaximum);
      expect(tap.relay.accepted).toBe(1);
    });
  }

  test.each([1, 2] as const)(
    'MQTT 5.0: six thousand messages of QoS %d for an application that acknowledges late come once, on one connection',
    async (qos) => {
      const topicName = `limits/late/${qos}`;
      const client = await clients.connect(tap.url);
      const warnings: unknown[] = [];
      client.on('warning', ({ reasonCode }) => warnings.push(reasonCode));
      const subscription = await client.subscribe(topicName, { qos, acknowledge: 'manual' });
      const publisher = await clients.connect(running().url('mqtt'));
      const publications = Array.from({ length: 6000 }, (_, index) =>
        publisher.publish(topicName, String(index), { qos }),
      );
      const first = await take(subscription, 1000);
      for (const message of first.slice(0, 400)) message.acknowledge();
      await Promise.all(publications);
      const texts = first.map((message) => message.text());
      for (const message of first) message.acknowledge();
      for await (const message of subscription) {
        texts.push(message.text());
        message.acknowledge();
        if (texts.length === 6000) break;
      }
      expect(texts).toEqual(publications.map((_, index) => String(index)));
      expect(tap.relay.accepted).toBe(1);
      expect(warnings).toEqual(differences.keepsReceiveMaximum ? [] : [ReasonCode.ReceiveMaximumExceeded]);
    },
  );

  test.each([1, 2] as const)(
    "MQTT 5.0: as many QoS %d messages as the server's Receive Maximum are under way, and no more",
    async (qos) => {
      const client = await clients.connect(tap.url);
      const { receiveMaximum } = client.server!;
      expect(receiveMaximum).toBe(differences.receiveMaximum);
      const publications = Array.from({ length: receiveMaximum * 2 }, (_, index) =>
        client.publish('limits/send', String(index), { qos }),
      );
      await Promise.all(publications);
      expect(tap.mostInFlight('toServer')).toBe(receiveMaximum);
    },
  );

  test("MQTT 5.0: a packet above the client's Maximum Packet Size does not come, and the next one does", async () => {
    const client = await clients.connect(tap.url, { maximumPacketSize: 1000 });
    const subscription = await client.subscribe('limits/size');
    const publisher = await clients.connect(running().url('mqtt'));
    await publisher.publish('limits/size', 'x'.repeat(2000), { qos: 1 });
    await publisher.publish('limits/size', 'small', { qos: 1 });
    expect((await take(subscription, 1)).map((message) => message.text())).toEqual(['small']);
    expect(tap.relay.accepted).toBe(1);
  });
});

describe('A server with limits of its own', () => {
  describeEachServer(
    (_tested, running) => {
      test("MQTT 5.0: the server's keep alive holds, and not the client's", async () => {
        const client = await clients.connect(running().url('mqtt'), { keepAlive: 600 });
        expect(client.server!.keepAlive).toBe(20);
      });

      test('MQTT 5.0: a message that is too large for the server is refused at the call', async () => {
        const client = await clients.connect(running().url('mqtt'));
        expect(client.server!.maximumPacketSize).toBe(2000);
        expect(() => client.publish('limits/large', 'x'.repeat(2000), { qos: 1 })).toThrow(
          expect.objectContaining({ code: 'PACKET_TOO_LARGE' }),
        );
        await client.publish('limits/large', 'x'.repeat(1900), { qos: 1 });
      });

      test('a message that turns out to be too large fails alone when the client comes online', async () => {
        const client = clients.start(running().url('mqtt'));
        const large = client.publish('limits/large', 'x'.repeat(2000), { qos: 1 });
        const small = client.publish('limits/large', 'x', { qos: 1 });
        await expect(large).rejects.toMatchObject({ code: 'PACKET_TOO_LARGE' });
        await small;
        expect(client.state).toBe('online');
      });

      test('a client without an identifier has one, and keeps it', async () => {
        const tap = await WireTap.start(running().port);
        const client = await clients.connect(tap.url, { clientId: '' });
        const { clientId } = client;
        expect(clientId).not.toBe('');
        const back = nextEvent(client, 'online');
        tap.relay.cut();
        await back;
        expect([client.clientId, tap.of('toServer', 'connect')[1]!.clientId]).toEqual([clientId, clientId]);
        await tap.close();
      });
    },
    { maximumKeepAlive: 20, maximumPacketSize: 2000 },
  );
});
