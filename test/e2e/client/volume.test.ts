// Many messages and large ones, both ways: none lost, none twice, in order.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Clients, optionsOf, take } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';

const MANY = 10_000;
/** More than the client's Receive Maximum lets a server send at once. */
const SLOW = 3000;
/** What a client says that is told nothing else. */
const RECEIVE_MAXIMUM = 1024;
const MEBIBYTE = 1024 * 1024;
const clients = new Clients();

afterEach(() => clients.closeAll());

/** Bytes that are nowhere the same for long. */
function patterned(length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

describeEachServer(({ differences }, running) => {
  let url: string;

  beforeEach(() => {
    url = running().url('mqtt');
  });

  test.each([1, 2] as const)(
    '%d: ten thousand messages at this QoS arrive once and in order',
    async (qos) => {
      const topicName = `volume/many/${qos}`;
      const receiver = await clients.connect(url);
      const lost: unknown[] = [];
      receiver.on('offline', ({ error }) => lost.push(error));
      const subscription = await receiver.subscribe(topicName, { qos });
      const sender = await clients.connect(url);
      const publications = Array.from({ length: MANY }, (_, index) =>
        sender.publish(topicName, String(index), { qos }),
      );
      const messages = await take(subscription, MANY);
      expect(messages.map((message) => message.text())).toEqual(
        publications.map((_, index) => String(index)),
      );
      await Promise.all(publications);
      // A second copy of the last ones would come before this.
      await sender.publish(topicName, 'end', { qos });
      expect((await take(subscription, 1))[0]!.text()).toBe('end');
      expect(lost).toEqual([]);
    },
  );

  test('a slow subscriber misses nothing, and never has more in its buffer than its client said', async () => {
    const receiver = await clients.connect(url);
    const lost: unknown[] = [];
    receiver.on('offline', ({ error }) => lost.push(error));
    const buffered: number[] = [];
    const all = new Promise<readonly string[]>((resolve) => {
      const texts: string[] = [];
      void receiver.subscribe('volume/slow', { qos: 1, bufferMessages: 5 }, async (message) => {
        buffered.push(receiver.gauges.bufferedMessages);
        await new Promise((soon) => setImmediate(soon));
        texts.push(message.text());
        if (texts.length === SLOW) resolve(texts);
      });
    });
    const other = await receiver.subscribe('volume/other', { qos: 0 });
    const sender = await clients.connect(url);
    const publications = Array.from({ length: SLOW }, (_, index) =>
      sender.publish('volume/slow', String(index), { qos: 1 }),
    );
    expect(await all).toEqual(publications.map((_, index) => String(index)));
    expect(Math.max(...buffered)).toBeLessThanOrEqual(RECEIVE_MAXIMUM + 1);
    expect(lost).toEqual([]);
    await sender.publish('volume/other', 'still there', { qos: 0 });
    expect((await take(other, 1))[0]!.text()).toBe('still there');
  });

  test.each([1, 10])('%d MiB in one message arrive as they are', async (mebibytes) => {
    const payload = patterned(mebibytes * MEBIBYTE);
    const [sender, receiver] = [await clients.connect(url), await clients.connect(url)];
    const subscription = await receiver.subscribe(`volume/large/${mebibytes}`, { qos: 1 });
    await sender.publish(`volume/large/${mebibytes}`, payload, { qos: 1 });
    const [message] = await take(subscription, 1);
    expect(Buffer.compare(message!.payload, payload)).toBe(0);
  });

  test.each(['ws', 'mqtts'] as const)('a large message arrives as it is over %s', async (way) => {
    const payload = patterned(way === 'ws' ? differences.largestOverWebSocket : MEBIBYTE);
    const client = await clients.connect(running().url(way), optionsOf(way));
    const subscription = await client.subscribe(`volume/over/${way}`, { qos: 2 });
    await client.publish(`volume/over/${way}`, payload, { qos: 2 });
    const [message] = await take(subscription, 1);
    expect(Buffer.compare(message!.payload, payload)).toBe(0);
  });
});

describe('Memory', () => {
  test('a queue of ten thousand messages is full at its limit and not before', async () => {
    const client = clients.start('mqtt://127.0.0.1:1', { queue: { messages: MANY } });
    const publications = Array.from({ length: MANY }, () => client.publish('volume/queue', 'x', { qos: 1 }));
    expect(() => client.publish('volume/queue', 'x', { qos: 1 })).toThrow(
      expect.objectContaining({ code: 'QUEUE_FULL' }),
    );
    const settled = Promise.allSettled(publications);
    await client.close({ timeoutMs: 0 });
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
  });
});
