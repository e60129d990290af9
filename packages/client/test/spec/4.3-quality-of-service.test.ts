import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';
import {
  acknowledgement,
  connect,
  keeping,
  payloadsOf,
  publish,
  reconnect,
  sent,
  V5,
  VERSIONS,
} from './exchange.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** A client with a handler for everything, and the payloads that it was given. */
async function receiving(protocolVersion: (typeof VERSIONS)[number]) {
  const client = connect(world, keeping(protocolVersion));
  const server = await world.accept();
  const received: string[] = [];
  client.subscribe('#', { qos: 2 }, (message) => received.push(message.text()));
  await world.settle();
  const { packetId } = server.take('subscribe');
  server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
  await world.settle();
  return { client, server, received };
}

const payload = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.each(VERSIONS)('A client in version %i', (protocolVersion) => {
  test('[MQTT-4.3.1-1] v5 v3.1.1 sends QoS 0 with QoS 0 and DUP 0', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    client.publish('t', 'x');
    await world.settle();
    expect(server.take('publish')).toMatchObject({ qos: 0, dup: false, packetId: 0 });
  });

  test('[MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT-4.3.2-3] v5 [MQTT-4.3.2-1] v3.1.1 sends QoS 1 with a new identifier and DUP 0, and counts it as unacknowledged until PUBACK', async () => {
    const client = connect(world, keeping(protocolVersion));
    let server = await world.accept();
    const publication = client.publish('t', 'x', { qos: 1 });
    let isOver = false;
    void publication.then(() => {
      isOver = true;
    });
    await world.settle();
    expect(server.take('publish')).toMatchObject({ qos: 1, dup: false, packetId: 1 });
    expect(isOver).toBe(false);
    server = await reconnect(world, server);
    expect(server.take('publish')).toMatchObject({ qos: 1, dup: true, packetId: 1 });
    server.send(acknowledgement('puback', 1));
    await world.settle();
    expect(isOver).toBe(true);
    expect(sent(await reconnect(world, server))).toEqual([]);
  });

  test('[MQTT-4.3.3-1] [MQTT-4.3.3-2] [MQTT-4.3.3-3] [MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6] v5 [MQTT-4.3.3-1] v3.1.1 sends QoS 2 until PUBREC, PUBREL until PUBCOMP, and PUBLISH never after PUBREL', async () => {
    world.answersPings = true;
    const client = connect(world, keeping(protocolVersion));
    let server = await world.accept();
    let isOver = false;
    void client.publish('t', 'x', { qos: 2 }).then(() => {
      isOver = true;
    });
    await world.settle();
    expect(server.take('publish')).toMatchObject({ qos: 2, dup: false, packetId: 1 });
    server = await reconnect(world, server);
    expect(server.take('publish')).toMatchObject({ qos: 2, dup: true, packetId: 1 });
    server.send(acknowledgement('pubrec', 1));
    await world.settle();
    expect(sent(server)).toEqual(['pubrel 1']);
    for (let i = 0; i < 2; i++) {
      server = await reconnect(world, server);
      expect(sent(server)).toEqual(['pubrel 1']);
    }
    // PUBREC comes again: PUBREL, not PUBLISH.
    server.send(acknowledgement('pubrec', 1));
    await world.settle();
    expect(sent(server)).toEqual(['pubrel 1']);
    expect(isOver).toBe(false);
    server.send(acknowledgement('pubcomp', 1));
    await world.settle();
    expect(isOver).toBe(true);
    expect(sent(await reconnect(world, server))).toEqual([]);
  });

  test('[MQTT-4.3.2-4] [MQTT-4.3.2-5] v5 [MQTT-4.3.2-2] v3.1.1 acknowledges QoS 1 and takes an identifier that comes again for a new message, DUP or not', async () => {
    const { server, received } = await receiving(protocolVersion);
    server.send(publish('t', { qos: 1, packetId: 4, payload: payload('a') }));
    await world.settle();
    expect(sent(server)).toEqual(['puback 4']);
    server.send(publish('t', { qos: 1, packetId: 4, dup: true, payload: payload('b') }));
    await world.settle();
    expect(sent(server)).toEqual(['puback 4']);
    expect(received).toEqual(['a', 'b']);
  });

  test('[MQTT-4.3.3-8] [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-4.3.3-12] v5 [MQTT-4.3.3-2] v3.1.1 passes QoS 2 on once until PUBREL, over connections too, and then takes the identifier for a new message', async () => {
    const { server: first, received } = await receiving(protocolVersion);
    const packet = publish('t', { qos: 2, packetId: 4, payload: payload('a') });
    first.send(packet);
    await world.settle();
    expect(sent(first)).toEqual(['pubrec 4']);
    first.send({ ...packet, dup: true });
    await world.settle();
    expect(sent(first)).toEqual(['pubrec 4']);
    const second = await reconnect(world, first);
    second.send({ ...packet, dup: true });
    await world.settle();
    expect(sent(second)).toEqual(['pubrec 4']);
    expect(received).toEqual(['a']);
    second.send(acknowledgement('pubrel', 4));
    await world.settle();
    expect(sent(second)).toEqual(['pubcomp 4']);
    second.send({ ...packet, payload: payload('b') });
    await world.settle();
    expect(sent(second)).toEqual(['pubrec 4']);
    expect(received).toEqual(['a', 'b']);
    // PUBREL comes again after PUBCOMP was lost.
    second.send(acknowledgement('pubrel', 4), acknowledgement('pubrel', 4));
    await world.settle();
    expect(sent(second)).toEqual(['pubcomp 4', 'pubcomp 4']);
  });

  test('[MQTT-4.4.0-1] v5 v3.1.1 sends again only after a reconnect', async () => {
    const client = connect(world, { ...keeping(protocolVersion), keepAlive: 0 });
    const server = await world.accept();
    client.publish('t', '', { qos: 1 });
    client.publish('t', '', { qos: 2 });
    client.publish('t', '', { qos: 2 });
    await world.settle();
    server.takeAll();
    server.send(acknowledgement('pubrec', 3));
    await world.settle();
    server.takeAll();
    await world.advance(100_000_000);
    expect(sent(server)).toEqual([]);
    server.cut();
    const next = await reconnect(world, server);
    const again: string[] = [];
    for (let i = 0; i < 5; i++) {
      for (const packet of next.takeAll()) {
        if (packet.type === 'pubrel') {
          again.push(`pubrel ${packet.packetId}`);
          next.send(acknowledgement('pubcomp', packet.packetId));
        } else if (packet.type === 'publish') {
          again.push(`publish ${packet.packetId} ${packet.dup}`);
          if (packet.qos === 1) next.send(acknowledgement('puback', packet.packetId));
          else next.send(acknowledgement('pubrec', packet.packetId, protocolVersion === V5 ? 0x97 : 0));
        }
      }
      await world.settle();
    }
    expect(again.sort()).toEqual(
      protocolVersion === V5
        ? ['publish 1 true', 'publish 2 true', 'pubrel 3']
        : ['publish 1 true', 'publish 2 true', 'pubrel 2', 'pubrel 3'],
    );
  });

  test('[MQTT-4.6.0-1] v5 v3.1.1 sends PUBLISH again in the order of first sending', async () => {
    const client = connect(world, keeping(protocolVersion));
    const first = await world.accept();
    for (let i = 0; i < 12; i++) client.publish('t', String(i), { qos: i % 3 === 0 ? 2 : 1 });
    await world.settle();
    const answered = first.takeAll().filter((_, i) => i % 2 === 0);
    for (const packet of answered) {
      if (packet.type !== 'publish') continue;
      first.send(acknowledgement(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId));
      if (packet.qos === 2) first.send(acknowledgement('pubcomp', packet.packetId));
    }
    // Identifiers that are free again are given to newer messages.
    for (let i = 12; i < 16; i++) client.publish('t', String(i), { qos: 1 });
    await world.settle();
    const second = await reconnect(world, first);
    const order: string[] = [];
    for (let i = 0; i < 20; i++) {
      const packets = second.takeAll();
      order.push(...payloadsOf(packets));
      for (const packet of packets) {
        if (packet.type === 'publish') {
          second.send(acknowledgement(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId));
        } else if (packet.type === 'pubrel') second.send(acknowledgement('pubcomp', packet.packetId));
      }
      await world.settle();
    }
    expect(order).toEqual(['1', '3', '5', '7', '9', '11', '12', '13', '14', '15']);
  });

  test('[MQTT-4.6.0-2] [MQTT-4.6.0-3] v5 v3.1.1 sends PUBACK and PUBREC in the order of PUBLISH, in whatever order the application is done', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    const done: (() => void)[] = [];
    client.subscribe('#', { qos: 2, acknowledge: 'manual' }, (message) => {
      done.push(() => message.acknowledge());
    });
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
    for (let i = 1; i <= 8; i++) server.send(publish('t', { qos: i % 2 === 0 ? 2 : 1, packetId: 100 - i }));
    await world.settle();
    for (const i of [7, 3, 5, 1, 0, 6, 4, 2]) {
      done[i]!();
      await world.settle();
    }
    const packets = sent(server);
    expect(packets.filter((packet) => packet.startsWith('puback'))).toEqual([
      'puback 99',
      'puback 97',
      'puback 95',
      'puback 93',
    ]);
    expect(packets.filter((packet) => packet.startsWith('pubrec'))).toEqual([
      'pubrec 98',
      'pubrec 96',
      'pubrec 94',
      'pubrec 92',
    ]);
  });

  test('[MQTT-4.6.0-4] v5 v3.1.1 sends PUBREL in the order of PUBREC', async () => {
    const client = connect(world, { protocolVersion });
    const server = await world.accept();
    for (let i = 0; i < 5; i++) client.publish('t', '', { qos: 2 });
    await world.settle();
    server.takeAll();
    for (const packetId of [3, 1, 5, 2, 4]) server.send(acknowledgement('pubrec', packetId));
    await world.settle();
    expect(sent(server)).toEqual(['pubrel 3', 'pubrel 1', 'pubrel 5', 'pubrel 2', 'pubrel 4']);
  });
});

describe('A client in version 5', () => {
  test('[MQTT-4.4.0-2] v5 does not send again what PUBACK or PUBREC refused', async () => {
    const client = connect(world);
    const first = await world.accept();
    const publications = [1, 2].map((qos) => client.publish('t', '', { qos: qos as 1 | 2 }));
    const refusals = Promise.allSettled(publications);
    await world.settle();
    expect(sent(first)).toEqual(['publish 1', 'publish 2']);
    first.send(acknowledgement('puback', 1, ReasonCode.QuotaExceeded));
    first.send(acknowledgement('pubrec', 2, ReasonCode.NotAuthorized));
    expect(await refusals).toMatchObject([
      { reason: { code: 'REFUSED', reasonCode: 0x97 } },
      { reason: { code: 'REFUSED', reasonCode: 0x87 } },
    ]);
    expect(sent(first)).toEqual([]);
    expect(sent(await reconnect(world, first))).toEqual([]);
  });

  test('[MQTT-4.3.3-9] v5 takes an identifier for a new message after it has refused the one before with PUBREC', async () => {
    const client = connect(world);
    const server = await world.accept();
    const received: string[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (message) => {
      received.push(message.text());
      message.reject(ReasonCode.QuotaExceeded);
    });
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
    for (const text of ['a', 'b']) server.send(publish('t', { qos: 2, packetId: 4, payload: payload(text) }));
    await world.settle();
    expect(received).toEqual(['a', 'b']);
    expect(server.takeAll()).toMatchObject([
      { type: 'pubrec', packetId: 4, reasonCode: 0x97 },
      { type: 'pubrec', packetId: 4, reasonCode: 0x97 },
    ]);
  });

  test('[MQTT-4.3.3-13] v5 finishes the exchange of a QoS 2 message that expires while the application works on it', async () => {
    const client = connect(world);
    const server = await world.accept();
    let done: (() => void) | undefined;
    client.subscribe('#', { acknowledge: 'manual' }, (message) => {
      done = () => message.acknowledge();
    });
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
    server.send(publish('t', { qos: 2, packetId: 4, properties: { messageExpiryInterval: 1 } }));
    await world.advance(5000);
    done!();
    await world.settle();
    expect(sent(server)).toEqual(['pubrec 4']);
    server.send(acknowledgement('pubrel', 4));
    await world.settle();
    expect(sent(server)).toEqual(['pubcomp 4']);
  });
});
