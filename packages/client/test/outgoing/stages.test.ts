import type { ClientError, Publication } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import { puback } from './answers.ts';

let world: World;
let errors: ClientError[];
beforeEach(() => {
  world = new World();
  errors = [];
});
afterEach(() => world.close());

function connect(options: Parameters<World['connect']>[0] = {}) {
  const client = world.connect(options);
  client.on('error', (error) => errors.push(error));
  return client;
}

/** The stages that have been reached, and the code of the error that ended the others, as the promises say. */
async function stages(publication: Publication): Promise<Record<'stored' | 'sent' | 'acknowledged', string>> {
  const state = async (promise: Promise<unknown>): Promise<string> => {
    const pending = Symbol('pending');
    try {
      return (await Promise.race([promise, Promise.resolve(pending)])) === pending ? 'pending' : 'reached';
    } catch (error) {
      return (error as ClientError).code;
    }
  };
  return {
    stored: await state(publication.stored),
    sent: await state(publication.sent),
    acknowledged: await state(publication.acknowledged),
  };
}

const NOTHING_SENT = { stored: 'reached', sent: 'pending', acknowledged: 'pending' };
const EVERYTHING = { stored: 'reached', sent: 'reached', acknowledged: 'reached' };

describe('The stages of a publication', () => {
  test.each([0, 1, 2] as const)('at QoS %i without a store begin with being stored', async (qos) => {
    const client = connect();
    const publication = client.publish('a', 'b', { qos });
    expect(await stages(publication)).toEqual(NOTHING_SENT);
  });

  test('follow each other', async () => {
    const client = connect();
    const server = await world.accept();
    server.takesMore = false;
    client.publish('before', '');
    await world.settle();
    const publication = client.publish('a', 'b', { qos: 1 });
    expect(await stages(publication)).toEqual(NOTHING_SENT);
    server.drain();
    await world.settle();
    expect(await stages(publication)).toEqual({
      stored: 'reached',
      sent: 'reached',
      acknowledged: 'pending',
    });
    server.send(puback(1));
    expect(await stages(publication)).toEqual(EVERYTHING);
  });

  test('at QoS 0 end with being sent', async () => {
    const client = connect();
    await world.accept();
    const publication = client.publish('a', 'b');
    await world.settle();
    expect(await stages(publication)).toEqual(EVERYTHING);
    expect(await publication).toEqual({ reasonCode: 0, reasonString: undefined, userProperties: [] });
  });

  test('that were reached stay so when a later one fails', async () => {
    const client = connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 1 });
    await world.settle();
    server.send(puback(1, ReasonCode.NotAuthorized));
    expect(await stages(publication)).toEqual({
      stored: 'reached',
      sent: 'reached',
      acknowledged: 'REFUSED',
    });
  });

  test('all settle, asked for before or after the client is closed', async () => {
    const client = connect();
    const early = client.publish('a', 'b', { qos: 1 });
    const asked = Promise.allSettled([early.stored, early.sent, early.acknowledged, early]);
    const late = client.publish('a', 'b', { qos: 1 });
    await client.close({ timeoutMs: 0 });
    expect((await asked).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
    ]);
    expect(await stages(late)).toEqual({ stored: 'CLOSED', sent: 'CLOSED', acknowledged: 'CLOSED' });
  });
});

describe('The failure of a publication', () => {
  test('that nobody waits for is told once', async () => {
    const client = connect();
    const server = await world.accept();
    client.publish('a', 'b', { qos: 1 });
    await world.settle();
    server.send(puback(1, ReasonCode.NotAuthorized));
    await world.settle();
    expect(errors).toMatchObject([{ code: 'REFUSED', reasonCode: ReasonCode.NotAuthorized }]);
  });

  test('that somebody waits for is told to nobody else', async () => {
    const client = connect();
    const server = await world.accept();
    const outcome = expect(client.publish('a', 'b', { qos: 1 })).rejects.toMatchObject({ code: 'REFUSED' });
    await world.settle();
    server.send(puback(1, ReasonCode.NotAuthorized));
    await outcome;
    expect(errors).toEqual([]);
  });

  test('is told to the event when only an earlier stage was waited for, and reached', async () => {
    const client = connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 1 });
    await publication.sent;
    server.send(puback(1, ReasonCode.NotAuthorized));
    await world.settle();
    expect(errors).toMatchObject([{ code: 'REFUSED' }]);
  });

  test('is not told to the event when an earlier stage is rejected with it', async () => {
    const client = connect();
    const sent = expect(client.publish('a', 'b', { qos: 1, timeoutMs: 10 }).sent).rejects.toThrow();
    await world.advance(10);
    await sent;
    await client.close();
    expect(errors).toEqual([]);
  });

  test('that comes within the call is first for whoever has called', async () => {
    const client = connect({ queue: { messages: 0, whenFull: 'dropNewest' } });
    const outcome = expect(client.publish('a', 'b')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await outcome;
    await world.settle();
    expect(errors).toEqual([]);
    client.publish('a', 'b');
    await world.settle();
    expect(errors).toMatchObject([{ code: 'QUEUE_FULL' }]);
  });

  test('is told once when the wait for it ends, and the message is then refused, or the client closed', async () => {
    const client = connect();
    const server = await world.accept();
    client.publish('a', 'b', { qos: 1, timeoutMs: 10 });
    client.publish('a', 'b', { qos: 1, timeoutMs: 10 });
    await world.advance(10);
    expect(errors.map(({ code }) => code)).toEqual(['TIMEOUT', 'TIMEOUT']);
    server.send(puback(1, ReasonCode.NotAuthorized));
    await client.close({ timeoutMs: 0 });
    await world.settle();
    expect(errors).toHaveLength(2);
  });

  test('is told once for all messages that are lost when the client is closed', async () => {
    const client = connect();
    for (let i = 0; i < 3; i++) client.publish('a', 'b');
    const awaited = client.publish('a', 'b').acknowledged;
    await client.close({ timeoutMs: 0 });
    await expect(awaited).rejects.toMatchObject({ code: 'CLOSED' });
    await world.settle();
    expect(errors).toMatchObject([{ code: 'CLOSED', message: expect.stringContaining('3 messages') }]);
  });

  test('at QoS 0 comes when the connection ends before it has left', async () => {
    const client = connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b');
    server.cut();
    expect(await stages(publication)).toEqual({
      stored: 'CONNECTION_LOST',
      sent: 'CONNECTION_LOST',
      acknowledged: 'CONNECTION_LOST',
    });
  });
});

describe('A wait that ends', () => {
  test('takes a message that waits out of the queue', async () => {
    const client = connect();
    const controller = new AbortController();
    const publication = client.publish('a', 'b', { qos: 1, signal: controller.signal });
    const outcome = expect(publication).rejects.toMatchObject({ code: 'ABORTED' });
    controller.abort();
    await outcome;
    expect(client.gauges.queuedMessages).toBe(0);
    const server = await world.accept();
    expect(server.takeAll()).toEqual([]);
  });

  test('before the call sends nothing', async () => {
    const client = connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 1, signal: AbortSignal.abort('why') });
    await expect(publication).rejects.toMatchObject({ code: 'ABORTED', cause: 'why' });
    await world.settle();
    expect(server.takeAll()).toEqual([]);
  });

  test('leaves alone what has been sent: it stays under way', async () => {
    const client = connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 1, timeoutMs: 10 });
    const outcome = expect(publication).rejects.toMatchObject({ code: 'TIMEOUT' });
    await world.advance(10);
    await outcome;
    expect(client.gauges.inFlight).toBe(1);
    server.send(puback(1));
    expect(client.gauges.inFlight).toBe(0);
    expect(errors).toEqual([]);
  });

  test('leaves no timer behind once the message is acknowledged', async () => {
    const client = connect({ keepAlive: 0 });
    const server = await world.accept();
    const before = world.timerCount;
    const publication = client.publish('a', 'b', { qos: 1, timeoutMs: 10 });
    await world.settle();
    server.send(puback(1));
    await publication;
    await world.settle();
    expect(world.timerCount).toBe(before);
  });
});
