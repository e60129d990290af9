import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import { puback, pubcomp, pubrec } from './answers.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe('A message of QoS 2', () => {
  test('[MQTT-4.3.3-4] v5 [MQTT-4.3.3-1] v3.1.1 is released with PUBREL, and is over with PUBCOMP', async () => {
    const client = world.connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 2 });
    await world.settle();
    expect(server.take('publish')).toMatchObject({ packetId: 1, dup: false, qos: 2 });
    server.send(pubrec(1));
    await world.settle();
    expect(server.take('pubrel')).toMatchObject({ packetId: 1, reasonCode: 0 });
    expect(client.gauges.inFlight).toBe(1);
    server.send(pubcomp(1));
    expect(await publication).toMatchObject({ reasonCode: 0 });
    expect(client.gauges.inFlight).toBe(0);
  });

  test('[MQTT-4.4.0-1] v5 [MQTT-4.3.3-6] v5 is released again after a reconnect, never published again', async () => {
    const client = world.connect();
    const first = await world.accept();
    const publication = client.publish('a', 'b', { qos: 2 });
    await world.settle();
    first.send(pubrec(1));
    first.cut();
    await world.advance(1000);
    const second = await world.accept({ sessionPresent: true });
    expect(second.takeAll()).toMatchObject([{ type: 'pubrel', packetId: 1 }]);
    second.send(pubcomp(1, ReasonCode.PacketIdentifierNotFound));
    expect(await publication).toMatchObject({ reasonCode: 0 });
  });

  test('[MQTT-4.4.0-2] v5 is over when PUBREC refuses it', async () => {
    const client = world.connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 2 });
    await world.settle();
    server.take('publish');
    server.send(pubrec(1, ReasonCode.QuotaExceeded, { reasonString: 'too much' }));
    await expect(publication).rejects.toMatchObject({
      code: 'REFUSED',
      kind: 'refusal',
      reasonCode: ReasonCode.QuotaExceeded,
      message: expect.stringContaining('too much'),
    });
    await world.settle();
    expect(server.takeAll()).toEqual([]);
    expect(client.gauges.inFlight).toBe(0);
  });

  test('gets PUBREL again for a PUBREC that comes again', async () => {
    const client = world.connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 2 });
    await world.settle();
    server.takeAll();
    server.send(pubrec(1), pubrec(1));
    await world.settle();
    expect(server.takeAll()).toMatchObject([
      { type: 'pubrel', reasonCode: 0 },
      { type: 'pubrel', reasonCode: 0 },
    ]);
    server.send(pubcomp(1), pubcomp(1));
    await publication;
    expect(client.state).toBe('online');
  });
});

describe('What a server acknowledges', () => {
  test('that is not under way is ignored, but PUBREC is answered', async () => {
    const client = world.connect();
    const server = await world.accept();
    server.send(puback(7), pubcomp(8), pubrec(9, ReasonCode.QuotaExceeded), pubrec(10));
    await world.settle();
    expect(server.takeAll()).toMatchObject([
      { type: 'pubrel', packetId: 10, reasonCode: ReasonCode.PacketIdentifierNotFound },
    ]);
    expect(client.state).toBe('online');
  });

  test.each([
    ['PUBACK for QoS 2', 2, puback(1)],
    ['PUBREC for QoS 1', 1, pubrec(1)],
    ['PUBCOMP before PUBREC', 2, pubcomp(1)],
  ] as const)('by %s breaks the protocol', async (_name, qos, packet) => {
    const client = world.connect();
    const server = await world.accept();
    const ends: string[] = [];
    client.on('offline', ({ error }) => ends.push(error.code));
    client.publish('a', 'b', { qos });
    await world.settle();
    server.send(packet);
    expect(ends).toEqual(['PROTOCOL_BROKEN']);
    expect(client.gauges.inFlight).toBe(1);
  });

  test('with a reason string or "no matching subscribers" is told', async () => {
    const client = world.connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 1 });
    await world.settle();
    server.send(
      puback(1, ReasonCode.NoMatchingSubscribers, { reasonString: 'alone', userProperties: [['k', 'v']] }),
    );
    expect(await publication).toEqual({
      reasonCode: ReasonCode.NoMatchingSubscribers,
      reasonString: 'alone',
      userProperties: [['k', 'v']],
    });
  });
});

describe('After a reconnect', () => {
  test('[MQTT-4.6.0-1] v5 [MQTT-4.4.0-1] v5 PUBREL and then PUBLISH are sent again, in order, with DUP', async () => {
    const client = world.connect();
    const first = await world.accept();
    for (const name of ['a', 'b', 'c', 'd']) client.publish(name, '', { qos: name === 'c' ? 1 : 2 });
    await world.settle();
    first.send(pubrec(2));
    await world.settle();
    client.publish('e', '', { qos: 1 });
    await world.settle();
    // Excused: everything may be sent at once on the next connection.
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    client.publish('f', '', { qos: 1 });
    client.publish('g', '');
    await world.advance(6000);
    const second = await world.accept({ sessionPresent: true });
    expect(
      second.takeAll().map((packet) => {
        if (packet.type === 'publish') return [packet.topicName, packet.packetId ?? 0, packet.dup];
        return [packet.type, 'packetId' in packet ? packet.packetId : 0];
      }),
    ).toEqual([
      ['pubrel', 2],
      ['a', 1, true],
      ['c', 3, true],
      ['d', 4, true],
      ['e', 5, true],
      ['f', 6, false],
      ['g', 0, false],
    ]);
  });

  test('[MQTT-3.3.4-7] v5 no more is sent again than the receive maximum lets through, and nothing new before it', async () => {
    const client = world.connect();
    const first = await world.accept();
    for (const name of ['a', 'b', 'c']) client.publish(name, '', { qos: 1 });
    await world.settle();
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    client.publish('d', '', { qos: 1 });
    await world.advance(6000);
    const second = await world.accept({ sessionPresent: true, properties: { receiveMaximum: 2 } });
    const sent = (): unknown[] =>
      second.takeAll().map((packet) => (packet.type === 'publish' ? packet.topicName : packet.type));
    expect(sent()).toEqual(['a', 'b']);
    second.send(puback(1));
    await world.settle();
    expect(sent()).toEqual(['c']);
    second.send(puback(2), puback(3));
    await world.settle();
    expect(sent()).toEqual(['d']);
  });

  test('[MQTT-4.9.0-1] v5 the quota is for messages alone, whatever is asked for beside them', async () => {
    const client = world.connect();
    client.subscribe('a/+', {}, () => {});
    const first = await world.accept();
    client.publish('b', '', { qos: 1 });
    await world.settle();
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    await world.advance(6000);
    const second = await world.accept({ properties: { receiveMaximum: 1 } });
    expect(second.takeAll()).toMatchObject([{ type: 'subscribe' }, { type: 'publish', topicName: 'b' }]);
  });

  test('[MQTT-3.2.2-5] v5 what a lost session had not accepted is sent as new, and of what it had accepted nobody knows', async () => {
    const client = world.connect();
    const first = await world.accept();
    const accepted = client.publish('a', '', { qos: 2 });
    for (const name of ['b', 'c']) client.publish(name, '', { qos: 2 });
    await world.settle();
    first.send(pubrec(1));
    await world.settle();
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    client.publish('d', '', { qos: 1 });
    await world.advance(6000);
    const second = await world.accept();
    await expect(accepted).rejects.toMatchObject({ code: 'SESSION_LOST', kind: 'refusal' });
    expect(second.takeAll()).toMatchObject([
      { topicName: 'b', packetId: 4, dup: false },
      { topicName: 'c', packetId: 5, dup: false },
      { topicName: 'd', packetId: 6, dup: false },
    ]);
  });

  test('[MQTT-3.3.1-1] v5 a message that was never written is no duplicate', async () => {
    const client = world.connect();
    const first = await world.accept();
    first.takesMore = false;
    client.publish('a', '', { qos: 1 });
    await world.settle();
    client.publish('b', '', { qos: 1 });
    await world.settle();
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    await world.advance(6000);
    const second = await world.accept({ sessionPresent: true });
    expect(second.takeAll()).toMatchObject([
      { topicName: 'a', dup: true },
      { topicName: 'b', dup: false },
    ]);
  });
});

describe('A transport that is congested', () => {
  test('holds messages back until it has drained', async () => {
    const client = world.connect();
    const server = await world.accept();
    server.takesMore = false;
    client.publish('a', '');
    await world.settle();
    client.publish('b', '');
    client.publish('c', '', { qos: 1 });
    await world.settle();
    expect(server.takeAll()).toMatchObject([{ topicName: 'a' }]);
    expect(client.gauges).toMatchObject({ queuedMessages: 2, inFlight: 0 });
    server.drain();
    await world.settle();
    expect(server.takeAll()).toMatchObject([{ topicName: 'b' }, { topicName: 'c' }]);
  });
});

describe('Packet identifiers', () => {
  test('[MQTT-2.2.1-3] v5 [MQTT-2.3.1-2] v3.1.1 are not given again while they are in use, and go round', async () => {
    const client = world.connect({ protocolVersion: 4, queue: { messages: 70_000 } });
    const server = await world.accept();
    const held = client.publish('held', '', { qos: 1 });
    await world.settle();
    server.takeAll();
    for (let i = 0; i < 65_534; i++) client.publish('a', '', { qos: 1 });
    const waiting = client.publish('last', '', { qos: 1 });
    await world.settle();
    const ids = server.takeAll().map((packet) => ('packetId' in packet ? packet.packetId : 0));
    expect(new Set(ids)).toHaveLength(65_534);
    expect(ids).not.toContain(1);
    expect(client.gauges).toMatchObject({ inFlight: 65_535, queuedMessages: 1 });
    server.send(puback(40_000));
    await world.settle();
    expect(server.takeAll()).toMatchObject([{ topicName: 'last', packetId: 40_000 }]);
    server.send(puback(40_000), puback(1));
    await Promise.all([waiting, held]);
  });
});
