// Whatever bytes a server sends: the connection ends with an event, the client tries again later, and nothing else happens.

import type { Client, ClientOptions, OfflineEvent } from '@martlet/client';
import type { Packet } from '@martlet/protocol';
import { encodePacket, ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

const connack: Packet = { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} };
const publish: Packet = {
  type: 'publish',
  topicName: 'a/b',
  payload: Uint8Array.of(1, 2, 3),
  qos: 0,
  packetId: 0,
  retain: false,
  dup: false,
  properties: {},
};
const acknowledgement = (type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'): Packet => ({
  type,
  packetId: 77,
  reasonCode: 0,
  properties: {},
});

let world: World;
let offline: OfflineEvent[];
beforeEach(() => {
  world = new World();
  offline = [];
});
afterEach(() => world.close());

async function connecting(options: ClientOptions = {}): Promise<TestServer> {
  const client = world.connect(options);
  client.on('offline', (event) => offline.push(event));
  client.on('error', () => {});
  const server = await world.accepting();
  server.take('connect');
  return server;
}

async function online(options: ClientOptions = {}): Promise<TestServer> {
  const server = await connecting(options);
  server.send({ ...connack });
  await world.settle();
  return server;
}

describe('A server that breaks the protocol', () => {
  test.each<[string, number, ReasonCode]>([
    ['a reserved packet type', 0x00, ReasonCode.MalformedPacket],
    ['reserved flags', 0xd1, ReasonCode.MalformedPacket],
    ['a packet that only clients send', 0xc0, ReasonCode.ProtocolError],
  ])('is told by DISCONNECT and left: %s', async (_what, first, reasonCode) => {
    const server = await online();
    server.sendBytes(Uint8Array.of(first, 0));
    expect(server.take('disconnect').reasonCode).toBe(reasonCode);
    expect(server.ended).toBe('end');
    await world.settle();
    expect(offline).toMatchObject([
      { error: { code: 'PROTOCOL_BROKEN', kind: 'remote', reasonCode }, reconnectMs: 500 },
    ]);
  });

  test.each<[string, Packet]>([
    ['CONNACK again', connack],
    ['SUBACK for nothing', { type: 'suback', packetId: 77, reasonCodes: [0], properties: {} }],
    ['UNSUBACK for nothing', { type: 'unsuback', packetId: 77, reasonCodes: [0], properties: {} }],
    ['AUTH unasked', { type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'X' } }],
    [
      'CONNECT',
      { type: 'connect', protocolVersion: 5, clientId: '', cleanStart: true, keepAlive: 0, properties: {} },
    ],
    ['PINGREQ', { type: 'pingreq' }],
    ['UNSUBSCRIBE', { type: 'unsubscribe', packetId: 1, topicFilters: ['a'], properties: {} }],
  ])('is left with Protocol Error: %s', async (_what, packet) => {
    const server = await online();
    server.send(packet);
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
    expect(offline).toHaveLength(1);
  });

  test.each<[string, Packet]>([
    ['PUBLISH', publish],
    ['PUBACK', acknowledgement('puback')],
    ['PUBREL', acknowledgement('pubrel')],
    ['PINGRESP', { type: 'pingresp' }],
    ['SUBACK', { type: 'suback', packetId: 1, reasonCodes: [0], properties: {} }],
  ])('[MQTT-3.2.0-1] v5 is left when %s comes before CONNACK', async (_what, packet) => {
    const server = await connecting();
    server.send(packet);
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
    expect(offline).toMatchObject([{ error: { code: 'PROTOCOL_BROKEN' } }]);
  });

  test.each(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const)(
    'may acknowledge what nobody knows any more: %s',
    async (type) => {
      const server = await online();
      server.send(acknowledgement(type));
      await world.settle();
      expect(offline).toEqual([]);
      expect(server.takeAll().map((packet) => packet.type).length).toBeLessThanOrEqual(1);
    },
  );

  test('is not told before MQTT 5.0, which has no words for it', async () => {
    const server = await online({ protocolVersion: 4 });
    server.sendBytes(Uint8Array.of(0x00, 0));
    expect([server.takeAll(), server.ended]).toEqual([[], 'end']);
  });

  test('is left by force when it does not let go', async () => {
    const server = await online();
    server.transport.end = () => {};
    server.sendBytes(Uint8Array.of(0x00, 0));
    await world.advance(0);
    expect(server.ended).toBeUndefined();
    await world.advance(5000);
    expect(server.ended).toBe('destroy');
  });

  test('is asked again ever more rarely', async () => {
    let server = await online();
    for (const delayMs of [500, 1000, 2000]) {
      server.sendBytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff));
      expect(offline.at(-1)?.reconnectMs).toBe(delayMs);
      await world.advance(delayMs);
      server = await world.accept();
    }
  });
});

describe('The size of packets from the server', () => {
  test('[MQTT-3.1.2-25] v5 is bounded, and one byte more is refused by its header', async () => {
    const server = await online({ maximumPacketSize: 100 });
    server.sendBytes(Uint8Array.of(0x30, 98, 0, 1, 97, 0, ...new Array(94).fill(0)));
    expect(offline).toEqual([]);
    server.sendBytes(Uint8Array.of(0x30, 99));
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.PacketTooLarge);
  });

  test('takes no memory by what a header claims', async () => {
    const server = await online({ maximumPacketSize: 268_435_460 });
    const before = process.memoryUsage().arrayBuffers;
    server.sendBytes(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f));
    server.sendBytes(new Uint8Array(100));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(offline).toEqual([]);
  });

  test('may come a byte at a time', async () => {
    const server = await connecting();
    const received: string[] = [];
    world.clients[0]!.on('unrouted', (message) => received.push(message.topicName));
    const bytes = [connack, publish, publish].flatMap((packet) => [...encodePacket(packet, 5)]);
    for (const byte of bytes) server.sendBytes(Uint8Array.of(byte));
    await world.settle();
    expect(received).toEqual(['a/b', 'a/b']);
  });
});

describe('Any bytes at all', () => {
  const packets: readonly Packet[] = [
    connack,
    publish,
    { ...publish, qos: 1, packetId: 9 },
    { ...publish, qos: 2, packetId: 10, properties: { contentType: 'x', topicAlias: 3 } },
    { type: 'suback', packetId: 1, reasonCodes: [1], properties: { reasonString: 'fine' } },
    acknowledgement('puback'),
    acknowledgement('pubrec'),
    acknowledgement('pubrel'),
    { type: 'pingresp' },
    { type: 'disconnect', reasonCode: ReasonCode.ServerBusy, properties: { reasonString: 'later' } },
  ];

  /** Some of the packets, one behind the other, with a few bytes changed. */
  function mutated(random: () => number, version: 3 | 4 | 5): Uint8Array {
    const bytes: number[] = [];
    for (let count = 1 + random() * 4; count > 0; count--) {
      const packet = packets[Math.floor(random() * packets.length)]!;
      if (packet.type === 'disconnect' && version !== 5) continue;
      bytes.push(...encodePacket(packet, version));
    }
    for (let count = random() * 4; count > 0; count--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    return Uint8Array.from(bytes);
  }

  test.each([5, 4, 3] as const)('harm no client of version %d', async (protocolVersion) => {
    const seeded = new SeededRandom(protocolVersion);
    const random = (): number => seeded.next();
    let ends = 0;
    const fresh = (): Client => {
      const client = world.connect({ protocolVersion, maximumPacketSize: 1000 });
      client.on('offline', () => ends++);
      client.on('error', () => {});
      client.subscribe('a/#', { qos: 2 }, () => {}).then(undefined, () => {});
      return client;
    };
    let client = fresh();
    for (let run = 0; run < 500; run++) {
      const server = await world.accepting();
      if (random() < 0.8) server.send(connack);
      for (let part = 0; part < 5; part++) {
        // Nothing is ever thrown out of a transport's listener.
        server.sendBytes(
          random() < 0.3
            ? Uint8Array.from({ length: random() * 50 }, () => random() * 256)
            : mutated(random, protocolVersion),
        );
      }
      server.cut();
      await world.settle();
      expect(ends).toBe(run + 1);
      // A server may also have said that it is over for good.
      if (client.state === 'closed') client = fresh();
      else world.wake();
    }
    const { queuedMessages, inFlight, unacknowledged, bufferedMessages, unroutedMessages } = client.gauges;
    expect(queuedMessages + inFlight + unacknowledged + bufferedMessages + unroutedMessages).toBe(0);
    await world.close();
    await world.advance(5000);
    expect(world.timerCount).toBe(0);
  });
});
