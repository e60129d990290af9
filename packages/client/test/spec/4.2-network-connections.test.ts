import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { connect } from '@martlet/client';
import { encodePacket, ProtocolVersion } from '@martlet/protocol';
import { expect, test } from 'vitest';
import { CONNACK, publish } from './exchange.ts';

test('[MQTT-4.2.0-1] v5 [MQTT-7.1.2-1] v3.1.1 a client has TCP, which carries bytes both ways in order and without loss', async () => {
  for (const protocolVersion of [ProtocolVersion.V311, ProtocolVersion.V5] as const) {
    const payload = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) >> 8);
    const chunks: Buffer[] = [];
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.write(encodePacket(CONNACK, protocolVersion));
      socket.write(encodePacket(publish('t', { payload }), protocolVersion));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connect(`mqtt://127.0.0.1:${port}`, { protocolVersion, clientId: 'c', keepAlive: 0 });
    const received = new Promise<Uint8Array>((resolve) => {
      client.on('unrouted', (message) => resolve(message.payload));
    });
    await client.connected();
    const publication = client.publish('t', payload);
    expect(Buffer.compare(await received, payload)).toBe(0);
    await publication.sent;
    await client.close();
    await once(sockets[0]!, 'close');
    server.close();
    const bytes = Buffer.concat(chunks);
    // Behind it stands DISCONNECT alone.
    expect(bytes.subarray(-2)).toEqual(Buffer.from([0xe0, 0]));
    expect(Buffer.compare(bytes.subarray(-2 - payload.length, -2), payload)).toBe(0);
  }
});
