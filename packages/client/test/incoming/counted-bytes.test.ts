// What a message counts against a limit in bytes: all that it takes in memory, whoever wrote it.

import type { Client, DroppedEvent, SubscribeOptions, Subscription } from '@martlet/client';
import type { PublishProperties } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Message } from '../../src/core/incoming/message.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';
import { CONTINUED, grant, message } from './server-packets.ts';

let world: World;
let client: Client;
let server: TestServer;
let dropped: string[];
beforeEach(() => {
  world = new World();
  dropped = [];
});
afterEach(() => world.close());

/** Bytes of a message beside its topic name, payload and properties; and of each user property. */
const MESSAGE_BYTES = 200;
const PROPERTY_BYTES = 128;

function connect(): void {
  client = world.connect({ cleanStart: false });
  client.on('dropped', ({ message: { topicName } }: DroppedEvent) => dropped.push(topicName));
}

/** A client with one subscription to `#` that nobody reads. */
async function subscribe(options: SubscribeOptions): Promise<Subscription> {
  connect();
  const pending = client.subscribe('#', options);
  server = await world.accept();
  grant(server);
  return pending;
}

/** 5 bytes each in the packet. */
const userProperties = (count: number): PublishProperties => ({
  userProperties: Array.from({ length: count }, () => ['', '']),
});

const withProperties = (topicName: string, properties: PublishProperties, packetId = 0) => ({
  ...message(topicName, packetId === 0 ? {} : { qos: 1, packetId }),
  payload: new Uint8Array(0),
  properties,
});

/** What a message of the topic `ab` with so many user properties counts: those of more than 256 bytes stay bytes. */
const countedOf = (count: number): number =>
  MESSAGE_BYTES + 2 + count * (count * 5 > 256 ? 5 : 5 + PROPERTY_BYTES);

describe('A message in the buffer of a subscription', () => {
  test('counts its topic name, its payload, its properties and an allowance', async () => {
    const subscription = await subscribe({});
    server.send({ ...message('ab'), payload: new Uint8Array(7) });
    await world.settle();
    expect(subscription.waitingBytes).toBe(MESSAGE_BYTES + 2 + 7);
    server.send(withProperties('ab', userProperties(51)), withProperties('ab', userProperties(52)));
    await world.settle();
    const counted = MESSAGE_BYTES + 2 + 7 + countedOf(51) + countedOf(52);
    expect(subscription.waitingBytes).toBe(counted);
    server.send(withProperties('ab', { correlationData: new Uint8Array(1000) }));
    await world.settle();
    expect(subscription.waitingBytes).toBe(counted + MESSAGE_BYTES + 2 + 1003);
  });

  test('with 1 MiB of user properties takes no more than that, with correlation data in their midst too', async () => {
    const received: Message[] = [];
    connect();
    const handler = (message: Message) => received.push(message);
    client.subscribe('#', {}, handler);
    server = await world.accept();
    grant(server);
    const { userProperties: many } = userProperties(209_715);
    server.send(withProperties('ab', { correlationData: new Uint8Array(2), userProperties: many! }));
    await world.settle();
    const [waits] = received as [Message];
    waits.detach();
    expect(waits.bytes).toBe(MESSAGE_BYTES + 2 + 5 + 209_715 * 5);
    const { get } = Object.getOwnPropertyDescriptor(waits.properties, 'userProperties')!;
    expect(get).toBeDefined();
    expect(waits.properties.correlationData!.buffer.byteLength).toBe(2);
    expect(waits.properties.userProperties).toHaveLength(209_715);
  });

  test('with nothing but user properties fills it: at the limit it is kept, one byte past it the oldest goes', async () => {
    const options = { whenSlow: 'dropOldest' } as const;
    const bufferBytes = countedOf(10) + countedOf(11);
    for (const [limit, lost] of [
      [bufferBytes, []],
      [bufferBytes - 1, ['ab']],
    ] as const) {
      dropped = [];
      await subscribe({ ...options, bufferBytes: limit });
      server.send(withProperties('ab', userProperties(10)), withProperties('ab', userProperties(11)));
      await world.settle();
      expect(dropped).toEqual(lost);
    }
  });

  test('with nothing but user properties holds the server back at the limit, and not one byte below it', async () => {
    for (const [more, isPaused] of [
      [0, true],
      [1, false],
    ] as const) {
      await subscribe({ bufferBytes: countedOf(10) + more });
      server.send(withProperties('ab', userProperties(10)));
      await world.settle();
      expect(server.isPaused).toBe(isPaused);
    }
  });

  test('does not keep what was read with it for the sake of its correlation data', () => {
    const read = new Uint8Array(65_536);
    const properties = { correlationData: read.subarray(10, 12), contentType: 'x' };
    const waits = new Message('a', read.subarray(0, 2), 0, false, false, properties, null);
    waits.detach();
    expect(waits.payload.buffer.byteLength).toBe(2);
    expect(waits.properties).toEqual({ correlationData: new Uint8Array(2), contentType: 'x' });
    expect(waits.properties.correlationData!.buffer.byteLength).toBe(2);
    expect(properties.correlationData.buffer).toBe(read.buffer);
  });
});

test('Messages without a subscription wait within 16 MiB, their properties included', async () => {
  connect();
  server = await world.accept(CONTINUED);
  const large = userProperties(16_384);
  const most = Math.floor((16 * 1_048_576) / countedOf(16_384));
  for (let packetId = 1; packetId <= most; packetId++) server.send(withProperties('ab', large, packetId));
  await world.settle();
  expect(client.gauges.unroutedMessages).toBe(most);
  server.send(withProperties('ab', large, most + 1));
  await world.settle();
  expect(client.gauges.unroutedMessages).toBe(most);
});
