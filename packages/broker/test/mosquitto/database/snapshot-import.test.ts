import { chownSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../../test/seeded-random.ts';
import {
  importMosquittoDatabase,
  mosquittoDatabaseKind,
} from '../../../src/mosquitto/database/import-mosquitto.ts';
import { MessageState, NEVER_EXPIRES } from '../../../src/mosquitto/database/mosquitto-contents.ts';
import { exported, linesOf } from '../../stores/disk/tools/exported.ts';
import { temporaryDirectories } from '../../stores/disk/tools/temporary-directories.ts';
import { WrittenSnapshot } from './written-snapshot.ts';

const path = temporaryDirectories();
const NOW_S = 1_800_000_000;
const NOW_MS = NOW_S * 1000;
const WRITTEN = new Date('2026-11-01T00:00:00.000Z');

/** Imports a database of these bytes; the lines of the store that was made. */
async function imported(bytes: Uint8Array, options: { readonly salvage?: boolean } = {}) {
  const directory = path('store');
  const result = await importInto(directory, bytes, options);
  const lines = linesOf(await exported(directory));
  const of = (type: string) =>
    lines.filter((line) => line['type'] === type).map(({ type: _, ...fields }) => fields);
  return { result, of };
}

function importInto(directory: string, bytes: Uint8Array, options: { readonly salvage?: boolean }) {
  const file = path('mosquitto.db');
  writeFileSync(file, bytes);
  utimesSync(file, WRITTEN, WRITTEN);
  return importMosquittoDatabase(file, directory, { nowMs: NOW_MS, ...options });
}

for (const version of [5, 6] as const) {
  test(`version ${version}: sessions, subscriptions, retained and queued messages are kept`, async () => {
    const { result, of } = await imported(
      new WrittenSnapshot(version)
        .message({
          id: 7n,
          topicName: 'a/b',
          payload: 'one',
          qos: 1,
          properties: [7, 38, 0, 1, 107, 0, 1, 118],
        })
        .message({ id: 9n, topicName: 'kept', payload: 'two', qos: 0, retain: true })
        .session('alice', NEVER_EXPIRES)
        .delivery({
          clientId: 'alice',
          message: 7n,
          qos: 1,
          state: MessageState.Queued,
          properties: [2, 11, 77],
        })
        .session('bob', 3600, NOW_S - 400)
        .subscription('alice', 'a/#', 2, 0x04 | 0x08 | 0x10, 77)
        .subscription('bob', '$share/g/b/+', 1)
        .retained(9n).bytes,
    );
    expect(result.format).toBe(`mosquitto.db, version ${version}`);
    expect(of('session')).toEqual([
      { clientId: 'alice', sessionExpiryInterval: 'never', disconnectedAt: WRITTEN.toISOString() },
      {
        clientId: 'bob',
        sessionExpiryInterval: 3600,
        disconnectedAt: new Date((NOW_S - 4000) * 1000).toISOString(),
      },
    ]);
    expect(of('subscription')).toEqual([
      {
        clientId: 'alice',
        topicFilter: 'a/#',
        qos: 2,
        noLocal: true,
        retainAsPublished: true,
        retainHandling: 1,
        subscriptionIdentifier: 77,
      },
      expect.objectContaining({ clientId: 'bob', topicFilter: '$share/g/b/+', qos: 1, noLocal: false }),
    ]);
    expect(of('message')).toEqual([
      expect.objectContaining({
        topicName: 'a/b',
        payload: 'one',
        properties: { userProperties: [['k', 'v']] },
      }),
      expect.objectContaining({ topicName: 'kept', payload: 'two', retain: true }),
    ]);
    expect(of('retained')).toEqual([{ topicName: 'kept', message: 2 }]);
    expect(of('queued')).toEqual([
      { clientId: 'alice', message: 1, qos: 1, retain: false, subscriptionIdentifiers: [77] },
    ]);
  });
}

test('what is in flight stays in flight, under its packet identifier and in its state', async () => {
  const snapshot = new WrittenSnapshot()
    .message({ id: 1n, topicName: 't', payload: 'x', qos: 2 })
    .session('c', NEVER_EXPIRES);
  const states = [
    [MessageState.WaitForPuback, 1, 'awaiting-puback'],
    [MessageState.PublishQos1, 1, 'awaiting-puback'],
    [MessageState.WaitForPubrec, 2, 'awaiting-pubrec'],
    [MessageState.PublishQos2, 2, 'awaiting-pubrec'],
    [MessageState.WaitForPubcomp, 2, 'awaiting-pubcomp'],
    [MessageState.ResendPubrel, 2, 'awaiting-pubcomp'],
  ] as const;
  states.forEach(([state, qos], i) => {
    snapshot.delivery({ clientId: 'c', message: 1n, packetId: i + 1, qos, state });
  });
  snapshot.delivery({ clientId: 'c', message: 1n, qos: 1, state: MessageState.Queued });
  const { of } = await imported(snapshot.bytes);
  expect(of('in-flight').map(({ packetId, state }) => [packetId, state])).toEqual(
    states.map(([, , name], i) => [i + 1, name]),
  );
  expect(of('queued')).toHaveLength(1);
});

test('a QoS 2 message whose PUBREL had not come is routed once, and its identifier is known', async () => {
  const { of } = await imported(
    new WrittenSnapshot()
      .message({ id: 1n, topicName: 'a/1', payload: 'x', qos: 2, retain: true, publisher: 'from' })
      .session('from', NEVER_EXPIRES)
      .delivery({
        clientId: 'from',
        message: 1n,
        packetId: 5,
        qos: 2,
        state: MessageState.WaitForPubrel,
        incoming: true,
      })
      .session('to', NEVER_EXPIRES)
      .subscription('from', 'a/#', 2, 0x04)
      .subscription('to', 'a/+', 1, 0, 3)
      .subscription('to', 'a/1', 2, 0, 4)
      .subscription('to', 'b', 2)
      .subscription('to', '$share/g/a/1', 2).bytes,
  );
  expect(of('received')).toEqual([{ clientId: 'from', packetIds: [5] }]);
  expect(of('retained')).toEqual([{ topicName: 'a/1', message: 1 }]);
  expect(of('queued')).toEqual([
    { clientId: 'to', message: 1, qos: 2, retain: false, subscriptionIdentifiers: [3, 4] },
    { group: { shareName: 'g', topicFilter: 'a/1' }, message: 1, qos: 2, retain: false },
  ]);
});

test('one whose PUBREC had not been sent is left to its client, which sends it again', async () => {
  const { of } = await imported(
    new WrittenSnapshot()
      .message({ id: 1n, topicName: 'a', payload: 'x', qos: 2 })
      .session('from', NEVER_EXPIRES)
      .delivery({
        clientId: 'from',
        message: 1n,
        packetId: 5,
        qos: 2,
        state: MessageState.SendPubrec,
        incoming: true,
      })
      .subscription('from', 'a', 2).bytes,
  );
  expect([...of('received'), ...of('queued')]).toEqual([]);
});

test('what cannot be used is left out, counted and told', async () => {
  const { result, of } = await imported(
    new WrittenSnapshot()
      .message({ id: 1n, topicName: 'late', payload: 'x', qos: 1, expiresAtSeconds: NOW_S })
      .message({ id: 2n, topicName: 'soon', payload: 'x', qos: 1, expiresAtSeconds: NOW_S + 1 })
      .message({ id: 3n, topicName: 'no/+', payload: 'x', qos: 1 })
      .message({ id: 4n, topicName: '$SYS/broker/uptime', payload: '1', qos: 1, retain: true })
      .session('c', NEVER_EXPIRES)
      .delivery({ clientId: 'c', message: 1n, qos: 1, state: MessageState.Queued })
      .delivery({ clientId: 'c', message: 2n, qos: 1, state: MessageState.Queued })
      .delivery({ clientId: 'c', message: 3n, qos: 1, state: MessageState.Queued })
      .delivery({ clientId: 'c', message: 99n, qos: 1, state: MessageState.Queued })
      .delivery({ clientId: 'nobody', message: 2n, qos: 1, state: MessageState.Queued })
      .subscription('c', 'a/#/b', 1)
      .retained(4n).bytes,
  );
  expect(of('message').map(({ topicName, expiresAt }) => [topicName, expiresAt])).toEqual([
    ['soon', new Date((NOW_S + 1) * 1000).toISOString()],
  ]);
  expect(result.notices).toEqual([
    'left out: 1 subscriptions whose topic filter is not valid',
    'left out: 1 messages for clients that have no session',
    'left out: 1 messages that have expired',
    'left out: 1 messages whose topic name is not valid',
    'left out: 1 messages that the database does not hold',
    expect.stringContaining('no shared subscriptions'),
  ]);
});

test('a database that was cut is refused with the place, or salvaged up to it', async () => {
  const whole = new WrittenSnapshot()
    .message({ id: 1n, topicName: 'a', payload: 'kept', qos: 1, retain: true })
    .retained(1n)
    .session('c', NEVER_EXPIRES).bytes;
  const cut = whole.subarray(0, whole.length - 1);
  await expect(imported(cut)).rejects.toMatchObject({
    code: 'damaged',
    message: expect.stringMatching(
      /damaged at byte \d+ of \d+: expected a chunk of 25 bytes, 24 are left.*--salvage/,
    ),
  });
  const { result, of } = await imported(cut, { salvage: true });
  expect(of('retained')).toHaveLength(1);
  expect(result.counts.lost).toBe(1);
  expect(result.notices[0]).toContain('damaged at byte');
});

test('versions that are not read are named, with the way out', async () => {
  await expect(imported(new WrittenSnapshot(4).bytes)).rejects.toMatchObject({
    code: 'unsupported-version',
    message: expect.stringContaining('start Mosquitto 2 on it once'),
  });
  await expect(imported(new WrittenSnapshot(7).bytes)).rejects.toMatchObject({
    code: 'unsupported-version',
    message: expect.stringContaining('a newer Mosquitto'),
  });
  await expect(imported(new WrittenSnapshot(6, 4).bytes)).rejects.toMatchObject({ code: 'damaged' });
});

test('the store may be made where the database is, and everything there stays', async () => {
  const directory = path('var-lib-mosquitto');
  mkdirSync(directory);
  const database = join(directory, 'mosquitto.db');
  writeFileSync(
    database,
    new WrittenSnapshot().message({ id: 1n, topicName: 'a', payload: 'b', qos: 0, retain: true }).retained(1n)
      .bytes,
  );
  writeFileSync(join(directory, 'dynamic-security.json'), '{}');
  await importMosquittoDatabase(database, directory, { nowMs: NOW_MS });
  expect(readdirSync(directory).sort()).toEqual(['00000001.log', 'dynamic-security.json', 'mosquitto.db']);
  expect(linesOf(await exported(directory)).map(({ type }) => type)).toContain('message');
  await expect(importMosquittoDatabase(database, directory)).rejects.toMatchObject({
    code: 'target-not-empty',
    message: expect.stringContaining('expected no store in'),
  });
  expect(readdirSync(directory)).toHaveLength(3);
});

test.skipIf(process.geteuid?.() !== 0)(
  'what root imports beside a database belongs to the owner of that',
  async () => {
    const directory = path('of-another');
    mkdirSync(directory);
    const database = join(directory, 'mosquitto.db');
    writeFileSync(
      database,
      new WrittenSnapshot()
        .message({ id: 1n, topicName: 'a', payload: 'b', qos: 0, retain: true })
        .retained(1n).bytes,
    );
    chownSync(database, 65_534, 65_533);
    await importMosquittoDatabase(database, directory, { nowMs: NOW_MS });
    expect(statSync(join(directory, '00000001.log'))).toMatchObject({ uid: 65_534, gid: 65_533 });
  },
);

test('what is no database is told from one', async () => {
  await expect(imported(Buffer.from('listener 1883\n'))).rejects.toMatchObject({ code: 'not-a-database' });
  await expect(imported(Buffer.alloc(0))).rejects.toMatchObject({ code: 'not-a-database' });
  await expect(importMosquittoDatabase(path('none'), path('store'))).rejects.toMatchObject({
    code: 'unreadable',
    message: expect.stringContaining('ENOENT'),
  });
  const directory = path('a-directory');
  mkdirSync(directory);
  expect(() => mosquittoDatabaseKind(directory)).toThrow('expected');
});

test('no change of bytes does anything but to be read or to be refused', { timeout: 60_000 }, async () => {
  const whole = new WrittenSnapshot()
    .message({
      id: 1n,
      topicName: 'a/b',
      payload: 'one',
      qos: 2,
      retain: true,
      properties: [5, 3, 0, 2, 97, 98],
    })
    .session('c', 100, NOW_S)
    .delivery({ clientId: 'c', message: 1n, packetId: 3, qos: 2, state: 5, properties: [2, 11, 1] })
    .subscription('c', 'a/#', 1)
    .retained(1n).bytes;
  const random = new SeededRandom(20_261_120);
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.from(whole.subarray(0, i % 3 === 0 ? random.below(whole.length) : whole.length));
    for (let change = 0; change < 3 && bytes.length > 0; change++) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    try {
      await importInto(path('store'), bytes, { salvage: i % 2 === 0 });
    } catch (error) {
      refused++;
      expect((error as Error).name, `seed of change ${i}: ${String(error)}`).toBe('MosquittoDatabaseError');
    }
  }
  expect(refused).toBeGreaterThan(100);
});
