// Typed topics with a client of `connect` on a broker in this process: what is on the wire, and how it is refused.

import type { Client } from '@martlet/client';
import { connect, ReasonCode } from '@martlet/client';
import { defineTopics } from '@martlet/client/topics';
import type { TestBroker } from '@martlet/testing';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

const topics = defineTopics({
  'home/{room}/temperature': { schema: z.number(), qos: 1 },
  'count/{id}': z.object({ count: z.coerce.number().default(1) }),
});

let broker: TestBroker;
let client: Client;

async function begin(protocolVersion: 4 | 5): Promise<void> {
  broker = createTestBroker();
  client = connect({ ...broker.clientOptions(), clientId: 'a', protocolVersion });
  await client.connected();
}

afterEach(async () => {
  await client.close();
  await broker.close();
});

/** The reason codes of the PUBACK packets from the client. */
const acknowledgements = (): ReasonCode[] =>
  broker.packets.flatMap(({ direction, packet }) =>
    direction === 'toBroker' && packet.type === 'puback' ? [packet.reasonCode] : [],
  );

describe.each([5, 4] as const)('Typed topics over protocol level %d', (protocolVersion) => {
  beforeEach(() => begin(protocolVersion));

  test('go from publish to subscribe', async () => {
    const home = topics.of(client);
    await using temperatures = await home.subscribe('home/{room}/temperature');
    expect(temperatures.qos).toBe(1);
    await home.publish('home/kitchen/temperature', 21.5);
    for await (const { params, value, qos, properties } of temperatures) {
      expect([params, value, qos]).toEqual([{ room: 'kitchen' }, 21.5, 1]);
      const expected = { contentType: 'application/json', payloadFormatIndicator: 1 };
      expect(properties).toEqual(protocolVersion === 5 ? expect.objectContaining(expected) : {});
      break;
    }
    await broker.settled();
    expect(acknowledgements()).toEqual([ReasonCode.Success]);
  });

  test('give a handler what the schema makes of a payload', async () => {
    const counts: unknown[] = [];
    await topics.subscribe(client, 'count/{id}', {}, {}, ({ params, value }) => {
      counts.push([params.id, value.count]);
    });
    topics.publish(client, 'count/{id}', { id: 'a' }, {});
    client.publish('count/b', '{"count":"7"}');
    await broker.settled();
    expect(counts).toEqual([
      ['a', 1],
      ['b', 7],
    ]);
  });

  test('tell what does not fit, acknowledge it, and go on with what does', async () => {
    const wrong: string[] = [];
    const errors: unknown[] = [];
    const values: number[] = [];
    client.on('handlerError', ({ error }) => errors.push(error));
    const invalid = (message: { readonly topicName: string }): void => void wrong.push(message.topicName);
    topics.subscribe(client, 'home/{room}/temperature', {}, { invalid }, ({ value }) => values.push(value));
    topics.subscribe(client, 'home/{room}/temperature', { room: 'b' }, {}, () => {});
    await broker.settled();
    broker.publish('home/a/temperature', 'warm', { qos: 1 });
    broker.publish('home/b/temperature', '"warm"', { qos: 1 });
    broker.publish('home//temperature', '1', { qos: 1 });
    broker.publish('home/c/temperature', '5', { qos: 1 });
    await broker.settled();
    expect(wrong).toEqual(['home/a/temperature', 'home/b/temperature', 'home//temperature']);
    expect(errors).toMatchObject([{ code: 'INVALID_PAYLOAD', cause: [{ code: 'invalid_type' }] }]);
    expect(values).toEqual([5]);
    expect(acknowledgements()).toHaveLength(broker.packets.filter(isDelivery).length);
    expect(new Set(acknowledgements())).toEqual(new Set([ReasonCode.Success]));
  });
});

describe('Typed topics over MQTT 5.0', () => {
  beforeEach(() => begin(5));

  test('share a subscription', async () => {
    await topics.subscribe(client, 'count/{id}', {}, { shareName: 'group' }, () => {});
    expect(broker.subscriptions).toMatchObject([{ topicFilter: '$share/group/count/+' }]);
  });

  test('reject what does not fit with Payload format invalid', async () => {
    const values: number[] = [];
    const options = { whenInvalid: 'reject', invalid: () => {} } as const;
    topics.subscribe(client, 'home/{room}/temperature', {}, options, ({ value }) => void values.push(value));
    await broker.settled();
    broker.publish('home/a/temperature', 'warm', { qos: 1 });
    broker.publish('home/a/temperature', '1', { qos: 1 });
    await broker.settled();
    expect(values).toEqual([1]);
    expect(acknowledgements()).toEqual([ReasonCode.PayloadFormatInvalid, ReasonCode.Success]);
  });
});

const isDelivery = ({ direction, packet }: TestBroker['packets'][number]): boolean =>
  direction === 'toClient' && packet.type === 'publish';
