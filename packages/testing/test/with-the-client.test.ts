// What applications do: the real client, on a test broker.

import { connect } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import type { TestBroker } from '@martlet/testing';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

let broker: TestBroker;

beforeEach(() => {
  broker = createTestBroker();
});
afterEach(() => broker.close());

describe('A client on a test broker', () => {
  test('publishes, subscribes and receives, with nothing but promises', async () => {
    await using client = connect({ ...broker.clientOptions(), clientId: 'a' });
    const server = await client.connected();
    expect(server.sessionPresent).toBe(false);
    const seen: string[] = [];
    await client.subscribe('t/#', { qos: 2 }, (message) => {
      seen.push(message.text());
    });
    for (const qos of [0, 1, 2] as const) await client.publish('t/1', `${qos}`, { qos });
    await broker.settled();
    expect(seen).toEqual(['0', '1', '2']);
    expect(broker.messages.map((message) => [message.text(), message.qos])).toEqual([
      ['0', 0],
      ['1', 1],
      ['2', 2],
    ]);
  });

  test('keeps itself alive for a day of the test, and asks no clock of the platform', async () => {
    vi.useFakeTimers();
    try {
      const startMs = broker.nowMs;
      const client = connect({ ...broker.clientOptions(), clientId: 'a', keepAlive: 60 });
      await client.connected();
      await broker.advance(86_400_000);
      expect([client.state, broker.nowMs - startMs]).toEqual(['online', 86_400_000]);
      const pings = broker.packets.filter(({ packet }) => packet.type === 'pingreq').length;
      expect(pings).toBeGreaterThan(1000);
      expect(vi.getTimerCount()).toBe(0);
      await client.close();
    } finally {
      vi.useRealTimers();
    }
  });

  test('sends a message again whose PUBACK was lost with the connection', async () => {
    const client = connect({ ...broker.clientOptions(), clientId: 'a' });
    await client.connected();
    broker.faults.dropNext('puback', { clientId: 'a' });
    const publication = client.publish('t', 'x', { qos: 1 });
    await broker.settled();
    expect(broker.messages.length).toBe(1);
    broker.faults.cut();
    await broker.waitFor(() => broker.packets.some(({ packet }) => packet.type === 'publish' && packet.dup), {
      withinMs: 60_000,
    });
    await publication;
    await broker.settled();
    expect(broker.messages.length).toBe(2); // at least once
    await client.close();
  });

  test('delivers a QoS 2 message once, whichever of its packets is lost with the connection', async () => {
    for (const type of ['publish', 'pubrec', 'pubrel', 'pubcomp'] as const) {
      const client = connect({ ...broker.clientOptions(), clientId: type });
      await client.connected();
      broker.clearLogs();
      broker.faults.dropNext(type, { clientId: type });
      const publication = client.publish('t', type, { qos: 2 });
      await broker.settled();
      broker.faults.cut({ clientId: type });
      await broker.waitFor(() => client.state === 'online', { withinMs: 60_000 });
      await publication;
      await broker.settled();
      expect(broker.messages.map((message) => message.text())).toEqual([type]);
      await client.close();
    }
  });

  test('comes back after a restart of the broker, and has missed nothing at QoS 1', async () => {
    const client = connect({ ...broker.clientOptions(), clientId: 'a' });
    const seen: string[] = [];
    await client.subscribe('t', { qos: 1 }, (message) => {
      seen.push(message.text());
    });
    await broker.takeDown();
    await broker.advance(120_000);
    expect(client.state).not.toBe('online');
    await broker.comeBack();
    await broker.publish('t', 'missed?', { qos: 1 });
    expect(seen).toEqual([]);
    await broker.waitFor(() => seen.length > 0, { withinMs: 120_000 });
    expect(seen).toEqual(['missed?']);
    await client.close();
  });

  test('finds out within its keep alive that a cable was pulled out', async () => {
    const client = connect({ ...broker.clientOptions(), clientId: 'a', keepAlive: 30 });
    await client.connected();
    using _stalled = broker.faults.stall({ clientId: 'a' });
    await broker.advance(46_000);
    expect(client.state).not.toBe('online');
    await client.close();
  });

  test('is told what the test puts in place of an acknowledgement', async () => {
    const client = connect({ ...broker.clientOptions(), clientId: 'a' });
    await client.connected();
    broker.faults.replaceNext('puback', (puback) => ({ ...puback, reasonCode: ReasonCode.QuotaExceeded }));
    await expect(client.publish('t', 'x', { qos: 1 })).rejects.toMatchObject({
      code: 'REFUSED',
      reasonCode: ReasonCode.QuotaExceeded,
    });
    await client.close();
  });

  test('survives a cut at every byte of its conversation, and loses nothing at QoS 1', async () => {
    for (let bytes = 0; bytes < 120; bytes++) {
      const clientId = `c${bytes}`;
      const fault = broker.faults.cutAfterBytes(bytes, { clientId });
      const client = connect({ ...broker.clientOptions(), clientId });
      broker.clearLogs();
      const published = ['1', '2', '3'].map((text) => client.publish('t', text, { qos: 1 }));
      await broker.waitFor(() => client.state === 'online' && broker.messages.length >= 3, {
        withinMs: 600_000,
      });
      expect(fault.count).toBe(1);
      await Promise.all(published);
      await client.close();
      await broker.settled();
      expect(new Set(broker.messages.map((message) => message.text()))).toEqual(new Set(['1', '2', '3']));
    }
  });

  test.each([4, 3] as const)(
    'of protocol version %d is read and refused in its own terms',
    async (protocolVersion) => {
      const client = connect({ ...broker.clientOptions(), clientId: 'a', protocolVersion });
      broker.faults.replaceNext('connack', (connack) => ({
        ...connack,
        reasonCode: ReasonCode.ServerUnavailable,
      }));
      const errors: string[] = [];
      client.on('offline', ({ error }) => errors.push(error.code));
      await broker.waitFor(() => client.state === 'online', { withinMs: 60_000 });
      await client.publish('t', 'x', { qos: 1 });
      expect(errors).toEqual(['REFUSED']);
      expect(new Set(broker.packets.map((packet) => packet.protocolVersion))).toEqual(
        new Set([protocolVersion]),
      );
      expect(broker.packets.map(({ packet }) => packet.type)).toEqual([
        ...['connect', 'connack', 'connack', 'connect', 'connack', 'publish', 'puback'],
      ]);
      await client.close();
    },
  );

  test('waits for random times between attempts that follow from the seed', async () => {
    const attempts = async (seed: number): Promise<readonly number[]> => {
      await using other = createTestBroker({ seed });
      const client = connect({ ...other.clientOptions(), clientId: 'a' });
      const delays: number[] = [];
      client.on('offline', ({ reconnectMs }) => delays.push(reconnectMs ?? -1));
      other.faults.refuseConnections();
      await other.advance(60_000);
      await client.close();
      return delays;
    };
    const first = await attempts(5);
    expect(first.length).toBeGreaterThan(3);
    expect(await attempts(5)).toEqual(first);
    expect(await attempts(6)).not.toEqual(first);
  });

  test('can be closed after its broker, and its promises settle', async () => {
    const client = connect({ ...broker.clientOptions(), clientId: 'a' });
    await client.connected();
    await broker.close();
    const publication = client.publish('t', 'x', { qos: 1 });
    const failed = expect(publication).rejects.toMatchObject({ code: 'CLOSED' });
    await client.close();
    await failed;
    expect(client.state).toBe('closed');
  });
});
