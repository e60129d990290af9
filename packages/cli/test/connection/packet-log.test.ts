import type { OpenTransport, TransportListener } from '@martlet/client';
import type { ClientPacket, Packet, ProtocolVersion } from '@martlet/protocol';
import { encodePacket, NO_PROPERTIES as none } from '@martlet/protocol';
import { expect, test } from 'vitest';
import { loggingTransport } from '../../src/connection/packet-log.ts';

async function opened(clientId: string) {
  const lines: string[] = [];
  const written: Uint8Array[] = [];
  const received: Uint8Array[] = [];
  let server: TransportListener | undefined;
  const open: OpenTransport = async (_server, listener) => {
    server = listener;
    return { write: (bytes) => written.push(bytes) > 0, end: () => {}, destroy: () => {}, sentBytes: 7 };
  };
  const listener = {
    onBytes: (bytes: Uint8Array) => received.push(bytes),
    onDrain: () => {},
    onClose: () => {},
  };
  const transport = await loggingTransport(open, clientId, (line) => lines.push(line))(
    { scheme: 'mqtt', host: 'h', port: 1, path: '', href: 'mqtt://h:1' },
    listener,
    new AbortController().signal,
  );
  return { lines, written, received, transport, server: server! };
}

const connect = (protocolVersion: ProtocolVersion): ClientPacket => ({
  type: 'connect',
  protocolVersion,
  clientId: 'x',
  cleanStart: true,
  keepAlive: 60,
  properties: none,
});

const publish: Packet = {
  type: 'publish',
  topicName: 'a/b',
  payload: Uint8Array.of(1, 2, 3),
  qos: 1,
  retain: true,
  dup: false,
  packetId: 5,
  properties: none,
};

test('Packets are told of in the words of the tools of Mosquitto', async () => {
  const { lines, transport, server } = await opened('me');
  const send = (packet: Packet): unknown => transport.write(encodePacket(packet, 5));
  const receive = (packet: Packet): void => server.onBytes(encodePacket(packet, 5));
  const acknowledgement = { packetId: 5, reasonCode: 0x10, properties: none } as const;
  send(connect(5));
  receive({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: none });
  const options = { noLocal: true, retainAsPublished: true, retainHandling: 2, qos: 1 } as const;
  send({
    type: 'subscribe',
    packetId: 1,
    subscriptions: [
      { topicFilter: 'a/#', ...options },
      { topicFilter: 'b', ...options, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    ],
    properties: none,
  });
  receive({ type: 'suback', packetId: 1, reasonCodes: [1, 1], properties: none });
  send({ type: 'unsubscribe', packetId: 2, topicFilters: ['a/#'], properties: none });
  receive({ type: 'unsuback', packetId: 2, reasonCodes: [0], properties: none });
  send(publish);
  receive({ type: 'puback', ...acknowledgement });
  receive({ ...publish, qos: 0, packetId: 0, retain: false });
  send({ type: 'pubrec', ...acknowledgement });
  receive({ type: 'pubrel', ...acknowledgement, reasonCode: 0 });
  send({ type: 'pubcomp', ...acknowledgement, reasonCode: 0 });
  send({ type: 'pingreq' });
  receive({ type: 'pingresp' });
  receive({ type: 'disconnect', reasonCode: 0x8b, properties: none });
  send({ type: 'disconnect', reasonCode: 0, properties: none });
  expect(lines.map((line) => line.replace('Client me ', ''))).toEqual([
    'sending CONNECT',
    'received CONNACK (0)',
    'sending SUBSCRIBE (Mid: 1, Topic: a/#, QoS: 1, Options: 0x2c)',
    'sending SUBSCRIBE (Mid: 1, Topic: b, QoS: 1, Options: 0x00)',
    'received SUBACK',
    'sending UNSUBSCRIBE (Mid: 2, Topic: a/#)',
    'received UNSUBACK',
    "sending PUBLISH (d0, q1, r1, m5, 'a/b', ... (3 bytes))",
    'received PUBACK (Mid: 5, RC:16)',
    "received PUBLISH (d0, q0, r0, m0, 'a/b', ... (3 bytes))",
    'sending PUBREC (m5, rc16)',
    'received PUBREL (Mid: 5)',
    'sending PUBCOMP (m5)',
    'sending PINGREQ',
    'received PINGRESP',
    'received DISCONNECT (139)',
    'sending DISCONNECT',
  ]);
});

test('The bytes go through as they are, however they are split', async () => {
  const { lines, written, received, transport, server } = await opened('');
  const bytes = encodePacket(connect(4), 4);
  for (const byte of bytes) transport.write(Uint8Array.of(byte));
  const answer = encodePacket(
    { type: 'connack', sessionPresent: false, reasonCode: 0x87, properties: none },
    4,
  );
  server.onBytes(answer.subarray(0, 1));
  server.onBytes(answer.subarray(1));
  expect(Buffer.concat(written)).toEqual(Buffer.from(bytes));
  expect(Buffer.concat(received)).toEqual(Buffer.from(answer));
  expect(transport.sentBytes).toBe(7);
  // The return code of 3.1.1, and no name since the server is to give one.
  expect(lines).toEqual(['Client (null) sending CONNECT', 'Client (null) received CONNACK (5)']);
});

test('What cannot be read is handed on, and nothing is told any more', async () => {
  const { lines, received, server } = await opened('me');
  server.onBytes(Uint8Array.of(0xf0, 0xff, 0xff, 0xff, 0xff, 0xff));
  server.onBytes(encodePacket({ type: 'pingresp' }, 5));
  expect(received).toHaveLength(2);
  expect(lines).toEqual([]);
});
