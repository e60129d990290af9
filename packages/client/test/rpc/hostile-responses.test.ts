// Responses and requests that no client of ours sends, in virtual time: nothing is lost sight of, and nothing grows.

import type { Client, DroppedEvent, Payload, RequestHandler } from '@martlet/client';
import { ClientError } from '@martlet/client';
import type { PublishPacket, PublishProperties } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

const INBOX = 'martlet/responses/c';

let world: World;
let client: Client;
let server: TestServer;
let dropped: string[];

beforeEach(async () => {
  world = new World();
  client = world.connect();
  dropped = [];
  client.on('dropped', ({ reason }: DroppedEvent) => dropped.push(reason));
  server = await world.accept();
});
afterEach(() => world.close());

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** As `envelope.ts` describes it. */
function enveloped(mark: string, id: string, responseTopic: string, payload: string): Uint8Array {
  return new Uint8Array([0xff, 0x4d, 0x52, ...bytesOf(`${mark}\0${id}\0${responseTopic}\0${payload}`)]);
}

/** Grants the inbox, and acknowledges and gives the request that was waiting for it. */
async function takeRequest(): Promise<PublishPacket> {
  await world.settle();
  for (const packet of server.takeAll()) {
    if (packet.type === 'subscribe') {
      expect(packet.subscriptions).toMatchObject([{ topicFilter: INBOX }]);
      server.send({ type: 'suback', packetId: packet.packetId, reasonCodes: [2], properties: {} });
      return takeRequest();
    }
    if (packet.type === 'publish') {
      server.send({ type: 'puback', packetId: packet.packetId!, reasonCode: 0, properties: {} });
      await world.settle();
      return packet;
    }
  }
  return expect.fail('expected a request');
}

function respond(id: Uint8Array, payload: string, properties: PublishProperties = {}, mark = ''): void {
  const marks = mark === '' ? {} : { userProperties: [['martlet', mark]] as [string, string][] };
  server.send({
    type: 'publish',
    topicName: INBOX,
    payload: bytesOf(payload),
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: { correlationData: id, ...properties, ...marks },
  });
}

const codeOf = (promise: PromiseLike<unknown>): PromiseLike<string> =>
  promise.then(
    () => 'fulfilled',
    (error: unknown) => (error instanceof ClientError ? error.code : String(error)),
  );

describe('A request', () => {
  test('waits for its inbox, and takes the first response only', async () => {
    const response = client.request('t', 'x');
    const { properties, topicName, qos } = await takeRequest();
    expect({ topicName, qos, responseTopic: properties.responseTopic }).toEqual({
      topicName: 't',
      qos: 1,
      responseTopic: INBOX,
    });
    const id = properties.correlationData!;
    respond(id, 'first');
    respond(id, 'second');
    expect((await response).text()).toBe('first');
    expect(dropped).toEqual(['unrequested']);
    expect(world.timerCount).toBe(1); // Keep alive.
  });

  test('is not disturbed by responses to nobody', async () => {
    const response = client.request('t', 'x');
    const id = (await takeRequest()).properties.correlationData!;
    respond(bytesOf('other'), 'no');
    respond(new Uint8Array(0), 'no');
    respond(new Uint8Array([0xff, 0xfe]), 'no', {}, 'error');
    respond(bytesOf('other'), 'no', { responseTopic: 'home/door' }, 'begun');
    respond(bytesOf('other'), 'no', { responseTopic: 'home/door' }, 'cancel');
    server.send({
      type: 'publish',
      topicName: INBOX,
      payload: new Uint8Array([0xff, 0x4d, 0x52, 0, 1]),
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties: {},
    });
    await world.settle();
    expect(dropped).toEqual(Array(6).fill('unrequested'));
    // A stranger cannot make this client publish anywhere.
    expect(server.takeAll()).toEqual([]);
    respond(id, 'yes');
    expect((await response).text()).toBe('yes');
  });

  test('takes what stands for a stream, which it did not ask for, as its response', async () => {
    for (const mark of ['begun', 'item', 'end', 'many', 'cancel', 'unheard of']) {
      const response = client.request('t', 'x');
      respond((await takeRequest()).properties.correlationData!, mark, {}, mark);
      expect((await response).text()).toBe(mark);
    }
  });

  test('is rejected when the server has lost the session in which it was sent', async () => {
    const sent = codeOf(client.request('t', 'x'));
    await takeRequest();
    const unacknowledged = client.request('t', 'y');
    await world.settle();
    server.take('publish');
    server.cut();
    await world.advance(500);
    server = await world.accept({ sessionPresent: false });
    expect(await sent).toBe('SESSION_LOST');
    // What the server never had is sent in the new session, once its inbox is there.
    const again = await takeRequest();
    respond(again.properties.correlationData!, 'answer');
    expect((await unacknowledged).text()).toBe('answer');
  });

  test('is rejected when the server does not grant the inbox, and the next one asks again', async () => {
    const refused = codeOf(client.request('t', 'x'));
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [0x87], properties: {} });
    expect(await refused).toBe('REFUSED');
    const response = client.request('t', 'x');
    respond((await takeRequest()).properties.correlationData!, 'yes');
    expect((await response).text()).toBe('yes');
  });

  test('leaves nothing behind when it is given up while offline', async () => {
    server.cut();
    await world.settle();
    const timers = world.timerCount;
    const given = Array.from({ length: 100 }, () => codeOf(client.request('t', 'x', { timeoutMs: 10 })));
    await world.advance(10);
    expect(new Set(await Promise.all(given))).toEqual(new Set(['TIMEOUT']));
    expect(world.timerCount).toBe(timers);
    await world.advance(1000);
    server = await world.accept({ sessionPresent: true });
    await world.settle();
    expect(server.takeAll()).toEqual([]);
  });

  test('is one of 10,000 at once at most', async () => {
    const signal = AbortSignal.abort();
    expect(await codeOf(client.request('t', 'x', { signal }))).toBe('ABORTED');
    server.cut();
    const outstanding = Array.from({ length: 10_000 }, () => codeOf(client.request('t', 'x')));
    expect(await codeOf(client.request('t', 'x'))).toBe('QUEUE_FULL');
    await client.close();
    expect(new Set(await Promise.all(outstanding))).toEqual(new Set(['CLOSED']));
  });

  test('is refused at the call when it cannot be sent', () => {
    expect(() => client.request('a/#', 'x')).toThrow(/topic name/);
    expect(() => client.requestMany('t', 5 as unknown as string)).toThrow(/got number/);
  });
});

describe('A stream', () => {
  const STREAM = { responseTopic: 'control' };

  test('holds 1000 responses that nobody takes, and with one more is cancelled', async () => {
    const responses = client.requestMany('t', 'x');
    const first = responses.next();
    const id = (await takeRequest()).properties.correlationData!;
    respond(id, '', STREAM, 'begun');
    respond(id, '0', {}, 'item');
    expect((await first).value?.text()).toBe('0');
    for (let i = 1; i <= 1000; i++) respond(id, `${i}`, {}, 'item');
    await world.settle();
    expect(server.takeAll()).toEqual([]);
    respond(id, '1001', {}, 'item');
    await world.settle();
    expect(server.take('publish')).toMatchObject({
      topicName: 'control',
      properties: { correlationData: id, responseTopic: INBOX, userProperties: [['martlet', 'cancel']] },
    });
    const seen: string[] = [];
    const code = await codeOf(
      (async () => {
        for await (const message of responses) seen.push(message.text());
      })(),
    );
    expect([code, seen.length, seen.at(-1)]).toEqual(['QUEUE_FULL', 1000, '1000']);
    expect(dropped).toEqual([]);
  });

  test('holds 16 MiB of responses at most', async () => {
    const responses = client.requestMany('t', 'x');
    const first = responses.next();
    const id = (await takeRequest()).properties.correlationData!;
    respond(id, '', STREAM, 'begun');
    respond(id, '', {}, 'item');
    await first;
    // An allowance for the message, its topic name, Correlation Data, and a User Property with an allowance for that.
    const ownBytes = 200 + INBOX.length + (3 + id.length) + (5 + 'martlet'.length + 'item'.length + 128);
    for (let i = 0; i < 2; i++) respond(id, 'x'.repeat(8_388_608 - ownBytes), {}, 'item');
    await world.settle();
    expect(server.takeAll()).toEqual([]);
    respond(id, 'x', {}, 'item');
    await world.settle();
    expect(server.take('publish').topicName).toBe('control');
    await responses.return?.();
  });

  test('waits anew after each response', async () => {
    const responses = client.requestMany('t', 'x', { timeoutMs: 1000 });
    const seen: string[] = [];
    const code = codeOf(
      (async () => {
        for await (const message of responses) seen.push(message.text());
      })(),
    );
    const id = (await takeRequest()).properties.correlationData!;
    respond(id, '', STREAM, 'begun');
    for (let i = 0; i < 3; i++) {
      await world.advance(900);
      respond(id, `${i}`, {}, 'item');
    }
    await world.advance(999);
    expect(seen).toEqual(['0', '1', '2']);
    await world.advance(1);
    expect(await code).toBe('TIMEOUT');
    expect(server.takeAll().map((packet) => packet.type === 'publish' && packet.topicName)).toContain(
      'control',
    );
  });

  test('asks for nothing before somebody takes from it', async () => {
    client.requestMany('t', 'x');
    await world.settle();
    expect(server.takeAll()).toEqual([]);
  });

  test('that begins too late is cancelled; of those that never begin, the last 1000 are remembered', async () => {
    const ids: Uint8Array[] = [];
    for (let i = 0; i <= 1000; i++) {
      const abort = new AbortController();
      const responses = client.requestMany('t', 'x', { signal: abort.signal, qos: 0 });
      const first = codeOf(responses.next());
      if (i === 0) {
        await world.settle();
        const { packetId } = server.take('subscribe');
        server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
      }
      await world.settle();
      ids.push(server.take('publish').properties.correlationData!);
      abort.abort();
      expect(await first).toBe('ABORTED');
    }
    respond(ids[0]!, '', STREAM, 'begun');
    await world.settle();
    expect([server.takeAll(), dropped]).toEqual([[], ['unrequested']]);
    respond(ids[1]!, '', STREAM, 'begun');
    respond(ids[1]!, 'x', {}, 'item');
    await world.settle();
    expect(server.take('publish').properties.correlationData).toEqual(ids[1]);
    expect(dropped).toEqual(['unrequested', 'unrequested']);
  });

  test('whose responder names no topic to cancel it at is left in peace', async () => {
    const responses = client.requestMany('t', 'x');
    const first = responses.next();
    const id = (await takeRequest()).properties.correlationData!;
    respond(id, '', {}, 'begun');
    respond(id, 'a', {}, 'item');
    await first;
    await responses.return?.();
    await world.settle();
    expect(server.takeAll()).toEqual([]);
  });

  test('whose responder names a bad topic in an envelope is left in peace too', async () => {
    const old = world.connect({ clientId: 'c', protocolVersion: 4 });
    const events: unknown[] = [];
    old.on('error', (error) => events.push(error));
    server = await world.accept();
    const responses = old.requestMany('t', 'x');
    const first = responses.next();
    const request = await takeRequest();
    expect(request.payload).toEqual(enveloped('many', '1-i', INBOX, 'x'));
    for (const mark of ['begun', 'item']) {
      const payload = enveloped(mark, '1-i', 'a/#', mark);
      server.send({ ...request, topicName: INBOX, payload, qos: 0, packetId: 0 });
    }
    expect((await first).value?.text()).toBe('item');
    await responses.return?.();
    await world.settle();
    expect([server.takeAll(), events]).toEqual([[], []]);
  });
});

describe('A handler of requests', () => {
  function ask(payload: Uint8Array, properties: PublishProperties = {}): void {
    server.send({
      type: 'publish',
      topicName: 't',
      payload,
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
      properties,
    });
  }

  async function responding(handler: RequestHandler<Payload>): Promise<void> {
    const pending = client.respond('t', handler);
    await world.settle();
    const { packetId, subscriptions } = server.take('subscribe');
    expect(subscriptions[0]).toMatchObject({ retainHandling: 2 });
    server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
    await pending;
  }

  test('answers requests of clients that know only the specification, with their own correlation data', async () => {
    await responding((request) => request.text());
    ask(bytesOf('a'), { responseTopic: 'r' });
    ask(bytesOf('b'), { responseTopic: 'r', correlationData: new Uint8Array([0, 255, 128]) });
    await world.settle();
    expect(server.take('publish')).toMatchObject({ topicName: 'r', qos: 0, properties: {} });
    expect(server.take('publish').properties).toEqual({ correlationData: new Uint8Array([0, 255, 128]) });
  });

  test('is not called for what is a response, or is cut off', async () => {
    let calls = 0;
    await responding(() => `${++calls}`);
    ask(bytesOf('a'), { responseTopic: 't', userProperties: [['martlet', 'begun']] });
    ask(bytesOf('a'), { correlationData: bytesOf('1') });
    const whole = enveloped('', '1', 'r', '');
    for (let end = 3; end < whole.length; end++) ask(whole.slice(0, end));
    ask(enveloped('item', '1', 'r', ''));
    ask(enveloped('', '1', '', ''));
    await world.settle();
    expect([calls, dropped]).toEqual([0, Array(whole.length + 1).fill('unanswerable')]);
    expect(server.takeAll()).toEqual([]);
  });

  test('fails where it can be told of, when a response cannot be published', async () => {
    const errors: unknown[] = [];
    client.on('handlerError', ({ error }) => errors.push(error));
    await responding(() => 'x'.repeat(100));
    ask(enveloped('', '1', 'a/#', ''));
    await world.settle();
    expect(errors).toMatchObject([{ code: 'INVALID_TOPIC' }]);
  });

  test('works on 64 requests at once, lets 1000 wait, and drops what comes then', async () => {
    let calls = 0;
    await responding(() => {
      calls++;
      return new Promise<string>(() => {});
    });
    for (let i = 0; i < 1065; i++) ask(bytesOf(''), { responseTopic: 'r' });
    await world.settle();
    expect([calls, dropped]).toEqual([64, ['slow']]);
  });

  test('is told when its client is closed', async () => {
    let signal: AbortSignal | undefined;
    await responding((_request, context) => {
      signal = context.signal;
      return new Promise<string>(() => {});
    });
    ask(bytesOf(''), { responseTopic: 'r', userProperties: [['martlet', 'many']] });
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
    await world.settle();
    expect(server.take('publish').properties).toMatchObject({ responseTopic: INBOX });
    await client.close({ timeoutMs: 0 });
    expect(signal?.aborted).toBe(true);
  });
});
