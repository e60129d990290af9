// Sessions that outlive their connections: cut, half-open, taken over, lost; on the wire between client and server.

import type { Qos } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Clients, nextEvent, seen, take, textsUntil, VERSIONS } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';
import { WireTap } from './wire-tap.ts';

const clients = new Clients();
const SESSION = { sessionExpiryInterval: 60 } as const;

afterEach(() => clients.closeAll());

describeEachServer(({ differences }, running) => {
  let tap: WireTap;
  let url: string;
  /** No other test uses it. */
  let topic: string;
  let tests = 0;

  beforeEach(async () => {
    url = running().url('mqtt');
    topic = `sessions/${++tests}`;
    tap = await WireTap.start(running().port);
  });
  afterEach(() => tap.close());

  describe.each(VERSIONS)('$name', ({ protocolVersion }) => {
    test('what came while the connection was cut waits for the client, in order', async () => {
      const receiver = await clients.connect(tap.url, { ...SESSION, protocolVersion });
      const subscription = await receiver.subscribe(topic, { qos: 2 });
      const sender = await clients.connect(url);
      await sender.publish(topic, 'before', { qos: 2 });
      tap.relay.refusing = true;
      const offline = nextEvent(receiver, 'offline');
      tap.relay.cut();
      expect((await offline).error).toMatchObject({ code: 'CONNECTION_LOST' });
      const texts = Array.from({ length: 50 }, (_, index) => String(index));
      for (const text of texts) await sender.publish(topic, text, { qos: 2 });
      const online = nextEvent(receiver, 'online');
      tap.relay.refusing = false;
      // CONNACK of MQTT 3.1 has no such flag.
      expect((await online).sessionPresent).toBe(protocolVersion !== 3);
      await sender.publish(topic, 'end', { qos: 2 });
      expect(await textsUntil(subscription, 'end')).toEqual(['before', ...texts]);
    });

    test('a session that ends with its connection is begun anew, subscriptions and all', async () => {
      const receiver = await clients.connect(tap.url, { sessionExpiryInterval: 0, protocolVersion });
      const subscriptions = [
        await receiver.subscribe(`${topic}/a`),
        await receiver.subscribe(`${topic}/b`, { qos: 1 }),
      ];
      const offline = nextEvent(receiver, 'offline');
      tap.relay.cut();
      await offline;
      await receiver.connected();
      // The server has the subscriptions when it has this answer.
      await receiver.subscribe(`${topic}/c`);
      const sender = await clients.connect(url);
      for (const { topicFilter } of subscriptions) await sender.publish(topicFilter, 'x', { qos: 2 });
      const got = await Promise.all(subscriptions.map((subscription) => take(subscription, 1)));
      expect(got.flat().map(seen)).toEqual([`${topic}/a 2 x`, `${topic}/b 1 x`]);
    });

    test.each([
      [1, 'toServer', 'publish', 1],
      [1, 'toClient', 'puback', 2],
      [2, 'toServer', 'publish', 1],
      [2, 'toClient', 'pubrec', 1],
      [2, 'toServer', 'pubrel', 1],
      [2, 'toClient', 'pubcomp', 1],
    ] as const)('what is published at QoS %d and cut %s at %s arrives', async (qos: Qos, way, type, most) => {
      const receiver = await clients.connect(url);
      const subscription = await receiver.subscribe(topic, { qos: 2 });
      const sender = await clients.connect(tap.url, { ...SESSION, protocolVersion });
      tap.cutAt(way, type);
      await Promise.all(['a', 'b', 'c'].map((text) => sender.publish(topic, text, { qos })));
      await sender.publish(topic, 'end', { qos });
      const texts = await textsUntil(subscription, 'end');
      expect([...new Set(texts)]).toEqual(['a', 'b', 'c']);
      // At QoS 1 the server may have had all three: they come again.
      expect(texts.length).toBeLessThanOrEqual(3 * most);
      expect(tap.relay.accepted).toBe(2);
    });

    test.each([
      [1, 'toServer', 'puback'],
      [2, 'toClient', 'publish'],
      [2, 'toServer', 'pubrec'],
      [2, 'toClient', 'pubrel'],
      [2, 'toServer', 'pubcomp'],
    ] as const)('what is received at QoS %d and cut %s at %s arrives', async (qos: Qos, way, type) => {
      const receiver = await clients.connect(tap.url, { ...SESSION, protocolVersion });
      const subscription = await receiver.subscribe(topic, { qos });
      const sender = await clients.connect(url);
      tap.cutAt(way, type);
      for (const text of ['a', 'b', 'c', 'end']) await sender.publish(topic, text, { qos });
      const texts = await textsUntil(subscription, 'end');
      if (qos === 2) expect(texts).toEqual(['a', 'b', 'c']);
      else expect([...new Set(texts)].sort()).toEqual(['a', 'b', 'c']);
    });
  });

  test.each([1, 2] as const)(
    'what waits for a slow application at QoS %d waits once, however often the connection is cut',
    async (qos) => {
      const receiver = await clients.connect(tap.url, SESSION);
      const subscription = await receiver.subscribe(topic, { qos });
      const sender = await clients.connect(url);
      const texts = Array.from({ length: 10 }, (_, index) => String(index));
      for (const text of texts) await sender.publish(topic, text, { qos });
      for (let cuts = 0; cuts < 5; cuts++) {
        const online = nextEvent(receiver, 'online');
        tap.relay.cut();
        await online;
      }
      await sender.publish(topic, 'end', { qos });
      expect(await textsUntil(subscription, 'end')).toEqual(texts);
    },
  );

  test('a half-open connection is found out within the keep alive, and nothing is lost', async () => {
    const client = await clients.connect(tap.url, { ...SESSION, keepAlive: 1 });
    const subscription = await client.subscribe(topic);
    const offline = nextEvent(client, 'offline');
    tap.relay.swallow();
    const publication = client.publish(topic, 'swallowed', { qos: 1 });
    expect((await offline).error.kind).toBe('environment');
    await publication;
    expect((await take(subscription, 1))[0]!.text()).toBe('swallowed');
    expect(tap.relay.accepted).toBe(2);
  });

  test.skipIf(!differences.tellsOfTakeover)(
    'MQTT 5.0: a client whose session is taken over stops, and does not fight',
    async () => {
      const clientId = `taken-${tests}`;
      const first = await clients.connect(tap.url, { clientId });
      const closed = nextEvent(first, 'closed');
      const second = await clients.connect(url, { clientId });
      expect(await closed).toMatchObject({ code: 'SESSION_TAKEN_OVER' });
      expect([first.state, second.state]).toEqual(['closed', 'online']);
      await second.publish(topic, 'undisturbed', { qos: 1 });
      expect(tap.relay.accepted).toBe(1);
    },
  );

  test('what is published while offline is sent in order when the server is back', async () => {
    const subscription = await (await clients.connect(url)).subscribe(topic);
    tap.relay.refusing = true;
    const client = clients.start(tap.url, SESSION);
    const texts = Array.from({ length: 100 }, (_, index) => String(index));
    const publications = texts.map((text) => client.publish(topic, text, { qos: 1 }));
    await nextEvent(client, 'offline');
    tap.relay.refusing = false;
    await Promise.all(publications);
    expect((await take(subscription, texts.length)).map((message) => message.text())).toEqual(texts);
  });
});
