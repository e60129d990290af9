import { ReasonCode } from '@martlet/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ClientError } from '../../src/client-error.ts';
import type { PayloadCodec } from '../../src/codecs/payload-codec.ts';
import { defineTopics } from '../../src/topics/define-topics.ts';
import type { StandardIssue, StandardSchema } from '../../src/topics/standard-schema.ts';
import { DoubleClient } from './double-client.ts';
import { number, slowNumber } from './schemas.ts';

const text: PayloadCodec<string> = {
  contentType: 'text/plain',
  encode: (value) => new TextEncoder().encode(value),
  decode: (payload) => new TextDecoder().decode(payload),
};

const topics = defineTopics({
  'home/{room}/temperature': number,
  'home/cellar/temperature': z.literal('cold'),
  'home/{room}/{device}/state': { schema: z.enum(['on', 'off']), codec: text, qos: 1, retain: true },
  'home/{path...}': z.object({ anything: z.string() }),
  'slow/{id}': slowNumber,
  'count/{id}': z.object({ count: z.coerce.number().default(1) }),
  status: z.object({ deep: z.object({ down: z.array(z.number()) }) }),
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Everything that is only waiting for a promise happens. */
const settled = (): Promise<void> => new Promise((fulfil) => setImmediate(fulfil));

describe('Publishing to typed topics', () => {
  test('gives the client the topic name, the value and its codec', async () => {
    const client = new DoubleClient();
    const publication = topics.publish(client, 'home/{room}/temperature', { room: 'kitchen' }, 21.5);
    expect(client.published).toEqual([
      {
        topicName: 'home/kitchen/temperature',
        payload: '21.5',
        options: { contentType: 'application/json', payloadFormatIndicator: 1 },
      },
    ]);
    expect(await publication).toMatchObject({ reasonString: 'home/kitchen/temperature' });
  });

  test('takes QoS, retain and codec of the definition, unless its options say otherwise', () => {
    const client = new DoubleClient();
    const parameters = { room: 'a', device: 'b' };
    topics.publish(client, 'home/{room}/{device}/state', parameters, 'on');
    topics.publish(client, 'home/{room}/{device}/state', parameters, 'off', { qos: 2, contentType: 'x' });
    expect(client.published.map(({ options }) => options)).toEqual([
      { qos: 1, retain: true, contentType: 'text/plain' },
      { qos: 2, retain: true, contentType: 'x' },
    ]);
  });

  test('refuses a value that does not fit, at the call, and says where', () => {
    const client = new DoubleClient();
    const wrong = { deep: { down: [1, 'x' as unknown as number] } };
    let error: unknown;
    try {
      topics.publish(client, 'status', {}, wrong);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({
      code: 'INVALID_PAYLOAD',
      message: expect.stringMatching(/^expected a value of status, got deep\.down\.1: /),
      cause: [{ path: ['deep', 'down', 1] }],
    });
    expect(client.published).toEqual([]);
  });

  test('sends a value as it was given, not as the schema makes it', () => {
    const client = new DoubleClient();
    topics.publish(client, 'count/{id}', { id: 'a' }, {});
    expect(client.published[0]!.payload).toBe('{}');
  });

  test('refuses a value that the codec cannot encode', async () => {
    const anything = {
      '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
    } as const;
    const later = {
      '~standard': { ...anything['~standard'], validate: async (value: unknown) => ({ value }) },
    };
    const loose = defineTopics({ now: anything, later });
    const refusal = { code: 'INVALID_PAYLOAD', message: expect.stringContaining('JSON') };
    expect(() => loose.publish(new DoubleClient(), 'now', {}, 1n)).toThrow(expect.objectContaining(refusal));
    await expect(loose.publish(new DoubleClient(), 'later', {}, 1n)).rejects.toMatchObject(refusal);
  });

  test('refuses parameters that cannot stand there', () => {
    const client = new DoubleClient();
    for (const room of ['', '+', 'a/b', '#']) {
      expect(() => topics.publish(client, 'home/{room}/temperature', { room }, 1)).toThrow(
        expect.objectContaining({ code: 'INVALID_TOPIC' }),
      );
    }
    expect(() => topics.publish(client, 'unknown' as 'status', {}, { deep: { down: [] } })).toThrow(
      expect.objectContaining({
        code: 'INVALID_TOPIC',
        message: 'expected a defined pattern, got unknown',
      }),
    );
    expect(client.published).toEqual([]);
  });

  test('with an asynchronous schema waits for it', async () => {
    const client = new DoubleClient();
    const publication = topics.publish(client, 'slow/{id}', { id: 'a' }, 1);
    expect(client.published).toEqual([]);
    await publication.stored;
    await publication.sent;
    expect(await publication.acknowledged).toMatchObject({ reasonString: 'slow/a' });
    expect(await publication).toMatchObject({ reasonString: 'slow/a' });
    expect(client.published).toMatchObject([{ topicName: 'slow/a', payload: '1' }]);
  });

  test('with an asynchronous schema rejects, in every stage that is asked for, and in none that is not', async () => {
    const client = new DoubleClient();
    const publication = topics.publish(client, 'slow/{id}', { id: 'a' }, 'x' as unknown as number);
    await settled();
    const refusal = { code: 'INVALID_PAYLOAD', message: expect.stringContaining('got expected a number') };
    await expect(publication).rejects.toMatchObject(refusal);
    await expect(publication.stored).rejects.toMatchObject(refusal);
    await expect(publication.sent).rejects.toMatchObject(refusal);
    await expect(publication.acknowledged).rejects.toMatchObject(refusal);
    expect(client.published).toEqual([]);
  });

  test('takes a schema that refuses without a reason', () => {
    const silent: StandardSchema<number> = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [] }) },
    };
    expect(() => defineTopics({ a: silent }).publish(new DoubleClient(), 'a', {}, 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_PAYLOAD', message: expect.not.stringContaining('undefined') }),
    );
  });

  test('takes a schema that throws for one that refuses', async () => {
    const throwing = (validate: () => never): StandardSchema<number> => ({
      '~standard': { version: 1, vendor: 'test', validate },
    });
    const fail = (): never => {
      throw new Error('broken schema');
    };
    const broken = defineTopics({
      now: throwing(fail),
      later: throwing((async () => fail()) as () => never),
    });
    const refusal = { code: 'INVALID_PAYLOAD', message: expect.stringContaining('broken schema') };
    expect(() => broken.publish(new DoubleClient(), 'now', {}, 1)).toThrow(expect.objectContaining(refusal));
    await expect(broken.publish(new DoubleClient(), 'later', {}, 1)).rejects.toMatchObject(refusal);
  });
});

describe('Publishing to a topic name', () => {
  const cold = 'cold' as const;

  test('finds the pattern: literal levels before one level before the rest', () => {
    const client = new DoubleClient();
    const home = topics.of(client);
    home.publish('home/kitchen/temperature', 1);
    home.publish('home/cellar/temperature', cold);
    home.publish('home/kitchen/lamp/state', 'on');
    home.publish('home/kitchen/lamp', { anything: 'x' });
    home.publish('home/cellar', { anything: 'x' });
    expect(client.published.map(({ topicName, payload }) => [topicName, payload])).toEqual([
      ['home/kitchen/temperature', '1'],
      ['home/cellar/temperature', '"cold"'],
      ['home/kitchen/lamp/state', 'on'],
      ['home/kitchen/lamp', '{"anything":"x"}'],
      ['home/cellar', '{"anything":"x"}'],
    ]);
    expect(() => home.publish('home/cellar/temperature', 1 as unknown as 'cold')).toThrow(
      /INVALID|home\/cellar/,
    );
  });

  test('does not depend on the order of the patterns', () => {
    const client = new DoubleClient();
    const turned = defineTopics({
      '{all...}': z.literal('all'),
      'a/{x}/{y}': z.literal('xy'),
      'a/{x}/c': z.literal('xc'),
      'a/b/{rest...}': z.literal('rest'),
      'a/b/{y}': z.literal('by'),
    }).of(client);
    turned.publish('a/b/c', 'by');
    turned.publish('a/b/c/d', 'rest');
    turned.publish('a/x/c', 'xc');
    turned.publish('a/x/d', 'xy');
    turned.publish('b', 'all');
    expect(client.published).toHaveLength(5);
  });

  test('refuses one that fits no pattern', () => {
    const home = topics.of(new DoubleClient());
    for (const topicName of ['garden', 'home', 'home/', '']) {
      expect(() => home.publish(topicName as 'status', { deep: { down: [] } })).toThrow(
        expect.objectContaining({ code: 'INVALID_TOPIC' }),
      );
    }
  });
});

describe('Subscribing to typed topics', () => {
  test('asks for the pattern with wildcards, or with the parameters given', () => {
    const client = new DoubleClient();
    topics.subscribe(client, 'home/{room}/{device}/state');
    topics.subscribe(client, 'home/{room}/{device}/state', { device: 'lamp' }, { noLocal: true });
    topics.subscribe(client, 'home/{room}/{device}/state', {}, { qos: 2, shareName: 'group' });
    topics.of(client).subscribe('home/{path...}');
    expect(client.subscriptions.map(({ topicFilter, options }) => [topicFilter, options])).toEqual([
      ['home/+/+/state', { qos: 1 }],
      ['home/+/lamp/state', { qos: 1, noLocal: true }],
      ['$share/group/home/+/+/state', { qos: 2 }],
      ['home/#', {}],
    ]);
    expect(() => topics.subscribe(client, 'home/{room}/temperature', { room: '+' })).toThrow(ClientError);
  });

  test('gives a handler parameters and value, and the message itself', async () => {
    const client = new DoubleClient();
    const seen: unknown[] = [];
    topics.subscribe(client, 'home/{room}/{device}/state', {}, {}, (message) => {
      seen.push([message.params, message.value, message.topicName, message.qos, message.text()]);
      return 'returned';
    });
    const outcome = await client.subscription.deliver('home/kitchen/lamp/state', 'on');
    expect(seen).toEqual([[{ room: 'kitchen', device: 'lamp' }, 'on', 'home/kitchen/lamp/state', 1, 'on']]);
    expect(client.subscription.returned).toEqual(['returned']);
    expect(outcome()).toBe(ReasonCode.Success);
  });

  test('gives what the schema makes of a payload', async () => {
    const client = new DoubleClient();
    const counts: number[] = [];
    topics.subscribe(client, 'count/{id}', {}, {}, ({ value }) => void counts.push(value.count));
    await client.subscription.deliver('count/a', '{}');
    await client.subscription.deliver('count/a', '{"count":"7"}');
    expect(counts).toEqual([1, 7]);
  });

  test('waits for a handler, and tells its errors', async () => {
    const client = new DoubleClient();
    topics.subscribe(client, 'slow/{id}', {}, { acknowledge: 'handled' }, async ({ value }) => {
      await settled();
      if (value < 0) throw new Error('negative');
    });
    expect((await client.subscription.deliver('slow/a', '1'))()).toBe(ReasonCode.Success);
    expect((await client.subscription.deliver('slow/a', '-1'))()).toBe('left');
    expect(client.subscription.errors).toEqual([new Error('negative')]);
  });

  test('can be iterated over at once, until the loop is left', async () => {
    const client = new DoubleClient();
    const typed = topics.subscribe(client, 'home/{room}/temperature');
    const { subscription } = client;
    void subscription.deliver('home/a/temperature', '1');
    void subscription.deliver('home/b/temperature', '2');
    const seen: unknown[] = [];
    for await (const { params, value } of typed) {
      seen.push([params.room, value]);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(subscription.isUnsubscribed).toBe(true);
  });

  test('can be awaited, iterated over, and disposed of', async () => {
    const client = new DoubleClient();
    const values: number[] = [];
    {
      await using typed = await topics.subscribe(client, 'home/{room}/temperature');
      expect(typed.topicFilter).toBe('home/+/temperature');
      expect(typed.qos).toBe(1);
      void client.subscription.deliver('home/a/temperature', '3');
      for await (const { value } of typed) {
        values.push(value);
        break;
      }
    }
    expect(values).toEqual([3]);
    expect(client.subscription.isUnsubscribed).toBe(true);
    const other = await topics.subscribe(client, 'status');
    await other.unsubscribe();
    expect(client.subscription.isUnsubscribed).toBe(true);
  });
});

describe('A message that does not fit', () => {
  /** Each with what its first issue says. */
  const misfits: [what: string, topicName: string, payload: string | Uint8Array, issue: RegExp][] = [
    ['its schema', 'home/a/temperature', '"warm"', /expected a number, got string/],
    ['its codec', 'home/a/temperature', 'warm', /JSON/],
    ['its codec, by its UTF-8', 'home/a/temperature', Uint8Array.of(0xff), /JSON in UTF-8/],
    ['its codec, being empty', 'home/a/temperature', '', /got 0 bytes/],
    ['its pattern', 'home//temperature', '1', /topic name home\/\/temperature/],
  ];

  test.each(misfits)('because of %s goes to the handler for it', async (_what, topicName, payload, issue) => {
    const client = new DoubleClient();
    const told: [string, readonly StandardIssue[], string][] = [];
    const handler = vi.fn();
    topics.subscribe(
      client,
      'home/{room}/temperature',
      {},
      { invalid: (message, issues, pattern) => void told.push([message.topicName, issues, pattern]) },
      handler,
    );
    const outcome = await client.subscription.deliver(topicName, payload);
    expect(told).toEqual([
      [
        topicName,
        [expect.objectContaining({ message: expect.stringMatching(issue) })],
        'home/{room}/temperature',
      ],
    ]);
    expect(handler).not.toHaveBeenCalled();
    expect(client.subscription.errors).toEqual([]);
    expect(outcome()).toBe(ReasonCode.Success);
  });

  test('goes to the handler of all topics, where the subscription has none', async () => {
    const client = new DoubleClient();
    const forAll = vi.fn();
    const forOne = vi.fn();
    const guarded = defineTopics({ a: number }, { invalid: forAll });
    guarded.subscribe(client, 'a', {}, {}, () => {});
    await client.subscription.deliver('a', 'x');
    guarded.subscribe(client, 'a', {}, { invalid: forOne }, () => {});
    await client.subscription.deliver('a', 'x');
    expect(forAll).toHaveBeenCalledTimes(1);
    expect(forOne).toHaveBeenCalledTimes(1);
  });

  test('is an error of the handler, where nobody takes it', async () => {
    for (const acknowledge of ['received', 'handled', 'manual'] as const) {
      const client = new DoubleClient();
      topics.subscribe(client, 'slow/{id}', {}, { acknowledge }, () => {});
      const outcome = await client.subscription.deliver('slow/a', '"x"');
      expect(client.subscription.errors).toMatchObject([
        {
          code: 'INVALID_PAYLOAD',
          message: 'expected a value of slow/{id}, got expected a number, got string',
        },
      ]);
      expect(outcome()).toBe(ReasonCode.Success);
    }
  });

  test('is left out of a loop, and told on the console where nobody takes it', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    for (const invalid of [undefined, vi.fn()]) {
      const client = new DoubleClient();
      const typed = topics.subscribe(client, 'home/{room}/temperature', {}, { ...(invalid && { invalid }) });
      const { subscription } = client;
      for (const payload of ['x', '"y"', '3']) void subscription.deliver('home/a/temperature', payload);
      for await (const { value } of typed) {
        expect(value).toBe(3);
        break;
      }
      if (invalid !== undefined) expect(invalid).toHaveBeenCalledTimes(2);
    }
    expect(said.mock.calls).toEqual([
      [expect.stringMatching(/^martlet: expected a value of home\/\{room\}\/temperature, got /)],
      [expect.stringMatching(/^martlet: expected a value of home\/\{room\}\/temperature, got /)],
    ]);
  });

  test('is rejected with Payload format invalid by choice, in every mode, and others are acknowledged', async () => {
    for (const acknowledge of [undefined, 'received', 'handled', 'manual'] as const) {
      for (const hasHandler of [true, false]) {
        const client = new DoubleClient();
        const options = {
          whenInvalid: 'reject',
          invalid: () => {},
          ...(acknowledge && { acknowledge }),
        } as const;
        const handled = vi.fn();
        const handler = hasHandler ? handled : undefined;
        const typed = topics.subscribe(client, 'home/{room}/temperature', {}, options, handler);
        const { subscription } = client;
        expect(subscription.options.acknowledge).toBe(acknowledge === 'handled' ? 'handled' : 'manual');
        const bad = await subscription.deliver('home/a/temperature', 'x');
        const good = await subscription.deliver('home/a/temperature', '1');
        if (!hasHandler) {
          for await (const { value } of typed) {
            handled(value);
            break;
          }
        }
        expect(handled).toHaveBeenCalledTimes(1);
        expect(bad()).toBe(ReasonCode.PayloadFormatInvalid);
        // The client itself acknowledges where that waits for the handler; its iterator does, which the double has not.
        const isOwn = acknowledge === 'manual' || (acknowledge === 'handled' && !hasHandler);
        expect(good()).toBe(isOwn ? 'held' : ReasonCode.Success);
      }
    }
  });

  test('is settled when the promise of the handler for it is fulfilled', async () => {
    const client = new DoubleClient();
    let release = (): void => {};
    const invalid = (): Promise<void> => new Promise((fulfil) => (release = fulfil));
    topics.subscribe(client, 'status', {}, { invalid, acknowledge: 'manual' }, () => {});
    const delivered = client.subscription.deliver('status', 'x');
    await settled();
    release();
    expect((await delivered)()).toBe(ReasonCode.Success);
  });

  test('stays unsettled when the handler for it fails, whose error is told', async () => {
    const client = new DoubleClient();
    const invalid = (): never => {
      throw new Error('dead letters are full');
    };
    topics.subscribe(client, 'status', {}, { invalid, acknowledge: 'handled' }, () => {});
    expect((await client.subscription.deliver('status', 'x'))()).toBe('left');
    expect(client.subscription.errors).toEqual([new Error('dead letters are full')]);
    const typed = topics.subscribe(client, 'status', {}, { invalid });
    void client.subscription.deliver('status', 'x');
    await expect(typed[Symbol.asyncIterator]().next()).rejects.toThrow('dead letters are full');
  });
});

describe('The definition of typed topics', () => {
  test('refuses two patterns that differ in names only', () => {
    expect(() => defineTopics({ 'a/{x}': number, 'a/{y}': number })).toThrow(
      expect.objectContaining({
        code: 'INVALID_TOPIC',
        message: 'expected a pattern other than a/{x}, got a/{y}',
      }),
    );
    expect(() => defineTopics({ 'a/{x...}': number, 'a/{y...}': number })).toThrow(ClientError);
    expect(() => defineTopics({ 'a/{x}': number, 'a/{y...}': number, 'a/b': number })).not.toThrow();
  });

  test('refuses what is no schema, and what is no pattern', () => {
    const nothing = undefined as unknown as StandardSchema;
    for (const schema of [{}, { '~standard': { version: 2 } }, { '~standard': null }, nothing]) {
      expect(() => defineTopics({ a: { schema: schema as StandardSchema } })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
      expect(() => defineTopics({ a: schema as StandardSchema })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
    }
    expect(() => defineTopics({ 'a/#': number })).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC' }));
  });

  test('takes a schema that is a function, as some libraries make them', () => {
    const client = new DoubleClient();
    const callable = Object.assign(() => true, number);
    defineTopics({ a: callable }).publish(client, 'a', {}, 1);
    expect(client.published).toHaveLength(1);
  });
});
