// What anyone can do who can write datagrams, and what bounds it (docs/guides/mqtt-sn.md).
import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import { GatewayCore } from '../../src/core/gateway-core.ts';
import type { Peer } from '../../src/core/ports/link.ts';
import { VECTORS } from '../codec/vectors.ts';
import { answersTo, SnWorld } from '../world/sn-world.ts';

describe('An address that is not validated', () => {
  const flooded = (qos: 0 | 1 | 2, clean: boolean) => {
    const world = new SnWorld({ trusted: false });
    for (let i = 0; i < 50; i++) world.publish(`a/${i}`, 'x'.repeat(200), qos, { retain: true });
    const victim = world.device('198.51.100.1');
    victim.connect('spoofed', { clean });
    victim.subscribe('a/#', qos);
    for (let i = 0; i < 200; i++) {
      world.publish('a/live', 'y'.repeat(200), qos);
      if (i % 10 === 0) victim.send({ type: 'pingreq', clientId: undefined });
    }
    world.advance(300);
    return victim;
  };

  test.each([0, 1, 2] as const)(
    'is sent at most three times what came from it and an allowance, at QoS %d',
    (qos) => {
      const victim = flooded(qos, true);
      expect(victim.bytesReceived).toBeGreaterThan(0);
      expect(victim.bytesReceived).toBeLessThanOrEqual(3 * victim.bytesSent + 256);
    },
  );

  test.each([0, 1, 2] as const)('is sent everything once it answers REGISTER, at QoS %d', (qos) => {
    const world = new SnWorld({ trusted: false });
    for (let i = 0; i < 50; i++) world.publish(`a/${i}`, 'x'.repeat(200), qos, { retain: true });
    const given: string[] = [];
    const device = world.device('198.51.100.1').answering(given);
    device.connect('dev').subscribe('a/#', qos);
    expect(given).toHaveLength(50);
    expect(device.bytesReceived).toBeGreaterThan(3 * device.bytesSent + 256);
  });

  test.each([1, 2] as const)('is sent everything once it acknowledges a message of QoS %d', (qos) => {
    const world = new SnWorld({ trusted: false });
    const given: string[] = [];
    const device = world.device('198.51.100.1').answering(given);
    device.connect('dev').subscribe('t', qos);
    for (let i = 0; i < 50; i++) world.publish('t', 'x'.repeat(200), qos);
    expect(given).toHaveLength(50);
  });

  test('answers with guessed packet identifiers prove nothing', () => {
    const world = new SnWorld({ trusted: false });
    const victim = world.device('198.51.100.1');
    victim.connect('spoofed').subscribe('a/#', 1);
    for (let i = 0; i < 20; i++) world.publish(`a/${i}`, 'x'.repeat(200), 1);
    const { bytesReceived } = victim;
    for (let packetId = 1; packetId <= 200; packetId++) {
      victim.send({ type: 'regack', topicId: 1, packetId, returnCode: 0 });
      victim.send({ type: 'puback', topicId: 1, packetId, returnCode: 0 });
      victim.send({ type: 'pubrec', packetId }).send({ type: 'pubcomp', packetId });
    }
    expect(victim.bytesReceived - bytesReceived).toBeLessThanOrEqual(3 * victim.bytesSent);
    expect(world.gateway.metrics.publishesSent).toBe(0);
  });

  test('packet identifiers of QoS 2 that were seen at one address prove nothing at another', () => {
    const world = new SnWorld({ trusted: false });
    const attacker = world.device('203.0.113.1');
    attacker.connect('dev', { clean: false }).subscribe('t', 2);
    attacker.received();
    world.publish('t', 'x', 2);
    const { packetId } = attacker.the('publish');
    const victim = world.device('198.51.100.1').connect('dev', { clean: false });
    victim.send({
      type: 'subscribe',
      dup: false,
      qos: 2,
      packetId: 1,
      topic: { kind: 'name', topicName: 't' },
    });
    victim.send({ type: 'pubrec', packetId }).send({ type: 'pubcomp', packetId });
    for (let i = 0; i < 50; i++) {
      world.publish('t', 'x'.repeat(200), 2);
      const next = (packetId + i) % 65_535 || 65_535;
      victim.send({ type: 'pubrec', packetId: next }).send({ type: 'pubcomp', packetId: next });
    }
    expect(victim.bytesReceived).toBeLessThanOrEqual(3 * victim.bytesSent + 256);
  });

  test('that is believed, such as of a private network, is sent what there is', () => {
    const world = new SnWorld({ trusted: true });
    const device = world.device('10.0.0.1');
    device.connect('dev').subscribe('t', 0);
    for (let i = 0; i < 50; i++) world.publish('t', 'x'.repeat(200));
    expect(device.types().filter((type) => type === 'publish')).toHaveLength(50);
  });
});

describe('A stranger', () => {
  test.each(VECTORS.filter(({ message }) => !['connect', 'searchgw'].includes(message.type)))(
    'is answered nothing, or DISCONNECT, which is not longer than what it sent: $name',
    ({ hex }) => {
      const device = new SnWorld().device().sendBytes(hex);
      expect(device.bytesReceived).toBeLessThanOrEqual(2);
      expect(device.bytesReceived).toBeLessThanOrEqual(device.bytesSent);
    },
  );

  test('is told once in ten seconds', () => {
    const world = new SnWorld();
    const device = world.device();
    const answers = () => device.send({ type: 'disconnect', duration: undefined }).received().length;
    expect([answers(), answers(), answers()]).toEqual([1, 0, 0]);
    world.advance(9);
    expect(answers()).toBe(0);
    world.advance(2);
    expect(answers()).toBe(1);
  });

  test('that repeats its DISCONNECT, because the answer was lost, is answered again', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev');
    device.send({ type: 'disconnect', duration: undefined }).the('disconnect');
    world.advance(10);
    device.send({ type: 'disconnect', duration: undefined }).the('disconnect');
  });
});

test('two gateways that hear each other fall silent, whichever message begins it', () => {
  for (const { hex, message } of VECTORS) {
    const pending: (() => void)[] = [];
    let datagrams = 0;
    let nowMs = 0;
    const peer = (name: string): Peer => ({
      key: name,
      host: name,
      text: name,
      trusted: true,
      maximumMessageBytes: 65_535,
    });
    const memory = { load: () => undefined, save: () => {}, forget: () => {} };
    // A broker that accepts every connection would keep a client's state, so there is none: CONNECT is refused.
    const upstreams = { keepAlive: 0, open: () => null };
    const make = (other: () => GatewayCore, own: string): GatewayCore =>
      new GatewayCore({
        link: {
          send: (_, bytes) => {
            datagrams++;
            pending.push(() => other().receive(peer(own), bytes, nowMs));
          },
        },
        upstreams,
        memory,
        random: Math.random,
        nowMs,
        discoverable: true,
      });
    const a: GatewayCore = make(() => b, '192.0.2.1');
    const b: GatewayCore = make(() => a, '198.51.100.1');
    a.receive(peer('198.51.100.1'), new Uint8Array(Buffer.from(hex, 'hex')), nowMs);
    for (let seconds = 0; seconds < 600; seconds++) {
      for (const deliver of pending.splice(0)) deliver();
      nowMs += 1000;
      a.tick(nowMs);
      b.tick(nowMs);
    }
    expect([message.type, datagrams <= 3]).toEqual([message.type, true]);
  }
});

test('a gateway that was made a client of another one, by a forged CONNECT, falls silent, too', () => {
  const [a, b] = [new SnWorld(), new SnWorld({ seed: 2 })];
  const asClient = a.device('198.51.100.1');
  const asGateway = b.device('192.0.2.1');
  let datagrams = 0;
  asClient.onMessage = (message) => {
    datagrams++;
    b.later(() => asGateway.send(message));
  };
  asGateway.onMessage = (message) => {
    datagrams++;
    a.later(() => asClient.send(message));
  };
  asClient.connect('forged', { duration: 65_535 }).subscribe('#', 1);
  for (let i = 0; i < 10; i++) a.publish(`t/${i}`, 'x', 1);
  for (let i = 0; i < 600; i++) {
    a.advance(1);
    b.advance(1);
  }
  expect(datagrams).toBeLessThan(20);
  expect(a.gateway.clients).toBe(0);
});

describe('Floods', () => {
  test('of CONNECT: clients, clients of one address, and those that are connecting are bounded', () => {
    const limits = { clients: 30, clientsPerHost: 10, openingClients: 5 };
    const world = new SnWorld({ trusted: false, options: { ...limits, answersPerSecond: 1000 } });
    for (let i = 0; i < 40; i++) world.device('198.51.100.1').connect(`one-${i}`);
    expect(world.gateway.clients).toBe(10);
    for (let i = 0; i < 40; i++) world.device(`198.51.100.${2 + i}`).connect(`half-${i}`, { will: true });
    expect(world.gateway.states.connecting).toBe(5);
    expect(world.gateway.clients).toBe(15);
    const refused = world.device('198.51.100.99').connect('no-room');
    expect(refused.the('connack').returnCode).toBe(1);
    // Half-open ones end by themselves, and others have room again.
    world.advance(41);
    expect(world.gateway.states).toMatchObject({ connecting: 0, active: 10 });
    for (let i = 0; i < 40; i++) world.device(`203.0.113.${i}`).connect(`more-${i}`);
    expect(world.gateway.clients).toBe(30);
    world.advance(200);
    expect(world.gateway.clients).toBe(0);
    expect(Object.values(world.gateway.states)).toEqual([0, 0, 0, 0, 0]);
  });

  test('of CONNECT in the name of one client keep one client, and one connection to the broker', () => {
    const world = new SnWorld({ trusted: false });
    for (let i = 0; i < 100; i++) world.device(`198.51.100.${i}`).connect('one', { duration: 10 + i });
    expect(world.gateway.clients).toBe(1);
    expect(world.broker.clients).toHaveLength(1);
  });

  test('of datagrams from one client are cut at a rate', () => {
    const world = new SnWorld({ options: { datagramsPerSecond: 100 } });
    const seen = world.watch('#');
    const device = world.device().connected('dev');
    const topicId = device.register('t');
    for (let i = 0; i < 500; i++) device.publish(topicId, `${i}`);
    expect(seen.length).toBeLessThanOrEqual(100);
    expect(world.gateway.metrics.rateExceeded).toBeGreaterThanOrEqual(400);
    world.advance(1);
    device.publish(topicId, 'again');
    expect(seen.at(-1)?.text()).toBe('again');
  });

  test('of messages to a broker that reads nothing are dropped at QoS 0, and congestion at QoS 1', () => {
    // The authoriser never answers: the broker reads nothing more from this connection.
    const authorizer = { authorize: () => undefined };
    const world = new SnWorld({ broker: { authorizer } });
    const device = world.device().connected('dev');
    const topicId = device.register('t');
    for (let i = 0; i < 300; i++) device.publish(topicId, 'x'.repeat(100));
    expect(world.gateway.metrics.upstreamFull).toBeGreaterThanOrEqual(150);
    device.received();
    for (let i = 1; i <= 20; i++) device.publish(topicId, 'x', 1, i);
    const answers = device.received();
    expect(answers).toHaveLength(4);
    expect(answers[0]).toMatchObject({ type: 'puback', returnCode: 1 });
  });

  test('of will updates make one connection to the broker at a time', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev');
    const { connectsReceived } = world.broker.metrics;
    world.later(() => {
      for (let i = 0; i < 100; i++) {
        device.send({ type: 'willtopicupd', will: { topicName: `w/${i}`, qos: 0, retain: false } });
      }
    });
    world.settle();
    expect(world.broker.metrics.connectsReceived - connectsReceived).toBeLessThanOrEqual(2);
    expect(device.types()).toEqual(['willtopicresp']);
    const seen = world.watch('w/#');
    world.advance(91);
    expect(seen.map(({ topicName }) => topicName)).toEqual(['w/99']);
  });
});

test('every answer of a client that is none is no reason to answer', () => {
  const world = new SnWorld();
  const device = world.device().connected('dev');
  for (const { message } of VECTORS) {
    for (const answer of answersTo(message)) device.sendBytes(encodeMessage(answer));
  }
  expect(device.types().filter((type) => type !== 'pubcomp')).toEqual([]);
});
