import type { Client, ClientError, ClientOptions } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { puback, pubcomp, pubrec } from '../outgoing/answers.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';
import type { ControlledStore } from './controlled-store.ts';
import { Disk } from './controlled-store.ts';

let disk: Disk;
let world: World;
let store: ControlledStore;
let errors: ClientError[];
beforeEach(() => {
  disk = new Disk();
  world = new World();
});
afterEach(async () => {
  store.isFast = true;
  store.finish();
  await world.close();
});

/** A process begins. */
function start(options: ClientOptions = {}): Client {
  world = new World();
  store = disk.store();
  errors = [];
  const client = world.connect({ store, ...options });
  client.on('error', (error) => errors.push(error));
  return client;
}

/** What the server got, in short. */
function taken(server: TestServer): string[] {
  return server.takeAll().map((packet) => {
    if (packet.type === 'publish')
      return `publish ${packet.topicName} ${packet.packetId ?? 0}${packet.dup ? ' dup' : ''}`;
    return 'packetId' in packet ? `${packet.type} ${packet.packetId}` : packet.type;
  });
}

async function finish(): Promise<void> {
  store.finish();
  await world.settle();
}

const CONTINUED = { sessionPresent: true };

describe('A message of QoS 1 or 2', () => {
  test('is sent when its record, packet identifier included, is safe', async () => {
    const client = start();
    const server = await world.accept();
    await finish();
    await finish();
    const first = client.publish('a', 'b', { qos: 1 });
    let isStored = false;
    void first.stored.then(() => {
      isStored = true;
    });
    client.publish('b', 'b', { qos: 2 });
    client.publish('c', 'b');
    await world.settle();
    expect(taken(server)).toEqual(['publish c 0']);
    expect(isStored).toBe(false);
    await finish();
    expect(isStored).toBe(true);
    expect(taken(server)).toEqual(['publish a 1', 'publish b 2']);
    server.send(puback(1));
    expect(await first).toMatchObject({ reasonCode: 0 });
  });

  test('is stored while the client is offline, before it has a packet identifier', async () => {
    const client = start();
    const publication = client.publish('a', 'b', { qos: 1 });
    let isStored = false;
    void publication.stored.then(() => {
      isStored = true;
    });
    await world.settle();
    expect(isStored).toBe(false);
    await finish();
    expect(isStored).toBe(true);
    expect(disk.keys).toEqual([0, 1]);
  });

  test('costs no write of its own where there are many', async () => {
    const client = start();
    const server = await world.accept();
    await finish();
    await finish();
    const before = disk.writes;
    for (let i = 0; i < 1000; i++) client.publish('a', 'b', { qos: 1 });
    await world.settle();
    for (let i = 0; i < 1000; i++) client.publish('a', 'b', { qos: 1 });
    await world.settle();
    await finish();
    await finish();
    expect(disk.writes - before).toBe(2);
    expect(server.takeAll()).toHaveLength(2000);
  });

  test('is sent again by the next process with its packet identifier, in order, before what is new', async () => {
    const client = start();
    await world.accept();
    store.isFast = true;
    await finish();
    for (const name of ['a', 'b', 'c']) client.publish(name, name, { qos: name === 'b' ? 2 : 1 });
    await world.settle();
    store.crash();

    const next = start();
    store.isFast = true;
    next.publish('d', 'd', { qos: 1 });
    const server = await world.accept(CONTINUED);
    expect(server.connect.cleanStart).toBe(false);
    expect(taken(server)).toEqual(['publish a 1 dup', 'publish b 2 dup', 'publish c 3 dup', 'publish d 4']);
    expect(disk.keys).toEqual([0, 1, 2, 3, 4]);
    server.send(puback(1), pubrec(2), puback(3), puback(4));
    await world.settle();
    expect(taken(server)).toEqual(['pubrel 2']);
    server.send(pubcomp(2));
    await world.settle();
    expect(disk.keys).toEqual([0]);
  });

  test('keeps what it carries', async () => {
    const client = start();
    store.isFast = true;
    const properties = {
      payloadFormatIndicator: 0,
      contentType: 'ü',
      responseTopic: 'r',
      correlationData: Uint8Array.of(1, 2),
      userProperties: [['k', 'v']],
      messageExpiryInterval: 60,
    } as const;
    client.publish('ä/b', Uint8Array.of(0, 255), { qos: 2, retain: true, ...properties });
    client.publish('c', '', { qos: 1 });
    await world.settle();
    const { wallMs } = world;
    start();
    world.wallMs = wallMs + 15_000;
    store.isFast = true;
    const server = await world.accept();
    expect(server.takeAll()).toMatchObject([
      {
        topicName: 'ä/b',
        payload: Uint8Array.of(0, 255),
        qos: 2,
        retain: true,
        dup: false,
        properties: { ...properties, messageExpiryInterval: 45 },
      },
      { topicName: 'c', payload: new Uint8Array(0), qos: 1, retain: false, properties: {} },
    ]);
  });

  test('expires while no process runs', async () => {
    const client = start();
    store.isFast = true;
    client.publish('a', 'b', { qos: 1, messageExpiryInterval: 10 });
    client.publish('b', 'b', { qos: 1 });
    await world.settle();
    const { wallMs } = world;
    start();
    world.wallMs = wallMs + 10_000;
    store.isFast = true;
    const server = await world.accept();
    expect(taken(server)).toEqual(['publish b 1']);
    await world.settle();
    expect(errors).toMatchObject([{ code: 'TIMEOUT' }]);
    expect(disk.keys).toEqual([0, 2]);
  });

  test('is forgotten by the store when it is withdrawn', async () => {
    const client = start();
    store.isFast = true;
    const controller = new AbortController();
    const publication = client.publish('a', 'b', { qos: 1, signal: controller.signal });
    await world.settle();
    expect(disk.keys).toEqual([0, 1]);
    controller.abort();
    await expect(publication).rejects.toMatchObject({ code: 'ABORTED' });
    await world.settle();
    expect(disk.keys).toEqual([0]);
  });

  test('that waits for its record is withdrawn before it is sent', async () => {
    const client = start();
    const server = await world.accept();
    await finish();
    await finish();
    const controller = new AbortController();
    const outcome = client.publish('a', 'b', { qos: 2, signal: controller.signal }).then(
      () => 'acknowledged',
      (error: unknown) => (error as ClientError).code,
    );
    client.publish('b', 'b', { qos: 2 });
    await world.settle();
    controller.abort();
    expect(await outcome).toBe('ABORTED');
    await finish();
    await finish();
    expect(taken(server)).toEqual(['publish b 2']);
    expect(disk.keys).toEqual([0, 2]);
  });
});

describe('PUBREL', () => {
  test('leaves when the store knows of PUBREC', async () => {
    const client = start();
    const server = await world.accept();
    await finish();
    await finish();
    client.publish('a', 'b', { qos: 2 });
    await world.settle();
    await finish();
    server.takeAll();
    server.send(pubrec(1));
    await world.settle();
    expect(taken(server)).toEqual([]);
    await finish();
    expect(taken(server)).toEqual(['pubrel 1']);
  });

  test('waits for that on the next connection as well', async () => {
    const client = start();
    const first = await world.accept();
    await finish();
    await finish();
    client.publish('a', 'b', { qos: 2 });
    await world.settle();
    await finish();
    first.send(pubrec(1));
    await world.settle();
    first.cut();
    await world.advance(1000);
    const second = await world.accept(CONTINUED);
    expect(taken(second)).toEqual([]);
    await finish();
    expect(taken(second)).toEqual(['pubrel 1']);
  });

  test('is sent by the next process, and the message is not', async () => {
    const client = start();
    const server = await world.accept();
    store.isFast = true;
    await finish();
    client.publish('a', 'b', { qos: 2 });
    await world.settle();
    server.send(pubrec(1));
    await world.settle();
    store.crash();

    start();
    store.isFast = true;
    const next = await world.accept(CONTINUED);
    expect(taken(next)).toEqual(['pubrel 1']);
    next.send(pubcomp(1));
    await world.settle();
    expect(disk.keys).toEqual([0]);
  });
});

describe('A process that finds a session', () => {
  test('[MQTT-3.2.2-5] v5 that the server has lost sends the messages as new', async () => {
    const client = start();
    const server = await world.accept();
    store.isFast = true;
    await finish();
    client.publish('a', 'b', { qos: 2 });
    client.publish('b', 'b', { qos: 1 });
    await world.settle();
    server.send(pubrec(1));
    await world.settle();
    store.crash();

    start();
    store.isFast = true;
    const next = await world.accept();
    expect(taken(next)).toEqual(['publish b 3']);
    next.send(puback(3));
    await world.settle();
    expect(disk.keys).toEqual([0]);
  });

  test('in a new store begins a new one at the server, until it was online once', async () => {
    start();
    store.isFast = true;
    const first = await world.accepting();
    expect(first.take('connect').cleanStart).toBe(true);
    start();
    store.isFast = true;
    const second = await world.accept();
    expect(second.connect.cleanStart).toBe(true);
    await world.settle();
    start();
    store.isFast = true;
    const third = await world.accept(CONTINUED);
    expect(third.connect.cleanStart).toBe(false);
  });

  test('does what it is told about a clean start', async () => {
    start({ cleanStart: false });
    expect((await world.accept(CONTINUED)).connect.cleanStart).toBe(false);
  });

  test('of another client refuses it, and leaves it as it is', async () => {
    start().publish('a', 'b', { qos: 1 });
    store.isFast = true;
    await world.settle();
    const before = new Map(disk.records);

    const client = start({ clientId: 'another' });
    const outcome = client.publish('b', 'b', { qos: 1 }).then(
      () => 'acknowledged',
      (error: unknown) => (error as ClientError).code,
    );
    await world.settle();
    expect(errors).toMatchObject([{ code: 'INVALID_OPTION', message: expect.stringContaining('"c"') }]);
    expect(await outcome).toBe('INVALID_OPTION');
    expect(client.state).toBe('closed');
    expect(disk.records).toEqual(before);
    expect(store.isClosed).toBe(true);
  });
});

describe('A record that is damaged', () => {
  async function recordsOfASession(): Promise<void> {
    const client = start();
    store.isFast = true;
    client.publish('topic', 'payload', { qos: 1, contentType: 'text/plain' });
    client.publish('topic', 'payload', { qos: 2, contentType: 'text/plain' });
    const server = await world.accept();
    await world.settle();
    server.send(pubrec(2));
    await world.settle();
    store.crash();
  }

  function change(key: number, edit: (record: Uint8Array) => Uint8Array | undefined): () => void {
    return () => {
      const edited = edit(disk.records.get(key)!);
      if (edited === undefined) disk.records.delete(key);
      else disk.records.set(key, edited);
    };
  }

  function byte(at: number, value: number): (record: Uint8Array) => Uint8Array {
    return (record) => record.map((old, i) => (i === at ? value : old));
  }

  test.each([
    ['a session of another format', change(0, byte(0, 9))],
    ['a session with a name that is no UTF-8', change(0, byte(2, 0xff))],
    ['no session', change(0, () => undefined)],
    ['nothing in the session', change(0, () => new Uint8Array(0))],
    ['nothing in a message', change(1, () => new Uint8Array(0))],
    ['QoS 3', change(1, byte(0, 6))],
    ['QoS 0', change(1, byte(0, 0))],
    ['an unknown kind', change(1, byte(0, 77))],
    ['a topic name beyond the end', change(1, byte(11, 0xff))],
    ['a wildcard in the topic name', change(1, byte(13, 0x23))],
    ['properties beyond the end', change(1, byte(18, 0x7f))],
    ['an unknown property', change(1, byte(19, 0x7f))],
    ['no packet identifier to release', change(2, () => Uint8Array.of(8, 0, 0))],
    ['a packet identifier to release and more', change(2, () => Uint8Array.of(8, 0, 2, 0))],
    ['a packet identifier that is in use', change(2, () => Uint8Array.of(8, 0, 1))],
    ['a packet identifier of the server with a value', () => disk.records.set(-5, Uint8Array.of(1))],
    [
      'a packet identifier of the server that is too large',
      () => disk.records.set(-70_000, new Uint8Array(0)),
    ],
  ])('(%s) ends the client, and everything is left as it is', async (_name, damage) => {
    await recordsOfASession();
    damage();
    const before = new Map(disk.records);
    const client = start();
    const outcome = client.publish('a', 'b', { qos: 1 }).then(
      () => 'acknowledged',
      (error: unknown) => (error as ClientError).code,
    );
    await world.settle();
    expect(errors).toMatchObject([{ code: 'STORE_FAILED', kind: 'environment' }]);
    expect(await outcome).toBe('STORE_FAILED');
    expect(client.state).toBe('closed');
    expect(world.opened).toEqual([]);
    expect(disk.records).toEqual(before);
  });

  test('cut at any byte is refused, or lacks payload only', async () => {
    await recordsOfASession();
    const whole = disk.records.get(1)!;
    const payloadAt = whole.length - 'payload'.length;
    for (let length = 0; length < payloadAt; length++) {
      disk.records.set(1, whole.slice(0, length));
      start();
      await world.settle();
      expect(errors.map(({ code }) => code)).toEqual(['STORE_FAILED']);
    }
  });
});

describe('A store that fails', () => {
  test('when it is opened ends the client', async () => {
    const client = start();
    store.openFailure = new Error('in use');
    const outcome = client.publish('a', 'b', { qos: 1 }).stored.then(
      () => 'stored',
      (error: unknown) => (error as ClientError).code,
    );
    await world.settle();
    expect(errors).toMatchObject([
      { code: 'STORE_FAILED', message: expect.stringContaining('in use'), cause: store.openFailure },
    ]);
    expect(await outcome).toBe('STORE_FAILED');
    expect(client.state).toBe('closed');
  });

  test('when it writes ends the client, and nothing is sent that is not safe', async () => {
    const client = start();
    const server = await world.accept();
    await finish();
    await finish();
    const safe = client.publish('a', 'b', { qos: 1 });
    await world.settle();
    await finish();
    const publication = client.publish('b', 'b', { qos: 1 });
    const outcomes = [safe.stored, safe, publication.stored, publication].map((promise) =>
      promise.then(
        () => 'reached',
        (error: unknown) => (error as ClientError).code,
      ),
    );
    await world.settle();
    store.failure = new Error('no space');
    await finish();
    expect(await Promise.all(outcomes)).toEqual(['reached', 'STORE_FAILED', 'STORE_FAILED', 'STORE_FAILED']);
    expect(errors.map(({ code }) => code)).toEqual(['STORE_FAILED']);
    expect(taken(server)).toEqual(['publish a 1', 'disconnect']);
    expect(store.isClosed).toBe(true);
    expect(disk.keys).toEqual([0, 1]);
  });

  test('while the client is closed is told once, and closing ends', async () => {
    const client = start();
    await world.accept();
    await finish();
    await finish();
    client.publish('a', 'b', { qos: 1 }).acknowledged.catch(() => {});
    await world.settle();
    const closed = client.close({ timeoutMs: 0 });
    store.failure = new Error('no space');
    await finish();
    await closed;
    expect(errors.map(({ code }) => code)).toEqual(['STORE_FAILED']);
    expect(store.isClosed).toBe(true);
  });
});

describe('A client with a store that is closed', () => {
  test('writes what is left, and leaves what was not acknowledged to the next process, without an error', async () => {
    const client = start();
    const server = await world.accept();
    store.isFast = true;
    await finish();
    client.publish('a', 'b', { qos: 1 });
    client.publish('b', 'b', { qos: 1 });
    await world.settle();
    server.send(puback(1, ReasonCode.Success));
    await client.close({ timeoutMs: 0 });
    await world.settle();
    expect(errors).toEqual([]);
    expect(disk.keys).toEqual([0, 2]);
  });
});
