// What a client answers to messages of each QoS: on one connection, over several, and with a store.

import type { ClientOptions, Message, OpenTransport } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Disk } from '../persistence/controlled-store.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';
import { CONTINUED, grant, message, pubrel, taken } from './server-packets.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** The next connection, after the one before was lost. */
async function again(connack = CONTINUED) {
  await world.advance(500);
  return world.accept(connack);
}

describe.each([3, 4, 5] as const)('In version %i, a message of the server', (protocolVersion) => {
  test('of QoS 0 is answered with nothing, of QoS 1 with PUBACK, of QoS 2 with PUBREC and PUBCOMP', async () => {
    const client = world.connect({ protocolVersion });
    const seen: string[] = [];
    client.subscribe('#', {}, (each) => seen.push(`${each.topicName} ${each.qos} ${each.text()}`));
    const server = await world.accept();
    grant(server);
    server.send(message('a'), message('b', { qos: 1, packetId: 7 }), message('c', { qos: 2, packetId: 8 }));
    await world.settle();
    expect(seen).toEqual(['a 0 a', 'b 1 b', 'c 2 c']);
    expect(taken(server)).toEqual(['puback 7', 'pubrec 8']);
    server.send(pubrel(8));
    await world.settle();
    expect(taken(server)).toEqual(['pubcomp 8']);
    expect(client.gauges.unacknowledged).toBe(0);
  });

  test('may be empty, and may be large and come in pieces', async () => {
    const client = world.connect({ protocolVersion });
    const seen: Message[] = [];
    client.subscribe('#', {}, (each) => seen.push(each));
    const server = await world.accept();
    grant(server);
    const large = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    server.send(message('empty', { payload: new Uint8Array(0) }));
    const bytes = server.encode(message('large', { payload: large }));
    for (let at = 0; at < bytes.length; at += 1021) server.sendBytes(bytes.slice(at, at + 1021));
    await world.settle();
    expect(seen.map((each) => each.topicName)).toEqual(['empty', 'large']);
    expect(seen[0]!.payload.length).toBe(0);
    expect(seen[0]!.text()).toBe('');
    expect(Buffer.compare(seen[1]!.payload, large)).toBe(0);
  });

  test('has its payload as a Uint8Array, whatever the transport reads with', async () => {
    const client = world.connect({ protocolVersion });
    const seen: Message[] = [];
    client.subscribe('#', {}, (each) => seen.push(each));
    const server = await world.accept();
    grant(server);
    server.sendBytes(Buffer.from(server.encode(message('a'))));
    await world.settle();
    expect(seen[0]!.payload).not.toBeInstanceOf(Buffer);
    expect(seen[0]!.payload.slice().buffer).not.toBe(seen[0]!.payload.buffer);
  });
});

describe.each([4, 5] as const)('In version %i, a message of QoS 2', (protocolVersion) => {
  const options = { protocolVersion, sessionExpiryInterval: 300 };
  const qos2 = message('a', { qos: 2, packetId: 3 });
  const repeated = { ...qos2, dup: true };

  test('[MQTT-4.3.3-10] v5 [MQTT-4.3.3-2] v3.1.1 that comes again after its PUBREC is answered again, and reaches nobody', async () => {
    const client = world.connect(options);
    let calls = 0;
    client.subscribe('#', {}, () => {
      calls++;
    });
    const server = await world.accept();
    grant(server);
    server.send(qos2, repeated);
    await world.settle();
    expect(taken(server)).toEqual(['pubrec 3', 'pubrec 3']);
    server.cut();
    const second = await again();
    second.send(repeated, pubrel(3), { ...qos2 });
    await world.settle();
    expect(taken(second)).toEqual(['pubrec 3', 'pubcomp 3', 'pubrec 3']);
    expect(calls).toBe(2);
  });

  test('that comes again while its handler is at work is answered when that is done, once', async () => {
    const client = world.connect(options);
    const done: (() => void)[] = [];
    client.subscribe(
      '#',
      { acknowledge: 'handled' },
      () => new Promise<void>((resolve) => done.push(resolve)),
    );
    const server = await world.accept();
    grant(server);
    server.send(qos2, repeated);
    await world.settle();
    expect(taken(server)).toEqual([]);
    server.cut();
    const second = await again();
    second.send(repeated);
    await world.settle();
    expect(taken(second)).toEqual([]);
    done[0]!();
    await world.settle();
    expect([done.length, ...taken(second)]).toEqual([1, 'pubrec 3']);
  });

  test('that comes again after its handler was done with it offline is answered, and reaches nobody', async () => {
    const client = world.connect(options);
    const done: (() => void)[] = [];
    client.subscribe(
      '#',
      { acknowledge: 'handled' },
      () => new Promise<void>((resolve) => done.push(resolve)),
    );
    const server = await world.accept();
    grant(server);
    server.send(qos2);
    await world.settle();
    server.cut();
    done[0]!();
    const second = await again();
    second.send(repeated);
    await world.settle();
    expect([done.length, ...taken(second)]).toEqual([1, 'pubrec 3']);
  });

  test('whose handler failed comes to it again on the next connection', async () => {
    const client = world.connect(options);
    client.on('handlerError', () => {});
    let calls = 0;
    client.subscribe('#', { acknowledge: 'handled' }, () => {
      if (++calls === 1) throw new Error('not today');
    });
    const server = await world.accept();
    grant(server);
    server.send(qos2);
    await world.settle();
    expect(taken(server)).toEqual([]);
    server.cut();
    const second = await again();
    second.send(repeated);
    await world.settle();
    expect([calls, ...taken(second)]).toEqual([2, 'pubrec 3']);
  });

  test('is forgotten when the server has lost the session: its identifier means another message', async () => {
    const client = world.connect(options);
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    const server = await world.accept();
    grant(server);
    server.send(qos2);
    await world.settle();
    server.cut();
    const second = await again({ sessionPresent: false });
    grant(second);
    second.send({ ...qos2, topicName: 'b' });
    await world.settle();
    messages[0]!.acknowledge(); // of the old session: it must not be taken for the new one
    await world.settle();
    expect(taken(second)).toEqual([]);
    messages[1]!.acknowledge();
    await world.settle();
    expect(taken(second)).toEqual(['pubrec 3']);
    second.send(pubrel(3));
    await world.settle();
    expect(taken(second)).toEqual(['pubcomp 3']);
  });

  test('PUBREL for one that the client does not know is answered with PUBCOMP', async () => {
    world.connect(options);
    const server = await world.accept();
    server.send(pubrel(9));
    await world.settle();
    expect(taken(server)).toEqual([protocolVersion === 5 ? 'pubcomp 9 0x92' : 'pubcomp 9']);
  });

  test('PUBREL before PUBREC breaks the protocol, and the message is not lost', async () => {
    const client = world.connect(options);
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    const server = await world.accept();
    grant(server);
    server.send(qos2, pubrel(3));
    await world.settle();
    expect(taken(server)).toEqual(protocolVersion === 5 ? ['disconnect 0x82'] : []);
    const second = await again();
    second.send(repeated);
    messages[0]!.acknowledge();
    await world.settle();
    expect([messages.length, ...taken(second)]).toEqual([1, 'pubrec 3']);
  });
});

describe('The Receive Maximum of the client', () => {
  /** A client that may be sent two messages, what it has got, and what it was warned of. */
  async function two(options: ClientOptions = {}) {
    const client = world.connect({ receiveMaximum: 2, ...options });
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    const warnings: unknown[] = [];
    client.on('warning', ({ code, reasonCode }) => warnings.push(code, reasonCode));
    const server = await world.accept();
    grant(server);
    return { client, server, messages, warnings };
  }
  const many = (qos: 1 | 2, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => message('a', { qos, packetId: from + i }));
  const EXCEEDED = ['PROTOCOL_BROKEN', ReasonCode.ReceiveMaximumExceeded];

  test.each([1, 2] as const)(
    'holds a server back that sends more of QoS %d: no more is read until the application lets go of some',
    async (qos) => {
      const { client, server, messages, warnings } = await two();
      server.send(...many(qos, 1, 2));
      await world.settle();
      expect([server.isPaused, ...warnings]).toEqual([false, 'STALLED', undefined]);
      warnings.length = 0;
      server.send(...many(qos, 3, 6));
      await world.settle();
      expect([messages.length, client.gauges.unacknowledged, server.isPaused]).toEqual([3, 3, true]);
      // PUBREC is enough: PUBREL is behind what waits.
      for (let i = 0; i < 4; i++) {
        if (qos === 2) server.send(pubrel(i + 1));
        messages[i]!.acknowledge();
        await world.settle();
      }
      expect([messages.length, server.isPaused]).toEqual([6, false]);
      messages[4]!.acknowledge();
      messages[5]!.acknowledge();
      await world.settle();
      const answers = taken(server);
      for (let id = 1; id <= 6; id++) expect(answers).toContain(qos === 1 ? `puback ${id}` : `pubrec ${id}`);
      expect(warnings).toEqual(EXCEEDED);
      expect([client.state, client.gauges.unacknowledged]).toEqual(['online', 0]);
    },
  );

  test('while a server is held back, pings and acknowledgements go on', async () => {
    const { client, server, messages } = await two({ keepAlive: 10 });
    server.send(...many(1, 1, 4));
    await world.settle();
    await world.advance(60_000);
    expect(client.state).toBe('online');
    expect(taken(server).filter((each) => each === 'pingreq').length).toBeGreaterThan(5);
    messages[0]!.acknowledge();
    await world.settle();
    expect(taken(server)).toEqual(['puback 1']);
  });

  test('the application is warned once on each connection, and what it leaves holds nothing back', async () => {
    const { client, server, messages, warnings } = await two();
    server.send(...many(1, 1, 3));
    await world.settle();
    for (const each of messages) each.reject();
    await world.settle();
    expect(server.isPaused).toBe(false);
    server.send(...many(1, 4, 7));
    await world.settle();
    expect([messages.length, server.isPaused]).toEqual([6, true]);
    expect(warnings.filter((each) => each === EXCEEDED[1])).toHaveLength(1);
    server.cut();
    const second = await again();
    second.send(...many(1, 1, 3));
    await world.settle();
    expect(warnings.filter((each) => each === EXCEEDED[1])).toHaveLength(2);
    expect(client.state).toBe('online');
  });

  test('while an answer of the server is awaited, so much more is read that a handler that waits for it gets on', async () => {
    const { client, server, messages } = await two();
    server.send(...many(1, 1, 5));
    await world.settle();
    expect(messages).toHaveLength(3);
    const publication = client.publish('b', '', { qos: 1 });
    await world.settle();
    expect([messages.length, server.isPaused]).toEqual([5, false]);
    const { packetId } = server.take('publish');
    server.send(...many(1, 6, 200));
    await world.settle();
    expect([messages.length, server.isPaused]).toEqual([200, false]);
    server.send({ type: 'puback', packetId, reasonCode: 0, properties: {} });
    for (const each of messages) each.acknowledge();
    await publication;
    expect(client.state).toBe('online');
  });

  const transport: OpenTransport = async (...of) => {
    const { write, end, destroy } = await world.open(...of);
    return { write, end, destroy };
  };
  /** One message more than there are packet identifiers. */
  function tooMany(server: TestServer): void {
    const packet = server.encode(message('a', { qos: 1, packetId: 1 }));
    server.sendBytes(Buffer.concat(Array.from({ length: 65_536 }, () => packet)));
  }

  test('where the transport cannot wait, as many are borne as there are identifiers, and one more ends it with 0x93', async () => {
    const { client, server, messages, warnings } = await two({ transport });
    server.send(...many(1, 1, 1000));
    await world.settle();
    expect([client.state, messages.length, ...taken(server)]).toEqual(['online', 1000]);
    expect(warnings.slice(-2)).toEqual(EXCEEDED);
    for (const each of messages.splice(0)) each.acknowledge();
    taken(server);
    tooMany(server);
    await world.settle();
    expect([messages.length, ...taken(server).slice(-1)]).toEqual([65_535, 'disconnect 0x93']);
    expect(client.state).toBe('waiting');
  });

  test('a server that is thrown out again and again for it is asked again later and later', async () => {
    const { client, ...first } = await two({ transport });
    const delays: (number | undefined)[] = [];
    client.on('offline', ({ reconnectMs }) => delays.push(reconnectMs));
    let { server } = first;
    for (let i = 0; i < 4; i++) {
      // It lasts so long each time that otherwise it would count as a good one.
      await world.advance(20_000);
      tooMany(server);
      await world.settle();
      await world.advance(delays.at(-1)!);
      server = await world.accept(CONTINUED);
    }
    expect(delays).toEqual([500, 1000, 2000, 4000]);
    // One that ends otherwise is what it was.
    await world.advance(20_000);
    server.cut();
    expect(delays.at(-1)).toBe(500);
  });

  test('bounds what a server may repeat, too', async () => {
    const { client, server, messages } = await two();
    server.send(message('held', { qos: 1, packetId: 1 }), message('a', { qos: 2, packetId: 2 }));
    await world.settle();
    messages[1]!.acknowledge();
    for (let i = 0; i < 100; i++) server.send(message('a', { qos: 2, packetId: 2, dup: true }));
    await world.settle();
    expect([client.gauges.unacknowledged, server.isPaused]).toEqual([3, true]);
    messages[0]!.acknowledge();
    await world.settle();
    expect(taken(server)).toEqual(['puback 1', ...new Array(101).fill('pubrec 2')]);
  });

  test('bounds what a server repeats where the transport cannot wait', async () => {
    const { client, server, messages } = await two({ transport });
    server.send(message('held', { qos: 1, packetId: 1 }), message('a', { qos: 2, packetId: 2 }));
    await world.settle();
    messages[1]!.acknowledge();
    const repeated = server.encode(message('a', { qos: 2, packetId: 2, dup: true }));
    server.sendBytes(Buffer.concat(Array.from({ length: 65_533 }, () => repeated)));
    await world.settle();
    expect(client.state).toBe('online');
    server.sendBytes(repeated);
    await world.settle();
    expect(taken(server)).toEqual(['disconnect 0x93']);
  });

  test('counts a message until PUBACK or PUBREC, refused or not', async () => {
    const client = world.connect({ receiveMaximum: 1 });
    let isRefusing = false;
    client.subscribe('#', { acknowledge: 'manual' }, (each) =>
      isRefusing ? each.reject(ReasonCode.NotAuthorized) : each.acknowledge(),
    );
    const server = await world.accept();
    grant(server);
    server.send(
      message('a', { qos: 2, packetId: 1 }),
      pubrel(1),
      message('b', { qos: 2, packetId: 2 }),
      pubrel(2),
    );
    isRefusing = true;
    server.send(message('c', { qos: 2, packetId: 3 }), message('d', { qos: 1, packetId: 4 }));
    isRefusing = false;
    server.send(message('e', { qos: 1, packetId: 5 }));
    await world.settle();
    expect(taken(server)).toEqual([
      'pubrec 1',
      'pubcomp 1',
      'pubrec 2',
      'pubcomp 2',
      'pubrec 3 0x87',
      'puback 4 0x87',
      'puback 5',
    ]);
    server.send(message('f', { qos: 2, packetId: 6 }), message('g', { qos: 1, packetId: 7 }));
    await world.settle();
    // At QoS 2 the server may not before PUBCOMP; but nothing of ours waits for it.
    expect(taken(server)).toEqual(['pubrec 6', 'puback 7']);
  });
});

describe('With a store', () => {
  const qos2 = message('a', { qos: 2, packetId: 3 });

  test('PUBREC leaves when the identifier is safe, PUBCOMP when it has been removed', async () => {
    const disk = new Disk();
    const store = disk.store();
    const client = world.connect({ store });
    const messages: Message[] = [];
    client.subscribe('#', { acknowledge: 'manual' }, (each) => messages.push(each));
    const server = await world.accept();
    grant(server);
    const finish = async (): Promise<string[]> => {
      store.finish();
      await world.settle();
      return taken(server);
    };
    for (let i = 0; i < 3; i++) await finish();
    server.send(qos2);
    await world.settle();
    expect(store.underWay).toBe(0);
    messages[0]!.acknowledge();
    await world.settle();
    expect([store.underWay, ...taken(server)]).toEqual([1]);
    expect(await finish()).toEqual(['pubrec 3']);
    expect(disk.keys).toContain(-3);
    server.send(pubrel(3), pubrel(3));
    await world.settle();
    // The second is for one that is not known any more, and must not be told so before that is safe.
    expect(taken(server)).toEqual([]);
    expect(await finish()).toEqual(['pubcomp 3', 'pubcomp 3 0x92']);
    expect(disk.keys).not.toContain(-3);
  });

  test('a process that takes over knows what was received before, and hands it to nobody again', async () => {
    const disk = new Disk();
    const seen: string[] = [];
    for (const process of ['first', 'second']) {
      world = new World();
      const store = disk.store();
      store.isFast = true;
      const client = world.connect({ store });
      client.subscribe('#', {}, (each) => seen.push(`${process} ${each.topicName}`));
      const server = await world.accept({ sessionPresent: process === 'second' });
      grant(server);
      server.send({ ...qos2, dup: process === 'second' });
      await world.settle();
      expect(taken(server)).toEqual(['pubrec 3']);
      if (process === 'second') {
        server.send(pubrel(3));
        await world.settle();
        expect(taken(server)).toEqual(['pubcomp 3']);
        server.send(qos2);
        await world.settle();
      }
      store.crash();
    }
    expect(seen).toEqual(['first a', 'second a']);
  });
});
