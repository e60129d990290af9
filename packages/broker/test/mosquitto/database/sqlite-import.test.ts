import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { importMosquittoDatabase } from '../../../src/mosquitto/database/import-mosquitto.ts';
import { MessageState, NEVER_EXPIRES } from '../../../src/mosquitto/database/mosquitto-contents.ts';
import { exported, linesOf } from '../../stores/disk/tools/exported.ts';
import { temporaryDirectories } from '../../stores/disk/tools/temporary-directories.ts';

const { Database } = createRequire(import.meta.url)(
  'node-sqlite3-wasm',
) as typeof import('node-sqlite3-wasm');

const path = temporaryDirectories();
const NOW_MS = 1_800_000_000_000;

/** The tables of the plugin's schema 1.1, as its manual names them. */
const TABLES = [
  'base_msgs (store_id INT64 PRIMARY KEY, expiry_time INT64, topic STRING NOT NULL, payload BLOB, source_id STRING, source_username STRING, payloadlen INTEGER, source_mid INTEGER, source_port INTEGER, qos INTEGER, retain INTEGER, properties STRING)',
  'retains (topic STRING PRIMARY KEY, store_id INT64)',
  'clients (client_id TEXT PRIMARY KEY, username TEXT, connection_time INT64, will_delay_time INT64, session_expiry_time INT64, listener_port INT, max_packet_size INT, max_qos INT, retain_available INT, session_expiry_interval INT, will_delay_interval INT)',
  'subscriptions (client_id TEXT NOT NULL, topic TEXT NOT NULL, subscription_options INTEGER, subscription_identifier INTEGER, PRIMARY KEY (client_id, topic))',
  'client_msgs (client_id TEXT NOT NULL, cmsg_id INT64, store_id INT64, dup INTEGER, direction INTEGER, mid INTEGER, qos INTEGER, retain INTEGER, state INTEGER, subscription_identifier INTEGER)',
  'wills (client_id TEXT PRIMARY KEY, payload BLOB, topic STRING NOT NULL, payloadlen INTEGER, qos INTEGER, retain INTEGER, properties STRING)',
  'version_info (component TEXT NOT NULL, major INTEGER NOT NULL, minor INTEGER NOT NULL, patch INTEGER NOT NULL)',
];

const PROPERTIES = JSON.stringify([
  { identifier: 'content-type', value: 'text/plain' },
  { identifier: 'correlation-data', value: '00FF' },
  { identifier: 'user-property', name: 'k', value: 'v' },
  { identifier: 'user-property', name: 'k', value: 'w' },
]);

/** A number that no double has. */
const LARGE = 2n ** 60n + 1n;

function written(tables: readonly string[] = TABLES): string {
  const file = path('mosquitto.sqlite3');
  const database = new Database(file);
  for (const table of tables) database.exec(`CREATE TABLE ${table}`);
  const insert = (table: string, ...cells: (string | number | bigint | Uint8Array | null)[]) => {
    if (!tables.some((one) => one.startsWith(`${table} `))) return;
    database.run(`INSERT INTO ${table} VALUES (${cells.map(() => '?').join(',')})`, cells);
  };
  insert('version_info', 'database_schema', 1, 1, 0);
  insert('base_msgs', LARGE, 0, 'a/b', Buffer.from('one'), 'p', null, 3, 1, 1883, 1, 0, PROPERTIES);
  insert('base_msgs', 5, 0, '42', new Uint8Array([0, 255]), 'p', 'u', 2, 0, 1883, 0, 1, null);
  insert('retains', '42', 5);
  insert('clients', 'alice', 'u', 0, 0, 0, 1883, 0, 2, 1, NEVER_EXPIRES, 30);
  insert('clients', 'bob', null, 0, 0, NOW_MS / 1000 - 400, 1883, 0, 2, 1, 3600, 0);
  insert('subscriptions', 'alice', 'a/#', 2 | 0x04 | 0x20, 9);
  insert('client_msgs', 'alice', 1, LARGE, 0, 1, 7, 1, 0, MessageState.WaitForPuback, 9);
  insert('client_msgs', 'bob', 1, LARGE, 0, 1, 0, 1, 0, MessageState.Queued, 0);
  const willProperties = JSON.stringify([{ identifier: 'message-expiry-interval', value: 60 }]);
  insert('wills', 'alice', Buffer.from('gone'), 'w', 4, 1, 1, willProperties);
  database.close();
  return file;
}

async function imported(file: string) {
  const directory = path('store');
  const result = await importMosquittoDatabase(file, directory, { nowMs: NOW_MS });
  const lines = linesOf(await exported(directory));
  return { result, of: (type: string) => lines.filter((line) => line['type'] === type) };
}

test('the database of the plugin is imported with wills, properties and identifiers of 64 bits', async () => {
  const { result, of } = await imported(written());
  expect(result.format).toBe('mosquitto.sqlite3, schema 1.1');
  expect(of('session')).toEqual([
    {
      type: 'session',
      clientId: 'alice',
      sessionExpiryInterval: 'never',
      will: {
        topicName: 'w',
        qos: 1,
        retain: true,
        messageExpiryInterval: 60,
        willDelayInterval: 30,
        payload: 'gone',
      },
    },
    {
      type: 'session',
      clientId: 'bob',
      sessionExpiryInterval: 3600,
      disconnectedAt: new Date(NOW_MS - 4_000_000).toISOString(),
    },
  ]);
  expect(of('subscription')).toEqual([
    expect.objectContaining({ topicFilter: 'a/#', qos: 2, noLocal: true, retainHandling: 2 }),
  ]);
  expect(of('message')).toEqual([
    expect.objectContaining({ topicName: '42', payloadBase64: 'AP8=' }),
    expect.objectContaining({
      topicName: 'a/b',
      properties: {
        contentType: 'text/plain',
        correlationDataBase64: 'AP8=',
        userProperties: [
          ['k', 'v'],
          ['k', 'w'],
        ],
      },
    }),
  ]);
  expect(of('in-flight')).toEqual([
    expect.objectContaining({ clientId: 'alice', packetId: 7, state: 'awaiting-puback', message: 2 }),
  ]);
  expect(of('queued')).toEqual([expect.objectContaining({ clientId: 'bob', message: 2 })]);
  expect(of('retained')).toEqual([{ type: 'retained', topicName: '42', message: 1 }]);
});

test('schema 1.0, without wills and without a version, is imported too', async () => {
  const { result } = await imported(written(TABLES.slice(0, 5)));
  expect(result.format).toBe('mosquitto.sqlite3');
  expect(result.counts).toMatchObject({ sessions: 2, retained: 1, queued: 1, inFlight: 1 });
});

test('what only the write-ahead log has is imported, and the database is not touched', async () => {
  const file = path('mosquitto.sqlite3');
  const database = new Database(file);
  database.exec('PRAGMA locking_mode = exclusive; PRAGMA journal_mode = wal');
  for (const table of TABLES) database.exec(`CREATE TABLE ${table}`);
  database.run("INSERT INTO clients (client_id, session_expiry_interval) VALUES ('late', 4294967295)");
  const before = [readFileSync(file), readFileSync(`${file}-wal`)];
  expect(before[1]!.length).toBeGreaterThan(0);
  const { of } = await imported(file);
  expect(of('session')).toEqual([expect.objectContaining({ clientId: 'late' })]);
  expect([readFileSync(file), readFileSync(`${file}-wal`)]).toEqual(before);
  database.close();
});

test('another database, a newer schema and damage are refused in words', async () => {
  const other = path('other.sqlite3');
  const database = new Database(other);
  database.exec('CREATE TABLE t (x)');
  database.close();
  await expect(imported(other)).rejects.toMatchObject({
    code: 'unsupported-version',
    message: expect.stringContaining('no such table'),
  });

  const newer = written();
  const opened = new Database(newer);
  opened.exec('UPDATE version_info SET major = 2');
  opened.close();
  await expect(imported(newer)).rejects.toMatchObject({ code: 'unsupported-version' });

  const senseless = written();
  const changed = new Database(senseless);
  changed.exec('UPDATE base_msgs SET properties = \'[{"identifier":"correlation-data","value":"xyz"}]\'');
  changed.close();
  await expect(imported(senseless)).rejects.toMatchObject({ code: 'damaged' });

  const bytes = readFileSync(written());
  bytes.fill(0xff, 2000);
  const damaged = path('damaged.sqlite3');
  writeFileSync(damaged, bytes);
  const directory = path('store');
  await expect(importMosquittoDatabase(damaged, directory)).rejects.toMatchObject({
    name: 'MosquittoDatabaseError',
  });
  expect(existsSync(directory)).toBe(false);
});
