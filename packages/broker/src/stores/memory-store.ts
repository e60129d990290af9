import type { Durability } from '../core/ports/durability.ts';
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
} from '../core/ports/store.ts';
import type { Delivery } from '../core/publish/delivery.ts';
import type { Message } from '../core/publish/message.ts';
import type { Journal, QueueJournal } from './journal.ts';
import { KeptState, shareKey } from './kept-state.ts';
import type { ImageQueue, MemoryImage } from './memory-image.ts';
import { EMPTY_IMAGE, ImageReader, ImageWriter } from './memory-image.ts';
import type { QueueStore } from './memory-store-queue.ts';
import { MemoryStoreQueue } from './memory-store-queue.ts';
import { StagedChanges } from './staged-changes.ts';
import { StoreTakenError } from './store-taken-error.ts';

export interface MemoryStoreOptions {
  /**
   * `at-once`: what is staged is kept when the staging call returns, and nothing ever waits.
   * `manual`: a commit lasts until `finishCommit` or `failCommit` is called, so that a test decides what leaves when.
   * @default 'at-once'
   */
  readonly commits?: 'at-once' | 'manual';
}

interface CommitUnderWay {
  readonly changes: StagedChanges;
  readonly done: (error: StoreError | null) => void;
}

/**
 * Keeps everything in memory: for a broker that keeps nothing on disk, and for tests of what waits for a commit.
 *
 *     staging call ──▶ journal ──at once──────────────────────────────▶ kept state ──reopen──▶ another store
 *                          └────manual──▶ staged ──commit, finish──────────▲
 *                                            ▲──────────────fail──┘
 *
 * The queues' waiting messages are in the queues themselves; the kept state is what a crash leaves.
 *
 * @example
 * const store = new MemoryStore({ commits: 'manual' });
 * store.load(visitor, conversion, census);
 * store.putSession(session);
 * store.commit((error) => console.log(error === null ? 'kept' : error.code));
 * store.finishCommit(); // now `done` is called, and `reopen` shows the session
 */
export class MemoryStore implements Store {
  readonly keepsAtOnce: boolean;
  readonly holdsWaitingInMemory: boolean = true;
  /** What is staged is in memory as what is kept is, and counts there. */
  readonly stagedBytes: number = 0;
  /** A commit is a single step. */
  readonly commitProgress: number = 0;
  readonly #kept = new KeptState();
  readonly #staged: StagedChanges | null;
  readonly #journal: Journal;
  readonly #sessionQueues = new Map<string, MemoryStoreQueue>();
  readonly #shareQueues = new Map<string, MemoryStoreQueue>();
  readonly #queueStore: QueueStore;
  /** What a store opened again has to show; null once shown. */
  #image: MemoryImage | null = EMPTY_IMAGE;
  #conversion: MessageConversion | null = null;
  #underWay: CommitUnderWay | null = null;
  #lastDeliveryId = 0;

  constructor(options: MemoryStoreOptions = {}) {
    this.keepsAtOnce = options.commits !== 'manual';
    this.#staged = this.keepsAtOnce ? null : new StagedChanges();
    this.#journal = this.#staged ?? this.#kept;
    this.#queueStore = {
      newDeliveryId: () => ++this.#lastDeliveryId,
      expiresAtWallMs: (delivery) => this.#expiresAtWallMs(delivery),
    };
  }

  get messageCount(): number {
    return this.#kept.messages.count;
  }

  get messageBytes(): number {
    return this.#kept.messages.bytes;
  }

  get keptBytes(): number {
    return this.messageBytes;
  }

  /** It keeps whole sessions in memory and needs no census. */
  load(visitor: StoreVisitor, conversion: MessageConversion, _census: SessionCensus): void {
    const image = this.#image;
    if (image === null) throw new StoreTakenError();
    this.#image = null;
    this.#conversion = conversion;
    const reader = new ImageReader(conversion);
    for (const { record, subscriptions, received, queue } of image.sessions) {
      const { clientId } = record;
      this.#kept.putSession(record);
      visitor.onSession(record);
      for (const subscription of subscriptions) {
        this.#kept.putSubscription(clientId, subscription);
        visitor.onSubscription(clientId, subscription);
      }
      for (const packetId of received) {
        this.#kept.putReceived(clientId, packetId);
        visitor.onReceived(clientId, packetId);
      }
      if (queue !== null) this.#loadQueue({ kind: 'session', clientId }, queue, reader, visitor);
    }
    for (const { owner, queue } of image.shares) this.#loadQueue(owner, queue, reader, visitor);
    for (const stored of image.retained) {
      const message = reader.messageOf(stored);
      if (message === null) continue;
      this.#kept.putRetained(stored.topicName, message, stored.expiresAtWallMs);
      visitor.onRetained(message, stored.expiresAtWallMs);
    }
  }

  putSession(session: SessionRecord): void {
    this.#journal.putSession(session);
  }

  deleteSession(clientId: string): void {
    this.#journal.deleteSession(clientId);
    this.#sessionQueues.delete(clientId);
  }

  putSubscription(clientId: string, subscription: SubscriptionRecord): void {
    this.#journal.putSubscription(clientId, subscription);
  }

  deleteSubscription(clientId: string, topicFilter: string): void {
    this.#journal.deleteSubscription(clientId, topicFilter);
  }

  putReceived(clientId: string, packetId: number): void {
    this.#journal.putReceived(clientId, packetId);
  }

  deleteReceived(clientId: string, packetId: number): void {
    this.#journal.deleteReceived(clientId, packetId);
  }

  putRetained(topicName: string, message: Message, expiresAtWallMs: number): void {
    this.#journal.putRetained(topicName, message, expiresAtWallMs);
  }

  deleteRetained(topicName: string): void {
    this.#journal.deleteRetained(topicName);
  }

  openQueue(owner: QueueOwner): MessageQueue {
    const [queues, key] = this.#queuesOf(owner);
    const queue = queues.get(key) ?? this.#newQueue(owner);
    queues.set(key, queue);
    return queue;
  }

  deleteQueue(owner: QueueOwner): void {
    this.#journal.deleteQueue(owner);
    const [queues, key] = this.#queuesOf(owner);
    queues.delete(key);
  }

  restamp(): void {
    this.#journal.restamp((delivery) => this.#expiresAtWallMs(delivery));
  }

  get hasStaged(): boolean {
    return this.#staged !== null && !this.#staged.isEmpty;
  }

  /** Only tests start it on what another one kept, and their clocks can be believed. */
  get lastWallMs(): number {
    return 0;
  }

  endTurn(): void {
    // Any amount is kept as one piece.
  }

  /** Every durability is the same here. */
  commit(_durability: Durability, done: (error: StoreError | null) => void): void {
    if (this.#underWay !== null)
      throw new Error('MemoryStore.commit() was called while a commit is under way');
    if (this.#staged === null) {
      queueMicrotask(() => done(null));
      return;
    }
    this.#underWay = { changes: this.#staged.take(), done };
  }

  /** True between `commit` and `finishCommit` or `failCommit`. */
  get commitUnderWay(): boolean {
    return this.#underWay !== null;
  }

  /** Keeps what the commit under way covers, all of it, and tells the core. */
  finishCommit(): void {
    const { changes, done } = this.#takeCommit();
    changes.makeIn(this.#kept);
    done(null);
  }

  /** Keeps nothing of what the commit under way covers, stages it again before everything else, and tells the core. */
  failCommit(error: StoreError): void {
    const { changes, done } = this.#takeCommit();
    this.#staged?.putBack(changes);
    done(error);
  }

  /** There is nothing to open again: the commit under way has failed. */
  abandon(): void {
    const underWay = this.#underWay;
    if (underWay === null) return;
    queueMicrotask(() => {
      if (this.#underWay === underWay) {
        this.failCommit({ code: 'store-silent', message: 'the commit was given up' });
      }
    });
  }

  /** What another process finds after this one has crashed: what was kept, and nothing of a commit under way. */
  reopen(): MemoryStore {
    const store = new MemoryStore({ commits: this.keepsAtOnce ? 'at-once' : 'manual' });
    store.#image = this.#image ?? new ImageWriter().imageOf(this.#kept);
    return store;
  }

  #takeCommit(): CommitUnderWay {
    const underWay = this.#underWay;
    if (underWay === null) throw new Error('MemoryStore: no commit is under way');
    this.#underWay = null;
    return underWay;
  }

  #loadQueue(owner: QueueOwner, image: ImageQueue, reader: ImageReader, visitor: StoreVisitor): void {
    const waiting = reader.deliveriesOf(image.waiting);
    const inFlight = reader.deliveriesOf(image.inFlight);
    if (waiting.length + inFlight.length === 0) return;
    const kept = this.#kept.queueOf(owner);
    // The expiry that was kept, not one computed anew: a wall clock that jumps moves nothing. (invariant 3)
    for (const [delivery, expiresAtWallMs] of waiting) {
      delivery.storeId = ++this.#lastDeliveryId;
      kept.push(delivery, expiresAtWallMs);
    }
    for (const [delivery, expiresAtWallMs] of inFlight) {
      delivery.storeId = ++this.#lastDeliveryId;
      kept.sent(delivery, delivery.packetId, delivery.state, expiresAtWallMs);
    }
    const queue = this.#newQueue(owner);
    queue.restore(
      waiting.map(([delivery]) => delivery),
      inFlight.map(([delivery]) => delivery),
    );
    const [queues, key] = this.#queuesOf(owner);
    queues.set(key, queue);
    visitor.onQueue(owner);
  }

  #newQueue(owner: QueueOwner): MemoryStoreQueue {
    const journal = this.#journal.queueOf(owner);
    const unwritten = (): QueueJournal => (this.keepsAtOnce ? journal : this.#kept.queueOf(owner));
    return new MemoryStoreQueue(this.#queueStore, journal, unwritten);
  }

  #queuesOf(owner: QueueOwner): [queues: Map<string, MemoryStoreQueue>, key: string] {
    return owner.kind === 'session'
      ? [this.#sessionQueues, owner.clientId]
      : [this.#shareQueues, shareKey(owner)];
  }

  #expiresAtWallMs(delivery: Delivery): number {
    if (delivery.message.expiresAtMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    if (this.#conversion === null)
      throw new Error('MemoryStore.load() must be called before anything is queued');
    return this.#conversion.expiresAtWallMs(delivery.message);
  }
}
