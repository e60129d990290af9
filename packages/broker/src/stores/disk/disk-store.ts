import { Durability } from '../../core/ports/durability.ts';
import type {
  MessageConversion,
  MessageQueue,
  QueueOwner,
  SessionCensus,
  SessionRecord,
  Store,
  StoreError,
  StoreVisitor,
  SubscriptionRecord,
} from '../../core/ports/store.ts';
import type { Message } from '../../core/publish/message.ts';
import { StoreTakenError } from '../store-taken-error.ts';
import { Cleaning } from './cleaning.ts';
import { DiskQueue } from './disk-queue.ts';
import type { DiskStoreOptions } from './disk-store-options.ts';
import { checkDirectoryOptions } from './disk-store-options.ts';
import type { DiskStoreStats } from './disk-store-stats.ts';
import type { LogFiles } from './files/log-files.ts';
import { NodeLogFiles } from './files/node-log-files.ts';
import { StoreFailure } from './files/store-failure.ts';
import { refuseUnfinished } from './files/unfinished-store.ts';
import { keepWhatWasLeft } from './keep-what-was-left.ts';
import { showState } from './loading.ts';
import { DEFAULT_SEGMENT_BYTES, SegmentLog } from './log/segment-log.ts';
import { isSettledWithin } from './log/settled-within.ts';
import { MonotonicClock } from './monotonic-clock.ts';
import { MessageBodies } from './reading/message-bodies.ts';
import { QueueReader } from './reading/queue-reader.ts';
import { UnreadableMessages } from './reading/unreadable-messages.ts';
import { Replay } from './state/replay.ts';
import type { ReplayedSession } from './state/replayed-session.ts';
import { StoredState } from './state/stored-state.ts';
import { StoreLock } from './store-lock.ts';

const SMALLEST_CLEANED_BYTES: number = 64 * 2 ** 20;
const PATIENCE_MS = 10_000;

export type { DiskStoreOptions } from './disk-store-options.ts';
export type { DiskStoreStats } from './disk-store-stats.ts';

/**
 * Keeps everything in a directory: one log of segments that holds all, and an index of it in memory that is a few tens of
 * bytes for each message. What waits is read from the files when its client comes.
 *
 *     staging call ──▶ state (index) and gathering batch ──commit──▶ segment files
 *                         ▲                                              │
 *                         └───────────────── open: replay ◀─────────────┘
 *
 * What is staged is in the state at once; a commit that fails loses nothing, because the log keeps its bytes for the next.
 *
 * @example
 * const store = await DiskStore.open({ directory: './martlet-data' });
 * store.load(visitor, conversion, census);
 * store.putSession(session);
 * store.commit(Durability.Disk, (error) => console.log(error === null ? 'kept' : error.code));
 * await store.close();
 */
export class DiskStore implements Store {
  readonly keepsAtOnce = false;
  readonly holdsWaitingInMemory = false;
  readonly #log: SegmentLog;
  readonly #state: StoredState;
  readonly #reader: QueueReader;
  readonly #unreadable: UnreadableMessages;
  readonly #cleaning: Cleaning;
  readonly #onNote: (code: string, text: string) => void;
  /** By owner; null where no queue is open. */
  readonly #queues: (DiskQueue | null)[];
  readonly #lock: StoreLock | null;
  readonly #patienceMs: number;
  /** What is still to be shown; null once it was. */
  #sessions: (ReplayedSession | null)[] | null;
  #underWay: boolean;
  /**
   * Something older than what is gathered is to go with the next commit: what the last one covered and failed to keep, or
   * what the process before this one had written and perhaps not synced.
   */
  #owes: boolean;
  #removing: Promise<void> | null;
  #isClosing: boolean;
  /** Segments up to this one are superfluous, by what has been synced. */
  #removable: number;
  /** The last removal failed, and that has been told. */
  #removalFailed: boolean;

  /**
   * Opens the store in a directory, which is made if it is missing, and which no other process may use meanwhile.
   * Rejects with a `TypeError` for options that cannot be meant, a `StoreLockError` for a directory that it cannot have, and a
   * `StoreOpenError` that names what is wrong and the way out; nothing is changed then.
   */
  static async open(options: DiskStoreOptions & { readonly directory: string }): Promise<DiskStore> {
    checkDirectoryOptions(options);
    const lock = await StoreLock.acquire(options.directory);
    try {
      const files = new NodeLogFiles(options.directory);
      await refuseUnfinished(files);
      return await DiskStore.#open(files, options, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Opens the store in files that nobody else uses. */
  static openOn(files: LogFiles, options: DiskStoreOptions = {}): Promise<DiskStore> {
    return DiskStore.#open(files, options, null);
  }

  static async #open(files: LogFiles, options: DiskStoreOptions, lock: StoreLock | null): Promise<DiskStore> {
    const onNote = (code: string, text: string): void => options.log?.write('warning', code, text);
    const state = new StoredState();
    const replay = new Replay(state);
    const log = await SegmentLog.open(files, {
      segmentBytes: options.segmentBytes,
      largeBatchBytes: options.largeBatchBytes,
      onReplay: (meta, place) => replay.onBatch(meta, place),
      onMoved: (moves) => state.onMoved(moves),
      onNote,
      onProgress: options.onProgress,
    });
    replay.finish();
    state.journal.attach(log);
    if (log.hasPending) await keepWhatWasLeft(log, onNote, options.patienceMs ?? PATIENCE_MS);
    return new DiskStore(log, state, replay.sessions, options, onNote, lock);
  }

  private constructor(
    log: SegmentLog,
    state: StoredState,
    sessions: (ReplayedSession | null)[],
    options: DiskStoreOptions,
    onNote: (code: string, text: string) => void,
    lock: StoreLock | null,
  ) {
    const clock = options.clock ?? new MonotonicClock();
    this.#unreadable = new UnreadableMessages(clock);
    const bodies = new MessageBodies(state.messages, state.journal, this.#unreadable);
    this.#log = log;
    this.#state = state;
    this.#reader = new QueueReader(bodies, state.messages, state.owners.owners, options.log ?? null, clock);
    this.#cleaning = new Cleaning(
      state,
      bodies,
      options.smallestCleanedBytes ?? SMALLEST_CLEANED_BYTES,
      options.segmentBytes ?? DEFAULT_SEGMENT_BYTES,
      onNote,
    );
    this.#onNote = onNote;
    this.#queues = [];
    this.#lock = lock;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#sessions = sessions;
    this.#underWay = false;
    this.#owes = log.hasPending;
    this.#removing = null;
    this.#isClosing = false;
    this.#removable = 0;
    this.#removalFailed = false;
  }

  get messageCount(): number {
    return this.#state.messages.slots.count;
  }

  get messageBytes(): number {
    return this.#state.messages.slots.payloadBytes;
  }

  get lastWallMs(): number {
    return this.#state.messages.lastWallMs;
  }

  stats(): DiskStoreStats {
    const { segments } = this.#log;
    return {
      sessions: this.#state.owners.owners.sessionCount,
      messages: this.messageCount,
      messageBytes: this.messageBytes,
      queued: this.#state.queues.entries.count,
      retained: this.#state.retained.entries.size,
      files: segments.length,
      fileBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
      liveBytes: this.#state.liveBytes,
      damagedMessages: this.#reader.damaged,
    };
  }

  load(visitor: StoreVisitor, conversion: MessageConversion, census: SessionCensus): void {
    const sessions = this.#sessions;
    if (sessions === null) throw new StoreTakenError();
    this.#sessions = null;
    this.#state.messages.conversion = conversion;
    this.#state.messages.onClockKnown();
    this.#cleaning.census = census;
    showState(this.#state, sessions, this.#reader, visitor);
  }

  putSession(session: SessionRecord): void {
    this.#state.owners.putSession(session);
  }

  deleteSession(clientId: string): void {
    this.#delete(this.#state.owners.owners.ofSession(clientId));
  }

  putSubscription(clientId: string, subscription: SubscriptionRecord): void {
    this.#state.owners.putSubscription(clientId, subscription);
  }

  deleteSubscription(clientId: string, topicFilter: string): void {
    this.#state.owners.deleteSubscription(clientId, topicFilter);
  }

  putReceived(clientId: string, packetId: number): void {
    this.#state.owners.putReceived(clientId, packetId);
  }

  deleteReceived(clientId: string, packetId: number): void {
    this.#state.owners.deleteReceived(clientId, packetId);
  }

  putRetained(topicName: string, message: Message, expiresAtWallMs: number): void {
    this.#state.retained.put(topicName, message, expiresAtWallMs);
  }

  deleteRetained(topicName: string): void {
    this.#state.retained.delete(topicName);
  }

  openQueue(owner: QueueOwner): MessageQueue {
    const { owners, queues } = this.#state;
    const number = owner.kind === 'session' ? owners.session(owner.clientId) : owners.share(owner);
    while (this.#queues.length <= number) this.#queues.push(null);
    return (this.#queues[number] ??= new DiskQueue(number, queues, this.#reader));
  }

  deleteQueue(owner: QueueOwner): void {
    const { owners } = this.#state;
    if (owner.kind === 'share') {
      this.#delete(owners.owners.ofShare(owner));
      return;
    }
    const number = owners.owners.ofSession(owner.clientId);
    if (number === 0) return;
    this.#deleteQueue(number);
    owners.clear(number);
  }

  restamp(): void {
    this.#state.messages.restamp();
  }

  get hasStaged(): boolean {
    return this.#log.hasUncovered || (this.#owes && !this.#underWay);
  }

  get keptBytes(): number {
    return this.#state.liveBytes;
  }

  get stagedBytes(): number {
    return this.#log.stagedBytes;
  }

  get commitProgress(): number {
    return this.#log.commitSteps;
  }

  endTurn(): void {
    this.#state.messages.noteClock();
    this.#log.endTurn();
  }

  commit(durability: Durability, done: (error: StoreError | null) => void): void {
    if (this.#underWay) throw new Error('DiskStore.commit() was called while a commit is under way');
    this.#underWay = true;
    // A removal that failed is tried again, whatever becomes of this commit.
    this.#removeSuperfluous();
    // After a failed commit it would only make longer what could not be written.
    if (!this.#owes) this.#cleaning.step();
    this.#state.messages.noteClock();
    const synced = durability === Durability.Disk;
    const removable = synced ? this.#lastRemovable() : 0;
    this.#log.commit(synced ? Durability.Disk : Durability.Os).then(
      () => {
        this.#underWay = false;
        this.#owes = false;
        this.#unreadable.writesFail = false;
        this.#removable = Math.max(this.#removable, removable);
        this.#removeSuperfluous();
        done(null);
      },
      (error: unknown) => {
        this.#underWay = false;
        this.#owes = true;
        this.#unreadable.writesFail = true;
        done(error instanceof StoreFailure ? error : { code: 'store-io', message: String(error) });
      },
    );
  }

  abandon(): void {
    this.#log.abandon();
  }

  /**
   * Keeps what has been staged, notes that the stop was clean, and lets others use the directory. Nothing may be staged
   * from then on. Rejects with a `StoreFailure` if something could not be kept; it is closed all the same. While a file is
   * being removed and the disk does not answer, the directory stays locked until it does, or until the process ends.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#state.messages.noteClock();
    try {
      await this.#log.close();
    } finally {
      const removed = this.#removing ?? Promise.resolve();
      if (await isSettledWithin(removed, this.#patienceMs)) await this.#lock?.release();
      else this.#releaseAfter(removed);
    }
  }

  /** Another process would miss the file that this one still removes. */
  #releaseAfter(removed: Promise<void>): void {
    this.#onNote(
      'store-still-locked',
      'the disk does not answer the removal of a file; the directory stays locked until it does or this process ends',
    );
    removed.then(() => this.#lock?.release()).catch(() => undefined);
  }

  #delete(owner: number): void {
    if (owner === 0) return;
    this.#deleteQueue(owner);
    this.#state.owners.delete(owner);
  }

  #deleteQueue(owner: number): void {
    this.#queues[owner]?.delete();
    if (owner < this.#queues.length) this.#queues[owner] = null;
  }

  /**
   * The last of the segments, from the oldest on, that the commit which begins now makes superfluous; 0 if there is
   * none. The one that it writes to never is.
   */
  #lastRemovable(): number {
    const { segments, journal } = this.#state;
    if (journal.log.gathering.isEmpty) return 0;
    let last = 0;
    for (const { number } of this.#log.segments) {
      if (number >= journal.segment || segments.countOf(number) > 0) break;
      last = number;
    }
    return last;
  }

  /** That they are still there if the process ends now does no harm. */
  #removeSuperfluous(): void {
    if (this.#removing !== null || this.#isClosing || this.#log.segments[0]!.number > this.#removable) return;
    this.#removing = this.#removeAll().then(
      () => {
        this.#removing = null;
        this.#removalFailed = false;
      },
      (error: unknown) => {
        this.#removing = null;
        if (this.#removalFailed || this.#isClosing) return;
        this.#removalFailed = true;
        const text = error instanceof Error ? error.message : String(error);
        this.#onNote('store-file-not-removed', `${text}; it is tried again with each commit`);
      },
    );
  }

  async #removeAll(): Promise<void> {
    while (!this.#isClosing) {
      const oldest = this.#log.segments[0]!.number;
      if (oldest > this.#removable) return;
      await this.#log.remove(oldest);
      this.#state.segments.forget(oldest);
    }
  }
}
