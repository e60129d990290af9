import { crc32 } from 'node:zlib';
import type { StoredMessage } from '../../../core/ports/store.ts';
import type { LogFiles } from '../files/log-files.ts';
import { NodeLogFiles } from '../files/node-log-files.ts';
import { StoreOpenError } from '../files/store-open-error.ts';
import { BATCH_HEADER_BYTES, segmentName } from '../log/batch-format.ts';
import { ReadWindow } from '../log/read-window.ts';
import type { RecoveredLog } from '../log/recovery.ts';
import { recover } from '../log/recovery.ts';
import type { ScannedBatch } from '../log/segment-scan.ts';
import { TopicNames } from '../reading/topic-names.ts';
import { readMessageData } from '../records/message-data.ts';
import { RecordError } from '../records/record-error.ts';
import { readRecords } from '../records/record-reader.ts';
import type { Findings } from './finding.ts';
import { HeldSegments } from './held-segments.ts';
import { withRepairedHeaders } from './repaired-headers.ts';
import type { MessagePlace } from './state/message-rows.ts';
import { StoreState } from './state/store-state.ts';

const READING_CHUNK_BYTES = 256 * 1024;

/** A store's directory, or whatever stands for one. */
export type StoreSource = string | LogFiles;

export interface SnapshotOptions {
  /**
   * How much is held against its checksum: everything, everything unless the store was stopped in order, or only what
   * is read. @default 'after-unclean-stop'
   */
  readonly verifiesData?: 'always' | 'after-unclean-stop' | 'never';
  /** Where damage is noted, and what lies behind it read all the same. Without it, damage is an error. */
  readonly findings?: Findings;
  readonly onProgress?: ((readBytes: number, totalBytes: number) => void) | undefined;
}

/** The message's bytes are not those that were kept. */
export class MessageDamagedError extends Error {
  override readonly name = 'MessageDamagedError';
  readonly file: string;
  readonly offset: number;

  constructor(text: string, about: { readonly place: MessagePlace; readonly cause?: unknown }) {
    super(text, { cause: about.cause });
    this.file = segmentName(about.place.segment);
    this.offset = about.place.position;
  }
}

/**
 * What a store held at one moment, whether a broker is using it or not. Nothing is written to it. Holds its files open:
 * close it.
 *
 * In memory is what there is and where it is; the messages themselves are read when they are asked for.
 */
export class StoreSnapshot {
  readonly state: StoreState;
  readonly log: RecoveredLog;
  /** The held files, at their sizes of that moment or longer. */
  readonly files: LogFiles;
  /** Batches that count. */
  readonly batchCount: number;
  readonly #held: HeldSegments;
  readonly #segmentBytes: ReadonlyMap<number, number>;
  readonly #names: TopicNames;
  #window: ReadWindow | null;
  #windowSegment: number;

  private constructor(held: HeldSegments, log: RecoveredLog, state: StoreState, batchCount: number) {
    this.state = state;
    this.log = log;
    this.files = held;
    this.batchCount = batchCount;
    this.#held = held;
    this.#segmentBytes = new Map(log.segments.map(({ number, bytes }) => [number, bytes]));
    this.#names = new TopicNames();
    this.#window = null;
    this.#windowSegment = 0;
  }

  /** @throws {StoreOpenError | StoreToolError} */
  static async open(source: StoreSource, options: SnapshotOptions = {}): Promise<StoreSnapshot> {
    const { verifiesData = 'after-unclean-stop', findings, onProgress } = options;
    const held = await HeldSegments.hold(typeof source === 'string' ? new NodeLogFiles(source) : source);
    try {
      const state = new StoreState();
      let batchCount = 0;
      const files = findings === undefined ? held : await withRepairedHeaders(held, findings);
      const log = await recover(files, {
        verifiesData,
        onBatch: (batch) => {
          batchCount++;
          replay(batch, state, findings);
        },
        onDamage: findings && (({ file, offset, text }) => findings.damage('damaged', file, offset, text)),
        onProgress,
      });
      return new StoreSnapshot(held, log, state, batchCount);
    } catch (error) {
      await held.close();
      throw error;
    }
  }

  /**
   * The bytes of a message.
   * @throws {MessageDamagedError} when they are not those that were kept
   */
  async readMessage(place: MessagePlace): Promise<StoredMessage> {
    const { segment, position, length } = place;
    const fileBytes = this.#segmentBytes.get(segment);
    if (fileBytes === undefined)
      throw new MessageDamagedError('expected a message, its file is not there', { place });
    if (this.#window === null || this.#windowSegment !== segment) {
      const file = await this.files.open(segmentName(segment), 'read');
      this.#window = new ReadWindow(file, fileBytes, Math.min(READING_CHUNK_BYTES, fileBytes));
      this.#windowSegment = segment;
    }
    const window = this.#window;
    if (!window.holds(position, length) && !(await window.fill(position, length))) {
      throw new MessageDamagedError(`expected a message of ${length} bytes, the file ends before`, { place });
    }
    const bytes = window.view(position, length);
    if (crc32(bytes) !== place.crc) {
      throw new MessageDamagedError(`expected a message of ${length} bytes, its checksum is wrong`, {
        place,
      });
    }
    try {
      const found = { bytes, from: 0, to: length, isOwn: false };
      return readMessageData(found, place.qos, place.retain, place.expiresAtWallMs, this.#names);
    } catch (error) {
      throw new MessageDamagedError((error as Error).message, { place, cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#held.close();
  }
}

function replay(batch: ScannedBatch, state: StoreState, findings: Findings | undefined): void {
  const dataStart = batch.start + BATCH_HEADER_BYTES;
  state.beginBatch({ segment: batch.segment, dataStart });
  try {
    readRecords(batch.meta, state);
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    const file = segmentName(batch.segment);
    const offset = dataStart + batch.header.dataLength + error.offset;
    if (findings === undefined) throw StoreOpenError.damaged({ file, offset, text: error.message });
    findings.damage('record-unknown', file, offset, error.message);
  }
}
