// Values as payloads: publish with a codec, to a subscriber that decodes them.

import type { PublishOptions } from '@martlet/client';
import { ClientError, connect } from '@martlet/client';
import type { PayloadCodec } from '@martlet/client/json-codec';
import { jsonCodec } from '@martlet/client/json-codec';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';

interface Reading {
  readonly celsius: number;
}

describe('publish with a codec', () => {
  let broker: ReturnType<typeof createTestBroker>;
  beforeEach(() => {
    broker = createTestBroker();
  });
  afterEach(() => broker.close());

  test('sends the value, and says what it is unless the options say another', async () => {
    await using client = connect(broker.clientOptions());
    const json = jsonCodec<Reading>();
    const subscription = client.subscribe('t', { qos: 1 });
    const messages = subscription[Symbol.asyncIterator]();
    await subscription;
    await client.publish('t', { celsius: 21.5 }, { codec: json, qos: 1 });
    await client.publish(
      't',
      { celsius: 22 },
      { codec: json, contentType: 'text/x', payloadFormatIndicator: 0 },
    );
    const { value: first } = await messages.next();
    const { value: second } = await messages.next();
    expect(json.decode(first!.payload)).toEqual({ celsius: 21.5 });
    expect(first!.properties).toMatchObject({ contentType: 'application/json', payloadFormatIndicator: 1 });
    expect(second!.properties).toMatchObject({ contentType: 'text/x', payloadFormatIndicator: 0 });
    expect(first!.json()).toEqual({ celsius: 21.5 });
  });

  test('throws at the call what the codec does not take, and what it makes that is no payload', () => {
    const client = connect(broker.clientOptions());
    const codec = (encode: (value: unknown) => unknown): { codec: PayloadCodec<unknown> } => ({
      codec: { encode: encode as () => Uint8Array, decode: () => undefined },
    });
    const failing = codec(() => {
      throw new TypeError('no such field');
    });
    const circle: unknown[] = [];
    circle.push(circle);
    const errors = [
      () => client.publish('t', undefined, { codec: jsonCodec() }),
      () => client.publish('t', circle, { codec: jsonCodec() }),
      () => client.publish('t', 1, failing),
      () =>
        client.publish(
          't',
          1,
          codec(() => 5),
        ),
      () => client.publish('t', 1 as unknown as string),
    ].map((call) => {
      try {
        call();
        return undefined;
      } catch (error) {
        return error;
      }
    });
    expect(errors).toEqual(Array(5).fill(expect.any(ClientError)));
    expect(errors).toMatchObject(Array(5).fill({ code: 'INVALID_PAYLOAD', kind: 'local' }));
    expect(errors[2]).toMatchObject({ cause: expect.any(TypeError) });
    expect((errors[2] as Error).message).toMatch(/no such field$/);
  });

  test('has types: the value is what the codec takes, and without one a payload', () => {
    const client = connect(broker.clientOptions());
    const json = jsonCodec<Reading>();
    const calls = (options: PublishOptions): void => {
      client.publish('t', 'text', options);
      client.publish('t', { celsius: 1 }, { ...options, codec: json });
      // @ts-expect-error: another value than the codec's
      client.publish('t', { fahrenheit: 1 }, { ...options, codec: json });
      // @ts-expect-error: no payload, and no codec
      client.publish('t', { celsius: 1 }, options);
    };
    expectTypeOf(calls).returns.toBeVoid();
    expectTypeOf(json.decode).returns.toEqualTypeOf<Reading>();
  });
});
