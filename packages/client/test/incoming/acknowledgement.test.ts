// When and in which order the client acknowledges what it was sent.

import type { ClientError } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Acknowledgements } from '../../src/core/incoming/acknowledgements.ts';
import { Delivery } from '../../src/core/incoming/delivery.ts';
import { Message } from '../../src/core/incoming/message.ts';
import { Keeper } from '../../src/core/keeper.ts';
import { World } from '../world/world.ts';
import { CONTINUED, grant, message, pubrel, taken } from './server-packets.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const qos1 = (packetId: number, topicName = 'a') => message(topicName, { qos: 1, packetId });
/** For what only the order of acknowledgements is about. */
const unseen = new Message('a', new Uint8Array(0), 1, false, false, {}, null);
const qos2 = (packetId: number, topicName = 'a') => message(topicName, { qos: 2, packetId });

describe.each([3, 4, 5] as const)('In version %i', (protocolVersion) => {
  const options = { protocolVersion, sessionExpiryInterval: 300 };

  test("with 'received' a message is acknowledged when the application takes it, not while it waits", async () => {
    const client = world.connect(options);
    const subscription = client.subscribe('#').subscription;
    const server = await world.accept();
    grant(server);
    server.send(qos1(1), qos1(2));
    await world.settle();
    expect(taken(server)).toEqual([]);
    const iterator = subscription[Symbol.asyncIterator]();
    await iterator.next();
    await world.settle();
    expect(taken(server)).toEqual(['puback 1']);
    await iterator.next();
    await world.settle();
    expect(taken(server)).toEqual(['puback 2']);
    const waiting = iterator.next();
    server.send(qos1(3));
    await world.settle();
    expect(taken(server)).toEqual(['puback 3']);
    expect((await waiting).value!.topicName).toBe('a');
  });

  test("with 'handled' a message is acknowledged when its handler's promise is fulfilled", async () => {
    const client = world.connect(options);
    const done: (() => void)[] = [];
    const handler = (): Promise<void> => new Promise((resolve) => done.push(resolve));
    client.subscribe('#', { acknowledge: 'handled', concurrency: 2 }, handler);
    const server = await world.accept();
    grant(server);
    server.send(qos1(1), qos2(2), qos1(3));
    await world.settle();
    expect([done.length, ...taken(server)]).toEqual([2]);
    done[0]!();
    await world.settle();
    expect([done.length, ...taken(server)]).toEqual([3, 'puback 1']);
    done[1]!();
    done[2]!();
    await world.settle();
    expect(taken(server)).toEqual(['pubrec 2', 'puback 3']);
  });

  test("with 'handled' a loop acknowledges a message when it asks for the next one", async () => {
    const client = world.connect(options);
    const { subscription } = client.subscribe('#', { acknowledge: 'handled' });
    const server = await world.accept();
    grant(server);
    server.send(qos1(1), qos1(2), qos1(3));
    const iterator = subscription[Symbol.asyncIterator]();
    await iterator.next();
    await world.settle();
    expect(taken(server)).toEqual([]);
    await iterator.next();
    await world.settle();
    expect(taken(server)).toEqual(['puback 1']);
    const third = await iterator.next();
    third.value!.acknowledge();
    await iterator.return!();
    await world.settle();
    expect(taken(server)).toEqual(['puback 2', 'puback 3']);
  });

  test("with 'handled' the message in hand stays unacknowledged when the loop is left", async () => {
    const client = world.connect(options);
    const { subscription } = client.subscribe('#', { acknowledge: 'handled' });
    const server = await world.accept();
    grant(server);
    server.send(qos1(1), qos1(2));
    for await (const _ of subscription) break;
    for await (const _ of subscription) {
      _.acknowledge();
      break;
    }
    await world.settle();
    expect(taken(server)).toEqual(['puback 2']);
  });

  test('[MQTT-4.6.0-2] v5 [MQTT-4.6.0-3] v5 [MQTT-4.6.0-2] v3.1.1 [MQTT-4.6.0-3] v3.1.1 the application acknowledges in any order, the client in the order of PUBLISH packets', async () => {
    const client = world.connect(options);
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    const server = await world.accept();
    grant(server);
    server.send(qos1(4), qos2(3), qos1(2), qos2(1));
    await world.settle();
    for (const i of [3, 1, 2]) messages[i]!.acknowledge();
    await world.settle();
    expect(taken(server)).toEqual([]);
    messages[0]!.acknowledge();
    messages[0]!.acknowledge();
    await world.settle();
    expect(taken(server)).toEqual(['puback 4', 'pubrec 3', 'puback 2', 'pubrec 1']);
  });

  test('a message that is left unacknowledged holds up no other, and comes again on the next connection', async () => {
    const client = world.connect(options);
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    const server = await world.accept();
    grant(server);
    server.send(qos1(1), qos2(2), qos1(3));
    await world.settle();
    messages[2]!.acknowledge();
    messages[0]!.reject();
    messages[1]!.reject();
    messages[1]!.acknowledge(); // too late
    await world.settle();
    expect(taken(server)).toEqual(['puback 3']);
    server.cut();
    await world.advance(500);
    const second = await world.accept(CONTINUED);
    grant(second); // MQTT 3.1 does not say that there is a session
    second.send({ ...qos2(2), dup: true });
    await world.settle();
    expect(messages.length).toBe(4);
    messages[3]!.acknowledge();
    await world.settle();
    expect(taken(second)).toEqual(['pubrec 2']);
  });

  test('a refusal with a reason code is told to the server where the version can say it; else the message stays unacknowledged', async () => {
    const client = world.connect(options);
    client.on('handlerError', () => {});
    client.subscribe('#', { acknowledge: 'manual' }, (each) => each.reject(ReasonCode.PayloadFormatInvalid));
    client.subscribe('b', { acknowledge: 'handled', rejectWith: ReasonCode.QuotaExceeded }, () => {
      throw new Error('not today');
    });
    const server = await world.accept();
    grant(server);
    const isV5 = protocolVersion === 5;
    server.send(qos1(1, 'a'), qos2(2, 'a'), qos1(3, 'b'));
    await world.settle();
    // One subscription of two refuses the third.
    expect(taken(server).map((each) => each.replace('0x97', '0x99'))).toEqual(
      isV5 ? ['puback 1 0x99', 'pubrec 2 0x99', 'puback 3 0x99'] : [],
    );
    if (isV5) {
      // A refused message of QoS 2 is over.
      server.send(pubrel(2));
      await world.settle();
      expect(taken(server)).toEqual(['pubcomp 2 0x92']);
    }
    expect(client.gauges.unacknowledged).toBe(isV5 ? 0 : 3);
  });

  test('a message for several subscriptions is acknowledged when the last of them is done with it', async () => {
    const client = world.connect(options);
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    client.subscribe('a', { acknowledge: 'manual' }, (each) => messages.push(each));
    client.subscribe('a');
    const server = await world.accept();
    grant(server);
    server.send(qos1(1));
    await world.settle();
    messages[1]!.acknowledge();
    await world.settle();
    expect(taken(server)).toEqual([]);
    messages[0]!.acknowledge();
    await world.settle();
    expect(taken(server)).toEqual([]); // the third waits for whoever takes it
    expect(client.gauges).toMatchObject({ unacknowledged: 1, bufferedMessages: 1 });
  });

  test('a message that one of several leaves unacknowledged stays so, whatever the others say', async () => {
    const client = world.connect(options);
    client.subscribe('#', { acknowledge: 'manual' }, (each) => each.reject());
    client.subscribe('a', { acknowledge: 'manual' }, (each) => each.reject(ReasonCode.NotAuthorized));
    client.subscribe('a', {}, () => {});
    const server = await world.accept();
    grant(server);
    server.send(qos1(1));
    await world.settle();
    expect(taken(server)).toEqual([]);
  });

  /** A client with a message of QoS 1 in hand, of a connection that was cut, and a server that has the session. */
  async function inHand(beforeNext: (message: Message) => void) {
    const client = world.connect(options);
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    const server = await world.accept();
    grant(server);
    server.send(qos1(1));
    await world.settle();
    server.cut();
    beforeNext(messages[0]!);
    await world.advance(500);
    const second = await world.accept(CONTINUED);
    grant(second); // MQTT 3.1 does not say that there is a session
    return { second, messages };
  }
  const again = { ...qos1(1), dup: true };
  const nothing = (): void => {};

  test('an acknowledgement that comes after the server has sent the message again does nothing', async () => {
    const { second, messages } = await inHand(nothing);
    second.send(again);
    messages[0]!.acknowledge();
    await world.settle();
    expect(taken(second)).toEqual([]);
    messages[1]!.acknowledge();
    await world.settle();
    expect(taken(second)).toEqual(['puback 1']);
    expect(messages.map((each) => each.dup)).toEqual([false, true]);
  });

  test.each([
    ['while offline', true],
    ['on the next connection', false],
  ])(
    'a message that is acknowledged %s is answered when it comes again, and reaches nobody twice',
    async (_when, isOffline) => {
      const { second, messages } = await inHand((each) => isOffline && each.acknowledge());
      messages[0]!.acknowledge();
      second.send(qos1(2), again);
      await world.settle();
      expect(messages).toHaveLength(2);
      messages[1]!.acknowledge();
      await world.settle();
      expect(taken(second)).toEqual(['puback 2', 'puback 1']);
      // From here on the identifier means another message, however alike.
      second.send(again);
      await world.settle();
      expect(messages).toHaveLength(3);
    },
  );

  test.each([
    ['without DUP', qos1(1)],
    ['with another payload', { ...again, payload: new Uint8Array([1]) }],
    ['with another topic name', { ...again, topicName: 'b' }],
    ['at QoS 2', { ...again, qos: 2 as const }],
  ])('a message that comes with its identifier, but %s, is another one', async (_how, packet) => {
    const { second, messages } = await inHand((each) => each.acknowledge());
    second.send(packet);
    await world.settle();
    expect(messages).toHaveLength(2);
  });

  test.each([
    ['refused', (each: Message) => each.reject(ReasonCode.NotAuthorized)],
    ['left', (each: Message) => each.reject()],
  ])('a message that is %s while offline comes again', async (_how, settle) => {
    const { second, messages } = await inHand(settle);
    second.send(again);
    await world.settle();
    expect(messages).toHaveLength(2);
  });

  test('a message that was acknowledged before two connections, or in a session that is lost, comes again', async () => {
    const { second, messages } = await inHand((each) => each.acknowledge());
    second.cut();
    await world.advance(5000);
    const third = await world.accept(CONTINUED);
    third.send(again);
    await world.settle();
    expect(messages).toHaveLength(2);
    third.cut();
    messages[1]!.acknowledge();
    await world.advance(5000);
    const fourth = await world.accept({ sessionPresent: false });
    fourth.send(again);
    await world.settle();
    // MQTT 3.1 cannot tell that the session is lost.
    expect(messages).toHaveLength(options.protocolVersion === 3 ? 2 : 3);
  });
});

test('a reason code that refuses nothing is refused at the call', async () => {
  const client = world.connect();
  const messages: Message[] = [];
  client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
  const server = await world.accept();
  grant(server);
  server.send(qos1(1));
  await world.settle();
  const [first] = messages;
  for (const reasonCode of [
    ReasonCode.Success,
    ReasonCode.NoMatchingSubscribers,
    ReasonCode.ServerMoved,
    999,
  ]) {
    expect(() => first!.reject(reasonCode as ReasonCode)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(`got ${reasonCode}`),
      }),
    );
    expect(() => client.subscribe('a', { rejectWith: reasonCode as ReasonCode })).toThrow('rejectWith');
  }
  first!.acknowledge();
  await world.settle();
  expect(taken(server)).toEqual(['puback 1']);
});

describe('That the server may send nothing more', () => {
  const full = { receiveMaximum: 3 };
  const warnings = (client: ReturnType<World['connect']>): ClientError[] => {
    const seen: ClientError[] = [];
    client.on('warning', (warning) => seen.push(warning));
    return seen;
  };

  test('is told once when the application has left everything unacknowledged, and again on the next connection', async () => {
    const client = world.connect(full);
    const seen = warnings(client);
    client.on('handlerError', () => {});
    client.subscribe('#', { acknowledge: 'handled' }, () => Promise.reject(new Error('not today')));
    let server = await world.accept();
    grant(server);
    server.send(qos1(1), qos1(2));
    await world.settle();
    expect(seen).toEqual([]);
    server.send(qos1(3));
    await world.settle();
    expect(seen).toMatchObject([{ code: 'STALLED', message: expect.stringContaining('3 messages') }]);
    expect(client.gauges.unacknowledged).toBe(3);
    server.cut();
    await world.advance(500);
    server = await world.accept(CONTINUED);
    server.send(qos1(1), qos1(2), qos1(3));
    await world.settle();
    expect(seen.length).toBe(2);
  });

  test('is told when one message that is not acknowledged holds up all others', async () => {
    const client = world.connect(full);
    const seen = warnings(client);
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    const server = await world.accept();
    grant(server);
    server.send(qos1(1), qos1(2));
    await world.settle();
    messages[1]!.acknowledge();
    server.send(qos1(3));
    await world.settle();
    expect(seen.length).toBe(1);
  });

  test('is no news while messages wait to be taken, and while QoS 2 takes its course', async () => {
    const client = world.connect(full);
    const seen = warnings(client);
    client.subscribe('a');
    client.subscribe('b', {}, () => {});
    const server = await world.accept();
    grant(server);
    server.send(qos1(1), qos1(2), qos1(3));
    await world.settle();
    expect(client.gauges.bufferedMessages).toBe(3);
    expect(seen).toEqual([]);
    const other = world.connect(full);
    const otherSeen = warnings(other);
    other.subscribe('b', {}, () => {});
    const another = await world.accept();
    grant(another);
    another.send(qos2(1, 'b'), qos2(2, 'b'), qos2(3, 'b'));
    await world.settle();
    expect(otherSeen).toEqual([]);
  });
});

describe('The order of acknowledgements', () => {
  test('is that of the messages, whatever is done with them when, and what may leave leaves', () => {
    const outcome = fc.constantFrom('done', 'left', 'held');
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (outcomes, picks) => {
        const sent: number[] = [];
        const queue: Acknowledgements<Delivery> = new Acknowledgements(new Keeper(), (each) =>
          sent.push(each.packetId),
        );
        const deliveries = outcomes.map((_, i) => new Delivery(i, 1, 0, () => queue.send()));
        for (const each of deliveries) queue.add(each);
        const open = outcomes.flatMap((each, i) => (each === 'held' ? [] : [i]));
        while (open.length > 0) {
          const [i] = open.splice(picks.next().value % open.length, 1);
          deliveries[i!]!.release(outcomes[i!] === 'done' ? 0 : undefined, unseen);
        }
        const end = outcomes.includes('held') ? outcomes.indexOf('held') : outcomes.length;
        expect(sent).toEqual(outcomes.flatMap((each, i) => (each === 'done' && i < end ? [i] : [])));
        expect(queue.size).toBe(outcomes.length - end);
      }),
    );
  });

  test('costs no memory when one message holds up very many, and they leave one by one', () => {
    const sent: number[] = [];
    const queue: Acknowledgements<Delivery> = new Acknowledgements(new Keeper(), (each) =>
      sent.push(each.packetId),
    );
    const deliveries = Array.from({ length: 5000 }, (_, i) => new Delivery(i, 1, 0, () => queue.send()));
    for (const each of deliveries) queue.add(each);
    for (const each of deliveries) each.release(0, unseen);
    expect(sent.length).toBe(5000);
    expect(queue.size).toBe(0);
  });
});
