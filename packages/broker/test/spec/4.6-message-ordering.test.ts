import type { ConnectPacket, Packet, PublishPacket } from '@martlet/protocol';
import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

function keeping(protocolVersion: ProtocolVersion): Partial<ConnectPacket> {
  return {
    clientId: 's',
    protocolVersion,
    cleanStart: false,
    properties: protocolVersion === V5 ? { sessionExpiryInterval: 1000 } : {},
  };
}

const named = (packet: Packet): string => `${packet.type} ${'packetId' in packet ? packet.packetId : ''}`;

describe('the broker, as client of its subscribers', () => {
  it('[MQTT-4.6.0-1] v5 [MQTT-4.6.0-6] v3.1.1 sends PUBLISH again in the order in which it was first sent, also after many rounds', () => {
    for (const version of [V311, V5]) {
      const world = new World();
      let subscriber = world.connect(keeping(version));
      subscriber.subscribe('t', 2);
      const publisher = world.connect();
      const publish = (payload: string, qos: 1 | 2): void => {
        publisher.publish('t', payload, { qos });
      };
      for (let i = 0; i < 40; i++) publish(String(i), i % 3 === 0 ? 2 : 1);
      // Some go, others come, so that identifiers and the order of sending part.
      const packets = subscriber.takePublishes();
      for (const { packetId, qos } of packets.filter((_, i) => i % 2 === 0)) {
        subscriber.send(acknowledgement(qos === 1 ? 'puback' : 'pubrec', packetId));
        if (qos === 2) subscriber.send(acknowledgement('pubcomp', packetId));
      }
      const left = packets
        .filter((_, i) => i % 2 === 1)
        .map(({ payload }) => new TextDecoder().decode(payload));
      for (let round = 0; round < 3; round++) {
        subscriber.take();
        subscriber.drop();
        publish(`away ${round}`, 1);
        left.push(`away ${round}`);
        subscriber = world.connect(keeping(version));
        expect(subscriber.takeTexts()).toEqual(left);
      }
    }
  });

  it('[MQTT-4.6.0-6] v3.1.1 sends PUBREL in the order of PUBREC', () => {
    for (const connect of [keeping(V311), keeping(V5), {}]) {
      const world = new World();
      const subscriber = world.connect(connect);
      subscriber.subscribe('t', 2);
      const publisher = world.connect();
      for (let i = 0; i < 5; i++) publisher.publish('t', String(i), { qos: 2 });
      subscriber.take();
      const order = [3, 1, 5, 2, 4];
      subscriber.send(...order.map((packetId) => acknowledgement('pubrec', packetId)));
      expect(subscriber.take()).toEqual(order.map((packetId) => acknowledgement('pubrel', packetId)));
    }
  });
});

describe('the answers of the broker', () => {
  for (const version of [V311, V5]) {
    it(`[MQTT-4.6.0-6] v3.1.1 leave in the order of what they answer (version ${version})`, () => {
      const world = new World({
        authorizer: { authorize: ({ topic }) => ({ allowed: topic !== 'no' }) },
      });
      world.connect().subscribe('t', 1);
      const publisher = world.connect({ protocolVersion: version });
      const topics = ['t', 'no', 'nobody', 't', 'no', 't', 'nobody', 't'];
      for (const qos of [1, 2] as const) {
        publisher.send(...topics.map((topic, i) => publishPacket(topic, 'x', { qos, packetId: 10 - i })));
        expect(publisher.take().map(named)).toEqual(
          topics.map((_, i) => `${qos === 1 ? 'puback' : 'pubrec'} ${10 - i}`),
        );
      }
    });

    it(`[MQTT-4.6.0-6] v3.1.1 leave in that order also when some wait for a commit and others do not (version ${version})`, () => {
      const store = new MemoryStore({ commits: 'manual' });
      const world = new World({ store });
      const finishCommits = (): void => {
        while (store.commitUnderWay) {
          store.finishCommit();
          world.turn();
        }
      };
      const kept = world.connecting({ clientId: 'k', properties: { sessionExpiryInterval: 100 } });
      finishCommits();
      kept.send({
        type: 'subscribe',
        packetId: 1,
        subscriptions: [
          { topicFilter: 'kept', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        ],
        properties: {},
      });
      finishCommits();
      world.connect().subscribe('passing', 1);
      for (const qos of [1, 2] as const) {
        const publisher = world.connect({ protocolVersion: version });
        const answer = qos === 1 ? 'puback' : 'pubrec';
        publisher.send(
          publishPacket('kept', 'x', { qos, packetId: 1 }),
          publishPacket('passing', 'x', { qos, packetId: 2 }),
        );
        publisher.send(publishPacket('passing', 'x', { qos, packetId: 3 }));
        expect(publisher.take()).toEqual([]);
        publisher.send(publishPacket('kept', 'x', { qos, packetId: 4 }));
        publisher.send(publishPacket('nobody', 'x', { qos, packetId: 5 }));
        store.finishCommit();
        world.turn();
        const first = publisher.take().map(named);
        finishCommits();
        expect([...first, ...publisher.take().map(named)]).toEqual(
          [1, 2, 3, 4, 5].map((id) => `${answer} ${id}`),
        );
        expect(first).toEqual([1, 2, 3].map((id) => `${answer} ${id}`));
      }
    });
  }
});

describe('the messages of one publisher, topic and level', () => {
  it('[MQTT-4.6.0-5] [MQTT-4.6.0-6] v5 [MQTT-4.6.0-5] [MQTT-4.6.0-6] v3.1.1 reach every subscriber in their order, whatever holds them up', () => {
    for (const version of [V311, V5]) {
      const world = new World({ limits: { outboxBytes: 1500, inFlightMessages: 10 } });
      const connects = {
        fast: { protocolVersion: version },
        slow: { protocolVersion: version },
        few: { properties: { topicAliasMaximum: 2, receiveMaximum: 3 } },
        away: keeping(version),
      };
      const names = ['fast', 'slow', 'few', 'away'] as const;
      const clients = new Map(names.map((name) => [name, world.connect(connects[name])]));
      const received = new Map(names.map((name) => [name, [] as PublishPacket[]]));
      for (const client of clients.values()) client.subscribe('+', 2);
      const take = (name: (typeof names)[number]): void => {
        const client = clients.get(name)!;
        if (client.stalled) return;
        for (let taken = client.takeAndAcknowledge(); taken.length > 0; taken = client.takeAndAcknowledge()) {
          received.get(name)!.push(...taken);
        }
      };
      const publisher = world.connect({ protocolVersion: version });
      for (let i = 0; i < 300; i++) {
        const qos = [1, 2, 0][i % 3]! as 0 | 1 | 2;
        const packetId = publisher.publish(`t${i % 2}`, String(i).padStart(100, '0'), { qos });
        if (qos === 2) publisher.send(acknowledgement('pubrel', packetId));
        if (i % 40 === 0) clients.get('slow')!.stalled = true;
        if (i % 40 === 28) clients.get('slow')!.unstall();
        if (i % 40 === 10) {
          // What it has got, and not acknowledged, comes again.
          received.get('away')!.push(...clients.get('away')!.takePublishes());
          clients.get('away')!.drop();
        }
        if (i % 40 === 35) clients.set('away', world.connect(connects.away));
        take('fast');
        if (i % 5 === 0) for (const name of names) take(name);
      }
      clients.get('slow')!.unstall();
      clients.set('away', world.connect(connects.away));
      for (const name of names) take(name);
      for (const [name, packets] of received) {
        for (const level of [0, 1, 2]) {
          for (const parity of [0, 1]) {
            const numbers = packets
              .filter(({ qos }) => qos === level)
              .filter(({ dup }) => !dup)
              .map(({ payload }) => Number(new TextDecoder().decode(payload)))
              .filter((number) => number % 2 === parity);
            expect(numbers, `${name} at QoS ${level}`).toEqual([...numbers].sort((a, b) => a - b));
            if (level > 0 || name === 'fast') expect(numbers, `${name} at QoS ${level}`).toHaveLength(50);
          }
        }
      }
    }
  });
});
