// The broker in the test's process: what it is like to be its client, and what a test can see and do.

import { ReasonCode } from '@martlet/protocol';
import { createTestBroker } from '@martlet/testing';
import { describe, expect, test, vi } from 'vitest';
import { PacketPeer } from './packet-peer.ts';

describe('A client of a test broker', () => {
  test('is connected, subscribed and served, with nothing but promises', async () => {
    await using broker = createTestBroker();
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    peer.subscribe('t/+', 1);
    await broker.settled();
    expect(peer.received).toMatchObject([
      { type: 'connack', reasonCode: ReasonCode.Success },
      { type: 'suback', reasonCodes: [ReasonCode.GrantedQos1] },
    ]);
    await broker.publish('t/1', 'hello', { qos: 1 });
    expect(peer.texts).toEqual(['hello']);
    expect(broker.messages.map(({ topicName, qos }) => [topicName, qos])).toEqual([['t/1', 1]]);
  });

  test('is disconnected by its keep alive after one and a half times of it, by the clock of the test', async () => {
    await using broker = createTestBroker();
    const startMs = broker.nowMs;
    const peer = await PacketPeer.connect(broker.clientOptions().transport, { keepAlive: 60 });
    await broker.advance(89_000);
    expect(peer.closedBy).toBeUndefined();
    await broker.advance(2000);
    expect(peer.received.at(-1)).toMatchObject({
      type: 'disconnect',
      reasonCode: ReasonCode.KeepAliveTimeout,
    });
    expect(peer.closedBy).toBeNull();
    expect(broker.nowMs - startMs).toBe(91_000);
  });

  test('has what the broker decides by chance from the seed', async () => {
    const assigned = async (seed: number): Promise<string | undefined> => {
      await using broker = createTestBroker({ seed });
      const peer = await PacketPeer.connect(broker.clientOptions().transport, { clientId: '' });
      await broker.settled();
      const [connack] = peer.received;
      return connack?.type === 'connack' ? connack.properties.assignedClientIdentifier : undefined;
    };
    const first = await assigned(7);
    expect(first).toMatch(/^martlet-\d+-\d+$/);
    expect(await assigned(7)).toBe(first);
    expect(await assigned(8)).not.toBe(first);
  });

  test('has randomness of its own, which follows from the seed', () => {
    const draw = (seed: number): number[] => {
      const broker = createTestBroker({ seed });
      const [first, second] = [broker.environment(), broker.environment()];
      return [first.random(), second.random(), first.random(), second.random()];
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(new Set(draw(3)).size).toBe(4);
  });

  test('cannot be connected when its attempt has been given up', async () => {
    await using broker = createTestBroker();
    const abort = new AbortController();
    const opening = PacketPeer.open(broker.clientOptions().transport, abort.signal);
    abort.abort(new Error('no more'));
    await expect(opening).rejects.toThrow('no more');
    expect(broker.running.gauges.connections).toBe(0);
  });

  test('is refused when there are as many connections as there may be', async () => {
    await using broker = createTestBroker({ limits: { connections: 1 } });
    const { transport } = broker.clientOptions();
    await PacketPeer.open(transport);
    await expect(PacketPeer.open(transport)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('is let in or not by an authenticator of the test', async () => {
    await using broker = createTestBroker({
      authenticator: {
        authenticate: ({ username }) =>
          username === 'anna'
            ? { kind: 'accept' }
            : { kind: 'refuse', reasonCode: ReasonCode.BadUserNameOrPassword },
      },
    });
    const { transport } = broker.clientOptions();
    const anna = await PacketPeer.connect(transport, { clientId: 'a', username: 'anna' });
    const bob = await PacketPeer.connect(transport, { clientId: 'b', username: 'bob' });
    await broker.settled();
    expect(anna.received).toMatchObject([{ type: 'connack', reasonCode: ReasonCode.Success }]);
    expect(bob.received).toMatchObject([{ type: 'connack', reasonCode: ReasonCode.BadUserNameOrPassword }]);
    expect(bob.closedBy).toBeNull();
  });
});

describe('A test broker shows', () => {
  test('its clients, their subscriptions, and what waits for those that are away', async () => {
    await using broker = createTestBroker();
    const { transport } = broker.clientOptions();
    const properties = { sessionExpiryInterval: 3600 };
    const peer = await PacketPeer.connect(transport, { clientId: 'a', properties });
    peer.subscribe('t/#', 1);
    await broker.settled();
    expect(broker.clients).toMatchObject([{ clientId: 'a', connected: true, queuedMessages: 0 }]);
    expect(broker.subscriptions).toMatchObject([{ clientId: 'a', topicFilter: 't/#', qos: 1 }]);
    peer.end();
    await broker.settled();
    await broker.publish('t/1', 'x', { qos: 1 });
    expect(broker.clients).toMatchObject([{ clientId: 'a', connected: false, queuedMessages: 1 }]);
    await broker.advance(3_600_000);
    expect(broker.clients).toEqual([]);
  });

  test('what is retained, until it expires', async () => {
    await using broker = createTestBroker();
    await broker.publish('state', 'on', { retain: true, properties: { messageExpiryInterval: 60 } });
    expect(broker.retained.get('state')?.text()).toBe('on');
    await broker.advance(60_000);
    expect(broker.retained.size).toBe(0);
  });

  test('every message, wills too, and is no subscriber for that', async () => {
    await using broker = createTestBroker();
    const will = {
      topicName: 'gone',
      payload: new TextEncoder().encode('bye'),
      qos: 1,
      retain: false,
      properties: {},
    } as const;
    const peer = await PacketPeer.connect(broker.clientOptions().transport, { will });
    peer.publish('t', '{"a":1}', { qos: 1, packetId: 5 });
    await broker.settled();
    expect(peer.received.at(-1)).toMatchObject({
      type: 'puback',
      reasonCode: ReasonCode.NoMatchingSubscribers,
    });
    peer.destroy();
    await broker.settled();
    expect(broker.messages.map((message) => [message.topicName, message.text()])).toEqual([
      ['t', '{"a":1}'],
      ['gone', 'bye'],
    ]);
    expect(broker.messages[0]?.json()).toEqual({ a: 1 });
  });

  test('every packet, both ways, with the topic name that an alias stands for', async () => {
    await using broker = createTestBroker();
    const peer = await PacketPeer.connect(broker.clientOptions().transport, { clientId: 'a' });
    await broker.settled();
    peer.publish('long/name', '1', { properties: { topicAlias: 1 } });
    peer.publish('', '2', { properties: { topicAlias: 1 } });
    const publishes = broker.packets.filter(({ packet }) => packet.type === 'publish');
    expect(publishes.map(({ topicName, state }) => [topicName, state])).toEqual([
      ['long/name', 'underway'],
      ['long/name', 'underway'],
    ]);
    await broker.settled();
    expect(
      broker.packets.map(({ direction, clientId, packet, state }) => [
        direction,
        clientId,
        packet.type,
        state,
      ]),
    ).toEqual([
      ['toBroker', 'a', 'connect', 'arrived'],
      ['toClient', 'a', 'connack', 'arrived'],
      ['toBroker', 'a', 'publish', 'arrived'],
      ['toBroker', 'a', 'publish', 'arrived'],
    ]);
    broker.clearLogs();
    expect([broker.packets, broker.messages]).toEqual([[], []]);
  });

  test('its events, also after a restart, until the handler is taken off', async () => {
    await using broker = createTestBroker();
    const seen: string[] = [];
    const off = broker.on('clientConnected', ({ clientId }) => seen.push(clientId));
    const { transport } = broker.clientOptions();
    await PacketPeer.connect(transport, { clientId: 'a' });
    await broker.settled();
    await broker.restart();
    await PacketPeer.connect(transport, { clientId: 'b' });
    await broker.settled();
    off();
    await PacketPeer.connect(transport, { clientId: 'c' });
    await broker.settled();
    expect(seen).toEqual(['a', 'b']);
  });

  test('bytes that are no packet to the broker, which ends the connection', async () => {
    await using broker = createTestBroker();
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    peer.sendBytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    await broker.settled();
    expect(peer.received.at(-1)).toMatchObject({
      type: 'disconnect',
      reasonCode: ReasonCode.MalformedPacket,
    });
    expect(peer.closedBy).toBeNull();
    expect(broker.packets.map(({ packet }) => packet.type)).toEqual(['connect', 'connack', 'disconnect']);
  });

  test('no more than the newest packets', async () => {
    await using broker = createTestBroker();
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    for (let i = 0; i < 10_100; i++) peer.send({ type: 'pingreq' });
    expect(broker.packets.length).toBe(10_000);
    await broker.settled();
    expect(broker.packets.length).toBe(10_000);
    expect(broker.packets.at(-1)?.packet.type).toBe('pingresp');
    expect(peer.types.filter((type) => type === 'pingresp').length).toBe(10_100);
  });
});

describe('waitFor', () => {
  test('fulfils with what came, and lets no more time pass than is needed', async () => {
    await using broker = createTestBroker();
    const startMs = broker.nowMs;
    const environment = broker.environment();
    environment.setTimer(() => void broker.publish('alarm', 'x'), 2000);
    environment.setTimer(() => void broker.publish('later', 'x'), 3000);
    const found = await broker.waitFor(() => broker.messages[0], { withinMs: 60_000 });
    expect(found.topicName).toBe('alarm');
    expect(broker.nowMs - startMs).toBe(2000);
  });

  test('rejects when all has come to rest without it, and says what was waited for', async () => {
    await using broker = createTestBroker();
    const startMs = broker.nowMs;
    await expect(broker.waitFor(() => broker.messages.length > 3)).rejects.toMatchObject({
      code: 'NEVER_HAPPENED',
      message: expect.stringContaining('broker.messages.length > 3'),
    });
    expect(broker.nowMs).toBe(startMs);
    await expect(broker.waitFor(() => false, { withinMs: 5000 })).rejects.toThrow('within 5000 ms');
    expect(broker.nowMs - startMs).toBe(5000);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to wait %d ms', async (withinMs) => {
    await using broker = createTestBroker();
    await expect(broker.waitFor(() => true, { withinMs })).rejects.toThrow('withinMs: expected');
  });
});

describe('A test broker that goes', () => {
  test('breaks its connections, refuses new ones, and comes back with what it had', async () => {
    await using broker = createTestBroker();
    const { transport } = broker.clientOptions();
    const properties = { sessionExpiryInterval: 3600 };
    const peer = await PacketPeer.connect(transport, { clientId: 'a', properties });
    peer.subscribe('t', 1);
    peer.publish('state', 'on', { retain: true });
    await broker.settled();
    await broker.takeDown();
    expect(peer.closedBy).toMatchObject({ code: 'ECONNRESET' });
    expect([broker.clients, broker.subscriptions, broker.retained.size]).toEqual([[], [], 0]);
    await expect(PacketPeer.open(transport)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(() => broker.running).toThrow('call comeBack() first');
    await expect(broker.publish('t', 'x')).rejects.toMatchObject({ code: 'BROKER_DOWN' });

    await broker.comeBack();
    expect(broker.retained.get('state')?.text()).toBe('on');
    await broker.publish('t', 'kept', { qos: 1 });
    const again = await PacketPeer.connect(transport, { clientId: 'a', cleanStart: false, properties });
    await broker.settled();
    expect(again.received[0]).toMatchObject({ type: 'connack', sessionPresent: true });
    expect(again.texts).toEqual(['kept']);
    expect(broker.messages.map((message) => message.topicName)).toEqual(['state', 't']);
  });

  test('comes back empty if it is told to', async () => {
    await using broker = createTestBroker();
    await broker.publish('state', 'on', { retain: true });
    await broker.restart({ keepStore: false });
    expect(broker.retained.size).toBe(0);
  });

  test('tells its clients when it goes gracefully', async () => {
    await using broker = createTestBroker();
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    await broker.settled();
    await broker.takeDown({ gracefully: true });
    expect(peer.received.at(-1)).toMatchObject({
      type: 'disconnect',
      reasonCode: ReasonCode.ServerShuttingDown,
    });
    expect(peer.closedBy).toBeNull();
  });

  test('does nothing any more that it had planned: the will of a client that came back is not published twice', async () => {
    await using broker = createTestBroker();
    const { transport } = broker.clientOptions();
    const properties = { sessionExpiryInterval: 3600 };
    const will = {
      topicName: 'gone',
      payload: new Uint8Array(1),
      qos: 0,
      retain: false,
      properties: { willDelayInterval: 100 },
    } as const;
    const peer = await PacketPeer.connect(transport, { clientId: 'a', will, properties });
    await broker.settled();
    peer.destroy();
    await broker.advance(50_000);
    await broker.restart();
    await broker.advance(49_000);
    expect(broker.messages).toEqual([]);
    await broker.advance(100_000);
    expect(broker.messages.map((message) => message.topicName)).toEqual(['gone']);
  });

  test('leaves nothing of itself in the time of the test, however often it goes', async () => {
    await using broker = createTestBroker();
    const { transport } = broker.clientOptions();
    await PacketPeer.connect(transport, { clientId: 'a', keepAlive: 60 });
    await broker.settled();
    for (let i = 0; i < 100; i++) await broker.restart({ keepStore: false });
    await broker.takeDown();
    const startMs = broker.nowMs;
    // Nothing is due: the condition is looked at twice, at the beginning and at the end.
    let looks = 0;
    const look = (): boolean => ++looks < 0;
    await expect(broker.waitFor(look, { withinMs: 1_000_000_000 })).rejects.toThrow('expected a condition');
    expect([looks, broker.nowMs - startMs]).toEqual([2, 1_000_000_000]);
  });

  test('closes for good', async () => {
    const broker = createTestBroker();
    const peer = await PacketPeer.connect(broker.clientOptions().transport);
    await broker.settled();
    await broker.close();
    await broker.close();
    expect(peer.closedBy).toMatchObject({ code: 'ECONNRESET' });
    await expect(broker.comeBack()).rejects.toMatchObject({ code: 'BROKER_DOWN' });
    expect(() => broker.running).toThrow('make another one');
  });
});

describe('Two test brokers', () => {
  test('never see each other, nor the time of the other', async () => {
    await using first = createTestBroker();
    await using second = createTestBroker();
    const peer = await PacketPeer.connect(first.clientOptions().transport, { clientId: 'a' });
    peer.subscribe('#');
    await first.settled();
    await second.publish('t', 'x');
    await second.advance(1000);
    expect([peer.texts, second.clients, second.packets]).toEqual([[], [], []]);
    expect(second.nowMs - first.nowMs).toBe(1000);
  });
});

describe('createTestBroker', () => {
  test('refuses options that nobody can mean', () => {
    expect(() => createTestBroker({ seed: Number.NaN })).toThrow('option seed');
    expect(() => createTestBroker({ startMs: Number.POSITIVE_INFINITY })).toThrow('option startMs');
    expect(() => createTestBroker({ fullQeue: 'drop-oldest' } as never)).toThrow('did you mean fullQueue?');
  });

  test('starts the wall clock where it is told, and asks no clock of the platform', async () => {
    vi.useFakeTimers({ now: 5 });
    try {
      await using broker = createTestBroker({ startMs: Date.UTC(2030, 0, 1) });
      const peer = await PacketPeer.connect(broker.clientOptions().transport, { keepAlive: 10 });
      await broker.advance(20_000);
      expect(broker.wallMs).toBe(Date.UTC(2030, 0, 1) + 20_000);
      expect(peer.closedBy).toBeNull();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
