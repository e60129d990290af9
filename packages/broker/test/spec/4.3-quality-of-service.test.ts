import type { ConnectPacket } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf, World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;
const VERSIONS = [V311, V5] as const;

/** A client whose session outlives its connections. */
function keeping(clientId: string, protocolVersion: ProtocolVersion): Partial<ConnectPacket> {
  return {
    clientId,
    protocolVersion,
    cleanStart: false,
    properties: protocolVersion === V5 ? { sessionExpiryInterval: 1000 } : {},
  };
}

/** A world with a subscriber to `t` at QoS 2, and what it was given so far. */
function listening() {
  const world = new World();
  const listener = world.connect();
  listener.subscribe('t', 2);
  return {
    world,
    heard: (): string[] =>
      listener.takeAndAcknowledge().map(({ payload }) => new TextDecoder().decode(payload)),
  };
}

describe('QoS 0', () => {
  it('[MQTT-4.3.1-1] v5 v3.1.1 is sent once, with QoS 0 and DUP 0, and without packet identifier', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World();
      const subscriber = world.connect({ protocolVersion });
      subscriber.subscribe('t', 0);
      const publisher = world.connect();
      for (const qos of [0, 1, 2] as const) {
        publisher.publish('t', 'x', { qos, dup: qos > 0 });
        const properties = protocolVersion === V5 ? [0] : [];
        const body = [0, 1, 0x74, ...properties, 0x78];
        expect([...subscriber.writes.at(-1)!]).toEqual([0x30, body.length, ...body]);
      }
    }
  });
});

describe('QoS 1, as sender,', () => {
  it('[MQTT-4.3.2-1] [MQTT-4.3.2-2] v5 [MQTT-4.3.2-1] v3.1.1 gives each message an unused packet identifier, QoS 1 and DUP 0', () => {
    for (const connect of [{}, ...VERSIONS.map((version) => keeping('s', version))]) {
      const world = new World();
      const subscriber = world.connect(connect);
      subscriber.subscribe('t', 1);
      const publisher = world.connect();
      for (let i = 0; i < 100; i++) publisher.publish('t', String(i), { qos: 1 });
      const taken = subscriber.takePublishes();
      expect(new Set(taken.map(({ packetId }) => packetId)).size).toBe(100);
      for (const packet of taken) expect(packet).toMatchObject({ qos: 1, dup: false });
    }
  });

  it('[MQTT-4.3.2-3] v5 [MQTT-4.3.2-1] v3.1.1 holds a message until its PUBACK, and not longer', () => {
    for (const version of VERSIONS) {
      const world = new World();
      const before = world.connect(keeping('s', version));
      before.subscribe('t', 1);
      const publisher = world.connect();
      for (const payload of ['a', 'b', 'c']) publisher.publish('t', payload, { qos: 1 });
      const ids = before.takePublishes().map(({ packetId }) => packetId);
      before.send(acknowledgement('puback', ids[1]!));
      // Acknowledgements of another kind end nothing.
      before.send(acknowledgement('pubcomp', ids[0]!));
      before.drop();
      const after = world.connect(keeping('s', version));
      expect(after.takeTexts()).toEqual(['a', 'c']);
    }
  });
});

describe('QoS 1, as receiver,', () => {
  it('[MQTT-4.3.2-4] v5 [MQTT-4.3.2-2] v3.1.1 is answered by PUBACK with its identifier once the message is taken', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, heard } = listening();
      const publisher = world.connect({ protocolVersion });
      for (const retain of [false, true]) {
        publisher.publish('t', 'x', { qos: 1, packetId: 77, retain });
        expect(publisher.take()).toEqual([acknowledgement('puback', 77)]);
        expect(heard()).toEqual(['x']);
      }
    }
  });

  it('[MQTT-4.3.2-4] v5 [MQTT-4.3.2-2] v3.1.1 is not answered before what it is taken into is kept', () => {
    for (const protocolVersion of VERSIONS) {
      const store = new MemoryStore({ commits: 'manual' });
      const world = new World({ store });
      const subscriber = world.connecting({ clientId: 's', properties: { sessionExpiryInterval: 100 } });
      finishCommits(world, store);
      subscriber.send({
        type: 'subscribe',
        packetId: 1,
        subscriptions: [
          { topicFilter: 't', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        ],
        properties: {},
      });
      finishCommits(world, store);
      const publisher = world.connect({ protocolVersion });
      publisher.publish('t', 'x', { qos: 1, packetId: 5 });
      expect(publisher.take()).toEqual([]);
      finishCommits(world, store);
      expect(publisher.take()).toEqual([acknowledgement('puback', 5)]);
    }
  });

  it('[MQTT-4.3.2-5] v5 [MQTT-4.3.2-2] v3.1.1 is a new message when its identifier comes again, whatever DUP says', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, heard } = listening();
      const publisher = world.connect({ protocolVersion });
      for (const [payload, dup] of [
        ['a', false],
        ['b', true],
        ['c', false],
      ] as const) {
        publisher.publish('t', payload, { qos: 1, packetId: 3, dup });
        expect(publisher.take()).toEqual([acknowledgement('puback', 3)]);
      }
      expect(heard()).toEqual(['a', 'b', 'c']);
    }
  });
});

describe('QoS 2, as sender,', () => {
  it('[MQTT-4.3.3-1] [MQTT-4.3.3-2] v5 [MQTT-4.3.3-1] v3.1.1 gives each message an unused packet identifier, QoS 2 and DUP 0', () => {
    for (const connect of [{}, ...VERSIONS.map((version) => keeping('s', version))]) {
      const world = new World();
      const subscriber = world.connect(connect);
      subscriber.subscribe('t', 2);
      const publisher = world.connect();
      for (let i = 0; i < 60; i++) publisher.publish('t', String(i), { qos: i % 2 === 0 ? 2 : 1 });
      const taken = subscriber.takePublishes();
      expect(new Set(taken.map(({ packetId }) => packetId)).size).toBe(60);
      taken.forEach((packet, i) => {
        expect(packet).toMatchObject({ qos: i % 2 === 0 ? 2 : 1, dup: false });
      });
    }
  });

  it('[MQTT-4.3.3-3] v5 [MQTT-4.3.3-1] v3.1.1 holds a message until its PUBREC', () => {
    for (const version of VERSIONS) {
      const world = new World();
      const before = world.connect(keeping('s', version));
      before.subscribe('t', 2);
      world.connect().publish('t', 'x', { qos: 2 });
      const [sent] = before.takePublishes();
      before.send(acknowledgement('puback', sent!.packetId), acknowledgement('pubcomp', sent!.packetId));
      before.drop();
      const after = world.connect(keeping('s', version));
      expect(after.takePublishes()).toEqual([{ ...sent!, dup: true }]);
      after.send(acknowledgement('pubrec', sent!.packetId));
      after.drop();
      expect(world.connect(keeping('s', version)).takePublishes()).toEqual([]);
    }
  });

  it('[MQTT-4.3.3-4] v5 [MQTT-4.3.3-1] v3.1.1 answers PUBREC with PUBREL and its identifier', () => {
    for (const connect of [{}, ...VERSIONS.map((version) => keeping('s', version))]) {
      const world = new World();
      const subscriber = world.connect(connect);
      subscriber.subscribe('t', 2);
      world.connect().publish('t', 'x', { qos: 2 });
      const { packetId } = subscriber.takePublishes()[0]!;
      subscriber.send(acknowledgement('pubrec', packetId));
      expect(subscriber.take()).toEqual([acknowledgement('pubrel', packetId)]);
      expect([...subscriber.writes.at(-1)!]).toEqual([0x62, 2, packetId >> 8, packetId & 0xff]);
      // It seems to have been lost.
      subscriber.send(acknowledgement('pubrec', packetId));
      expect(subscriber.take()).toEqual([acknowledgement('pubrel', packetId)]);
    }
  });

  it('[MQTT-4.3.3-4] v5 answers a PUBREC with a reason below 0x80 with PUBREL', () => {
    const world = new World();
    const subscriber = world.connect();
    subscriber.subscribe('t', 2);
    world.connect().publish('t', 'x', { qos: 2 });
    const { packetId } = subscriber.takePublishes()[0]!;
    subscriber.send(acknowledgement('pubrec', packetId, ReasonCode.NoMatchingSubscribers));
    expect(subscriber.take()).toEqual([acknowledgement('pubrel', packetId)]);
  });

  it('[MQTT-4.3.3-5] [MQTT-4.3.3-6] v5 [MQTT-4.3.3-1] v3.1.1 holds PUBREL until PUBCOMP, and never sends the PUBLISH again', () => {
    for (const version of VERSIONS) {
      const world = new World();
      let subscriber = world.connect(keeping('s', version));
      subscriber.subscribe('t', 2);
      world.connect().publish('t', 'x', { qos: 2 });
      const { packetId } = subscriber.takePublishes()[0]!;
      subscriber.send(acknowledgement('pubrec', packetId));
      for (let round = 0; round < 3; round++) {
        expect(subscriber.take()).toEqual([acknowledgement('pubrel', packetId)]);
        subscriber.drop();
        subscriber = world.connect(keeping('s', version));
      }
      expect(subscriber.take()).toEqual([acknowledgement('pubrel', packetId)]);
      subscriber.send(acknowledgement('pubcomp', packetId));
      subscriber.drop();
      expect(world.connect(keeping('s', version)).take()).toEqual([]);
    }
  });
});

describe('QoS 2, as receiver,', () => {
  const publish = (publisher: TestClient, payload: string, dup = false): void => {
    publisher.publish('t', payload, { qos: 2, packetId: 9, dup });
  };

  it('[MQTT-4.3.3-8] v5 [MQTT-4.3.3-2] v3.1.1 is answered by PUBREC with its identifier once the message is taken', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, heard } = listening();
      const publisher = world.connect({ protocolVersion });
      publish(publisher, 'x');
      expect(publisher.take()).toEqual([acknowledgement('pubrec', 9)]);
      expect(heard()).toEqual(['x']);
    }
  });

  it('[MQTT-4.3.3-10] v5 [MQTT-4.3.3-2] v3.1.1 is answered by PUBREC again until PUBREL comes, but handed on once', () => {
    for (const version of VERSIONS) {
      const { world, heard } = listening();
      let publisher = world.connect(keeping('p', version));
      publish(publisher, 'x');
      expect(publisher.take()).toEqual([acknowledgement('pubrec', 9)]);
      publish(publisher, 'x', true);
      expect(publisher.take()).toEqual([acknowledgement('pubrec', 9)]);
      publisher.drop();
      publisher = world.connect(keeping('p', version));
      publish(publisher, 'x', true);
      expect(publisher.take()).toEqual([acknowledgement('pubrec', 9)]);
      expect(heard()).toEqual(['x']);
    }
  });

  it('[MQTT-4.3.3-11] v5 [MQTT-4.3.3-2] v3.1.1 answers PUBREL with PUBCOMP and its identifier, also when it comes again', () => {
    for (const version of VERSIONS) {
      const { world } = listening();
      let publisher = world.connect(keeping('p', version));
      publish(publisher, 'x');
      publisher.take();
      publisher.drop();
      publisher = world.connect(keeping('p', version));
      publisher.send(acknowledgement('pubrel', 9));
      expect(publisher.take()).toEqual([acknowledgement('pubcomp', 9)]);
      publisher.send(acknowledgement('pubrel', 9));
      expect(publisher.take()).toMatchObject([
        {
          type: 'pubcomp',
          packetId: 9,
          reasonCode: version === V5 ? ReasonCode.PacketIdentifierNotFound : ReasonCode.Success,
        },
      ]);
    }
  });

  it('[MQTT-4.3.3-12] v5 [MQTT-4.3.3-2] v3.1.1 takes an identifier as that of a new message after PUBCOMP, whatever DUP says', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, heard } = listening();
      const publisher = world.connect({ protocolVersion });
      for (const [payload, dup] of [
        ['a', false],
        ['b', true],
        ['c', false],
      ] as const) {
        publish(publisher, payload, dup);
        publisher.send(acknowledgement('pubrel', 9));
        expect(publisher.take()).toEqual([acknowledgement('pubrec', 9), acknowledgement('pubcomp', 9)]);
      }
      expect(heard()).toEqual(['a', 'b', 'c']);
    }
  });

  it('[MQTT-4.3.3-9] v5 takes an identifier as that of a new message after a PUBREC that refused', () => {
    let allowed = false;
    const world = new World({
      authorizer: { authorize: ({ action }) => ({ allowed: allowed || action !== 'publish' }) },
    });
    const listener = world.connect();
    listener.subscribe('t', 2);
    const publisher = world.connect();
    publish(publisher, 'a');
    expect(publisher.takeOne('pubrec').reasonCode).toBe(ReasonCode.NotAuthorized);
    allowed = true;
    world.core.forgetRights();
    publish(publisher, 'b');
    expect(publisher.takeOne('pubrec').reasonCode).toBe(ReasonCode.Success);
    expect(listener.takeTexts()).toEqual(['b']);
  });

  it('[MQTT-4.3.3-10] v5 is not refused when it comes again after the right to it was withdrawn', () => {
    let allowed = true;
    const world = new World({
      authorizer: { authorize: ({ action }) => ({ allowed: allowed || action !== 'publish' }) },
    });
    const listener = world.connect();
    listener.subscribe('t', 2);
    const publisher = world.connect();
    publish(publisher, 'a');
    expect(publisher.takeOne('pubrec').reasonCode).toBe(ReasonCode.Success);
    allowed = false;
    world.core.forgetRights();
    publish(publisher, 'a', true);
    expect(publisher.take()).toEqual([acknowledgement('pubrec', 9)]);
    publisher.send(acknowledgement('pubrel', 9));
    expect(publisher.take()).toEqual([acknowledgement('pubcomp', 9)]);
    expect(listener.takeTexts()).toEqual(['a']);
  });

  it('[MQTT-4.3.3-13] v5 goes on with the exchange after the message has expired', () => {
    const world = new World();
    const away = world.connect(keeping('s', V5));
    away.subscribe('t', 2);
    away.drop();
    const publisher = world.connect();
    publisher.publish('t', 'x', { qos: 2, packetId: 9, properties: { messageExpiryInterval: 1 } });
    expect(publisher.take()).toEqual([acknowledgement('pubrec', 9)]);
    world.advance(5000);
    publisher.publish('t', 'x', {
      qos: 2,
      packetId: 9,
      dup: true,
      properties: { messageExpiryInterval: 1 },
    });
    publisher.send(acknowledgement('pubrel', 9));
    expect(publisher.take()).toEqual([acknowledgement('pubrec', 9), acknowledgement('pubcomp', 9)]);
    expect(world.connect(keeping('s', V5)).take()).toEqual([]);
  });

  it('is answered again at once when everything that it waited for is kept', () => {
    const store = new MemoryStore({ commits: 'manual' });
    const world = new World({ store });
    const publisher = world.connecting({ clientId: 'p', properties: { sessionExpiryInterval: 100 } });
    finishCommits(world, store);
    publisher.take();
    publish(publisher, 'x');
    expect(publisher.take()).toEqual([]);
    publish(publisher, 'x', true);
    expect(publisher.take()).toEqual([]);
    finishCommits(world, store);
    expect(publisher.take().map(({ type }) => type)).toEqual(['pubrec', 'pubrec']);
    publish(publisher, 'x', true);
    expect(publisher.take()).toEqual([acknowledgement('pubrec', 9)]);
  });
});

describe('an exchange that the broker does not know', () => {
  it('is ended in MQTT 5.0 with 0x92 and a reason, and in 3.1.1 plainly', () => {
    for (const protocolVersion of VERSIONS) {
      const reasonCode = protocolVersion === V5 ? ReasonCode.PacketIdentifierNotFound : ReasonCode.Success;
      const client = new World().connect({ protocolVersion });
      client.send(
        acknowledgement('puback', 5),
        acknowledgement('pubcomp', 5),
        acknowledgement('pubrec', 5),
        acknowledgement('pubrel', 6),
      );
      expect(client.take()).toMatchObject([
        { type: 'pubrel', packetId: 5, reasonCode },
        { type: 'pubcomp', packetId: 6, reasonCode },
      ]);
      expect(client.closed).toBe(false);
    }
  });

  it('is not answered when the client has refused it', () => {
    const client = new World().connect();
    client.send(acknowledgement('pubrec', 5, ReasonCode.UnspecifiedError));
    expect(client.take()).toEqual([]);
    expect(client.closed).toBe(false);
  });
});

describe('packets of all levels in one read', () => {
  it('keep their order per level, and are each answered in order', () => {
    for (const from of VERSIONS) {
      for (const to of VERSIONS) {
        const world = new World();
        const subscriber = world.connect({ protocolVersion: to });
        subscriber.subscribe('+', 2);
        const publisher = world.connect({ protocolVersion: from });
        const packets = Array.from({ length: 90 }, (_, i) => {
          const qos = [0, 0, 1, 0, 2, 1, 0][i % 7]! as 0 | 1 | 2;
          return publishPacket(`t${i % 2}`, String(i), { qos, packetId: qos === 0 ? 0 : i + 1 });
        });
        publisher.send(...packets);
        const acknowledged = publisher
          .take()
          .map((packet) => [packet.type, 'packetId' in packet && packet.packetId]);
        expect(acknowledged).toEqual(
          packets
            .filter(({ qos }) => qos > 0)
            .map(({ qos, packetId }) => [qos === 1 ? 'puback' : 'pubrec', packetId]),
        );
        const got = subscriber.takePublishes();
        for (const level of [0, 1, 2]) {
          const payloadsOf = (list: typeof got): Uint8Array[] =>
            list.filter(({ qos }) => qos === level).map(({ payload }) => payload);
          expect(payloadsOf(got)).toEqual(payloadsOf(packets));
        }
        expect(got).toHaveLength(90);
      }
    }
  });

  it('are bytes of their own for each receiver', () => {
    const world = new World();
    const clients = [V311, V5, V311, V5].map((protocolVersion) => world.connect({ protocolVersion }));
    clients.forEach((client, i) => {
      client.subscribe('t', i < 2 ? 1 : 2);
    });
    for (let i = 0; i < 5; i++) clients[i % 2]!.publish('u', 'x', { qos: 1 });
    world.connect().publish('t', 'x', { qos: 2 });
    for (const [i, client] of clients.entries()) {
      expect(client.takePublishes()).toMatchObject([
        { packetId: 1, qos: i < 2 ? 1 : 2, payload: bytesOf('x') },
      ]);
    }
  });
});

function finishCommits(world: World, store: MemoryStore): void {
  while (store.commitUnderWay) {
    store.finishCommit();
    world.turn();
  }
}
