import type { SessionCensus } from '../../core/ports/store.ts';
import { takenList, waitingList } from './index/entry-lists.ts';
import type { MessageBodies } from './message-bodies.ts';
import { StoreFailure } from './store-failure.ts';
import type { RetainedEntry } from './stored-retained.ts';
import type { StoredState } from './stored-state.ts';

/** What one commit at least may carry of what is moved, in bytes; twice what has been staged, if that is more. */
const PIECE_BYTES = 64 * 1024;
/** Steps of the walk for one commit. */
const PIECE_VISITS = 8192;
/** Owners or messages that one step passes over. */
const STRIDE = 256;
/** How many times as large as what lives in it the log may be. */
const SLACK = 2;

/** Where the walk through all that is stored has come to. */
const Phase = { Owners: 0, Entries: 1, Retained: 2, Messages: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/**
 * Frees the oldest segment of a log that has become too large: what lives in it is staged again, a bounded piece with
 * each commit, so that nothing lives in it any more.
 *
 * Only ever the oldest goes. So a record that undoes another (an entry is done, a session gone) need never be written
 * again: what it undid is older, and has gone with its segment or with one before.
 */
export class Cleaning {
  readonly #state: StoredState;
  readonly #bodies: MessageBodies;
  readonly #smallestBytes: number;
  readonly #onNote: (code: string, text: string) => void;
  #census: SessionCensus | null;
  /** The segment that is being cleaned; 0 for none. */
  #target: number;
  #phase: Phase;
  /** An owner, then a message. */
  #at: number;
  /** Of the owner's two lists, the one that is walked. */
  #inTaken: boolean;
  #retained: Iterator<[string, RetainedEntry]> | null;
  /** Nothing else has happened since the walk came to this owner's entries, so that it meets them all. */
  #undisturbed: boolean;
  /** Something could not be read: tried again when the log has gone on to a segment behind this one. */
  #pausedIn: number;

  /** @param smallestBytes a log below this is let be */
  constructor(
    state: StoredState,
    bodies: MessageBodies,
    smallestBytes: number,
    onNote: (code: string, text: string) => void,
  ) {
    this.#state = state;
    this.#bodies = bodies;
    this.#smallestBytes = smallestBytes;
    this.#onNote = onNote;
    this.#census = null;
    this.#target = 0;
    this.#phase = Phase.Owners;
    this.#at = 1;
    this.#inTaken = false;
    this.#retained = null;
    this.#undisturbed = false;
    this.#pausedIn = 0;
  }

  /** Asked for sessions that are written again; known from `load` on. */
  set census(census: SessionCensus) {
    this.#census = census;
  }

  /** Between turns: stages a piece, if there is something to clean. */
  step(): void {
    if (!this.#mustClean()) return;
    const { journal, segments } = this.#state;
    const staged = journal.bytes;
    const limit = staged + Math.max(PIECE_BYTES, 2 * staged);
    this.#undisturbed = false;
    try {
      let visits = PIECE_VISITS;
      while (visits-- > 0 && journal.bytes < limit && segments.countOf(this.#target) > 0) this.#visitNext();
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      this.#pausedIn = journal.segment;
      this.#onNote('store-cleaning-paused', `${error.message}; the space it is to free stays in use`);
    }
    this.#bodies.ahead.end();
  }

  #mustClean(): boolean {
    const { journal, segments } = this.#state;
    const extents = journal.log.segments;
    const oldest = extents[0]!.number;
    if (oldest >= journal.segment || segments.countOf(oldest) === 0) return false;
    if (this.#pausedIn >= journal.segment) return false;
    if (this.#target === oldest) return true;
    let bytes = 0;
    for (const extent of extents) bytes += extent.bytes;
    if (bytes <= Math.max(this.#smallestBytes, SLACK * this.#state.liveBytes)) return false;
    this.#target = oldest;
    this.#begin(Phase.Owners);
    return true;
  }

  #begin(phase: Phase): void {
    this.#phase = phase;
    this.#at = 1;
    this.#inTaken = false;
    this.#retained = phase === Phase.Retained ? this.#state.retained.entries.entries() : null;
    this.#state.queues.entries.cursor = 0;
    if (phase === Phase.Entries) this.#beginOwner(0);
  }

  #visitNext(): void {
    switch (this.#phase) {
      case Phase.Owners:
        this.#visitOwner();
        break;
      case Phase.Entries:
        this.#visitEntry();
        break;
      case Phase.Retained:
        this.#visitRetained();
        break;
      case Phase.Messages:
        this.#visitMessage();
        break;
      default:
        this.#phase satisfies never;
    }
  }

  #visitOwner(): void {
    const { owners } = this.#state;
    const end = Math.min(owners.owners.end, this.#at + STRIDE);
    const owner = owners.owners.nextRecordedIn(this.#target, this.#at, end);
    this.#at = owner + 1;
    if (owner < end) {
      if (this.#census !== null) owners.moveToTail(owner, this.#census);
    } else if (end < owners.owners.end) {
      this.#at = end;
    } else {
      this.#begin(Phase.Entries);
    }
  }

  /** Along the lists of one owner after the other. An entry that changes its list meanwhile is met again, or in the next round. */
  #visitEntry(): void {
    const { queues } = this.#state;
    const { entries, owners } = queues;
    const entry = entries.cursor;
    if (entry !== 0) {
      entries.cursor = entries.nextOf(entry);
      if (entries.segmentOf(entry) === this.#target) queues.moveToTail(this.#at, entry);
    } else if (!this.#inTaken) {
      this.#inTaken = true;
      entries.cursor = entries.lists.firstOf(takenList(this.#at));
    } else {
      if (this.#undisturbed && this.#at < owners.end) owners.setEntriesSince(this.#at, this.#target + 1);
      this.#beginOwner(this.#at);
    }
  }

  /** Goes on with the entries of the next owner that may have some in the segment. */
  #beginOwner(after: number): void {
    const { entries, owners } = this.#state.queues;
    const end = Math.min(owners.end, after + 1 + STRIDE);
    const owner = owners.nextWithEntriesIn(this.#target, after + 1, end);
    if (owner >= owners.end) {
      this.#begin(Phase.Retained);
      return;
    }
    // If none is found in this stride, the last of it stands for it: its lists are walked for nothing.
    this.#at = Math.min(owner, end - 1);
    this.#inTaken = false;
    this.#undisturbed = true;
    entries.cursor = entries.lists.firstOf(waitingList(this.#at));
  }

  #visitRetained(): void {
    const next = this.#retained?.next();
    if (next === undefined || next.done === true) {
      this.#begin(Phase.Messages);
      return;
    }
    const [topicName, entry] = next.value;
    if (entry.segment === this.#target) this.#state.retained.moveToTail(topicName, entry);
  }

  #visitMessage(): void {
    const { slots } = this.#state.messages;
    const end = Math.min(slots.end, this.#at + STRIDE);
    const number = slots.nextIn(this.#target, this.#at, end);
    if (number < end) {
      this.#moveMessage(number);
      this.#at = number + 1;
    } else if (end < slots.end) {
      this.#at = end;
    } else {
      this.#begin(Phase.Owners);
    }
  }

  /** As it is, damaged or not: who reads it finds out. */
  #moveMessage(number: number): void {
    const { messages } = this.#state;
    try {
      this.#readAhead(number);
      messages.moveToTail(number, this.#bodies.ahead.bytesOf(number));
    } catch (error) {
      if (!(error instanceof StoreFailure) || error.code !== 'store-damaged') throw error;
      // Its file ends before it: it is nowhere, which is told when it is read.
      messages.loseData(number);
    }
  }

  /** Reads with this message those behind it in the same segment: what was stored together has numbers in a row. */
  #readAhead(number: number): void {
    const { ahead } = this.#bodies;
    if (ahead.holds(number)) return;
    const { slots } = this.#state.messages;
    const end = Math.min(slots.end, number + STRIDE);
    const wanted: number[] = [];
    for (let next = number; next < end; next = slots.nextIn(this.#target, next + 1, end)) wanted.push(next);
    ahead.prepare(wanted, 0);
  }
}
