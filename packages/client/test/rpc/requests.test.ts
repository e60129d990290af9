// Requests and responses between clients, on a test broker, in each version.

import type { Client, ClientOptions, DroppedEvent, Message } from '@martlet/client';
import { ClientError, connect } from '@martlet/client';
import type { TestBroker } from '@martlet/testing';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jsonCodec } from '../../src/codecs/json-codec.ts';

let broker: TestBroker;

beforeEach(() => {
  broker = createTestBroker();
});
afterEach(() => broker.close());

async function online(clientId: string, options: ClientOptions = {}): Promise<Client> {
  const client = connect({ ...broker.clientOptions(), clientId, ...options });
  await client.connected();
  return client;
}

async function texts(messages: AsyncIterable<Message>): Promise<string[]> {
  const all: string[] = [];
  for await (const message of messages) all.push(message.text());
  return all;
}

/** What a promise is rejected with, which must be a ClientError. */
async function failure(promise: PromiseLike<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => expect.fail('expected a rejection'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClientError);
  return error as ClientError;
}

function droppedOf(client: Client): string[] {
  const dropped: string[] = [];
  client.on('dropped', ({ reason, message }: DroppedEvent) => dropped.push(`${reason} ${message.text()}`));
  return dropped;
}

describe.each([5, 4, 3] as const)('With protocol version %i, a request', (protocolVersion) => {
  let asking: Client;
  let answering: Client;
  beforeEach(async () => {
    asking = await online('asking', { protocolVersion });
    answering = await online('answering', { protocolVersion });
  });

  test('gets what the handler returns, or what its promise is fulfilled with', async () => {
    await answering.respond('upper', (request) => request.text().toUpperCase());
    await answering.respond('later/#', async (request) => `${request.topicName} ${request.payload.length}`);
    expect((await asking.request('upper', 'abc')).text()).toBe('ABC');
    expect((await asking.request('later/on', new Uint8Array([0, 255, 0]))).text()).toBe('later/on 3');
  });

  test('gets an empty response when the handler returns nothing', async () => {
    await answering.respond('t', () => undefined);
    expect((await asking.request('t', '')).payload.length).toBe(0);
  });

  test('carries bytes that look like anything, and many of them at once', async () => {
    await answering.respond('echo', (request) => request.payload.slice());
    const payloads = [[], [0], [0xff, 0x4d, 0x52], [0xff, 0x4d, 0x52, 0, 0, 0], [0, 0, 0, 0xff]];
    const responses = await Promise.all(
      payloads.map((bytes) => asking.request('echo', new Uint8Array(bytes), { qos: 2 })),
    );
    expect(responses.map(({ payload }) => [...payload])).toEqual(payloads);
  });

  test('is rejected with what the handler threw', async () => {
    await answering.respond('throws', () => {
      throw new Error('no such room');
    });
    await answering.respond('rejects', () => Promise.reject(new Error('out of order')));
    await answering.respond('odd', () => ({}) as unknown as string);
    const error = await failure(asking.request('throws', 'x'));
    expect(error).toMatchObject({ code: 'REQUEST_FAILED', kind: 'refusal' });
    expect(error.message).toBe('expected a response from throws, got an error: no such room');
    expect((await failure(asking.request('rejects', 'x'))).message).toMatch(/out of order$/);
    expect((await failure(asking.request('odd', 'x'))).message).toMatch(/got object$/);
  });

  test('is rejected also when the handler threw what has no text', async () => {
    await answering.respond('odd', () => Promise.reject(Object.create(null)));
    expect((await failure(asking.request('odd', 'x'))).code).toBe('REQUEST_FAILED');
  });

  test('gets the first of a stream when it wants one response, and the stream ends', async () => {
    let ended = 0;
    await answering.respond('numbers', async function* () {
      try {
        for (let i = 1; ; i++) yield `${i}`;
      } finally {
        ended++;
      }
    });
    await answering.respond('nothing', async function* () {});
    expect((await asking.request('numbers', '')).text()).toBe('1');
    expect(ended).toBe(1);
    expect((await asking.request('nothing', '')).text()).toBe('');
  });

  test('is answered among many of QoS 0, when they may wait and the responses are acknowledged', async () => {
    const options = { whenSlow: 'block', bufferMessages: 1, concurrency: 1 } as const;
    await answering.respond(
      'slow',
      async ({ payload }) => {
        await answering.publish('a', payload, { qos: 1 });
        return payload;
      },
      options,
    );
    const responses = Array.from({ length: 50 }, (_, i) => asking.request('slow', `${i}`, { qos: 0 }));
    expect((await Promise.all(responses)).map((each) => each.text())).toEqual(
      responses.map((_, i) => `${i}`),
    );
  });

  test('gets a stream to its end', async () => {
    await answering.respond('count', async function* (request) {
      for (let i = 1; i <= Number(request.text()); i++) yield `${i}`;
    });
    await answering.respond('one', () => 'only');
    expect(await texts(asking.requestMany('count', '5'))).toEqual(['1', '2', '3', '4', '5']);
    expect(await texts(asking.requestMany('count', '0'))).toEqual([]);
    expect(await texts(asking.requestMany('one', ''))).toEqual(['only']);
  });

  test('gets what came before the handler of a stream failed, and then the error', async () => {
    await answering.respond('breaks', async function* () {
      yield 'first';
      throw new Error('disk full');
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const message of asking.requestMany('breaks', '')) seen.push(message.text());
    })();
    expect((await failure(reading)).message).toMatch(/disk full$/);
    expect(seen).toEqual(['first']);
  });

  test('gets a stream no faster than it takes it: 32 items are under way or wait, and none is lost', async () => {
    let yielded = 0;
    await answering.respond('many', async function* () {
      while (yielded < 500) yield `${++yielded}`;
    });
    const responses = asking.requestMany('many', '', { timeoutMs: 1000 });
    const ahead: number[] = [];
    for (let i = 1; i <= 500; i++) {
      expect((await responses.next()).value?.text()).toBe(`${i}`);
      await broker.settled();
      ahead.push(yielded - i);
      // A caller that takes its time is not out of time.
      if (i % 100 === 0) await broker.advance(60_000);
    }
    expect((await responses.next()).done).toBe(true);
    expect([Math.max(...ahead), asking.gauges.bufferedMessages]).toEqual([32, 0]);
  });

  test('ends a stream that waits for its caller to take more when that wants no more, and not while it is there', async () => {
    const ended: string[] = [];
    await answering.respond('forever', async function* (request) {
      try {
        for (;;) yield 'x';
      } finally {
        ended.push(request.text());
      }
    });
    const [left, kept] = ['left', 'kept'].map((each) => asking.requestMany('forever', each));
    await left!.next();
    await kept!.next();
    await broker.settled();
    expect(ended).toEqual([]);
    await left!.return?.();
    await broker.settled();
    expect(ended).toEqual(['left']);
    // It is asked now and then, and answers.
    for (let minutes = 0; minutes < 120; minutes++) await broker.advance(60_000);
    expect(ended).toEqual(['left']);
    for (let i = 0; i < 100; i++) expect((await kept!.next()).value?.text()).toBe('x');
    await kept!.return?.();
    await broker.settled();
    expect(ended).toEqual(['left', 'kept']);
  });

  test.each([
    ['closes in order', {}, 0],
    ['goes without a word', { timeoutMs: 0 }, 80_000],
  ] as const)('ends a stream that waits for a caller which %s', async (_how, options, withinMs) => {
    let hasEnded = false;
    await answering.respond('forever', async function* () {
      try {
        for (;;) yield 'x';
      } finally {
        hasEnded = true;
      }
    });
    const stream = asking.requestMany('forever', '');
    await stream.next();
    await broker.settled();
    const closed = asking.close(options);
    await broker.settled();
    await closed;
    for (let ms = 0; ms <= withinMs; ms += 20_000) {
      await broker.advance(ms === 0 ? 0 : 20_000);
      await broker.settled();
    }
    expect(hasEnded).toBe(true);
  });

  test('ends a stream at its responder when the loop is left', async () => {
    let signal: AbortSignal | undefined;
    let ended = false;
    await answering.respond('forever', async function* (_request, context) {
      signal = context.signal;
      try {
        for (let i = 1; ; i++) yield `${i}`;
      } finally {
        ended = true;
      }
    });
    for await (const message of asking.requestMany('forever', '')) if (message.text() === '3') break;
    await broker.settled();
    expect([signal?.aborted, ended]).toEqual([true, true]);
  });

  test('ends a stream that has nothing to say yet when its signal is aborted', async () => {
    let isOver = false;
    await answering.respond('quiet', async (_request, { signal }) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
      isOver = true;
      return 'too late';
    });
    const abort = new AbortController();
    const reading = failure(texts(asking.requestMany('quiet', '', { signal: abort.signal })));
    await broker.settled();
    expect(isOver).toBe(false);
    abort.abort();
    expect((await reading).code).toBe('ABORTED');
    await broker.settled();
    expect(isOver).toBe(true);
  });

  test('ends a stream that begins after nobody wants it any more', async () => {
    let isAborted = false;
    const abort = new AbortController();
    await answering.respond('slow', async (_request, { signal }) => {
      signal.addEventListener('abort', () => {
        isAborted = true;
      });
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
    });
    await asking.subscribe('slow', {}, () => abort.abort());
    const error = await failure(texts(asking.requestMany('slow', '', { signal: abort.signal })));
    expect(error.code).toBe('ABORTED');
    await broker.settled();
    expect(isAborted).toBe(true);
  });

  test('is given up when its time is over, and a response that comes then is dropped and told of', async () => {
    let answer: (text: string) => void = () => {};
    await answering.respond('slow', () => new Promise<string>((resolve) => (answer = resolve)));
    const dropped = droppedOf(asking);
    const waiting = failure(asking.request('slow', 'x', { timeoutMs: 1000 }));
    await broker.advance(1000);
    expect((await waiting).code).toBe('TIMEOUT');
    answer('late');
    await broker.settled();
    expect(dropped).toEqual(['unrequested late']);
  });

  test('has half a minute, unless it is told otherwise', async () => {
    await answering.subscribe('silence', {}, () => {});
    let code: string | undefined;
    void failure(asking.request('silence', 'x')).then((error) => {
      code = error.code;
    });
    await broker.advance(29_900);
    expect(code).toBeUndefined();
    await broker.advance(200);
    expect(code).toBe('TIMEOUT');
  });

  test('is rejected when its client is closed, as is a stream', async () => {
    await answering.subscribe('silence', {}, () => {});
    const one = failure(asking.request('silence', 'x'));
    const many = failure(texts(asking.requestMany('silence', 'x')));
    await broker.settled();
    await asking.close();
    expect([(await one).code, (await many).code]).toEqual(['CLOSED', 'CLOSED']);
    expect(() => asking.request('silence', 'x')).toThrow(/closed/);
  });

  test('waits for a connection, and survives one that is lost', async () => {
    await answering.respond('double', (request) => request.text().repeat(2));
    const later = connect({
      ...broker.clientOptions(),
      protocolVersion,
      clientId: 'later',
      cleanStart: false,
      sessionExpiryInterval: 300,
    });
    expect((await later.request('double', 'ab')).text()).toBe('abab');
    let answer: (text: string) => void = () => {};
    await answering.respond('held', () => new Promise<string>((resolve) => (answer = resolve)));
    const held = later.request('held', 'x', { timeoutMs: 600_000 });
    await broker.settled();
    broker.faults.cut({ clientId: 'later' });
    answer('while you were away');
    await broker.settled();
    const outcome = held.then(
      (response) => response.text(),
      (error: ClientError) => error.code,
    );
    await broker.waitFor(() => later.state === 'online', { withinMs: 60_000 });
    // A server of MQTT 3.1 does not say whether it has kept the session.
    expect(await outcome).toBe(protocolVersion === 3 ? 'SESSION_LOST' : 'while you were away');
  });

  test('reaches one of several clients that share the work', async () => {
    const other = await online('other', { protocolVersion });
    let calls = 0;
    for (const client of [answering, other]) {
      await client.respond('$share/workers/work/+', (request) => {
        calls++;
        return request.topicName;
      });
    }
    const names = ['work/1', 'work/2', 'work/3', 'work/4'];
    const responses = await Promise.all(names.map((name) => asking.request(name, '')));
    expect(responses.map((response) => response.text())).toEqual(names);
    expect(calls).toBe(4);
  });

  test('is no message like any other: what a handler of requests cannot answer is dropped and told of', async () => {
    const dropped = droppedOf(answering);
    let calls = 0;
    await answering.respond('t', () => {
      calls++;
      return '';
    });
    await asking.publish('t', 'just a message', { qos: 1 });
    await broker.settled();
    expect([dropped, calls]).toEqual([['unanswerable just a message'], 0]);
  });

  test('is a value with a codec, and so is its response', async () => {
    const json = jsonCodec<{ n: number }>();
    await answering.respond('inc', (request) => ({ n: json.decode(request.payload).n + 1 }), { codec: json });
    const response = await asking.request('inc', { n: 41 }, { codec: json });
    expect(response.json()).toEqual({ n: 42 });
  });
});

describe('With MQTT 5.0, a request', () => {
  test('is rejected at once when nobody responds to it', async () => {
    const asking = await online('asking');
    const error = await failure(asking.request('nobody/here', 'x'));
    expect(error).toMatchObject({ code: 'REFUSED', reasonCode: 0x10 });
    expect(error.message).toBe('expected somebody to respond at nobody/here, got nobody');
    expect((await failure(texts(asking.requestMany('nobody/here', 'x')))).code).toBe('REFUSED');
  });

  test('expires with the patience of whoever asks, and says what its codec and its options say', async () => {
    const asking = await online('asking');
    const answering = await online('answering');
    const seen: Message[] = [];
    await answering.subscribe('t', {}, (message) => void seen.push(message));
    const options = { codec: jsonCodec(), timeoutMs: 2500, userProperties: [['trace', '7']] } as const;
    const waiting = failure(asking.request('t', 1, options));
    await broker.settled();
    await broker.advance(2500);
    await waiting;
    expect(seen[0]?.properties).toMatchObject({
      contentType: 'application/json',
      payloadFormatIndicator: 1,
      messageExpiryInterval: 3,
      responseTopic: 'martlet/responses/asking',
      userProperties: [['trace', '7']],
    });
    expect(seen[0]?.qos).toBe(1);
  });

  test('may come from a client of an older version', async () => {
    const old = await online('old', { protocolVersion: 4 });
    const young = await online('young');
    await young.respond('stream', async function* () {
      yield 'a';
      yield 'b';
    });
    expect(await texts(old.requestMany('stream', ''))).toEqual(['a', 'b']);
    expect((await old.request('stream', '')).text()).toBe('a');
  });

  test('reaches a client of an older version in an envelope, if it is told to', async () => {
    const old = await online('old', { protocolVersion: 4 });
    const young = await online('young');
    await old.respond('stream', async function* (request) {
      for (let i = 0; i < 100; i++) yield `${request.text()} ${i}`;
    });
    const envelope = true;
    expect((await young.request('stream', 'x', { envelope })).text()).toBe('x 0');
    expect(await texts(young.requestMany('stream', 'y', { envelope }))).toHaveLength(100);
    expect(() => young.request('stream', 'x', { envelope: 1 as never })).toThrow(
      'envelope: expected boolean',
    );
  });

  test('has its responses at the topic that the server offers', async () => {
    const asking = await online('asking', { requestResponseInformation: true });
    const answering = await online('answering');
    const topics: (string | undefined)[] = [];
    await answering.respond('t', (request) => {
      topics.push(request.properties.responseTopic);
      return 'x';
    });
    await asking.request('t', '');
    expect(topics).toEqual([`${asking.server?.responseInformation}/martlet`]);
  });

  test('has its responses at a topic that is one whatever the client is called', async () => {
    const asking = await online('a/+/#');
    const answering = await online('answering');
    await answering.respond('t', (request) => request.properties.responseTopic ?? '');
    expect((await asking.request('t', '')).text()).toBe('martlet/responses/a%2F%2B%2F%23');
  });

  test('stops a stream whose caller is gone', async () => {
    const asking = await online('asking', { sessionExpiryInterval: 0 });
    const answering = await online('answering');
    let go: () => void = () => {};
    let isEnded = false;
    await answering.respond('stream', async function* () {
      try {
        for (;;) {
          yield 'x';
          await new Promise<void>((resolve) => (go = resolve));
        }
      } finally {
        isEnded = true;
      }
    });
    const responses = asking.requestMany('stream', '');
    await responses.next();
    await asking.close();
    go();
    await broker.settled();
    expect(isEnded).toBe(true);
  });
});
