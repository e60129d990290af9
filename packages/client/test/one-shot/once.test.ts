// One thing done with a client of its own, on a test broker.

import { ClientError } from '@martlet/client';
import { publishMany, publishOnce, receiveOnce } from '@martlet/client/once';
import type { TestBroker } from '@martlet/testing';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { jsonCodec } from '../../src/codecs/json-codec.ts';

let broker: TestBroker;
/** Reaches the test broker; the address is not looked at. */
let client: ReturnType<TestBroker['clientOptions']>;
const URL = 'mqtt://test.invalid';

beforeEach(() => {
  broker = createTestBroker();
  client = broker.clientOptions();
});
afterEach(async () => {
  // Every connection has been closed, as MQTT wants it.
  await broker.settled();
  expect(broker.running.gauges.connections).toBe(0);
  await broker.close();
});

async function failure(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => expect.fail('expected a rejection'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClientError);
  return error as ClientError;
}

describe('publishOnce', () => {
  test('publishes and closes, at every QoS', async () => {
    for (const qos of [0, 1, 2] as const) {
      expect((await publishOnce(URL, 't', `${qos}`, { qos, client })).reasonCode).toBe(qos === 0 ? 0 : 0x10);
    }
    expect(broker.messages.map((message) => message.text())).toEqual(['0', '1', '2']);
    const last = broker.packets.at(-1)?.packet;
    expect(last?.type).toBe('disconnect');
  });

  test('retains, and sends a value by its codec', async () => {
    await publishOnce(URL, 't', { celsius: 21.5 }, { codec: jsonCodec(), retain: true, client });
    const message = await receiveOnce(URL, 't', { client });
    expect(message.json()).toEqual({ celsius: 21.5 });
    expect(message.retain).toBe(true);
    expect(message.properties.contentType).toBe('application/json');
  });

  test('is rejected for what cannot be, with one line of it and none on the console', async () => {
    const spy = vi.spyOn(console, 'error');
    expect((await failure(publishOnce(URL, 'a/#', 'x', { client }))).code).toBe('INVALID_TOPIC');
    expect((await failure(publishOnce('http://a', 't', 'x'))).code).toBe('INVALID_OPTION');
    broker.faults.refuseConnections();
    expect((await failure(publishOnce(URL, 't', 'x', { client }))).code).toBe('CONNECTION_FAILED');
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });

  test('does not try again when the connection is lost', async () => {
    broker.faults.dropNext('puback');
    const lost = failure(publishOnce(URL, 't', 'x', { qos: 1, client }));
    await broker.settled();
    broker.faults.cut();
    expect((await lost).code).toBe('CONNECTION_LOST');
  });

  test('ends when its time is over, or its signal is aborted', async () => {
    broker.faults.dropNext('puback');
    const late = failure(publishOnce(URL, 't', 'x', { qos: 1, client }));
    await broker.settled();
    await broker.advance(30_000);
    expect((await late).code).toBe('TIMEOUT');
    expect((await failure(publishOnce(URL, 't', 'x', { client, signal: AbortSignal.abort() }))).code).toBe(
      'ABORTED',
    );
  });
});

describe('publishMany', () => {
  test('publishes everything in its order, each as it says, the rest as the call says', async () => {
    const messages = [
      { topicName: 'a', payload: '1' },
      { topicName: 'b', payload: new Uint8Array([50]), qos: 2, retain: true } as const,
    ];
    expect(await publishMany(URL, messages, { qos: 1, client })).toBe(2);
    expect(broker.messages.map(({ topicName, qos }) => `${topicName} ${qos}`)).toEqual(['a 1', 'b 2']);
    expect([...broker.retained.keys()]).toEqual(['b']);
    expect(await publishMany(URL, [], { client })).toBe(0);
  });

  test('takes no more from its source than it has room for', async () => {
    let taken = 0;
    async function* source() {
      for (; taken < 1000; taken++) yield { topicName: 't', payload: { n: taken } };
    }
    let most = 0;
    broker.running.subscribe('t', (message) => {
      most = Math.max(most, taken - (message.json() as { n: number }).n);
    });
    expect(await publishMany(URL, source(), { qos: 1, codec: jsonCodec(), client })).toBe(1000);
    expect(broker.messages.length).toBe(1000);
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(100);
  });

  test.each([null, undefined, 'text', 7])('says which message is none: %s', async (none) => {
    const messages = [{ topicName: 't', payload: 'x' }, none] as never;
    const { code, message } = await failure(publishMany(URL, messages, { client }));
    expect(code).toBe('INVALID_OPTION');
    expect(message).toBe(`messages[1]: expected an object with topicName and payload, got ${none}`);
  });

  test.each([null, undefined, 7, {}])('says that it has nothing to iterate over: %s', async (none) => {
    const { code, message } = await failure(publishMany(URL, none as never, { client }));
    expect(code).toBe('INVALID_OPTION');
    expect(message).toMatch(/^messages: expected something to iterate over, got \w+$/);
  });

  test('ends its source when a message cannot be published', async () => {
    let isEnded = false;
    function* source() {
      try {
        yield { topicName: 't', payload: 'x' };
        yield { topicName: 'a/+', payload: 'x' };
        expect.fail('expected no more to be taken');
      } finally {
        isEnded = true;
      }
    }
    expect((await failure(publishMany(URL, source(), { client }))).code).toBe('INVALID_TOPIC');
    expect(isEnded).toBe(true);
  });

  test.each(['ABORTED', 'CONNECTION_LOST', 'TIMEOUT'] as const)(
    'ends by %s while its source waits, and lets go of the source without waiting for it',
    async (code) => {
      let returned = 0;
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: (): Promise<IteratorResult<{ topicName: string; payload: string }>> =>
            ++asked === 1
              ? Promise.resolve({ done: false, value: { topicName: 't', payload: 'x' } })
              : new Promise(() => {}),
          return: (): Promise<never> => {
            returned++;
            return new Promise(() => {});
          },
        }),
      };
      let asked = 0;
      const controller = new AbortController();
      if (code === 'TIMEOUT') broker.faults.dropNext('puback');
      const ended = failure(publishMany(URL, source, { qos: 1, signal: controller.signal, client }));
      await broker.settled();
      expect([asked, returned]).toEqual([2, 0]);
      if (code === 'ABORTED') controller.abort();
      else if (code === 'TIMEOUT') await broker.advance(30_000);
      else broker.faults.cut();
      expect([(await ended).code, returned]).toEqual([code, 1]);
    },
  );

  test('fails with its source', async () => {
    async function* source() {
      yield { topicName: 't', payload: 'x' };
      throw new Error('no such file');
    }
    await expect(publishMany(URL, source(), { client })).rejects.toThrow('no such file');
  });

  test('gives each message its time', async () => {
    broker.faults.dropNext('puback');
    const late = failure(
      publishMany(URL, [{ topicName: 't', payload: 'x' }], { qos: 1, timeoutMs: 500, client }),
    );
    await broker.settled();
    await broker.advance(500);
    expect((await late).code).toBe('TIMEOUT');
  });
});

describe('receiveOnce', () => {
  beforeEach(async () => {
    await broker.publish('old/1', 'one', { retain: true });
    await broker.publish('old/2', 'two', { retain: true });
  });

  const textsOf = (messages: readonly { text(): string }[]) => messages.map((message) => message.text());

  test('gives one message, or an array of so many', async () => {
    expect((await receiveOnce(URL, 'old/1', { client })).text()).toBe('one');
    expect(textsOf(await receiveOnce(URL, 'old/#', { count: 2, client })).sort()).toEqual(['one', 'two']);
  });

  test.each([5, 4] as const)('skips what was there before, in version %i', async (protocolVersion) => {
    const options = { ...client, protocolVersion };
    const waiting = receiveOnce(URL, 'old/#', { retained: 'skip', client: options });
    await broker.settled();
    await broker.publish('old/1', 'new');
    expect((await waiting).text()).toBe('new');
  });

  test('takes only what was there before', async () => {
    const waiting = receiveOnce(URL, '#', { retained: 'only', count: 3, client });
    await broker.settled();
    await broker.publish('t', 'new');
    await broker.publish('old/3', 'three', { retain: true });
    await broker.settled();
    const late = failure(waiting.then(() => expect.fail('expected to wait')));
    await broker.close();
    expect((await late).code).toBe('CONNECTION_LOST');
    broker = createTestBroker();
  });

  test('is rejected when nothing comes in time, when it is aborted, and for what cannot be', async () => {
    const late = failure(receiveOnce(URL, 't', { timeoutMs: 1000, client }));
    await broker.settled();
    await broker.advance(1000);
    expect((await late).code).toBe('TIMEOUT');
    const abort = new AbortController();
    const aborted = failure(receiveOnce(URL, 't', { signal: abort.signal, client }));
    await broker.settled();
    abort.abort();
    expect((await aborted).code).toBe('ABORTED');
    expect((await failure(receiveOnce(URL, 'a/#/b', { client }))).code).toBe('INVALID_TOPIC');
    expect((await failure(receiveOnce(URL, 'a', { count: 0, client }))).code).toBe('INVALID_OPTION');
  });
});
