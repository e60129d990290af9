import type { ConnectPacket } from '@martlet/protocol';
import { encodePacket, ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { checkListenerPolicy } from '../../src/core/options/listener-policy.ts';
import type { ListenerPolicy } from '../../src/core/ports/transport.ts';
import { connectPacket, publishPacket } from '../world/packets.ts';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const will = { topicName: 'w', payload: bytesOf('x'), qos: 1, retain: false, properties: {} } as const;

function worldWith(policy: ListenerPolicy): World {
  const world = new World();
  world.listenerPolicy = policy;
  return world;
}

/** What became of a CONNECT: the code of CONNACK, or `closed` without one. */
function answerTo(world: World, connect: Partial<ConnectPacket>): number | string {
  const client = world.connecting(connect);
  const [first] = client.take();
  if (first?.type !== 'connack') return client.closed ? 'closed' : 'open';
  expect(client.closed).toBe(first.reasonCode !== 0);
  return first.reasonCode;
}

describe('the highest QoS of a listener', () => {
  it('[MQTT-3.2.2-9] v5 is told in CONNACK, if it is not 2', () => {
    for (const maximumQos of [0, 1] as const)
      expect(worldWith({ maximumQos }).connect().connack?.properties.maximumQos).toBe(maximumQos);
    expect(worldWith({ maximumQos: 2 }).connect().connack?.properties.maximumQos).toBeUndefined();
  });

  it('ends the connection of who publishes above it, and is no obstacle at it', () => {
    for (const protocolVersion of [V31, V311, V5]) {
      for (const maximumQos of [0, 1] as const) {
        const world = worldWith({ maximumQos });
        const client = world.connect({ protocolVersion });
        client.publish('a', 'x', { qos: maximumQos });
        expect([client.closed, client.take().length]).toEqual([false, maximumQos]);
        client.publish('a', 'x', { qos: (maximumQos + 1) as 1 | 2 });
        expect(client.closed).toBe(true);
        expect(client.take()).toMatchObject(
          protocolVersion === V5 ? [{ type: 'disconnect', reasonCode: 0x9b }] : [],
        );
      }
    }
  });

  it('[MQTT-3.2.2-12] v5 refuses a will above it', () => {
    const world = worldWith({ maximumQos: 0 });
    expect(answerTo(world, { protocolVersion: V5, will })).toBe(0x9b);
    expect(answerTo(world, { protocolVersion: V311, will })).toBe('closed');
    expect(answerTo(world, { protocolVersion: V5, will: { ...will, qos: 0 } })).toBe(0);
  });

  it('[MQTT-3.2.2-10] v5 is what subscriptions are granted at most, and no reason to refuse one', () => {
    const world = worldWith({ maximumQos: 1 });
    const client = world.connect();
    const filters = [
      { topicFilter: 'a', qos: 0 },
      { topicFilter: 'b', qos: 1 },
      { topicFilter: 'c', qos: 2 },
    ] as const;
    expect(client.subscribe(filters)).toEqual([0, 1, 1]);
    world.listenerPolicy = undefined;
    world.connect().publish('c', 'x', { qos: 2 });
    expect(client.takeAndAcknowledge()[0]?.qos).toBe(1);
    expect(world.eventsOf('subscribed').map(({ qos }) => qos)).toEqual([0, 1, 1]);
  });
});

describe('a listener without retained messages', () => {
  it('says so in CONNACK, and ends the connection of who publishes one', () => {
    const world = worldWith({ retainAvailable: false });
    for (const protocolVersion of [V311, V5]) {
      const client = world.connect({ protocolVersion });
      if (protocolVersion === V5) expect(client.connack?.properties.retainAvailable).toBe(false);
      client.publish('a', 'x');
      expect(client.closed).toBe(false);
      client.publish('a', 'x', { retain: true });
      expect(client.closed).toBe(true);
      expect(client.take()).toMatchObject(
        protocolVersion === V5 ? [{ type: 'disconnect', reasonCode: 0x9a }] : [],
      );
    }
    expect(world.core.gauges.retainedMessages).toBe(0);
  });

  it('[MQTT-3.2.2-13] v5 refuses a will that asks to be retained', () => {
    const world = worldWith({ retainAvailable: false });
    expect(answerTo(world, { protocolVersion: V5, will: { ...will, retain: true } })).toBe(0x9a);
    expect(answerTo(world, { protocolVersion: V311, will: { ...will, retain: true } })).toBe('closed');
    expect(answerTo(world, { protocolVersion: V5, will })).toBe(0);
  });
});

describe('the protocol versions of a listener', () => {
  it('are accepted, and the others refused as versions that are not supported', () => {
    for (const allowed of [V31, V311, V5] as const) {
      const world = worldWith({ protocolVersions: [allowed] });
      for (const protocolVersion of [V31, V311, V5]) {
        expect(answerTo(world, { protocolVersion })).toBe(protocolVersion === allowed ? 0 : 0x84);
      }
    }
  });
});

describe('topic aliases of a listener', () => {
  it('are as many as it says, in both directions, whatever the limits are', () => {
    const world = worldWith({ topicAliasMaximum: 2, outboundTopicAliases: 1 });
    const client = world.connect({ properties: { topicAliasMaximum: 10 } });
    expect(client.connack?.properties.topicAliasMaximum).toBe(2);
    client.subscribe('#');
    for (const topic of ['a', 'a', 'b', 'b', 'b']) client.publish(topic, 'x');
    const aliases = client.takePublishes().map(({ properties }) => properties.topicAlias);
    expect(Math.max(...aliases.map((alias) => alias ?? 0))).toBe(1);
    client.publish('a', 'x', { properties: { topicAlias: 2 } });
    expect(client.closed).toBe(false);
    client.publish('a', 'x', { properties: { topicAlias: 3 } });
    expect(client.takeOne('disconnect').reasonCode).toBe(0x94);
  });

  it('stay as CONNACK told them when limits change', () => {
    const world = new World({ limits: { topicAliasMaximum: 5 } });
    const client = world.connect();
    world.reconfigure({ limits: { topicAliasMaximum: 0 } });
    client.publish('a', 'x', { properties: { topicAlias: 5 } });
    expect(client.closed).toBe(false);
  });
});

describe('the user name as client identifier', () => {
  it('is what the client is known by, as it was authenticated', () => {
    const authenticator = new TestAuthenticator(({ username }) => ({
      kind: 'accept',
      ...(username === 'u' ? {} : { username: `${username}@site` }),
    }));
    const world = new World({ authenticator });
    world.listenerPolicy = { useUsernameAsClientId: true };
    world.connect({ clientId: 'mine', username: 'u' });
    expect(world.core.sessions.get('u')?.output).not.toBeNull();
    world.connect({ clientId: 'mine', username: 'v' });
    expect(world.core.sessions.get('v@site')?.output).not.toBeNull();
    expect(world.core.sessions.get('mine')).toBeUndefined();
    expect(authenticator.attempts.map(({ clientId }) => clientId)).toEqual(['u', 'v']);
  });

  it('is assigned to a client that brings no identifier', () => {
    for (const protocolVersion of [V31, V311, V5]) {
      const world = worldWith({ useUsernameAsClientId: true, allowEmptyClientId: false });
      const client = world.connect({ protocolVersion, clientId: '', username: 'u', cleanStart: true });
      expect(world.core.sessions.get('u')?.output).not.toBeNull();
      if (protocolVersion === V5) expect(client.connack?.properties.assignedClientIdentifier).toBe('u');
    }
  });

  it('is needed', () => {
    const world = worldWith({ useUsernameAsClientId: true });
    for (const protocolVersion of [V31, V311, V5])
      expect(answerTo(world, { protocolVersion, clientId: 'mine' })).toBe(0x87);
  });
});

describe('clients without identifier', () => {
  it('are given one that begins as the listener says', () => {
    const world = worldWith({ clientIdPrefix: 'auto-' });
    const client = world.connect({ clientId: '' });
    expect(client.connack?.properties.assignedClientIdentifier).toMatch(/^auto-assigned-\d+$/);
  });

  it('are refused where each needs one', () => {
    const world = worldWith({ allowEmptyClientId: false });
    for (const protocolVersion of [V31, V311, V5])
      expect(answerTo(world, { protocolVersion, clientId: '' })).toBe(0x85);
    expect(answerTo(world, { clientId: 'c' })).toBe(0);
  });
});

describe('a mount point', () => {
  /** A client under `site/1/`, one without mount point, and one under `site/2/`. */
  function clients(version: ProtocolVersion = V5): {
    world: World;
    inside: TestClient;
    outside: TestClient;
    other: TestClient;
  } {
    const world = worldWith({ mountPoint: 'site/1/' });
    const inside = world.connect({ clientId: 'inside', protocolVersion: version });
    world.listenerPolicy = { mountPoint: 'site/2/' };
    const other = world.connect({ clientId: 'other', protocolVersion: version });
    world.listenerPolicy = undefined;
    const outside = world.connect({ clientId: 'outside', protocolVersion: version });
    return { world, inside, outside, other };
  }
  const seen = (client: TestClient): string[] => client.takePublishes().map(({ topicName }) => topicName);

  it('comes before what is published and subscribed, and is taken off what is sent, at every QoS', () => {
    for (const version of [V31, V311, V5]) {
      const { inside, outside, other } = clients(version);
      for (const client of [inside, outside, other]) client.subscribe('#', 2);
      for (const qos of [0, 1, 2] as const) {
        inside.publish('a/b', 'x', { qos });
        outside.publish('site/1/c', 'x', { qos });
        outside.publish('site/2/d', 'x', { qos });
        outside.publish('elsewhere', 'x', { qos });
      }
      expect(new Set(seen(inside))).toEqual(new Set(['a/b', 'c']));
      expect(new Set(seen(other))).toEqual(new Set(['d']));
      expect(new Set(seen(outside))).toEqual(new Set(['site/1/a/b', 'site/1/c', 'site/2/d', 'elsewhere']));
    }
  });

  it('holds for many small messages of one read as for any other', () => {
    const { inside, outside } = clients();
    outside.subscribe('site/1/#');
    inside.subscribe('t');
    const packet = (topicName: string) =>
      ({
        type: 'publish',
        topicName,
        payload: bytesOf('x'),
        qos: 0,
        retain: false,
        dup: false,
        packetId: 0,
        properties: {},
      }) as const;
    inside.send(...Array.from({ length: 20 }, () => packet('t')));
    outside.send(...Array.from({ length: 20 }, () => packet('site/1/t')));
    expect(seen(outside)).toEqual(Array.from({ length: 40 }, () => 'site/1/t'));
    expect(seen(inside)).toEqual(Array.from({ length: 40 }, () => 't'));
  });

  it('is behind the share name of a shared subscription, and UNSUBSCRIBE finds both', () => {
    const { world, inside, outside } = clients();
    expect(inside.subscribe([{ topicFilter: '$share/g/t/#' }, { topicFilter: 't/+' }])).toEqual([0, 0]);
    expect(world.core.sessions.get('inside')?.subscriptions.map(({ topicFilter }) => topicFilter)).toEqual([
      '$share/g/site/1/t/#',
      'site/1/t/+',
    ]);
    outside.publish('site/1/t/x', 'x');
    expect(seen(inside)).toEqual(['t/x', 't/x']);
    expect(inside.unsubscribe('$share/g/t/#', 't/+', 'site/1/t/+')).toEqual([0, 0, 0x11]);
    outside.publish('site/1/t/x', 'x');
    expect(seen(inside)).toEqual([]);
  });

  it('concerns retained messages, wills, topic aliases and large payloads', () => {
    const { world, inside, outside } = clients();
    inside.publish('r', 'kept', { retain: true });
    outside.publish('elsewhere', 'kept', { retain: true });
    outside.subscribe('#');
    expect(new Set(seen(outside))).toEqual(new Set(['site/1/r', 'elsewhere']));
    inside.subscribe('#');
    expect(seen(inside)).toEqual(['r']);
    world.listenerPolicy = { mountPoint: 'site/1/' };
    world.connect({ will: { ...will, topicName: 'gone' } }).drop();
    expect(seen(outside)).toEqual(['site/1/gone']);
    expect(seen(inside)).toEqual(['gone']);
    inside.publish('alias', 'x', { properties: { topicAlias: 1 } });
    inside.publish('', 'x', { properties: { topicAlias: 1 } });
    expect(seen(outside)).toEqual(['site/1/alias', 'site/1/alias']);
    seen(inside);
    inside.publish('large', 'x'.repeat(50_000));
    expect(inside.takePublishes()[0]).toMatchObject({
      topicName: 'large',
      payload: bytesOf('x'.repeat(50_000)),
    });
    const aliased = world.connect({ properties: { topicAliasMaximum: 5 } });
    aliased.subscribe('t');
    for (let i = 0; i < 3; i++) inside.publish('t', 'x');
    expect(
      aliased.takePublishes().map(({ topicName, properties }) => [topicName, properties.topicAlias]),
    ).toEqual([
      ['t', undefined],
      ['t', 1],
      ['', 1],
    ]);
  });

  it('keeps a message that is not under it from a session that was subscribed elsewhere', () => {
    const world = new World();
    const properties = { sessionExpiryInterval: 60 };
    const before = world.connect({ clientId: 'c', properties });
    before.subscribe('#', 1);
    before.drop();
    const publisher = world.connect();
    publisher.publish('elsewhere', 'x', { qos: 1 });
    publisher.publish('site/1/a', 'x', { qos: 1 });
    publisher.publish('site/1/', 'nothing would be left of its name', { qos: 1 });
    world.listenerPolicy = { mountPoint: 'site/1/' };
    const after = world.connect({ clientId: 'c', cleanStart: false, properties });
    publisher.publish('elsewhere', 'x');
    expect(after.takeAndAcknowledge().map(({ topicName }) => topicName)).toEqual(['a']);
    expect(world.dropped('outside-mount-point')).toBe(3);
  });

  it('leaves what is no topic name or filter what it is', () => {
    const { world, inside } = clients();
    expect(inside.subscribe([{ topicFilter: 'a+' }, { topicFilter: '$share/g' }])).toEqual([0x8f, 0x8f]);
    expect(inside.unsubscribe('a+')).toEqual([0x8f]);
    const packet = encodePacket(publishPacket('a/x', 'x'), V5);
    packet[packet.indexOf(0x78)] = 0x2b;
    inside.sendBytes(packet);
    expect(inside.takeOne('disconnect').reasonCode).toBe(0x90);
    world.listenerPolicy = { mountPoint: 'site/1/' };
    const connect = encodePacket(connectPacket({ will: { ...will, topicName: 'a/x' } }), V5);
    connect[connect.indexOf(0x78)] = 0x2b;
    const client = world.open();
    client.sendBytes(connect);
    expect(client.takeOne('connack').reasonCode).toBe(0x90);
  });

  it('is in the topics that the authoriser is asked about', () => {
    const asked: string[] = [];
    const world = new World({
      authorizer: {
        authorize({ action, topic }) {
          asked.push(`${action} ${topic}`);
          return { allowed: true };
        },
      },
    });
    world.listenerPolicy = { mountPoint: 'm/' };
    const client = world.connect({ will });
    client.publish('a', 'x');
    client.subscribe('b');
    expect(asked).toEqual(['will m/w', 'publish m/a', 'subscribe m/b']);
  });
});

describe('a policy that cannot be', () => {
  it('is refused before anybody listens', () => {
    checkListenerPolicy({});
    checkListenerPolicy({
      mountPoint: 'a/',
      maximumQos: 0,
      protocolVersions: [3],
      topicAliasMaximum: 65_535,
    });
    for (const mountPoint of ['a/#', '+', 'a\0', '$SYS/', '$share/g/'])
      expect(() => checkListenerPolicy({ mountPoint })).toThrow(TypeError);
    for (const policy of [
      { maximumQos: 3 as 2 },
      { protocolVersions: [] },
      { protocolVersions: [6 as 5] },
      { topicAliasMaximum: 65_536 },
      { outboundTopicAliases: -1 },
      { outboundTopicAliases: 1.5 },
    ])
      expect(() => checkListenerPolicy(policy)).toThrow(RangeError);
  });
});
