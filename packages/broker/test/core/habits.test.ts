import { describe, expect, it } from 'vitest';
import { TestAuthorizer } from '../rights/test-authorizer.ts';
import { encodedPackets, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf, World } from '../world/world.ts';

const seen = (client: TestClient): string[] =>
  client.takeAndAcknowledge().map(({ topicName, qos }) => `${topicName} ${qos}`);

describe('the QoS of what is delivered, if it is upgraded', () => {
  const habits = { upgradeOutgoingQos: true } as const;

  it('is that of the subscription: for one message, for many of one read, retained, and in shared groups', () => {
    const world = new World({ habits });
    const publisher = world.connect();
    publisher.publish('retained', 'x', { retain: true });
    for (const qos of [0, 1, 2] as const) {
      const client = world.connect();
      client.subscribe([{ topicFilter: '#' }, { topicFilter: '$share/g/shared' }], qos);
      expect(seen(client)).toEqual([`retained ${qos}`]);
      publisher.sendBytes(
        encodedPackets(
          5,
          Array.from({ length: 5 }, () => publishPacket('run', 'x')),
        ),
      );
      publisher.publish('one', 'x', { qos: 1 });
      publisher.publish('shared', 'x');
      const got = seen(client).sort();
      expect(got).toEqual([
        `one ${qos}`,
        ...Array.from({ length: 5 }, () => `run ${qos}`),
        `shared ${qos}`,
        `shared ${qos}`,
      ]);
      client.disconnect();
    }
  });

  it('lets a QoS 0 message wait for a client that is away, and for a group whose members are', () => {
    const world = new World({ habits });
    const options = { clientId: 'c', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const before = world.connect(options);
    before.subscribe([{ topicFilter: 'a' }, { topicFilter: '$share/g/b' }], 1);
    before.drop();
    const publisher = world.connect();
    for (const topic of ['a', 'b']) publisher.publish(topic, 'x');
    expect(seen(world.connect(options)).sort()).toEqual(['a 1', 'b 1']);
  });

  it('is the lower one again when the habit is given up', () => {
    const world = new World({ habits });
    const client = world.connect();
    client.subscribe('a', 1);
    world.reconfigure({});
    world.connect().publish('a', 'x');
    expect(seen(client)).toEqual(['a 0']);
  });
});

describe('overlapping subscriptions that make a copy each', () => {
  const habits = { deliverOverlapping: true } as const;
  const overlapping = [
    { topicFilter: 'a/#', qos: 0 },
    { topicFilter: 'a/+', qos: 1 },
    { topicFilter: 'a/b', qos: 2, noLocal: true },
  ] as const;

  it('bring as many, each at its QoS and with its identifier', () => {
    const world = new World({ habits });
    const client = world.connect();
    for (const [at, subscription] of overlapping.entries()) client.subscribe([subscription], 0, at + 1);
    const publisher = world.connect();
    for (const qos of [0, 1, 2] as const) {
      publisher.publish('a/b', 'x', { qos });
      const copies = client.takeAndAcknowledge().map((packet) => ({
        qos: packet.qos,
        identifiers: packet.properties.subscriptionIdentifiers,
      }));
      expect(copies).toHaveLength(3);
      expect(copies).toEqual(
        expect.arrayContaining([0, 1, 2].map((at) => ({ qos: Math.min(at, qos), identifiers: [at + 1] }))),
      );
    }
    client.publish('a/b', 'own');
    expect(client.takePublishes()).toHaveLength(2);
  });

  it('bring as many of each message of a run, in every version, and one where nothing overlaps', () => {
    const world = new World({ habits });
    for (const protocolVersion of [3, 4, 5] as const) {
      const client = world.connect({ protocolVersion });
      client.subscribe(overlapping.map(({ topicFilter, qos }) => ({ topicFilter, qos })));
      client.subscribe('single');
      const publisher = world.connect();
      publisher.sendBytes(
        encodedPackets(
          5,
          ['a/b', 'single', 'a/b'].map((topic) => publishPacket(topic, 'x')),
        ),
      );
      expect(seen(client).filter((each) => each === 'single 0')).toHaveLength(1);
      publisher.publish('a/b', 'x');
      expect(client.takePublishes()).toHaveLength(3);
      client.disconnect();
    }
  });

  it('may be asked for, and given up, while topics are in use', () => {
    const world = new World();
    const client = world.connect();
    client.subscribe(overlapping);
    const publisher = world.connect();
    const copies = (): number => {
      publisher.publish('a/b', 'x');
      return client.takePublishes().length;
    };
    expect(copies()).toBe(1);
    world.reconfigure({ habits });
    expect(copies()).toBe(3);
    world.reconfigure({});
    expect(copies()).toBe(1);
  });
});

describe('a retained message whose publisher is asked about again', () => {
  const habits = { checkRetainSource: true } as const;

  it('is shown only while that one may still publish it', () => {
    const authorizer = new TestAuthorizer();
    let denied = '';
    authorizer.rule = ({ action, client, topic, retain }) =>
      action === 'publish' && denied === `${client.clientId} ${topic} ${retain}`
        ? { allowed: false }
        : undefined;
    const world = new World({ authorizer, habits });
    const publisher = world.connect({ clientId: 'p' });
    for (const topic of ['a', 'b']) publisher.publish(topic, 'x', { retain: true });
    publisher.disconnect();
    world.core.publish({ topicName: 'c', payload: bytesOf('x'), qos: 0, retain: true, properties: {} });
    const shown = (): string[] => {
      const client = world.connect();
      client.subscribe('#');
      return client
        .takePublishes()
        .map(({ topicName }) => topicName)
        .sort();
    };
    expect(shown()).toEqual(['a', 'b', 'c']);
    denied = 'p a true';
    expect(shown()).toEqual(['b', 'c']);
    expect(world.dropped('not-authorized')).toBe(1);
    world.reconfigure({});
    expect(shown()).toEqual(['a', 'b', 'c']);
  });

  it('is shown if the answer does not come at once, and not if the authoriser throws', () => {
    const authorizer = new TestAuthorizer();
    const world = new World({ authorizer, habits });
    world.connect().publish('a', 'x', { retain: true });
    authorizer.rule = ({ action }) => (action === 'publish' ? 'late' : undefined);
    const first = world.connect();
    first.subscribe('#');
    expect(first.takePublishes()).toHaveLength(1);
    authorizer.rule = ({ action }) => {
      if (action === 'publish') throw new Error('broken');
      return undefined;
    };
    const second = world.connect();
    second.subscribe('#');
    expect(second.takePublishes()).toEqual([]);
    expect(world.log.map(({ code }) => code)).toEqual(['authorizer-failed']);
  });
});
