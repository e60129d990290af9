/**
 * What the parts of one broker's core share: its options, ports, counters and clock. Nothing here is per client.
 *
 * Time comes in from outside: `nowMs` is the monotonic time of the input that is being handled, `wallMs()` the same
 * moment on the wall clock, for what must survive a restart.
 */
import type { Deadlines } from '@martlet/protocol';
import { Commits } from './commits.ts';
import type { StoreStateChange } from './keeping.ts';
import { Keeping } from './keeping.ts';
import { Levels } from './levels.ts';
import type { Profile } from './options/profile.ts';
import { BufferPool } from './output/buffer-pool.ts';
import { LargeMemory } from './output/large-memory.ts';
import type { Outbox, OutboxOwner } from './output/outbox.ts';
import type { Log } from './ports/log.ts';
import type { Store } from './ports/store.ts';
import type { LocalDelivery } from './publish/local-subscription.ts';
import { RateLimits } from './rates/rate-limits.ts';
import { ReceiveRights } from './receive-rights.ts';
import { StagingRoom } from './staging-room.ts';
import { DropReason } from './telling/drop-reason.ts';
import { LimitedLog } from './telling/limited-log.ts';
import { Metrics } from './telling/metrics.ts';
import type { Outcomes } from './telling/outcomes.ts';
import { Refusals } from './telling/refusals.ts';

/** What the core needs of the world: time, identifiers nobody can guess, and to be called again at the turn's end. */
export interface Environment {
  /** Monotonic, ms, may be fractional. */
  nowMs(): number;
  /** Wall clock, ms since 1970. */
  wallMs(): number;
  /** A client identifier that nobody can guess; another one each time. */
  newClientId(): string;
  /** Asks for one call of `turn` after all inputs of this round. */
  requestTurn(): void;
}

export class CoreContext implements OutboxOwner {
  /** One object for the broker's life, so that whoever has it, or its limits, sees the values of now. */
  readonly profile: Profile;
  readonly environment: Environment;
  readonly store: Store;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly outcomes: Outcomes;
  readonly refusals: Refusals;
  readonly pool: BufferPool;
  readonly largeMemory: LargeMemory;
  readonly commits: Commits;
  readonly keeping: Keeping;
  readonly rates: RateLimits;
  readonly stagingRoom: StagingRoom;
  readonly levels: Levels;
  /** For errors that are ours, within a bound of lines. */
  readonly errorLog: LimitedLog;
  readonly receiveRights: ReceiveRights;
  /** For what is dropped, within a bound of its own: clients can cause that, and must not hide errors. */
  readonly dropLog: LimitedLog;
  readonly deadlines: Deadlines;
  /** Monotonic time of the current input. */
  nowMs: number;
  /** What the times in the store are ahead of the wall clock; not 0 only while it is loaded by a clock that is not believed. */
  storedTimeAheadMs: number;
  /** What messages that wait in queues or are in flight cost, once per session or group. */
  queuedBytes: number;
  /** Of these, messages that no store keeps, and their payload bytes. */
  transientMessages: number;
  transientPayloadBytes: number;
  /** Output that waits for clients that read too slowly. */
  blockedBytes: number;
  blockedBytesLimit: number;
  /** How often anything was staged: whether handling a message staged something shows in the difference. */
  stagings: number;
  readonly #dirty: Outbox[];
  readonly #waiting: Set<Outbox>;
  readonly #local: LocalDelivery[];
  #turnRequested: boolean;

  constructor(
    profile: Profile,
    environment: Environment,
    store: Store,
    log: Log,
    outcomes: Outcomes,
    deadlines: Deadlines,
    onStoreState: (change: StoreStateChange) => void,
  ) {
    this.profile = { ...profile, limits: { ...profile.limits } };
    this.environment = environment;
    this.store = store;
    this.log = log;
    this.metrics = new Metrics();
    this.outcomes = outcomes;
    this.refusals = new Refusals(
      () => this.profile.limits.recentRefusals,
      () => environment.wallMs(),
    );
    this.pool = new BufferPool();
    this.largeMemory = new LargeMemory();
    this.levels = new Levels(profile, store.keepsAtOnce);
    this.keeping = new Keeping(store, this.profile.limits, onStoreState);
    this.rates = new RateLimits(() => this.profile);
    this.stagingRoom = new StagingRoom(this.keeping);
    this.commits = new Commits(store, deadlines, this.profile.limits, () => {
      this.keeping.onSilent(this.nowMs);
      this.stagingRoom.onChange();
    });
    this.deadlines = deadlines;
    this.nowMs = environment.nowMs();
    this.storedTimeAheadMs = 0;
    const { errorLogPerMinute } = profile.limits;
    this.errorLog = new LimitedLog(log, this, errorLogPerMinute, 'error-log-limited', 'errors of the broker');
    this.dropLog = new LimitedLog(
      log,
      this,
      errorLogPerMinute,
      'drop-log-limited',
      'messages that are dropped',
    );
    this.receiveRights = new ReceiveRights(this.profile.limits, this.errorLog);
    this.queuedBytes = 0;
    this.transientMessages = 0;
    this.transientPayloadBytes = 0;
    this.blockedBytes = 0;
    this.blockedBytesLimit = profile.limits.outboxBytesInAll;
    this.stagings = 0;
    this.#dirty = [];
    this.#waiting = new Set();
    this.#local = [];
    this.#turnRequested = false;
  }

  /** Other limits and habits. What copied a value elsewhere is told by `BrokerCore`. */
  reconfigure({ limits, ...habits }: Profile): void {
    Object.assign(this.profile, habits);
    Object.assign(this.profile.limits, limits);
    this.levels.reconfigure(this.profile);
    this.keeping.reconfigure();
    this.blockedBytesLimit = limits.outboxBytesInAll;
    this.errorLog.linesPerMinute = limits.errorLogPerMinute;
    this.dropLog.linesPerMinute = limits.errorLogPerMinute;
    this.outcomes.recentDropsPerReason = limits.recentDropsPerReason;
  }

  /** Every input begins here. */
  sampleClock(): void {
    this.nowMs = this.environment.nowMs();
    this.outcomes.nowMs = this.nowMs;
  }

  get wallMs(): number {
    return this.environment.wallMs();
  }

  /** A moment of the monotonic clock on the wall clock; Infinity stays. */
  toWallMs(atMs: number): number {
    return atMs - this.nowMs + this.environment.wallMs() + this.storedTimeAheadMs;
  }

  fromWallMs(atWallMs: number): number {
    return atWallMs - this.environment.wallMs() - this.storedTimeAheadMs + this.nowMs;
  }

  /** Something was staged: asks for the turn that commits it. What tells of it waits for `commits.awaited`. */
  staged(): void {
    this.stagings++;
    this.requestTurn();
  }

  get commitsDone(): number {
    return this.commits.done;
  }

  markDirty(outbox: Outbox): void {
    this.#dirty.push(outbox);
    this.requestTurn();
  }

  awaitCommit(outbox: Outbox): void {
    this.#waiting.add(outbox);
    this.requestTurn();
  }

  forgetOutbox(outbox: Outbox): void {
    this.#waiting.delete(outbox);
  }

  requestTurn(): void {
    if (this.#turnRequested) return;
    this.#turnRequested = true;
    this.environment.requestTurn();
  }

  turnBegins(): void {
    this.#turnRequested = false;
  }

  /** Moves what waited for finished commits into the outboxes. @param onFailed told of one whose peer cannot be written to */
  releaseHeld(onFailed: (outbox: Outbox, error: unknown) => void): void {
    for (const outbox of this.#waiting) {
      try {
        outbox.releaseHeld();
      } catch (error) {
        onFailed(outbox, error);
      }
      if (!outbox.waitsForCommit) this.#waiting.delete(outbox);
      if (!outbox.dirty) {
        outbox.dirty = true;
        this.#dirty.push(outbox);
      }
    }
  }

  /** Writes every dirty outbox once. @param onFailed told of one whose peer cannot be written to */
  flush(onFailed: (outbox: Outbox, error: unknown) => void): void {
    const dirty = this.#dirty;
    for (let i = 0; i < dirty.length; i++) {
      const outbox = dirty[i]!;
      outbox.dirty = false;
      try {
        outbox.flushTurn();
      } catch (error) {
        onFailed(outbox, error);
      }
    }
    dirty.length = 0;
  }

  /** Outboxes that wait for a commit. */
  get waitingOutboxes(): number {
    return this.#waiting.size;
  }

  /** A commit failed: what told of it, or of an earlier one, never leaves. Returns whose it was. */
  dropHeld(commit: number): Set<Outbox> {
    const dropped = new Set([...this.#waiting].filter((outbox) => outbox.firstAwaitedCommit <= commit));
    for (const outbox of dropped) outbox.dropHeld();
    return dropped;
  }

  /** Whether one more message for the application may wait until the turn is over. */
  get hasRoomForLocal(): boolean {
    return this.#local.length < this.profile.limits.localMessages;
  }

  /** Keeps a message for the application until the turn is over, or drops it: there are too many. */
  addLocal(delivery: LocalDelivery): void {
    if (!this.hasRoomForLocal) {
      const { message } = delivery;
      this.outcomes.dropped(DropReason.QueueFullDroppedNewest, '', message.topic, 1, '', message);
      return;
    }
    this.#local.push(delivery);
    this.requestTurn();
  }

  takeLocal(): LocalDelivery[] {
    return this.#local.splice(0);
  }
}
