// What servers do with messages, as the client's application sees it: the same on each server, in each version.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Relay } from '../../relay.ts';
import { Clients, nextEvent, seen, take, textsUntil, VERSIONS } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';

const clients = new Clients();

afterEach(() => clients.closeAll());

describeEachServer(({ differences }, running) => {
  let url: string;
  /** A topic that no other test uses. */
  let topic: string;
  let tests = 0;

  beforeEach(() => {
    url = running().url('mqtt');
    topic = `messages/${++tests}`;
  });

  test('what is published before there is a connection arrives, when the client is closed at once', async () => {
    const subscription = await (await clients.connect(url)).subscribe(`${topic}/+`);
    const client = clients.start(url);
    const publications = ([0, 1, 2] as const).map((qos) => client.publish(`${topic}/${qos}`, 'x', { qos }));
    await client.close();
    await Promise.all(publications);
    const messages = await take(subscription, 3);
    expect(messages.map(seen)).toEqual([0, 1, 2].map((qos) => `${topic}/${qos} ${qos} x`));
  });

  describe.each(VERSIONS)('$name', ({ protocolVersion }) => {
    const version = { protocolVersion };

    test('a retained message comes to who subscribes later, until it is cleared', async () => {
      const publisher = await clients.connect(url, version);
      await publisher.publish(`${topic}/a`, 'old', { qos: 1, retain: true });
      await publisher.publish(`${topic}/a`, 'new', { qos: 2, retain: true });
      const subscriber = await clients.connect(url, version);
      const first = await subscriber.subscribe(`${topic}/#`);
      const [message] = await take(first, 1);
      expect([message!.text(), message!.retain]).toEqual(['new', true]);
      await first.unsubscribe(); // or what is cleared below may still come by it
      await publisher.publish(`${topic}/a`, '', { qos: 1, retain: true });
      const later = await subscriber.subscribe(`${topic}/#`);
      await publisher.publish(`${topic}/a`, 'live', { qos: 1 });
      const [next] = await take(later, 1);
      expect([next!.text(), next!.retain]).toEqual(['live', false]);
    });

    test('a will is published when the connection breaks, and not when the client is closed', async () => {
      const watcher = await clients.connect(url);
      const wills = await watcher.subscribe(`${topic}/+`);
      const will = (text: string) => ({
        topicName: `${topic}/will`,
        payload: text,
        qos: 1 as const,
      });
      const polite = await clients.connect(url, { ...version, will: will('not to be sent') });
      await polite.close();
      const relay = await Relay.start(running().port);
      await clients.connect(`mqtt://127.0.0.1:${relay.port}`, { ...version, will: will('gone') });
      await relay.close();
      expect((await take(wills, 1)).map(seen)).toEqual([`${topic}/will 1 gone`]);
      const asking = await clients.connect(url, { will: will('asked for') });
      if (protocolVersion === 5) {
        await asking.close({ reasonCode: 4 });
        expect((await take(wills, 1)).map(seen)).toEqual([`${topic}/will 1 asked for`]);
      }
    });

    test('the QoS granted lowers that of a message', async () => {
      const client = await clients.connect(url, version);
      const subscriptions = await Promise.all(
        ([0, 1, 2] as const).map((qos) => client.subscribe(`${topic}/${qos}`, { qos })),
      );
      expect(subscriptions.map(({ qos }) => qos)).toEqual([0, 1, 2]);
      for (const { topicFilter } of subscriptions) await client.publish(topicFilter, 'x', { qos: 2 });
      const got = await Promise.all(subscriptions.map((subscription) => take(subscription, 1)));
      expect(got.map(([message]) => message!.qos)).toEqual([0, 1, 2]);
    });

    test('overlapping filters call each handler once for a message', async () => {
      const client = await clients.connect(url, version);
      const calls: string[] = [];
      const filters = [`${topic}/#`, `${topic}/+`, `${topic}/a`];
      for (const filter of filters) {
        await client.subscribe(filter, { qos: 1 }, (message) => {
          calls.push(`${filter} ${message.text()}`);
        });
      }
      const end = await client.subscribe(`${topic}/end/now`, { qos: 1 });
      const texts = ['first', 'second'];
      for (const text of texts) await client.publish(`${topic}/a`, text, { qos: 1 });
      await client.publish(`${topic}/end/now`, 'end', { qos: 1 });
      await take(end, 1);
      const expected = texts.flatMap((text) => filters.map((filter) => `${filter} ${text}`));
      expect(calls.filter((call) => !call.endsWith(' end')).sort()).toEqual(expected.sort());
    });

    test('a shared subscription gives each message to one of its members', async () => {
      const members = [await clients.connect(url, version), await clients.connect(url, version)];
      const publisher = await clients.connect(url);
      const texts = Array.from({ length: 40 }, (_, index) => `number ${index}`);
      const shares: string[][] = [[], []];
      const all = new Promise<void>((resolve) => {
        for (const [index, member] of members.entries()) {
          member.subscribe(`$share/group/${topic}`, { qos: 1 }, (message) => {
            shares[index]!.push(message.text());
            if (shares[0]!.length + shares[1]!.length === texts.length) resolve();
          });
        }
      });
      // The server answers SUBSCRIBE in order: these two come behind.
      for (const member of members) await member.subscribe(`${topic}/other`);
      for (const text of texts) await publisher.publish(topic, text, { qos: 1 });
      await all;
      expect(shares.flat().sort()).toEqual([...texts].sort());
      for (const share of shares) expect(share.length).toBeGreaterThan(5);
    });

    test('an empty payload and one of every byte arrive as they are', async () => {
      const client = await clients.connect(url, version);
      const subscription = await client.subscribe(topic);
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      await client.publish(topic, '', { qos: 1 });
      await client.publish(topic, bytes, { qos: 1 });
      const [empty, all] = await take(subscription, 2);
      expect(empty!.payload.length).toBe(0);
      expect([...all!.payload]).toEqual([...bytes]);
    });

    test('unsubscribes, and what comes afterwards goes to nobody', async () => {
      const client = await clients.connect(url, version);
      const leaving = await client.subscribe(`${topic}/leaving`);
      const staying = await client.subscribe(`${topic}/staying`);
      await leaving.unsubscribe();
      await client.publish(`${topic}/leaving`, 'x', { qos: 1 });
      await client.publish(`${topic}/staying`, 'y', { qos: 1 });
      expect((await take(staying, 1)).map(seen)).toEqual([`${topic}/staying 1 y`]);
      expect(await take(leaving, 1)).toEqual([]);
    });
  });

  describe('MQTT 5.0 only', () => {
    test('every property arrives, user properties in order', async () => {
      const client = await clients.connect(url);
      const subscription = await client.subscribe(topic);
      const properties = {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 3600,
        contentType: 'text/plain',
        responseTopic: 'answers/1',
        correlationData: Uint8Array.of(1, 2, 3),
        userProperties: [
          ['b', '1'],
          ['a', '2'],
          ['b', '3'],
        ],
      } as const;
      await client.publish(topic, 'x', { qos: 1, ...properties });
      const [message] = await take(subscription, 1);
      const { correlationData, ...others } = message!.properties;
      expect([...correlationData!]).toEqual([1, 2, 3]);
      const { correlationData: _bytes, ...expected } = properties;
      expect(others).toMatchObject(expected);
    });

    test('No Local keeps away what the client itself publishes', async () => {
      const [client, other] = [await clients.connect(url), await clients.connect(url)];
      const subscription = await client.subscribe(topic, { noLocal: true });
      await client.publish(topic, 'own', { qos: 1 });
      await other.publish(topic, "another's", { qos: 1 });
      expect((await take(subscription, 1)).map((message) => message.text())).toEqual(["another's"]);
    });

    test.each([
      [0, ['kept'], ['kept']],
      // To the server the second one is not new, but to the application it is.
      [1, ['kept'], ['kept']],
      [2, [], []],
    ] as const)('Retain Handling %d is obeyed', async (retainHandling, first, again) => {
      const client = await clients.connect(url);
      await client.publish(topic, 'kept', { qos: 1, retain: true });
      const subscription = await client.subscribe(topic, { retainHandling });
      await client.publish(topic, 'end', { qos: 1 });
      expect(await textsUntil(subscription, 'end')).toEqual(first);
      // The first one stands, so the server has the subscription already.
      const second = await client.subscribe(topic, { retainHandling });
      await client.publish(topic, 'end', { qos: 1 });
      expect(await textsUntil(second, 'end')).toEqual(again);
      await client.publish(topic, '', { qos: 1, retain: true });
    });

    test('Retain As Published leaves the flag as it was', async () => {
      const client = await clients.connect(url);
      const asPublished = await client.subscribe(topic, { retainAsPublished: true });
      await client.publish(topic, 'retained', { qos: 1, retain: true });
      await client.publish(topic, '', { qos: 1, retain: true });
      await client.publish(topic, 'not', { qos: 1 });
      expect((await take(asPublished, 3)).map(({ retain }) => retain)).toEqual([true, true, false]);
    });

    test('a message that waits tells how many seconds are left', async () => {
      const session = { clientId: `expiry-${topic}`, sessionExpiryInterval: 60 };
      const first = await clients.connect(url, session);
      await first.subscribe(topic, { qos: 1 });
      await first.close({ timeoutMs: 0 });
      const publisher = await clients.connect(url);
      await publisher.publish(topic, 'waiting', { qos: 1, messageExpiryInterval: 100 });
      await publisher.publish(topic, 'for ever', { qos: 1 });
      const again = clients.start(url, { ...session, cleanStart: false });
      const [waiting, forEver] = await take(again.subscribe(topic, { qos: 1, retainHandling: 2 }), 2);
      expect(waiting!.properties.messageExpiryInterval).toBeGreaterThan(90);
      expect(waiting!.properties.messageExpiryInterval).toBeLessThanOrEqual(100);
      expect(forEver!.properties.messageExpiryInterval).toBe(undefined);
    });

    test('a message that expires before the client is online is not sent', async () => {
      const watcher = await clients.connect(url);
      const subscription = await watcher.subscribe(topic);
      // Its time is over before the server has answered CONNECT.
      const client = clients.start(url);
      const expired = client.publish(topic, 'too late', { qos: 1, messageExpiryInterval: 0 });
      await expect(expired).rejects.toMatchObject({ name: 'ClientError' });
      await client.publish(topic, 'in time', { qos: 1 });
      expect((await take(subscription, 1)).map((message) => message.text())).toEqual(['in time']);
    });

    test('the subscription identifier says which of two overlapping subscriptions is meant', async () => {
      const client = await clients.connect(url);
      expect(client.server!.subscriptionIdentifiersAvailable).toBe(true);
      const wide = await client.subscribe(`${topic}/#`);
      const narrow = await client.subscribe(`${topic}/a`);
      await client.publish(`${topic}/a`, 'both', { qos: 1 });
      const [toWide, toNarrow] = [(await take(wide, 1))[0]!, (await take(narrow, 1))[0]!];
      const identifiers = [toWide, toNarrow].map(({ properties }) => properties.subscriptionIdentifiers);
      if (differences.copiesOfOverlapping === 1) expect(identifiers[0]).toHaveLength(2);
      else expect(identifiers.flat()).toHaveLength(2);
      expect(new Set(identifiers.flat()).size).toBe(2);
    });

    test('a message to nobody says so', async () => {
      const client = await clients.connect(url);
      expect((await client.publish(topic, 'x', { qos: 1 })).reasonCode).toBe(0x10);
      const { reasonCode } = await client.publish(topic, 'x', { qos: 2 });
      expect(reasonCode).toBe(differences.pubrecTellsOfNobody ? 0x10 : 0);
    });

    test('what came while nobody was subscribed in this process is handed out by the event', async () => {
      const session = { clientId: `unrouted-${topic}`, sessionExpiryInterval: 60 };
      const first = await clients.connect(url, session);
      await first.subscribe(topic, { qos: 1 });
      await first.close({ timeoutMs: 0 });
      const publisher = await clients.connect(url);
      await publisher.publish(topic, 'missed', { qos: 1 });
      const again = clients.start(url, { ...session, cleanStart: false });
      const unrouted = await nextEvent(again, 'unrouted');
      expect(seen(unrouted)).toBe(`${topic} 1 missed`);
    });

    test('what came before the application has subscribed waits for it, all of it', async () => {
      const session = { clientId: `late-${topic}`, sessionExpiryInterval: 60 };
      const first = await clients.connect(url, session);
      await first.subscribe(topic, { qos: 1 });
      await first.close({ timeoutMs: 0 });
      const publisher = await clients.connect(url);
      const texts = Array.from({ length: 300 }, (_, index) => String(index));
      await Promise.all(texts.map((text) => publisher.publish(topic, text, { qos: 1 })));
      const again = await clients.connect(url, { ...session, cleanStart: false });
      const dropped: unknown[] = [];
      again.on('dropped', (event) => dropped.push(event));
      // The answer is behind what the server sends at once.
      await again.publish(`${topic}/other`, 'x', { qos: 1 });
      const messages = await take(await again.subscribe(topic, { qos: 1 }), 300);
      expect(messages.map((message) => message.text())).toEqual(texts);
      expect(dropped).toEqual([]);
    });
  });
});
