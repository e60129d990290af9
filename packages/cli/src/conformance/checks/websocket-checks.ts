/** Section 6 of the specification: MQTT over WebSocket. Run for `ws://` and `wss://` only. */
import type { Socket } from 'node:net';
import { encodePacket } from '@martlet/protocol';
import type { Check } from '../check.ts';
import { expectThat } from '../expectations.ts';
import { frame } from '../frame.ts';

/** A whole text frame of a client, masked with zeros: RFC 6455, section 5.2. Up to 125 bytes. */
function textFrame(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(0x81, 0x80 | bytes.length, 0, 0, 0, 0, ...bytes);
}

export const WEBSOCKET_CHECKS: readonly Check[] = [
  {
    id: 'websocket-several-packets',
    title: 'takes several packets in one WebSocket frame',
    v5: ['MQTT-6.0.0-2', 'MQTT-6.0.0-4'],
    v311: ['MQTT-6.0.0-2', 'MQTT-6.0.0-4'],
    over: 'websocket',
    run: async (world) => {
      // The connection is opened only where the server has selected the subprotocol mqtt.
      const client = await world.open('client');
      const connect = encodePacket(world.connectPacket('client'), world.version);
      client.sendBytes(Uint8Array.of(...connect, 0xc0, 0, 0xc0, 0), 'CONNECT and two PINGREQ in one frame');
      await world.accepted(client);
      for (let i = 0; i < 2; i++) await client.expect('pingresp');
    },
  },
  {
    id: 'websocket-packet-in-pieces',
    title: 'takes a packet that is spread over several WebSocket frames',
    v5: ['MQTT-6.0.0-2'],
    v311: ['MQTT-6.0.0-2'],
    over: 'websocket',
    run: async (world) => {
      const client = await world.open('client');
      const connect = encodePacket(world.connectPacket('client'), world.version);
      for (const byte of connect) client.sendBytes(Uint8Array.of(byte), 'a byte, in a frame of its own');
      await world.accepted(client);
    },
  },
  {
    id: 'websocket-text-frame',
    title: 'closes for a text frame',
    v5: ['MQTT-6.0.0-1'],
    v311: ['MQTT-6.0.0-1'],
    over: 'websocket',
    run: async (world) => {
      const { openOverSocket } = world.target;
      if (openOverSocket === undefined) return world.skip('text frames are sent over ws:// only');
      let socket: Socket | undefined;
      const client = await world.open('client', async (listener, signal) => {
        const opened = await openOverSocket(listener, signal);
        socket = opened.socket;
        return opened.transport;
      });
      client.send(world.connectPacket('client'));
      await world.accepted(client);
      client.note('PINGREQ in a text frame');
      socket?.write(textFrame(frame(0xc0)));
      const { packets } = await client.closes('a text frame');
      expectThat(packets.length === 0, 'no answer to it', packets.map(({ type }) => type).join(', '));
    },
  },
];
