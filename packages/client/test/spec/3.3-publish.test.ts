import type { PublishPacket } from '@martlet/protocol';
import { encodePacket, ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';
import {
  acknowledgement,
  CONNACK,
  connect,
  disconnected,
  keeping,
  publish,
  reconnect,
  sent,
  subscribed,
  V5,
  VERSIONS,
  Wire,
} from './exchange.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** The client ended the connection; in MQTT 5.0 it said why. */
async function refused(server: TestServer, reasonCode: ReasonCode): Promise<void> {
  await world.settle();
  expect(server.ended).toBeDefined();
  if (server.version === V5) expect(await disconnected(world, server)).toBe(reasonCode);
  else expect(server.takeAll()).toEqual([]);
}

describe.each(VERSIONS)('PUBLISH of a client in version %i', (protocolVersion) => {
  test('[MQTT-3.3.1-1] v5 v3.1.1 has DUP when it is sent again, and only then', async () => {
    world.answersPings = true;
    const client = connect(world, keeping(protocolVersion));
    let server = await world.accept();
    client.publish('t', '', { qos: 1 });
    await world.settle();
    expect(server.take('publish').dup).toBe(false);
    for (let i = 0; i < 2; i++) {
      server = await reconnect(world, server);
      expect(server.take('publish').dup).toBe(true);
    }
    client.publish('t', '', { qos: 1 });
    server.send(acknowledgement('puback', 1));
    await world.settle();
    expect(server.take('publish').dup).toBe(false);
  });

  test('[MQTT-1.5.5-1] [MQTT-2.2.2-1] v5 has its length in as few bytes as it takes, and properties though they are empty', async () => {
    const wire = new Wire(world, { protocolVersion });
    await wire.send(CONNACK);
    // Before the payload stand the Topic Name and, in MQTT 5.0, the length of the properties.
    const before = protocolVersion === V5 ? [0, 1, 0x74, 0] : [0, 1, 0x74];
    for (const [remaining, length] of [
      [127, [0x7f]],
      [128, [0x80, 0x01]],
      [16_383, [0xff, 0x7f]],
      [16_384, [0x80, 0x80, 0x01]],
    ] as const) {
      wire.client.publish('t', new Uint8Array(remaining - before.length));
      const bytes = await wire.send();
      expect(bytes).toHaveLength(1 + length.length + remaining);
      expect(bytes.slice(0, 1 + length.length + before.length)).toEqual([0x30, ...length, ...before]);
    }
  });

  test('[MQTT-3.3.1-2] [MQTT-4.3.1-1] v5 v3.1.1 of QoS 0 never has DUP, and is not sent again', async () => {
    const client = connect(world, keeping(protocolVersion));
    const server = await world.accept();
    client.publish('t', '');
    await world.settle();
    expect(server.take('publish')).toMatchObject({ qos: 0, dup: false });
    expect(sent(await reconnect(world, server))).toEqual([]);
  });

  const names: [string, string][] = [
    ['[MQTT-4.7.3-1] v5 v3.1.1', ''],
    ['[MQTT-3.3.2-2] v5 v3.1.1 [MQTT-4.7.0-1] v5 [MQTT-4.7.1-1] v3.1.1', 'a/+'],
    ['[MQTT-3.3.2-2] v5 v3.1.1 [MQTT-4.7.0-1] v5 [MQTT-4.7.1-1] v3.1.1', '#'],
    ['[MQTT-4.7.3-2] v5 v3.1.1 [MQTT-1.5.4-2] v5 [MQTT-1.5.3-2] v3.1.1', 'a\0'],
    ['[MQTT-3.3.2-1] v5 v3.1.1 [MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1', '\ud800'],
    ['[MQTT-4.7.3-3] v5 v3.1.1', 'é'.repeat(32_768)],
  ];
  test.each(names)(
    '%s has a Topic Name: what is none is refused at the call',
    async (_statement, topicName) => {
      const client = connect(world, { protocolVersion });
      const server = await world.accept();
      expect(() => client.publish(topicName, '')).toThrow(expect.objectContaining({ code: 'INVALID_TOPIC' }));
      await world.settle();
      expect(sent(server)).toEqual([]);
    },
  );

  test('[MQTT-4.7.3-3] [MQTT-1.5.4-3] v5 [MQTT-4.7.3-3] [MQTT-1.5.3-3] v3.1.1 has the longest Topic Name there is, byte order mark included', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    const topicName = `\ufeff${'é'.repeat(32_766)}`;
    client.publish(topicName, '');
    await world.settle();
    expect(server.take('publish').topicName).toBe(topicName);
  });
});

describe('PUBLISH of a client in version 5', () => {
  const properties = [
    ['[MQTT-3.3.2-13] v5', { responseTopic: 'a\0' }],
    ['[MQTT-3.3.2-13] v5', { responseTopic: '\udc00' }],
    ['[MQTT-3.3.2-14] v5', { responseTopic: 'a/+' }],
    ['[MQTT-3.3.2-19] v5', { contentType: '\0' }],
    ['[MQTT-3.3.2-19] v5', { contentType: '\ud800' }],
    ['[MQTT-1.5.7-1] v5', { userProperties: [['\0', 'v']] }],
    ['[MQTT-1.5.7-1] v5', { userProperties: [['n', '\ud800']] }],
  ] as const;
  test.each(properties)(
    '%s has only properties that may be sent: %j is refused at the call',
    async (_statement, options) => {
      const client = connect(world);
      const code = expect.stringMatching(/^INVALID_(OPTION|TOPIC)$/);
      // Before there is a connection, and on it.
      expect(() => client.publish('t', '', { qos: 1, ...options })).toThrow(
        expect.objectContaining({ code }),
      );
      const server = await world.accept();
      expect(() => client.publish('t', '', options)).toThrow(expect.objectContaining({ code }));
      client.publish('t', '');
      await world.settle();
      expect(sent(server)).toEqual(['publish 0']);
    },
  );

  test('[MQTT-3.3.4-6] v5 has no Subscription Identifier, whatever is asked for', async () => {
    const client = connect(world);
    const server = await world.accept();
    expect(() => client.publish('t', '', { subscriptionIdentifiers: [1] } as never)).toThrow(
      'got subscriptionIdentifiers',
    );
    client.publish('t', '', { contentType: 'text/plain' });
    await world.settle();
    expect(server.take('publish').properties).toEqual({ contentType: 'text/plain' });
  });

  test('[MQTT-4.3.3-7] v5 of QoS 2 is sent again although it has expired in between', async () => {
    const client = connect(world);
    const first = await world.accept();
    client.publish('t', '', { qos: 2, messageExpiryInterval: 1 });
    await world.settle();
    expect(first.take('publish').properties.messageExpiryInterval).toBe(1);
    const second = await reconnect(world, first);
    expect(second.take('publish')).toMatchObject({ dup: true, packetId: 1 });
  });
});

describe.each(VERSIONS)('PUBLISH for a client in version %i', (protocolVersion) => {
  const { ProtocolError, MalformedPacket, TopicNameInvalid } = ReasonCode;
  /** A packet with one byte of its fixed header, or of its Topic Name, changed. */
  function bent(packet: PublishPacket, at: number, value: number): Uint8Array {
    const bytes = encodePacket(packet, protocolVersion);
    bytes[at] = value;
    return bytes;
  }
  const bad: [string, Uint8Array, ReasonCode][] = [
    [
      '[MQTT-3.3.1-4] v5 v3.1.1 of QoS 3',
      bent(publish('t', { qos: 2, packetId: 1 }), 0, 0x36),
      MalformedPacket,
    ],
    ['[MQTT-3.3.1-2] v5 v3.1.1 of QoS 0 with DUP', bent(publish('t'), 0, 0x38), MalformedPacket],
    [
      '[MQTT-3.3.2-2] [MQTT-4.7.0-1] v5 [MQTT-3.3.2-2] [MQTT-4.7.1-1] v3.1.1 to #',
      bent(publish('t'), 4, 0x23),
      TopicNameInvalid,
    ],
    ['[MQTT-3.3.2-2] v5 v3.1.1 to +', bent(publish('t'), 4, 0x2b), TopicNameInvalid],
    ['[MQTT-1.5.4-2] v5 [MQTT-1.5.3-2] v3.1.1 to U+0000', bent(publish('t'), 4, 0), MalformedPacket],
    [
      '[MQTT-3.3.2-1] v5 v3.1.1 [MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 to what is not UTF-8',
      bent(publish('t'), 4, 0xff),
      MalformedPacket,
    ],
    [
      '[MQTT-2.2.1-4] v5 [MQTT-2.3.1-1] v3.1.1 with packet identifier 0',
      bent(publish('t', { qos: 1, packetId: 1 }), 6, 0),
      ProtocolError,
    ],
  ];
  test.each(bad)('%s ends the connection', async (_name, bytes, reasonCode) => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    const delivered: string[] = [];
    client.on('dropped', ({ message }) => delivered.push(message.topicName));
    server.sendBytes(bytes);
    await refused(server, reasonCode);
    expect(delivered).toEqual([]);
    expect(client.state).toBe('waiting');
  });

  test('[MQTT-1.5.4-3] v5 [MQTT-1.5.3-3] v3.1.1 keeps a byte order mark in its Topic Name', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    const names: string[] = [];
    client.on('dropped', ({ message }) => names.push(message.topicName));
    server.send(publish('\ufefft'), publish('t'));
    await world.settle();
    expect(names).toEqual(['\ufefft', 't']);
  });

  test('[MQTT-3.3.4-1] v5 v3.1.1 is answered by its QoS', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    await subscribed(world, client, server, 't');
    server.send(publish('t'));
    await world.settle();
    expect(sent(server)).toEqual([]);
    server.send(publish('t', { qos: 1, packetId: 5 }));
    await world.settle();
    expect(sent(server)).toEqual(['puback 5']);
    server.send(publish('t', { qos: 2, packetId: 6 }));
    await world.settle();
    expect(sent(server)).toEqual(['pubrec 6']);
  });

  test('[MQTT-4.5.0-2] v5 v3.1.1 is acknowledged also when nobody takes it, and holds up no other', async () => {
    const client = connect(world, { protocolVersion, receiveMaximum: 3 });
    const server = await world.accept();
    await subscribed(world, client, server, 'wanted');
    for (let packetId = 1; packetId <= 200; packetId++) {
      server.send(publish(packetId % 2 === 0 ? 'wanted' : 'not wanted', { qos: 1, packetId }));
      await world.settle();
    }
    expect(server.ended).toBeUndefined();
    expect(sent(server)).toEqual(Array.from({ length: 200 }, (_, i) => `puback ${i + 1}`));
  });

  test('[MQTT-4.5.0-2] v5 v3.1.1 is acknowledged when its subscription has just ended', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    const pending = client.subscribe('gone', {}, () => {});
    await world.settle();
    server.send({
      type: 'suback',
      packetId: server.take('subscribe').packetId,
      reasonCodes: [1],
      properties: {},
    });
    void (await pending).unsubscribe();
    await world.settle();
    const { packetId } = server.take('unsubscribe');
    server.send(publish('gone', { qos: 1, packetId: 7 }), publish('gone', { qos: 2, packetId: 8 }));
    server.send({ type: 'unsuback', packetId, reasonCodes: [0], properties: {} });
    await world.settle();
    expect(sent(server)).toEqual(['puback 7', 'pubrec 8']);
  });
});

test('[MQTT-3.3.2-14] v5 a Response Topic with a wildcard ends the connection of the server that sends it', async () => {
  connect(world, { protocolVersion: V5 });
  const server = await world.accept();
  const bytes = encodePacket(publish('t', { properties: { responseTopic: 'r' } }), V5);
  bytes[bytes.length - 1] = 0x23;
  server.sendBytes(bytes);
  await world.settle();
  expect(server.ended).toBeDefined();
  expect([ReasonCode.ProtocolError, ReasonCode.TopicNameInvalid, ReasonCode.MalformedPacket]).toContain(
    await disconnected(world, server),
  );
});
