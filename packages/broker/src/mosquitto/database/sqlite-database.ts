/**
 * The database of Mosquitto's SQLite plugin (`mosquitto.sqlite3`, schema 1.0 and 1.1) as contents. It is never written to:
 * if its write-ahead log still holds something, both are copied, and the copy is read.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from 'node-sqlite3-wasm';
import { MosquittoDatabaseError } from './database-error.ts';
import type {
  MosquittoContents,
  MosquittoDelivery,
  MosquittoMessage,
  MosquittoSession,
  MosquittoSubscription,
  MosquittoWill,
} from './mosquitto-contents.ts';
import { readSqliteProperties } from './sqlite-properties.ts';

/** The first 16 bytes. */
export const SQLITE_MAGIC = 'SQLite format 3\0';

type Cell = number | bigint | string | Uint8Array | null;
type Row = Readonly<Record<string, Cell>>;

/** A time that no Date can have never comes. */
const LAST_SECOND = 8_640_000_000_000;

/** @throws {MosquittoDatabaseError} `not-a-database`, `unsupported-version`, `damaged`, `unreadable` */
export async function readSqlite(path: string): Promise<MosquittoContents> {
  // A module of CommonJS, whose names are found in `default` only. Two megabytes: loaded for this alone.
  const { default: sqlite } = await import('node-sqlite3-wasm');
  const copy = copyIfUnfinished(path);
  try {
    const database = new sqlite.Database(copy === null ? path : join(copy, 'copy.sqlite3'), {
      fileMustExist: true,
      readOnly: copy === null,
    });
    try {
      // There is no memory to share with other processes here, which the write-ahead log asks for otherwise.
      database.exec('PRAGMA locking_mode = exclusive');
      return new SqliteContents(database, path, copy);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    if (copy !== null) rmSync(copy, { recursive: true, force: true });
    throw asDatabaseError(error, path);
  }
}

/** @returns a directory with a copy, or null if the file alone is all there is */
function copyIfUnfinished(path: string): string | null {
  const log = `${path}-wal`;
  try {
    if (!existsSync(log) || statSync(log).size === 0) return null;
    const directory = mkdtempSync(join(tmpdir(), 'martlet-import-'));
    copyFileSync(path, join(directory, 'copy.sqlite3'));
    copyFileSync(log, join(directory, 'copy.sqlite3-wal'));
    return directory;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new MosquittoDatabaseError(`${path} and its write-ahead log cannot be copied: ${code}`, {
      code: 'unreadable',
      cause: error,
    });
  }
}

function asDatabaseError(error: unknown, path: string): Error {
  if (error instanceof MosquittoDatabaseError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('not a database')) {
    return new MosquittoDatabaseError(`${path} is not a database of SQLite`, {
      code: 'not-a-database',
      cause: error,
    });
  }
  if (text.includes('no such table') || text.includes('no such column')) {
    return new MosquittoDatabaseError(
      `expected the tables of Mosquitto's SQLite plugin (schema 1.0 or 1.1) in ${path}: ${text}`,
      { code: 'unsupported-version', cause: error },
    );
  }
  return new MosquittoDatabaseError(`${path} cannot be read: ${text}`, { code: 'damaged', cause: error });
}

class SqliteContents implements MosquittoContents {
  readonly format: string;
  readonly sessions: readonly MosquittoSession[];
  readonly subscriptions: readonly MosquittoSubscription[];
  readonly messageIds: readonly bigint[];
  readonly retained: readonly bigint[];
  readonly deliveries: readonly MosquittoDelivery[];
  readonly lost: readonly string[] = [];
  readonly #database: Database;
  readonly #path: string;
  readonly #copy: string | null;

  constructor(database: Database, path: string, copy: string | null) {
    this.#database = database;
    this.#path = path;
    this.#copy = copy;
    this.format = `mosquitto.sqlite3${this.#version()}`;
    const wills = this.#has('wills') ? this.#wills() : new Map<string, MosquittoWill>();
    this.sessions = this.#rows('SELECT * FROM clients ORDER BY client_id').map((row) => ({
      clientId: text(row['client_id']),
      sessionExpiryInterval: integer(row['session_expiry_interval']) >>> 0,
      expiresAtSeconds: seconds(row['session_expiry_time']),
      will: wills.get(text(row['client_id'])),
    }));
    this.subscriptions = this.#rows('SELECT * FROM subscriptions ORDER BY client_id, topic').map(
      subscription,
    );
    this.messageIds = this.#rows('SELECT store_id FROM base_msgs ORDER BY store_id').map(storeId);
    this.retained = this.#rows('SELECT store_id FROM retains ORDER BY topic').map(storeId);
    this.deliveries = this.#rows('SELECT * FROM client_msgs ORDER BY rowid').map(delivery);
  }

  #version(): string {
    if (!this.#has('version_info')) return '';
    const [row] = this.#rows(
      "SELECT major, minor FROM version_info WHERE component = 'database_schema' OR component LIKE '%schema%'",
    );
    if (row === undefined) return '';
    const major = integer(row['major']);
    if (major !== 1) {
      throw new MosquittoDatabaseError(
        `expected schema 1 of Mosquitto's SQLite plugin in ${this.#path}, got ${major}: a newer Mosquitto wrote it`,
        { code: 'unsupported-version' },
      );
    }
    return `, schema ${major}.${integer(row['minor'])}`;
  }

  #has(table: string): boolean {
    return this.#rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?", [table]).length > 0;
  }

  #wills(): Map<string, MosquittoWill> {
    const rows = this.#rows(
      'SELECT w.client_id, CAST(w.topic AS TEXT) AS topic, w.payload, w.qos, w.retain, w.properties, ' +
        'c.will_delay_interval FROM wills w JOIN clients c ON c.client_id = w.client_id',
    );
    return new Map(
      rows.map((row) => {
        const clientId = text(row['client_id']);
        const place = `the will of ${clientId}`;
        const { forwardable, messageExpiryInterval } = readSqliteProperties(
          textOrNull(row['properties']),
          place,
        );
        const will: MosquittoWill = {
          topicName: text(row['topic']),
          payload: bytes(row['payload']),
          qos: integer(row['qos']),
          retain: integer(row['retain']) !== 0,
          properties: forwardable,
          messageExpiryInterval,
          willDelayInterval: integer(row['will_delay_interval']) >>> 0,
        };
        return [clientId, will];
      }),
    );
  }

  readMessage(messageId: bigint): MosquittoMessage | undefined {
    // The column's type makes a number of a topic name that looks like one; as text it is what Mosquitto would send.
    const [row] = this.#rows('SELECT *, CAST(topic AS TEXT) AS name FROM base_msgs WHERE store_id = ?', [
      messageId,
    ]);
    if (row === undefined) return undefined;
    const place = `message ${messageId} of ${this.#path}`;
    return {
      topicName: text(row['name']),
      payload: bytes(row['payload']),
      qos: integer(row['qos']),
      retain: integer(row['retain']) !== 0,
      expiresAtSeconds: seconds(row['expiry_time']),
      properties: readSqliteProperties(textOrNull(row['properties']), place).forwardable,
      publisherClientId: textOrNull(row['source_id']) ?? '',
    };
  }

  close(): void {
    this.#database.close();
    if (this.#copy !== null) rmSync(this.#copy, { recursive: true, force: true });
  }

  #rows(sql: string, values: readonly (string | bigint)[] = []): Row[] {
    try {
      return this.#database.all(sql, [...values]) as Row[];
    } catch (error) {
      throw asDatabaseError(error, this.#path);
    }
  }
}

function subscription(row: Row): MosquittoSubscription {
  const options = integer(row['subscription_options']);
  return {
    clientId: text(row['client_id']),
    topicFilter: text(row['topic']),
    qos: options & 3,
    noLocal: (options & 0x04) !== 0,
    retainAsPublished: (options & 0x08) !== 0,
    retainHandling: (options >> 4) & 3,
    subscriptionIdentifier: integer(row['subscription_identifier']),
  };
}

function delivery(row: Row): MosquittoDelivery {
  return {
    clientId: text(row['client_id']),
    messageId: storeId(row),
    outgoing: integer(row['direction']) === 1,
    packetId: integer(row['mid']),
    qos: integer(row['qos']),
    retain: integer(row['retain']) !== 0,
    state: integer(row['state']),
    subscriptionIdentifier: integer(row['subscription_identifier']),
  };
}

function storeId(row: Row): bigint {
  const cell = row['store_id'];
  return typeof cell === 'bigint' || typeof cell === 'number' ? BigInt(cell) : 0n;
}

function integer(cell: Cell | undefined): number {
  return typeof cell === 'number' || typeof cell === 'bigint' ? Math.trunc(Number(cell)) : 0;
}

function seconds(cell: Cell | undefined): number {
  const value = integer(cell);
  return value > 0 && value < LAST_SECOND ? value : 0;
}

function text(cell: Cell | undefined): string {
  return textOrNull(cell) ?? '';
}

function textOrNull(cell: Cell | undefined): string | null {
  if (cell === null || cell === undefined) return null;
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('utf8') : String(cell);
}

function bytes(cell: Cell | undefined): Uint8Array {
  if (cell instanceof Uint8Array) return cell;
  return cell === null || cell === undefined
    ? new Uint8Array(0)
    : new Uint8Array(Buffer.from(String(cell), 'utf8'));
}
