import { ProtocolVersion } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { CorrectPublisher, CorrectSubscriber } from '../world/correct-client.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish'), n: fc.nat(11) }) },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constantFrom('transmit', 'handle'), n: fc.nat(7) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop'), n: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit'), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash'), n: fc.constant(0) }) },
);

const scenario = fc.record({
  versions: fc.tuple(fc.constantFrom(V311, V5), fc.constantFrom(V311, V5)),
  receiveMaximum: fc.constantFrom(1, 2, 5, 1000),
  commits: fc.constantFrom('at-once' as const, 'manual' as const),
  crashes: fc.boolean(),
  steps: fc.array(step, { minLength: 30, maxLength: 250 }),
});

describe('a publisher and a subscriber on a network that breaks', () => {
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
        const publisher = new CorrectPublisher(keeping('p', versions[0]), 4);
        const subscriber = new CorrectSubscriber(keeping('s', versions[1], { receiveMaximum }));
        const both = [publisher, subscriber] as const;
        const commit = (): void => {
          if (store.commitUnderWay) store.finishCommit();
          world.turn();
        };
        const settle = (): void => {
          for (let quiet = 0; quiet < 3; ) {
            quiet++;
            for (const client of both) {
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
          const client = both[n % 2]!;
          client.open(world);
          switch (action) {
            case 'publish': {
              const message = {
                topicName: `t${n % 3}`,
                qos: n < 6 ? (1 as const) : (2 as const),
                payload: String(published.length),
              };
              if (publisher.publish(message.topicName, message.payload, message.qos)) published.push(message);
              break;
            }
            case 'transmit':
              client.transmit(1 + (n >> 1));
              break;
            case 'handle':
              client.handle();
              break;
            case 'drop':
              client.drop();
              break;
            case 'commit':
              commit();
              break;
            case 'crash':
              if (!crashes) break;
              for (const each of both) each.lose();
              store = store.reopen();
              world = new World({ store });
              break;
          }
        }
        settle();

        expect(publisher.isDone).toBe(true);
        for (const session of world.core.sessions.all()) {
          expect(session.queue?.length ?? 0).toBe(0);
          expect(session.sender.inFlight.size).toBe(0);
          expect([...session.receiver.received]).toEqual([]);
        }
        expect(store.messageCount).toBe(0);
        for (const qos of [1, 2]) {
          for (const topicName of ['t0', 't1', 't2']) {
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
      { numRuns: 400 },
    );
  });
});
