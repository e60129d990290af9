import type { Client, ClientError, ClientOptions, Publication, QuarantinedEvent } from '@martlet/client';
import type { ConnackPacket } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { puback, pubcomp, pubrec } from '../outgoing/answers.ts';
import { Disk } from '../persistence/controlled-store.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let errors: ClientError[];
/** Topic names and filters that were set aside. */
let setAside: string[];
/** The connection that was opened last. */
let last: TestServer;
beforeEach(() => {
  world = new World();
  world.answersPings = true;
  errors = [];
  setAside = [];
});
afterEach(() => world.close());

function connect(options: ClientOptions = {}): Client {
  const client = world.connect({ keepAlive: 0, ...options });
  client.on('error', (error) => errors.push(error));
  client.on('quarantined', ({ what }) => {
    setAside.push('topicName' in what ? what.topicName : what.topicFilter);
  });
  return client;
}

/** The next connection, however long the client waits before it opens one. */
async function reconnect(connack: Partial<ConnackPacket>): Promise<TestServer> {
  for (let i = 0; i < 100 && world.opened.length === 0; i++) await world.advance(1000);
  last = await world.accept(connack);
  return last;
}

/** What a server does with each PUBLISH and SUBSCRIBE. */
type Manner = (name: string, server: TestServer) => 'take' | 'close';

/**
 * Serves connections until the client has been quiet on one, and returns how many it took. A packet that is not taken
 * closes the connection, and everything behind it is lost.
 */
async function serve(manner: Manner, maximum = 100): Promise<number> {
  let sessionPresent = false;
  for (let count = 1; count <= maximum; count++) {
    const server = await reconnect({ sessionPresent });
    sessionPresent = true;
    if (await answer(server, manner)) return count;
  }
  return maximum;
}

/** Whether the connection lasts until the client is quiet. */
async function answer(server: TestServer, manner: Manner): Promise<boolean> {
  for (;;) {
    const packets = server.takeAll();
    if (packets.length === 0) return true;
    for (const packet of packets) {
      if (server.ended !== undefined) return false;
      if (packet.type === 'publish') {
        if (manner(packet.topicName, server) === 'close') return close(server);
        if (packet.qos === 1) server.send(puback(packet.packetId!));
        if (packet.qos === 2) server.send(pubrec(packet.packetId!));
      } else if (packet.type === 'pubrel') server.send(pubcomp(packet.packetId));
      else if (packet.type === 'subscribe') {
        for (const { topicFilter } of packet.subscriptions) {
          if (manner(topicFilter, server) === 'close') return close(server);
        }
        const reasonCodes = packet.subscriptions.map(({ qos }) => qos);
        server.send({ type: 'suback', packetId: packet.packetId, reasonCodes, properties: {} });
      }
    }
    await world.settle();
  }
}

function close(server: TestServer): false {
  server.cut();
  return false;
}

const closesOn =
  (...names: string[]): Manner =>
  (name) =>
    names.includes(name) ? 'close' : 'take';

describe('A message over which the server closes the connection', () => {
  test.each([1, 2] as const)(
    'at QoS %i is set aside after three times, and can be looked at',
    async (qos) => {
      const client = connect();
      const events: QuarantinedEvent[] = [];
      client.on('quarantined', (event) => events.push(event));
      const publication = client.publish('poison', 'p', { qos, contentType: 'x' });
      const outcome = publication.then(
        () => 'acknowledged',
        (error: unknown) => (error as ClientError).code,
      );
      expect(await serve(closesOn('poison'))).toBe(4);
      expect(await outcome).toBe('QUARANTINED');
      const { what } = events[0]!;
      const message: Publication | undefined = 'topicName' in what ? what : undefined;
      expect(message).toBe(publication);
      expect(message).toMatchObject({
        topicName: 'poison',
        qos,
        retain: false,
        properties: { contentType: 'x' },
      });
      expect(new TextDecoder().decode(message!.payload)).toBe('p');
      expect(events).toMatchObject([{ error: { code: 'QUARANTINED', kind: 'refusal' } }]);
      expect(errors).toEqual([]);
      expect(client.gauges.inFlight).toBe(0);
    },
  );

  test.each([
    // The only attempt had no control.
    [1, 2],
    [2, 2],
    [5, 5],
  ])(
    'with quarantineAttempts %i is set aside after %i, and not one before',
    async (quarantineAttempts, connections) => {
      const client = connect({ quarantineAttempts });
      client.publish('poison', '', { qos: 1 });
      expect(await serve(closesOn('poison'), connections - 1)).toBe(connections - 1);
      expect(setAside).toEqual([]);
      expect(await serve(closesOn('poison'))).toBe(2);
      expect(setAside).toEqual(['poison']);
      await world.settle();
      expect(errors.map(({ code }) => code)).toEqual(['QUARANTINED']);
    },
  );

  test('is never set aside where that is switched off', async () => {
    const client = connect({ quarantineAttempts: false });
    client.publish('poison', '', { qos: 1 });
    await serve(closesOn('poison'), 30);
    expect(client.gauges.inFlight).toBe(1);
    expect(setAside).toEqual([]);
  });

  test('is found among many, and all others arrive once each', async () => {
    const client = connect();
    const arrived: string[] = [];
    const outcomes = Array.from({ length: 200 }, (_, i) =>
      client.publish(i === 120 || i === 150 ? 'poison' : `${i}`, '', { qos: i % 2 === 0 ? 1 : 2 }).then(
        () => 'acknowledged',
        (error: unknown) => (error as ClientError).code,
      ),
    );
    const connections = await serve((name) => {
      if (name === 'poison') return 'close';
      arrived.push(name);
      return 'take';
    });
    expect(setAside).toEqual(['poison', 'poison']);
    expect(arrived).toEqual(
      Array.from({ length: 200 }, (_, i) => `${i}`).filter((name) => name !== '120' && name !== '150'),
    );
    const codes = await Promise.all(outcomes);
    expect(codes.filter((code) => code === 'QUARANTINED')).toHaveLength(2);
    // One for all, three for each of the two alone, one or two to come to the second, and the one that stays.
    expect(connections).toBeLessThanOrEqual(10);
  });

  test('is found when the server answers nothing that was under way with it', async () => {
    const client = connect();
    for (let i = 0; i < 20; i++) client.publish(i === 10 ? 'poison' : `${i}`, '', { qos: 1 });
    let sessionPresent = false;
    const acknowledged = new Set<string>();
    for (let connection = 0; connection < 40 && setAside.length === 0; connection++) {
      const server = await reconnect({ sessionPresent });
      sessionPresent = true;
      for (;;) {
        const packets = server.takeAll().filter((packet) => packet.type === 'publish');
        if (packets.length === 0) break;
        if (packets.some(({ topicName }) => topicName === 'poison')) {
          server.cut();
          break;
        }
        for (const { packetId, topicName } of packets) {
          server.send(puback(packetId!));
          acknowledged.add(topicName);
        }
        await world.settle();
      }
    }
    expect(setAside).toEqual(['poison']);
    await serve(closesOn());
    expect(client.gauges.inFlight).toBe(0);
  });

  test('is none that was behind a QoS 0 message, over which the server may have closed it', async () => {
    const client = connect({ quarantineAttempts: 1 });
    await world.accept().then((server) => {
      client.publish('poison', '');
      client.publish('innocent', '', { qos: 1 });
      server.cut();
    });
    await serve(closesOn('poison'));
    expect(setAside).toEqual([]);
    expect(client.gauges.inFlight).toBe(0);
  });

  test('keeps its identifier from others at QoS 2, in the next process as well, and costs no quota', async () => {
    const disk = new Disk();
    const begin = (): Client => {
      world = new World();
      world.answersPings = true;
      const store = disk.store();
      store.isFast = true;
      return connect({ store, quarantineAttempts: 1 });
    };
    const first = begin();
    const server = await world.accept();
    first.publish('poison', '', { qos: 2 });
    await world.settle();
    server.takeAll();
    server.cut();
    (await reconnect({ sessionPresent: true })).cut();
    await world.settle();
    expect(setAside).toEqual(['poison']);

    const client = begin();
    const next = await world.accept({ sessionPresent: true, properties: { receiveMaximum: 1 } });
    expect(next.takeAll()).toEqual([]);
    client.publish('a', '', { qos: 2 });
    await world.settle();
    expect(next.take('publish')).toMatchObject({ packetId: 2 });
    expect(client.gauges.inFlight).toBe(1);
    next.send(pubrec(2), pubcomp(2));
    await world.settle();
    expect(disk.keys).toHaveLength(2);
    next.cut();
    await reconnect({});
    expect(disk.keys).toEqual([0]);
  });
});

describe('A server that closes every connection', () => {
  const life = async (server: TestServer, delayMs: number): Promise<void> => {
    await world.advance(delayMs);
    server.cut();
  };

  test.each([0, 200, 30_000])('after %i ms makes the client set nothing aside', async (delayMs) => {
    world.answersPings = delayMs > 0;
    const client = connect();
    for (let i = 0; i < 5; i++) client.publish(`${i}`, '', { qos: 1 });
    client.subscribe('a/+', {}, () => {});
    for (let i = 0; i < 40; i++) await life(await reconnect({ sessionPresent: i > 0 }), delayMs);
    expect(setAside).toEqual([]);
    expect(await serve(closesOn())).toBe(1);
    expect(client.gauges).toMatchObject({ inFlight: 0, queuedMessages: 0, subscriptions: 1 });
  });

  test('and then only over one message has that set aside', async () => {
    connect().publish('poison', '', { qos: 1 });
    for (let i = 0; i < 10; i++) (await reconnect({ sessionPresent: i > 0 })).cut();
    await serve(closesOn('poison'));
    expect(setAside).toEqual(['poison']);
  });

  test('gets nothing but a ping before the last attempt, until it has answered', async () => {
    world.answersPings = false;
    const client = connect();
    client.publish('poison', '', { qos: 1 });
    await life(await reconnect({}), 300);
    await life(await reconnect({ sessionPresent: true }), 20);
    const server = await reconnect({ sessionPresent: true });
    client.publish('a', '');
    client.publish('b', '', { qos: 1 });
    await world.settle();
    expect(server.takeAll().map(({ type }) => type)).toEqual(['pingreq']);
    server.send({ type: 'pingresp' });
    // Four times what the longest of the attempts lasted.
    await world.advance(1199);
    expect(server.takeAll()).toEqual([]);
    await world.advance(1);
    expect(server.takeAll()).toMatchObject([{ type: 'publish', topicName: 'poison' }]);
    server.cut();
    expect(setAside).toEqual(['poison']);
  });

  test('and does not answer the ping is given twenty seconds', async () => {
    world.answersPings = false;
    connect().publish('poison', '', { qos: 1 });
    for (let i = 0; i < 2; i++) (await reconnect({ sessionPresent: i > 0 })).cut();
    const server = await reconnect({ sessionPresent: true });
    await world.advance(19_999);
    expect(server.takeAll().map(({ type }) => type)).toEqual(['pingreq']);
    await world.advance(1);
    expect(server.takeAll().map(({ type }) => type)).toEqual(['publish']);
  });

  test('and answers what was never asked is no reason to stumble', async () => {
    world.answersPings = false;
    const client = connect();
    client.publish('poison', '', { qos: 1 });
    for (let i = 0; i < 2; i++) (await reconnect({ sessionPresent: i > 0 })).cut();
    const server = await reconnect({ sessionPresent: true });
    server.send(puback(77));
    server.cut();
    expect(setAside).toEqual([]);
    expect(await serve(closesOn())).toBe(1);
    expect(client.gauges.inFlight).toBe(0);
  });
});

describe('A packet over which the server resets the connection', () => {
  const RESET = new Error('ECONNRESET');
  const resetOn =
    (name: string, lastsMs = 0): Manner =>
    (topicName, server) => {
      if (topicName !== name) return 'take';
      world.sleep(lastsMs);
      server.cut(RESET);
      return 'close';
    };

  test.each(['publish', 'subscribe'])('is set aside after five times: %s', async (what) => {
    const client = connect();
    const outcome = (
      what === 'publish' ? client.publish('poison', '', { qos: 1 }) : client.subscribe('poison')
    ).then(
      () => 'taken',
      (error: unknown) => (error as ClientError).code,
    );
    expect(await serve(resetOn('poison'))).toBe(6);
    expect([setAside, await outcome]).toEqual([['poison'], 'QUARANTINED']);
  });

  test('is found among many, and all others arrive', async () => {
    const client = connect();
    for (let i = 0; i < 100; i++) client.publish(i === 50 ? 'poison' : `${i}`, '', { qos: 1 });
    expect(await serve(resetOn('poison'))).toBe(6);
    expect([setAside, client.gauges.inFlight]).toEqual([['poison'], 0]);
  });

  test('with a word that it was because of the packet is set aside after three times', async () => {
    connect().publish('poison', '', { qos: 1 });
    const refusal = Object.assign(new Error('WebSocket close code 1009'), { refused: true });
    const refuses: Manner = (_name, server) => {
      server.cut(refusal);
      return 'close';
    };
    expect(await serve(refuses, 3)).toBe(3);
    expect(setAside).toEqual(['poison']);
  });

  test('late, as a network does in the midst of a long one, is not', async () => {
    const client = connect();
    client.publish('a', '', { qos: 1 });
    expect(await serve(resetOn('a', 5001), 30)).toBe(30);
    expect([setAside, client.gauges.inFlight]).toEqual([[], 1]);
  });

  test('while it resets connections without one as well is not, and costs twice as many each time', async () => {
    const client = connect();
    client.publish('a', '', { qos: 1 });
    const controls: number[] = [];
    for (let i = 0; i < 40; i++) {
      world.answersPings = false;
      const server = await reconnect({ sessionPresent: i > 0 });
      if (server.takeAll()[0]?.type === 'pingreq') controls.push(i);
      server.cut(RESET);
    }
    expect([setAside, controls]).toEqual([[], [4, 14, 34]]);
    world.answersPings = true;
    expect(await serve(closesOn())).toBe(1);
    expect(client.gauges.inFlight).toBe(0);
  });

  test('is not when the server has broken the protocol, or was silent', async () => {
    const client = connect({ keepAlive: 10 });
    client.publish('a', '', { qos: 1 });
    for (let i = 0; i < 20; i++) {
      const server = await reconnect({ sessionPresent: i > 0 });
      server.sendBytes(Uint8Array.of(0xf0, 0xff, 0xff, 0xff, 0xff));
      await world.settle();
      expect(server.ended).toBe('end');
    }
    expect([setAside, client.gauges.inFlight]).toEqual([[], 1]);
  });
});

describe('A message that the server is slow to answer, after connections that ended while it was unanswered,', () => {
  /** Publishes and subscribes to something else. What arrives of it, and the slow one, at once and after so many milliseconds. */
  async function arrivals(server: TestServer, client: Client, afterMs: number): Promise<unknown[]> {
    client.publish('qos 0', '');
    client.publish('qos 1', '', { qos: 1 });
    client.subscribe('filter');
    await world.settle();
    const atOnce = namesOf(server);
    await world.advance(afterMs - 1);
    const soon = namesOf(server);
    await world.advance(1);
    return [atOnce, soon, namesOf(server).sort()];
  }

  const namesOf = (server: TestServer): string[] =>
    server.takeAll().map((packet) => {
      if (packet.type === 'publish') return packet.topicName;
      return packet.type === 'subscribe' ? packet.subscriptions[0]!.topicFilter : packet.type;
    });
  const OTHERS = ['filter', 'qos 0', 'qos 1'];

  test.each([
    ['one was closed', 1, undefined],
    ['two were reset', 2, new Error('ECONNRESET')],
  ])('holds up everything else for five seconds: %s', async (_what, ends, error) => {
    const client = connect();
    client.publish('slow', '', { qos: 1 });
    for (let i = 0; i < ends; i++) (await reconnect({ sessionPresent: i > 0 })).cut(error);
    const server = await reconnect({ sessionPresent: true });
    expect(await arrivals(server, client, 5000)).toEqual([['slow'], [], OTHERS]);
    // What else is asked for leaves at once.
    client.publish('later', '');
    await world.settle();
    expect(namesOf(server)).toEqual(['later']);
  });

  test('holds up everything else for five seconds after the control', async () => {
    world.answersPings = false;
    const client = connect();
    client.publish('slow', '', { qos: 1 });
    for (let i = 0; i < 2; i++) (await reconnect({ sessionPresent: i > 0 })).cut();
    const server = await reconnect({ sessionPresent: true });
    expect(server.takeAll().map(({ type }) => type)).toEqual(['pingreq']);
    await world.advance(20_000);
    expect(await arrivals(server, client, 5000)).toEqual([['slow'], [], OTHERS]);
  });

  test('is not set aside, however often connections end when the others have followed', async () => {
    const client = connect();
    client.publish('slow', '', { qos: 1 });
    for (let i = 0; i < 30; i++) {
      const server = await reconnect({ sessionPresent: i > 0 });
      await world.advance(6000);
      client.publish('qos 0', '');
      await world.settle();
      expect(namesOf(server)).toEqual(['slow', 'qos 0']);
      server.cut();
    }
    expect([setAside, client.gauges.inFlight]).toEqual([[], 1]);
  });
});

describe('An honest server on a network that breaks at random', () => {
  test('has no message set aside, unless rarely', async () => {
    // Connections live 300 ms on average, and an answer takes 450.
    const random = new SeededRandom(7);
    for (let i = 0; i < 60; i++) {
      world = new World();
      world.answersPings = true;
      const client = connect();
      client.publish(`${i}`, '', { qos: 1 });
      for (let n = 0; client.gauges.queuedMessages + client.gauges.inFlight > 0; n++) {
        const server = await reconnect({ sessionPresent: n > 0 });
        const endMs = world.nowMs - Math.log(1 - random.next()) * 300;
        let dueMs = Number.POSITIVE_INFINITY;
        for (; world.nowMs < endMs; await world.advance(Math.min(50, endMs - world.nowMs))) {
          if (server.takeAll().length > 0) dueMs = world.nowMs + 450;
          if (world.nowMs >= dueMs) server.send(puback(1));
        }
        server.cut(new Error('ECONNRESET'));
      }
      await client.close({ timeoutMs: 0 });
    }
    expect(setAside.length).toBeLessThanOrEqual(1);
  });
});

describe('PUBREL over which the server closes the connection', () => {
  test('is set aside as well', async () => {
    const client = connect();
    client.publish('a', '', { qos: 2 });
    let sessionPresent = false;
    for (let connection = 0; connection < 6 && setAside.length === 0; connection++) {
      const server = await reconnect({ sessionPresent });
      sessionPresent = true;
      if (server.takeAll()[0]?.type === 'publish') {
        server.send(pubrec(1));
        await world.settle();
      }
      server.cut();
    }
    expect(setAside).toEqual(['a']);
    expect(client.gauges.inFlight).toBe(0);
  });
});

describe('A connection that ends for another reason', () => {
  const EXCUSES = [
    ReasonCode.ServerBusy,
    ReasonCode.ServerShuttingDown,
    ReasonCode.KeepAliveTimeout,
    ReasonCode.AdministrativeAction,
    ReasonCode.MaximumConnectTime,
    ReasonCode.QuotaExceeded,
  ];

  test.each(EXCUSES)('with reason code %i sets nothing aside', async (reasonCode) => {
    const client = connect();
    client.publish('a', '', { qos: 1 });
    for (let i = 0; i < 20; i++) {
      const server = await reconnect({ sessionPresent: i > 0 });
      expect(server.takeAll()).toHaveLength(1);
      server.send({ type: 'disconnect', reasonCode, properties: {} });
    }
    expect(setAside).toEqual([]);
    expect(client.gauges.inFlight).toBe(1);
  });

  test('with a reason code that accuses the message sets it aside', async () => {
    const client = connect();
    client.publish('a', '', { qos: 1 });
    for (let i = 0; i < 3; i++) {
      const server = await reconnect({ sessionPresent: i > 0 });
      server.send({ type: 'disconnect', reasonCode: ReasonCode.NotAuthorized, properties: {} });
    }
    await world.settle();
    expect(errors).toMatchObject([{ code: 'QUARANTINED', reasonCode: ReasonCode.NotAuthorized }]);
  });

  test.each(['publish', 'subscribe'])('because the network broke sets nothing aside: %s', async (what) => {
    world.answersPings = false;
    const client = connect({ quarantineAttempts: 1 });
    const outcome = what === 'publish' ? client.publish('a', '', { qos: 1 }) : client.subscribe('a');
    for (let i = 0; i < 20; i++) {
      const server = await reconnect({ sessionPresent: i > 0 });
      expect(server.takeAll()).toHaveLength(1);
      server.cut(new Error('ECONNRESET'));
    }
    expect(await serve(closesOn())).toBe(1);
    await outcome;
    expect(setAside).toEqual([]);
  });

  test('because the network broke leaves the count as it was, and the text of the error says how many counted', async () => {
    connect().publish('poison', '', { qos: 1 });
    for (let i = 0; i < 3; i++) {
      (await reconnect({ sessionPresent: i > 0 })).cut(new Error('ECONNRESET'));
      (await reconnect({ sessionPresent: true })).cut();
      expect(setAside).toEqual(i < 2 ? [] : ['poison']);
    }
    await world.settle();
    expect(errors.map(({ message }) => message)).toEqual([
      'the server closed 3 connections on which only poison had no answer; it is not sent again',
    ]);
  });

  test('because the server is silent sets nothing aside', async () => {
    world.answersPings = false;
    const client = connect({ keepAlive: 10 });
    client.publish('a', '', { qos: 1 });
    for (let i = 0; i < 20; i++) {
      const server = await reconnect({ sessionPresent: i > 0 });
      await world.advance(10_000);
      expect(server.ended).toBe('destroy');
    }
    expect(setAside).toEqual([]);
    expect(client.gauges.inFlight).toBe(1);
  });

  test('twice does not count any more once the packet is answered', async () => {
    const client = connect();
    client.subscribe('a/+', {}, () => {});
    for (let round = 0; round < 3; round++) {
      let remaining = 2;
      await serve(() => (remaining-- > 0 ? 'close' : 'take'));
      expect(client.state).toBe('online');
      // The server loses its session with the connection, so that the filter is asked for again.
      last.cut();
    }
    expect(setAside).toEqual([]);
  });

  test('does not hold up a busy client for long: the window opens with each answer', async () => {
    const client = connect();
    const first = await world.accept();
    for (let i = 0; i < 1000; i++) client.publish('a', '', { qos: 1 });
    await world.settle();
    first.cut();
    const server = await reconnect({ sessionPresent: true });
    const batches: number[] = [];
    for (;;) {
      const packets = server.takeAll().filter((packet) => packet.type === 'publish');
      if (packets.length === 0) break;
      batches.push(packets.length);
      server.send(...packets.map(({ packetId }) => puback(packetId!)));
      await world.settle();
    }
    expect(batches).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 489]);
  });
});

describe('A server that stumbles over topic aliases', () => {
  const ALIASES = { topicAliasMaximum: 10 };

  /** Takes what comes, until there is an alias. Returns the payloads. */
  async function takeWithoutAliases(server: TestServer): Promise<string[]> {
    const arrived: string[] = [];
    for (let packets = server.takeAll(); packets.length > 0; packets = server.takeAll()) {
      for (const packet of packets) {
        if (packet.type !== 'publish') continue;
        if (packet.properties.topicAlias !== undefined) {
          server.cut();
          return arrived;
        }
        arrived.push(new TextDecoder().decode(packet.payload));
        if (packet.qos === 1) server.send(puback(packet.packetId!));
      }
      await world.settle();
    }
    return arrived;
  }

  test('gets the same messages without them on the next connection', async () => {
    const client = connect();
    const first = await world.accept({ properties: ALIASES });
    for (let i = 0; i < 10; i++) client.publish('a', `${i}`, { qos: 1 });
    await world.settle();
    expect(await takeWithoutAliases(first)).toEqual(['0']);
    const second = await reconnect({ sessionPresent: true, properties: ALIASES });
    expect(await takeWithoutAliases(second)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(client.state).toBe('online');
    expect(setAside).toEqual([]);
  });

  test('gets messages of QoS 0 without them as well', async () => {
    const client = connect();
    for (const server of [await world.accept({ properties: ALIASES }), undefined]) {
      const present = server ?? (await reconnect({ sessionPresent: true, properties: ALIASES }));
      for (let i = 0; i < 10; i++) client.publish('a', `${i}`);
      await world.settle();
      expect(await takeWithoutAliases(present)).toHaveLength(server === undefined ? 10 : 1);
    }
    expect(client.state).toBe('online');
  });

  test('is trusted with them again when it closed a connection without them', async () => {
    const client = connect();
    for (const aliases of [true, false, true]) {
      const server = await reconnect({ properties: ALIASES });
      for (let i = 0; i < 3; i++) client.publish('a', `${i}`);
      await world.settle();
      const used = server
        .takeAll()
        .some((packet) => packet.type === 'publish' && packet.properties.topicAlias !== undefined);
      expect(used).toBe(aliases);
      server.cut();
    }
  });
});

describe('A filter over which the server closes the connection', () => {
  test.each([4, 5] as const)(
    'is set aside, and the others are granted, in version %i',
    async (protocolVersion) => {
      const client = connect({ protocolVersion, sessionExpiryInterval: 300 });
      const outcomes = Array.from({ length: 20 }, (_, i) =>
        client
          .subscribe(i === 7 ? 'poison/+' : `${i}/+`, {}, () => {})
          .then(
            () => 'granted',
            (error: unknown) => (error as ClientError).code,
          ),
      );
      await serve(closesOn('poison/+'));
      const codes = await Promise.all(outcomes);
      expect(codes[7]).toBe('QUARANTINED');
      expect(codes.filter((code) => code === 'granted')).toHaveLength(19);
      expect(setAside).toEqual(['poison/+']);
    },
  );
});
