import type { Client, ClientError, Publication, PublishOptions } from '@martlet/client';
import { describe, expect, test } from 'vitest';
import type { InputMessage } from '../../src/messages/input-message.ts';
import type { PublisherOptions } from '../../src/pub/publisher.ts';
import { Publisher } from '../../src/pub/publisher.ts';
import { Pacer } from '../../src/pub/rate.ts';

/** Takes everything, and acknowledges when the test says so. */
class FakeClient {
  readonly published: string[] = [];
  readonly waiting: {
    readonly resolve: (reasonCode?: number) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  publish(topicName: string, _payload: unknown, _options: PublishOptions): Publication {
    this.published.push(topicName);
    let settle!: (typeof this.waiting)[number];
    const acknowledged = new Promise<{ readonly reasonCode: number }>((resolve, reject) => {
      settle = { resolve: (reasonCode = 0) => resolve({ reasonCode }), reject };
    });
    this.waiting.push(settle);
    return { topicName, acknowledged } as unknown as Publication;
  }

  acknowledge(count: number): void {
    for (const { resolve } of this.waiting.splice(0, count)) resolve();
  }
}

function publisherFor(client: FakeClient, given: Partial<PublisherOptions> = {}): Publisher {
  return new Publisher(client as unknown as Client, {
    maximumMessages: 4,
    pacer: undefined,
    nowMs: () => 0,
    sleep: () => Promise.resolve(),
    onFailed: () => {},
    ...given,
  });
}

const messages = (count: number, payload = '', qos: 0 | 1 | 2 = 1): readonly InputMessage[] =>
  Array.from({ length: count }, (_, index) => ({ topicName: `t/${index}`, payload, options: { qos } }));

/** Lets promises that are ready go on. */
async function moment(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe('A publisher', () => {
  test('has no more messages under way than it may, and hands over all in order', async () => {
    const client = new FakeClient();
    const publisher = publisherFor(client);
    const done = publisher.publish(messages(11)).then(() => publisher.drain());
    let most = 0;
    for (let turn = 0; turn < 40; turn++) {
      await moment();
      most = Math.max(most, client.waiting.length);
      client.acknowledge(1);
    }
    await done;
    expect(most).toBe(4);
    expect(client.published).toEqual(messages(11).map(({ topicName }) => topicName));
    expect(publisher.published).toBe(11);
  });

  test('waits for each one where only one may be under way', async () => {
    const client = new FakeClient();
    const done = publisherFor(client, { maximumMessages: 1 }).publish(messages(2));
    await moment();
    expect(client.published).toHaveLength(1);
    client.acknowledge(1);
    await done;
    expect(client.published).toHaveLength(2);
  });

  test('counts bytes too: long messages wait for each other', async () => {
    const client = new FakeClient();
    const publisher = publisherFor(client, { maximumMessages: 1000 });
    void publisher.publish(messages(5, 'x'.repeat(9 * 1024 * 1024)));
    await moment();
    expect(client.published).toHaveLength(2);
    client.acknowledge(2);
    await moment();
    expect(client.published).toHaveLength(4);
  });

  test('waits for the last of each QoS, however the others end', async () => {
    const client = new FakeClient();
    const publisher = publisherFor(client, { maximumMessages: 100 });
    await publisher.publish([...messages(1, '', 2), ...messages(1, '', 1), ...messages(2, '', 0)]);
    let isDrained = false;
    const drained = publisher.drain().then(() => {
      isDrained = true;
    });
    const [qos2, qos1, , lastQos0] = client.waiting;
    lastQos0!.resolve();
    qos1!.resolve();
    await moment();
    expect(isDrained).toBe(false);
    qos2!.resolve();
    await drained;
  });

  test('tells of a message that failed with its number, and goes on', async () => {
    const client = new FakeClient();
    const failed: [ClientError, number][] = [];
    const publisher = publisherFor(client, { onFailed: (error, number) => failed.push([error, number]) });
    await publisher.publish(messages(2));
    const error = new Error('refused') as ClientError;
    client.waiting[1]!.reject(error);
    await publisher.drain();
    expect(failed).toEqual([[error, 2]]);
  });

  test('keeps what the server answered last', async () => {
    const client = new FakeClient();
    const publisher = publisherFor(client);
    await publisher.publish(messages(1));
    client.waiting[0]!.resolve(0x10);
    await publisher.drain();
    expect(publisher.lastReasonCode).toBe(0x10);
  });

  test('keeps to a rate', async () => {
    const client = new FakeClient();
    const clock = { nowMs: 0 };
    const slept: number[] = [];
    const publisher = publisherFor(client, {
      maximumMessages: 100,
      pacer: new Pacer(4, 0),
      nowMs: () => clock.nowMs,
      sleep: async (ms) => {
        slept.push(ms);
        clock.nowMs += ms;
      },
    });
    await publisher.publish(messages(4));
    expect(slept).toEqual([250, 250, 250]);
  });

  test('hands nothing over once it is stopped', async () => {
    const client = new FakeClient();
    const publisher = publisherFor(client);
    const done = publisher.publish(messages(9));
    await moment();
    const before = client.published.length;
    publisher.stop();
    client.acknowledge(9);
    await done;
    expect(client.published).toHaveLength(before);
  });
});
