import type { ClientError, ClientOptions, Publication, PublishOptions } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import { puback } from './answers.ts';

/** What a message counts beside topic name and payload. */
const OVERHEAD_BYTES = 200;

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

type Queue = NonNullable<ClientOptions['queue']>;

/** A client whose publications are all awaited. */
function connect(queue: Queue) {
  const client = world.connect({ queue });
  const outcomes: string[] = [];
  const publish = (topicName: string, payload = '', options: PublishOptions = {}) => {
    const publication: Publication = client.publish(topicName, payload, options);
    publication.then(
      () => outcomes.push(`${topicName}${payload} acknowledged`),
      (error: unknown) => outcomes.push(`${topicName}${payload} ${(error as ClientError).code}`),
    );
    return publication;
  };
  return { client, publish, outcomes };
}

async function sent(): Promise<string[]> {
  const server = await world.accept();
  return server
    .takeAll()
    .map((packet) =>
      packet.type === 'publish' ? packet.topicName + new TextDecoder().decode(packet.payload) : packet.type,
    );
}

function code(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as ClientError).code;
  }
  return 'nothing thrown';
}

describe('What waits while the client is offline', () => {
  test('is sent in order, QoS 0 as well', async () => {
    const { publish } = connect({});
    publish('a');
    publish('b', '', { qos: 1 });
    publish('c');
    publish('d', '', { qos: 2 });
    expect(await sent()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is at most so many messages: one more is rejected', async () => {
    const { client, publish } = connect({ messages: 2 });
    publish('a');
    publish('b');
    expect(code(() => publish('c'))).toBe('QUEUE_FULL');
    expect(client.gauges).toMatchObject({ queuedMessages: 2, queuedBytes: 2 * (OVERHEAD_BYTES + 1) });
    expect(await sent()).toEqual(['a', 'b']);
  });

  test('is at most so many bytes: one more is rejected', async () => {
    const { client, publish } = connect({ bytes: 2 * OVERHEAD_BYTES + 10 });
    publish('a', '1234');
    publish('b', '1234');
    expect(client.gauges.queuedBytes).toBe(2 * OVERHEAD_BYTES + 10);
    const { publish: publishMore } = connect({ bytes: 2 * OVERHEAD_BYTES + 9 });
    publishMore('a', '1234');
    expect(code(() => publishMore('b', '1234'))).toBe('QUEUE_FULL');
  });

  test('may be nothing at all', async () => {
    for (const queue of [{ messages: 0 }, { bytes: 0 }]) {
      const { publish } = connect(queue);
      expect(code(() => publish('a'))).toBe('QUEUE_FULL');
    }
  });

  test('gives way to a new message where the oldest is to be dropped', async () => {
    const { publish, outcomes } = connect({ messages: 2, whenFull: 'dropOldest' });
    for (const name of ['a', 'b', 'c', 'd']) publish(name);
    expect(await sent()).toEqual(['c', 'd']);
    expect(outcomes).toEqual(['a QUEUE_FULL', 'b QUEUE_FULL', 'c acknowledged', 'd acknowledged']);
  });

  test('gives way by bytes, as many as it takes', async () => {
    const { publish, outcomes } = connect({ bytes: 3 * (OVERHEAD_BYTES + 1), whenFull: 'dropOldest' });
    for (const name of ['a', 'b', 'c']) publish(name);
    publish('d', 'x'.repeat(OVERHEAD_BYTES + 1));
    await world.settle();
    expect(outcomes).toEqual(['a QUEUE_FULL', 'b QUEUE_FULL']);
    expect((await sent()).map((name) => name[0])).toEqual(['c', 'd']);
  });

  test('does not give way to what would not fit into an empty queue', async () => {
    const { publish, outcomes } = connect({ bytes: 2 * (OVERHEAD_BYTES + 1), whenFull: 'dropOldest' });
    publish('a');
    publish('b', 'x'.repeat(1000));
    await world.settle();
    expect(outcomes.map((outcome) => outcome.replaceAll('x', ''))).toEqual(['b QUEUE_FULL']);
    expect(await sent()).toEqual(['a']);
  });

  test('keeps its place where the newest is to be dropped', async () => {
    const { publish, outcomes } = connect({ messages: 2, whenFull: 'dropNewest' });
    for (const name of ['a', 'b', 'c']) publish(name);
    await world.settle();
    expect(outcomes).toEqual(['c QUEUE_FULL']);
    expect(await sent()).toEqual(['a', 'b']);
  });
});

describe('Where only the latest message of a topic waits', () => {
  test('it takes the place of the one before, at the end of the queue', async () => {
    const { publish, outcomes } = connect({ latestPerTopic: true });
    publish('a', '1');
    publish('b', '1');
    publish('a', '2');
    await world.settle();
    expect(outcomes).toEqual(['a1 QUEUE_FULL']);
    expect(await sent()).toEqual(['b1', 'a2']);
  });

  test('it needs no room of its own', async () => {
    const { publish } = connect({ latestPerTopic: true, messages: 2 });
    publish('a', '1');
    publish('b', '1');
    publish('a', '2');
    expect(code(() => publish('c', '1'))).toBe('QUEUE_FULL');
    expect(await sent()).toEqual(['b1', 'a2']);
  });

  test('the one before stays when the latest is rejected', async () => {
    const { publish, outcomes } = connect({ latestPerTopic: true, bytes: OVERHEAD_BYTES + 2 });
    publish('a', '1');
    expect(code(() => publish('a', '22'))).toBe('QUEUE_FULL');
    await world.settle();
    expect(outcomes).toEqual([]);
    expect(await sent()).toEqual(['a1']);
  });

  test('a message that came back from a lost session gives way too', async () => {
    const { client, publish, outcomes } = connect({ latestPerTopic: true });
    const first = await world.accept();
    publish('a', '1', { qos: 1 });
    publish('b', '1', { qos: 1 });
    await world.settle();
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    await world.advance(6000);
    const second = await world.accept({ properties: { receiveMaximum: 1 } });
    expect(client.gauges).toMatchObject({ inFlight: 1, queuedMessages: 1 });
    publish('b', '2', { qos: 1 });
    await world.settle();
    expect(outcomes).toEqual(['b1 QUEUE_FULL']);
    second.send(puback(3));
    await world.settle();
    expect(second.takeAll()).toMatchObject([
      { topicName: 'a' },
      { topicName: 'b', payload: Uint8Array.of(0x32) },
    ]);
  });
});

describe('While messages are under way', () => {
  test('their bytes count, and come free when they are acknowledged', async () => {
    const { client, publish } = connect({ bytes: 2 * (OVERHEAD_BYTES + 1) });
    const server = await world.accept();
    publish('a', '', { qos: 1 });
    publish('b', '', { qos: 1 });
    expect(code(() => publish('c', '', { qos: 1 }))).toBe('QUEUE_FULL');
    await world.settle();
    server.send(puback(1));
    publish('c', '', { qos: 1 });
    expect(client.gauges.inFlight).toBe(2);
  });

  test('the messages that wait are counted alone', async () => {
    const { client, publish } = connect({ messages: 1 });
    await world.accept({ properties: { receiveMaximum: 1 } });
    publish('a', '', { qos: 1 });
    publish('b', '', { qos: 1 });
    expect(code(() => publish('c', '', { qos: 1 }))).toBe('QUEUE_FULL');
    expect(client.gauges).toMatchObject({ inFlight: 1, queuedMessages: 1 });
  });
});
