import { ProtocolVersion } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { CorrectPublisher, CorrectSubscriber } from '../world/correct-client.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

/** Which client (of three), and how much. */
const n = fc.nat(11);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish'), n }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constantFrom('transmit', 'handle', 'work'), n }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop'), n }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('commit'), n }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash'), n }) },
);

const version = fc.constantFrom(V311, V5);
const scenario = fc.record({
  versions: fc.tuple(version, version, version),
  receiveMaximum: fc.constantFrom(1, 2, 5, 1000),
  commits: fc.constantFrom('at-once' as const, 'manual' as const),
  crashes: fc.boolean(),
  steps: fc.array(step, { minLength: 30, maxLength: 250 }),
});

describe('publishers and a subscriber on a network that breaks', () => {
  it('agree: QoS 2 exactly once, QoS 1 at least once, in order per topic and level', () => {
    fc.assert(
      fc.property(scenario, ({ versions, receiveMaximum, commits, crashes, steps }) => {
        let store = new MemoryStore({ commits });
        let world = new World({ store });
        const keeping = (clientId: string, protocolVersion: ProtocolVersion, properties = {}) => ({
          clientId,
          protocolVersion,
          properties: protocolVersion === V5 ? { sessionExpiryInterval: 0xffff_ffff, ...properties } : {},
        });
        const publishers = [
          new CorrectPublisher(keeping('p', versions[0]), 4),
          new CorrectPublisher(keeping('q', versions[1]), 4),
        ];
        const subscriber = new CorrectSubscriber(keeping('s', versions[2], { receiveMaximum }));
        const clients = [...publishers, subscriber];
        const commit = (): void => {
          if (store.commitUnderWay) store.finishCommit();
          world.turn();
        };
        const settle = (): void => {
          for (let quiet = 0; quiet < 3; ) {
            quiet++;
            for (const client of clients) {
              client.open(world);
              commit();
              if (!client.isQuiet) quiet = 0;
              client.handle();
              client.transmit(100);
            }
            if (store.commitUnderWay) quiet = 0;
          }
        };
        settle();
        subscriber.subscribe('+', 2);
        settle();

        const published: { readonly topicName: string; readonly qos: 1 | 2; readonly payload: string }[] = [];
        for (const { do: action, n } of steps) {
          const client = clients[n % 3]!;
          client.open(world);
          switch (action) {
            case 'publish': {
              const message = {
                topicName: `t${n % 4}`,
                qos: n < 6 ? (1 as const) : (2 as const),
                payload: String(published.length),
              };
              const publisher = publishers[n % 2]!;
              if (publisher.publish(message.topicName, message.payload, message.qos)) published.push(message);
              break;
            }
            case 'transmit':
              client.transmit(1 + (n >> 2));
              break;
            case 'handle':
              client.handle();
              break;
            case 'work':
              for (let i = 0; i < n; i++) client.handle();
              client.transmit(100);
              break;
            case 'drop':
              client.drop();
              break;
            case 'commit':
              commit();
              break;
            case 'crash':
              if (!crashes) break;
              for (const each of clients) each.lose();
              store = store.reopen();
              world = new World({ store });
              break;
          }
        }
        settle();

        expect(publishers.every(({ isDone }) => isDone)).toBe(true);
        for (const session of world.core.sessions.all()) {
          expect(session.queue?.length ?? 0).toBe(0);
          expect(session.sender.inFlight.size).toBe(0);
          expect([...session.receiver.received]).toEqual([]);
        }
        expect(store.messageCount).toBe(0);
        for (const qos of [1, 2]) {
          for (const topicName of ['t0', 't1', 't2', 't3']) {
            const got = subscriber.messages
              .filter((message) => message.qos === qos && message.topicName === topicName)
              .map(({ payload }) => new TextDecoder().decode(payload));
            const sent = published
              .filter((message) => message.qos === qos && message.topicName === topicName)
              .map(({ payload }) => payload);
            expect(qos === 2 ? got : [...new Set(got)]).toEqual(sent);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
