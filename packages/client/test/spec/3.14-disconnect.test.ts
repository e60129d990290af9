import { encodePacket, ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import { connect, disconnected, publish, sent, subscribed, V5, V311, VERSIONS } from './exchange.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe.each(VERSIONS)('DISCONNECT of a client in version %i', (protocolVersion) => {
  test('[MQTT-3.14.4-1] [MQTT-3.14.4-2] v5 v3.1.1 is the last packet, and the client closes the connection behind it', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    await subscribed(world, client, server, 't');
    client.publish('t', '', { qos: 1 });
    const closed = client.close({ timeoutMs: 0 });
    server.send(publish('t', { qos: 1, packetId: 1 }));
    await closed;
    await world.advance(200_000);
    expect(sent(server).at(-1)).toBe('disconnect');
    expect(server.ended).toBe('end');
    expect(() => client.publish('t', '')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });

  test('[MQTT-3.14.4-1] [MQTT-3.14.4-2] v5 [MQTT-4.8.0-1] v3.1.1 follows a breach of the protocol, as far as the version has one for that', async () => {
    connect(world, { protocolVersion });
    const server = await world.accept();
    server.sendBytes(new Uint8Array([0xf1, 0]));
    await world.settle();
    expect(server.ended).toBeDefined();
    expect(server.takeAll()).toMatchObject(
      protocolVersion === V5 ? [{ type: 'disconnect', reasonCode: 0x81 }] : [],
    );
  });
});

describe('DISCONNECT of a client', () => {
  test('[MQTT-3.14.2-1] v5 has only the reason codes of its table: others are refused at the call', async () => {
    const client = connect(world);
    const server = await world.accept();
    for (const wrong of [0x01, 0x100, -1, 1.5]) {
      expect(() => client.close({ reasonCode: wrong as ReasonCode })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
    }
    expect(client.state).toBe('online');
    await client.close();
    expect(sent(server)).toEqual(['disconnect']);
  });

  test('[MQTT-3.14.2-1] v5 asks for the will with 0x04, and before MQTT 5.0 the connection breaks without it, which does the same', async () => {
    const client = connect(world);
    const server = await world.accept();
    await client.close({ reasonCode: ReasonCode.DisconnectWithWillMessage });
    expect(server.take('disconnect').reasonCode).toBe(4);
    const older = connect(world, { protocolVersion: V311 });
    const olderServer = await world.accept();
    await older.close({ reasonCode: ReasonCode.DisconnectWithWillMessage });
    await world.settle();
    expect(older.state).toBe('closed');
    expect(olderServer.takeAll()).toEqual([]);
    expect(olderServer.ended).toBeDefined();
  });

  test('[MQTT-3.14.2-3] [MQTT-3.14.2-4] v5 fits every Maximum Packet Size: it has neither Reason String nor User Properties', async () => {
    const client = connect(world);
    const server = await world.accept({ properties: { maximumPacketSize: 10 } });
    await client.close({ reasonCode: ReasonCode.UnspecifiedError });
    expect(encodePacket(server.take('disconnect'), V5).length).toBeLessThanOrEqual(10);
  });

  test('[MQTT-3.14.2-1] v5 has no Session Expiry Interval above 0 where CONNECT had none', async () => {
    const client = connect(world, { sessionExpiryInterval: 0 });
    const server = await world.accept();
    await client.close();
    expect(server.take('disconnect').properties.sessionExpiryInterval ?? 0).toBe(0);
  });
});

describe('DISCONNECT of a server', () => {
  test('[MQTT-4.13.2-1] v5 closes the connection, and nothing more is sent on it', async () => {
    const client = connect(world);
    const server = await world.accept();
    client.publish('t', '', { qos: 1 });
    await world.settle();
    server.takeAll();
    server.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    client.publish('t', '', { qos: 1 });
    await world.settle();
    expect(server.ended).toBeDefined();
    expect(server.takeAll()).toEqual([]);
  });

  test('[MQTT-3.14.1-1] v5 with other flags than 0000 is answered with 0x81', async () => {
    connect(world);
    const server = await world.accept();
    server.sendBytes(new Uint8Array([0xe1, 0]));
    expect(await disconnected(world, server)).toBe(ReasonCode.MalformedPacket);
  });

  test('[MQTT-3.14.2-1] v5 with a reason code that it does not have is answered with 0x81', async () => {
    connect(world);
    const server = await world.accept();
    server.sendBytes(new Uint8Array([0xe0, 1, 0x01]));
    expect(await disconnected(world, server)).toBe(ReasonCode.MalformedPacket);
  });

  test('[MQTT-3.14.2-2] v5 with a Session Expiry Interval is answered with 0x82', async () => {
    connect(world);
    const server = await world.accept();
    server.sendBytes(new Uint8Array([0xe0, 7, 0x8b, 5, 0x11, 0, 0, 0, 1]));
    expect(await disconnected(world, server)).toBe(ReasonCode.ProtocolError);
  });

  const clientOnly = [
    ['SUBSCRIBE', [0x82, 6, 0, 1, 0, 1, 0x61, 0]],
    ['PINGREQ', [0xc0, 0]],
    ['UNSUBSCRIBE', [0xa2, 5, 0, 1, 0, 1, 0x61]],
  ] as const;
  test.each(clientOnly)(
    '[MQTT-4.8.0-1] v3.1.1 a packet that only clients send, %s, ends the connection',
    async (_name, bytes) => {
      for (const protocolVersion of VERSIONS) {
        const client = connect(world, { protocolVersion });
        const server = await world.accept();
        server.sendBytes(new Uint8Array(bytes));
        await world.settle();
        expect(server.ended).toBeDefined();
        if (protocolVersion === V5) expect(server.take('disconnect').reasonCode).toBeGreaterThanOrEqual(0x81);
        await client.close();
      }
    },
  );

  test('[MQTT-4.8.0-1] v3.1.1 DISCONNECT and AUTH are no packets of a server before MQTT 5.0', async () => {
    for (const bytes of [
      [0xe0, 0],
      [0xf0, 0],
    ]) {
      const client = connect(world, { protocolVersion: V311 });
      const server = await world.accept();
      server.sendBytes(new Uint8Array(bytes));
      await world.settle();
      expect(server.ended).toBeDefined();
      expect(server.takeAll()).toEqual([]);
      await client.close();
    }
  });
});
