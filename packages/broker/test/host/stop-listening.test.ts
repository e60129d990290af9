import { once } from 'node:events';
import { connect } from 'node:net';
import { BrokerClosedError, createBroker } from '@martlet/broker';
import { ReasonCode } from '@martlet/protocol';
import { connectAsync } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { nextClose, nextDisconnect, urlOf } from '../../../../test/mqtt-js.ts';
import { listenTcp } from '../../src/listeners/tcp-listener.ts';

describe('listenWith', () => {
  test('adopts a listener that somebody else opens', async () => {
    const broker = createBroker();
    const listener = await broker.listenWith((accept, log) =>
      listenTcp({ port: 0, name: 'theirs' }, accept, log),
    );
    expect(broker.listeners).toEqual([listener]);
    const client = await connectAsync(urlOf(listener), { reconnectPeriod: 0 });
    expect(listener.connections).toBe(1);
    await client.endAsync();
    await broker.close();
  });

  test('rejects with what the opening rejects with', async () => {
    const broker = createBroker();
    await expect(broker.listenWith(() => Promise.reject(new Error('no such device')))).rejects.toThrow(
      'no such device',
    );
    expect(broker.listeners).toEqual([]);
    await broker.close();
  });

  test('is refused after close', async () => {
    const broker = createBroker();
    await broker.close();
    const opened = broker.listenWith((accept, log) => listenTcp({ port: 0 }, accept, log));
    await expect(opened).rejects.toBeInstanceOf(BrokerClosedError);
  });
});

describe('stopListening', () => {
  test('ends the clients of that listener only, and tells MQTT 5 clients so', async () => {
    const broker = createBroker();
    const staying = await broker.listen({ port: 0, name: 'same name' });
    const going = await broker.listen({ port: 0, name: 'same name' });
    const stays = await connectAsync(urlOf(staying), { protocolVersion: 5, reconnectPeriod: 0 });
    const goes = await connectAsync(urlOf(going), { protocolVersion: 5, reconnectPeriod: 0 });
    const told = nextDisconnect(goes);
    const ended = nextClose(goes);
    await broker.stopListening(going, { disconnect: true });
    expect(await told).toMatchObject({ reasonCode: ReasonCode.AdministrativeAction });
    await ended;
    expect([staying.connections, going.connections]).toEqual([1, 0]);
    expect(broker.listeners).toEqual([staying]);
    await stays.publishAsync('still', 'here', { qos: 1 });
    await stays.endAsync();
    await broker.close();
  });

  test('forgets nothing of what the listener has refused', async () => {
    const broker = createBroker();
    const going = await broker.listen({ port: 0, maximumConnections: 1 });
    const client = await connectAsync(urlOf(going), { reconnectPeriod: 0 });
    const refused = connect(going.address.kind === 'tcp' ? going.address.port : 0, '127.0.0.1');
    refused.on('error', () => {});
    await once(refused, 'close');
    expect(broker.listenerRefusals['maximum-connections']).toBe(1);
    await client.endAsync();
    await broker.stopListening(going, { disconnect: true });
    expect(broker.listenerRefusals['maximum-connections']).toBe(1);
    await broker.listen({ port: 0 });
    await broker.close();
    expect(broker.listenerRefusals['maximum-connections']).toBe(1);
  });

  test('leaves the clients that are there, if it is told so, and its address is free at once', async () => {
    const broker = createBroker();
    const listener = await broker.listen({ port: 0 });
    const client = await connectAsync(urlOf(listener), { reconnectPeriod: 0 });
    const empty = broker.stopListening(listener, { disconnect: false });
    const { address } = listener;
    if (address.kind !== 'tcp') throw new Error('expected a TCP port');
    const [error] = await once(connect(address.port, address.host), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    const again = await broker.listen({ port: address.port });
    await client.publishAsync('still', 'here', { qos: 1 });
    expect([listener.connections, again.connections]).toEqual([1, 0]);
    await client.endAsync();
    await empty;
    expect(listener.connections).toBe(0);
    await broker.close();
  });

  test('does not keep the broker from closing while clients are there', async () => {
    const broker = createBroker();
    const listener = await broker.listenWebSocket({ port: 0 });
    const client = await connectAsync(urlOf(listener, 'ws'), { reconnectPeriod: 0 });
    const empty = broker.stopListening(listener, { disconnect: false });
    const ended = nextClose(client);
    await broker.close();
    await Promise.all([empty, ended]);
  });

  test('does nothing for a listener that has been stopped', async () => {
    const broker = createBroker();
    const listener = await broker.listen({ port: 0 });
    await broker.stopListening(listener, { disconnect: true });
    await broker.stopListening(listener, { disconnect: true });
    await broker.close();
  });
});
