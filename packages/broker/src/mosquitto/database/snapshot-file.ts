/** A `mosquitto.db` as contents: all of its chunks are read once; of messages, only where they are is remembered. */
import { MosquittoDatabaseError } from './database-error.ts';
import type { FileBytes } from './file-bytes.ts';
import type {
  MosquittoContents,
  MosquittoDelivery,
  MosquittoMessage,
  MosquittoSession,
  MosquittoSubscription,
} from './mosquitto-contents.ts';
import type { MessageHead } from './snapshot-chunks.ts';
import {
  ChunkError,
  ChunkType,
  MESSAGE_HEAD_BYTES,
  propertiesOf,
  readDelivery,
  readMessageHead,
  readMessageNumberBytes,
  readRetained,
  readSession,
  readSubscription,
  textOf,
} from './snapshot-chunks.ts';

/** The first 15 bytes. */
export const SNAPSHOT_MAGIC = '\0\u{b5}\0mosquitto db';
/** Magic, checksum (always 0), version. */
const HEAD_BYTES = 23;
const CHUNK_HEAD_BYTES = 8;
/** Read for everything but messages: an identifier, a filter, and what is before them. */
const MOST_SMALL_CHUNK = 256 * 1024;

interface MessagePlace extends MessageHead {
  readonly bodyAt: number;
  readonly bodyBytes: number;
}

/**
 * @param salvage keeps what was read before the first chunk that makes no sense, instead of throwing
 * @throws {MosquittoDatabaseError} `unsupported-version`, `damaged`, `unreadable`
 */
export function readSnapshot(file: FileBytes, salvage: boolean): MosquittoContents {
  const version = versionOf(file);
  const contents = new SnapshotContents(file, version);
  let at = HEAD_BYTES;
  while (at < file.size) {
    try {
      at = contents.takeChunk(at);
    } catch (error) {
      if (!(error instanceof ChunkError)) throw error;
      const text = `${file.path} is damaged at byte ${at} of ${file.size}: ${error.message}`;
      if (!salvage) {
        const remedy =
          'give Mosquitto the chance to write it anew (start and stop it), or import what is before the damage with --salvage';
        throw new MosquittoDatabaseError(`${text}; ${remedy}`, { code: 'damaged', cause: error });
      }
      contents.lost.push(text);
      break;
    }
  }
  return contents;
}

function versionOf(file: FileBytes): 5 | 6 {
  const head = file.read(0, HEAD_BYTES);
  if (head.length < HEAD_BYTES) {
    throw new MosquittoDatabaseError(
      `${file.path} is damaged: expected ${HEAD_BYTES} bytes before the first chunk, got ${head.length}`,
      { code: 'damaged' },
    );
  }
  const version = head.readUInt32BE(19);
  if (version === 5 || version === 6) return version;
  const remedy =
    version < 5
      ? 'Mosquitto 1.5 or older wrote it: start Mosquitto 2 on it once, which writes version 6'
      : 'a newer Mosquitto wrote it';
  throw new MosquittoDatabaseError(
    `expected version 5 or 6 of mosquitto.db in ${file.path}, got ${version}: ${remedy}`,
    { code: 'unsupported-version' },
  );
}

class SnapshotContents implements MosquittoContents {
  readonly format: string;
  readonly sessions: MosquittoSession[] = [];
  readonly subscriptions: MosquittoSubscription[] = [];
  readonly retained: bigint[] = [];
  readonly deliveries: MosquittoDelivery[] = [];
  readonly lost: string[] = [];
  readonly #file: FileBytes;
  readonly #version: 5 | 6;
  readonly #places = new Map<bigint, MessagePlace>();

  constructor(file: FileBytes, version: 5 | 6) {
    this.format = `mosquitto.db, version ${version}`;
    this.#file = file;
    this.#version = version;
  }

  get messageIds(): readonly bigint[] {
    return [...this.#places.keys()].sort((a, b) => (a < b ? -1 : 1));
  }

  /**
   * @returns where the next one begins
   * @throws {ChunkError}
   */
  takeChunk(at: number): number {
    const head = this.#file.read(at, CHUNK_HEAD_BYTES);
    if (head.length < CHUNK_HEAD_BYTES) throw new ChunkError('expected another chunk, the file ends');
    const type = head.readUInt32BE(0);
    const length = head.readUInt32BE(4);
    const bodyAt = at + CHUNK_HEAD_BYTES;
    if (length > this.#file.size - bodyAt) {
      throw new ChunkError(`expected a chunk of ${length} bytes, ${this.#file.size - bodyAt} are left`);
    }
    if (type === ChunkType.Message) this.#takeMessage(bodyAt, length);
    else if (length > MOST_SMALL_CHUNK) throw new ChunkError(`expected a small chunk, got ${length} bytes`);
    else this.#takeSmall(type, this.#file.read(bodyAt, length));
    return bodyAt + length;
  }

  #takeMessage(bodyAt: number, bodyBytes: number): void {
    const head = readMessageHead(this.#file.read(bodyAt, Math.min(bodyBytes, MESSAGE_HEAD_BYTES)));
    const least =
      MESSAGE_HEAD_BYTES + head.publisherBytes + head.usernameBytes + head.topicBytes + head.payloadBytes;
    if (least > bodyBytes) {
      throw new ChunkError(`expected a message of at least ${least} bytes, got ${bodyBytes}`);
    }
    this.#places.set(head.messageId, { ...head, bodyAt, bodyBytes });
  }

  #takeSmall(type: number, body: Buffer): void {
    switch (type) {
      case ChunkType.Configuration: {
        const bytes = readMessageNumberBytes(body);
        if (bytes !== 8) throw new ChunkError(`expected message numbers of 8 bytes, got ${bytes}`);
        return;
      }
      case ChunkType.Delivery:
        this.deliveries.push(readDelivery(body));
        return;
      case ChunkType.Retained:
        this.retained.push(readRetained(body));
        return;
      case ChunkType.Subscription:
        this.subscriptions.push(readSubscription(body));
        return;
      case ChunkType.Session:
        this.sessions.push(readSession(body, this.#version));
        return;
      default:
        throw new ChunkError(`expected a chunk of kind 1 to 6, got ${type}`);
    }
  }

  readMessage(messageId: bigint): MosquittoMessage | undefined {
    const place = this.#places.get(messageId);
    if (place === undefined) return undefined;
    const { bodyAt, bodyBytes, publisherBytes, usernameBytes, topicBytes, payloadBytes } = place;
    const body = this.#file.read(bodyAt, bodyBytes);
    const topicAt = MESSAGE_HEAD_BYTES + publisherBytes + usernameBytes;
    const payloadAt = topicAt + topicBytes;
    try {
      return {
        publisherClientId: textOf(
          body.subarray(MESSAGE_HEAD_BYTES, MESSAGE_HEAD_BYTES + publisherBytes),
          'client identifier',
        ),
        topicName: textOf(body.subarray(topicAt, payloadAt), 'topic name'),
        payload: body.subarray(payloadAt, payloadAt + payloadBytes),
        properties: propertiesOf(body.subarray(payloadAt + payloadBytes)),
        qos: place.qos,
        retain: place.retain,
        expiresAtSeconds: place.expiresAtSeconds,
      };
    } catch (error) {
      if (!(error instanceof ChunkError)) throw error;
      throw new MosquittoDatabaseError(
        `${this.#file.path} is damaged in the message at byte ${bodyAt}: ${error.message}`,
        { code: 'damaged', cause: error },
      );
    }
  }

  close(): void {
    this.#file.close();
  }
}
