import { once } from 'node:events';
import { connect } from 'node:net';
import type { Broker } from '@martlet/broker';
import { BrokerClosedError, createBroker, MemoryStore } from '@martlet/broker';
import { ReasonCode } from '@martlet/protocol';
import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { nextClose, nextDisconnect, urlOf } from '../../../../test/mqtt-js.ts';

describe('close', () => {
  test('tells MQTT 5 clients why, ends the others, and fulfils when all connections are closed', async () => {
    const broker = createBroker();
    const listener = await broker.listen({ port: 0 });
    const web = await broker.listenWebSocket({ port: 0 });
    const urls = [urlOf(listener), urlOf(web, 'ws')];
    const modern = await Promise.all(
      urls.map((url) => connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 })),
    );
    const older = await Promise.all(
      urls.map((url) => connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 })),
    );
    const told = modern.map(nextDisconnect);
    const ended = [...modern, ...older].map(nextClose);
    await broker.close();
    for (const packet of await Promise.all(told)) {
      expect(packet).toMatchObject({ cmd: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown });
    }
    await Promise.all(ended);
    expect([listener.connections, web.connections, broker.gauges.connections]).toEqual([0, 0, 0]);
    await Promise.all([...modern, ...older].map((client) => client.endAsync()));
  });

  test('stops listening', async () => {
    const broker = createBroker();
    const { address } = await broker.listen({ port: 0 });
    if (address.kind !== 'tcp') throw new Error('expected a TCP port');
    await broker.close();
    expect(broker.listeners).toEqual([]);
    const [error] = await once(connect(address.port, address.host), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('can be called twice, and both calls fulfil', async () => {
    const broker = createBroker();
    await broker.listen({ port: 0 });
    await Promise.all([broker.close(), broker.close()]);
    await broker.close();
  });

  test('leaves nothing behind that keeps the process alive', async () => {
    const broker = createBroker();
    const listener = await broker.listen({ port: 0 });
    await broker.listenWebSocket({ port: 0 });
    const client = await connectAsync(urlOf(listener), { reconnectPeriod: 0 });
    await client.subscribeAsync('t', { qos: 2 });
    await client.publishAsync('t', 'x', { qos: 2 });
    expect(activeResources()).toEqual(expect.arrayContaining(['TCPServerWrap', 'TCPSocketWrap']));
    const ended = nextClose(client);
    await broker.close();
    await ended;
    await client.endAsync();
    expect(activeResources()).toEqual([]);
  });
});

/** What of the network keeps this process alive. No other test of this file leaves anything either. */
function activeResources(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(?:TCP|Pipe.*Server)/.test(name))
    .sort();
}

describe('close, while a store has not kept everything', () => {
  const LIMITS = { closeTimeoutMs: 20 } as const;

  /** A broker, and what has become of a message that it is to retain. */
  function publishing(): { broker: Broker; store: MemoryStore; published: Promise<unknown> } {
    const store = new MemoryStore({ commits: 'manual' });
    const broker = createBroker({ store, limits: LIMITS });
    const published = broker.publish('r', 'x', { retain: true }).catch((error: unknown) => error);
    return { broker, store, published };
  }

  /** Once the turn has come in which a commit starts. */
  async function committing(store: MemoryStore): Promise<void> {
    while (!store.commitUnderWay) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  test('waits for its commit, and who published is told that it is kept', async () => {
    const { broker, store, published } = publishing();
    await committing(store);
    const closed = broker.close();
    store.finishCommit();
    await closed;
    expect(await published).toBeUndefined();
  });

  test('waits no longer than closeTimeoutMs for a store that never answers, and says so to who published', async () => {
    const { broker, published } = publishing();
    await broker.close();
    expect(await published).toMatchObject({ code: 'store-timeout' });
  });

  test('leaves nobody waiting for a commit that was put off after a failure', async () => {
    const { broker, store, published } = publishing();
    await committing(store);
    const second = broker.publish('r', 'y', { retain: true }).catch((error: unknown) => error);
    store.failCommit({ code: 'store-full', message: 'no space is left' });
    await broker.close();
    expect([await published, await second]).toMatchObject([
      { code: 'store-full' },
      { code: 'store-timeout' },
    ]);
  });
});

test('publish rejects at once what would have to be kept, while the store can keep nothing', async () => {
  const store = new MemoryStore({ commits: 'manual' });
  const broker = createBroker({ store, limits: { closeTimeoutMs: 10 } });
  const first = broker.publish('r', 'x', { retain: true }).catch((error: unknown) => error);
  while (!store.commitUnderWay) await new Promise((resolve) => setImmediate(resolve));
  store.failCommit({ code: 'store-full', message: 'no space is left' });
  await first;
  const second = broker.publish('r', 'y', { retain: true });
  await expect(second).rejects.toMatchObject({ code: 'store-full' });
  await broker.publish('r', 'not retained');
  expect(broker.gauges.storeState).toBe(1);
  await broker.close();
});

describe('After close', () => {
  const calls: readonly (readonly [string, (broker: Broker) => unknown])[] = [
    ['publish', (broker) => broker.publish('t', 'x')],
    ['subscribe', async (broker) => broker.subscribe('t', () => {})],
    ['listen', (broker) => broker.listen({ port: 0 })],
    ['listenWebSocket', (broker) => broker.listenWebSocket({ port: 0 })],
  ];

  test.each(calls)('%s is a local error that says so', async (name, call) => {
    const broker = createBroker();
    const closed = broker.close();
    await expect(call(broker)).rejects.toThrow(`${name}: the broker has been closed`);
    await closed;
    await expect(call(broker)).rejects.toMatchObject({ name: 'BrokerClosedError', code: 'BROKER_CLOSED' });
    await expect(call(broker)).rejects.toBeInstanceOf(BrokerClosedError);
  });

  test('a listener that was just being opened is closed again', async () => {
    const broker = createBroker();
    const listening = broker.listen({ port: 0 });
    const refused = expect(listening).rejects.toBeInstanceOf(BrokerClosedError);
    await broker.close();
    await refused;
    expect(broker.listeners).toEqual([]);
  });
});
