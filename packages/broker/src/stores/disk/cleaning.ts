import type { SessionCensus } from '../../core/ports/store.ts';
import { StoreFailure } from './files/store-failure.ts';
import { takenList, waitingList } from './index/entry-lists.ts';
import type { MessageBodies } from './reading/message-bodies.ts';
import type { RetainedEntry } from './state/stored-retained.ts';
import type { StoredState } from './state/stored-state.ts';

/** How many times as large as what lives in it the log may be. */
const SLACK = 2;
/** More files than this are merged if they are small on average: each start after a crash begins a new one. */
const MANY_FILES = 64;
/** A file is small if it has less than this part of what a full one has. */
const SMALL_PART = 1 / 8;
/** While as many bytes are staged as a segment has, the walk goes through everything so many times, and moves so many times as many bytes. */
const PACE = 2;
/**
 * One step's share: of bytes that it moves, and of places that it visits, some 20 to 100 ns each. The most is for a log
 * that is near its bound: for one that is so many times too large, so many times more.
 */
const FEWEST_BYTES: number = 64 * 1024;
const MOST_BYTES: number = 256 * 1024;
const FEWEST_VISITS = 1024;
const MOST_VISITS: number = 32 * 1024;
/** A log that has outgrown its bound is cleaned faster, at most by so much; twice as fast when it is by so many segments too large. */
const MOST_HASTE = 4;
const SEGMENTS_TOO_MANY = 2;
/** And may hold up the broker longer, at most by so much. */
const MOST_BURDEN = 8;
/** Owners or messages that one step passes over. */
const STRIDE = 256;
/** As many of these cost as much as one visit elsewhere: they lie side by side in memory. */
const PASSED_PER_VISIT = 16;

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
  readonly #segmentBytes: number;
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
  /** Of what was retained when the walk came to it: what is retained meanwhile stands behind, and is in newer segments. */
  #retainedLeft: number;
  /** Nothing else has happened since the walk came to this owner's entries, so that it meets them all. */
  #undisturbed: boolean;
  /** Of the owner's entries that it has met, the oldest segment. */
  #entriesSince: number;
  /** How many times as large as it may be the log is; at least 1. */
  #burden: number;
  /** Why something was passed over in this round. */
  #unreadable: StoreFailure | null;
  /** Something could not be read: tried again when the log has gone on to a segment behind this one. */
  #pausedIn: number;

  /**
   * @param smallestBytes a log below this is let be
   * @param segmentBytes of a full segment
   */
  constructor(
    state: StoredState,
    bodies: MessageBodies,
    smallestBytes: number,
    segmentBytes: number,
    onNote: (code: string, text: string) => void,
  ) {
    this.#state = state;
    this.#bodies = bodies;
    this.#smallestBytes = smallestBytes;
    this.#segmentBytes = segmentBytes;
    this.#onNote = onNote;
    this.#census = null;
    this.#target = 0;
    this.#phase = Phase.Owners;
    this.#at = 1;
    this.#inTaken = false;
    this.#retained = null;
    this.#retainedLeft = 0;
    this.#undisturbed = false;
    this.#entriesSince = 0;
    this.#burden = 1;
    this.#unreadable = null;
    this.#pausedIn = 0;
  }

  /** Asked for sessions that are written again; known from `load` on. */
  set census(census: SessionCensus) {
    this.#census = census;
  }

  /**
   * Between turns: stages a piece, if there is something to clean. How much depends on what has been staged: a segment is
   * to be free before another one is full.
   */
  step(): void {
    const { journal, segments } = this.#state;
    let haste = this.#choose();
    if (haste === 0) return;
    const staged = journal.bytes;
    const visits = (PACE * this.#visitsOfWalk() * staged) / this.#segmentBytes;
    let left = between(FEWEST_VISITS, haste * visits, this.#burden * MOST_VISITS);
    const limit = staged + between(FEWEST_BYTES, haste * PACE * staged, this.#burden * MOST_BYTES);
    this.#undisturbed = false;
    while (haste > 0 && left > 0 && journal.bytes < limit) {
      left -= this.#visitNext(limit);
      if (segments.countOf(this.#target) === 0 || this.#pausedIn === journal.segment) haste = this.#choose();
    }
    this.#bodies.ahead.end();
  }

  /**
   * Chooses the segment to clean: the oldest in which something lives, because those before go with the commit that
   * begins. Returns how much faster than usual it is to be cleaned; 0 for not at all.
   */
  #choose(): number {
    const { journal, segments, liveBytes } = this.#state;
    let oldest = 0;
    let bytes = 0;
    let files = 0;
    for (const extent of journal.log.segments) {
      if (oldest === 0 && segments.countOf(extent.number) === 0) continue;
      if (oldest === 0) oldest = extent.number;
      bytes += extent.bytes;
      files++;
    }
    if (oldest === 0 || oldest >= journal.segment || this.#pausedIn >= journal.segment) return 0;
    const allowed = Math.max(this.#smallestBytes, SLACK * liveBytes);
    this.#burden = between(1, bytes / allowed, MOST_BURDEN);
    const excess = (bytes - allowed) / (SEGMENTS_TOO_MANY * this.#segmentBytes);
    const haste = between(1, 1 + excess, MOST_HASTE);
    if (this.#target === oldest) return haste;
    const areScattered = files > MANY_FILES && bytes < files * this.#segmentBytes * SMALL_PART;
    if (bytes <= allowed && !areScattered) return 0;
    this.#target = oldest;
    this.#begin(Phase.Owners);
    return haste;
  }

  /** About how many visits it takes to see all that is stored. */
  #visitsOfWalk(): number {
    const { queues, retained, messages } = this.#state;
    const passed = 2 * queues.owners.end + messages.slots.end;
    return queues.entries.count + retained.entries.size + passed / PASSED_PER_VISIT;
  }

  #begin(phase: Phase): void {
    this.#phase = phase;
    this.#at = 1;
    this.#inTaken = false;
    const { entries } = this.#state.retained;
    this.#retained = phase === Phase.Retained ? entries.entries() : null;
    this.#retainedLeft = entries.size;
    this.#state.queues.entries.cursor = 0;
    if (phase === Phase.Entries) this.#beginOwner(0);
  }

  /** What it costs, in visits. */
  #visitNext(limit: number): number {
    switch (this.#phase) {
      case Phase.Owners:
        return this.#visitOwner();
      case Phase.Entries:
        return this.#visitEntry();
      case Phase.Retained:
        return this.#visitRetained();
      case Phase.Messages:
        return this.#visitMessages(limit);
      default:
        return this.#phase satisfies never;
    }
  }

  #visitOwner(): number {
    const { owners } = this.#state;
    const from = this.#at;
    const end = Math.min(owners.owners.end, from + STRIDE);
    const owner = owners.owners.nextRecordedIn(this.#target, from, end);
    this.#at = owner + 1;
    if (owner < end) {
      if (this.#census !== null) owners.moveToTail(owner, this.#census);
    } else if (end < owners.owners.end) {
      this.#at = end;
    } else {
      this.#begin(Phase.Entries);
    }
    return visitsFor(owner - from);
  }

  /** Along the lists of one owner after the other. An entry that changes its list meanwhile is met again, or in the next round. */
  #visitEntry(): number {
    const { queues } = this.#state;
    const { entries, owners } = queues;
    const entry = entries.cursor;
    if (entry !== 0) {
      entries.cursor = entries.nextOf(entry);
      if (entries.segmentOf(entry) === this.#target) queues.moveToTail(this.#at, entry);
      const segment = entries.segmentOf(entry);
      // What is never written has no segment.
      if (segment !== 0 && segment < this.#entriesSince) this.#entriesSince = segment;
      return 1;
    }
    if (!this.#inTaken) {
      this.#inTaken = true;
      entries.cursor = entries.lists.firstOf(takenList(this.#at));
      return 1;
    }
    if (this.#undisturbed && this.#at < owners.end) owners.setEntriesSince(this.#at, this.#entriesSince);
    return this.#beginOwner(this.#at);
  }

  /** Goes on with the entries of the next owner that may have some in the segment. What that costs, in visits. */
  #beginOwner(after: number): number {
    const { entries, owners } = this.#state.queues;
    const end = Math.min(owners.end, after + 1 + STRIDE);
    const owner = owners.nextWithEntriesIn(this.#target, after + 1, end);
    if (owner >= owners.end) {
      this.#begin(Phase.Retained);
    } else {
      // If none is found in this stride, the last of it stands for it: its lists are walked for nothing.
      this.#at = Math.min(owner, end - 1);
      this.#inTaken = false;
      this.#undisturbed = true;
      this.#entriesSince = this.#state.journal.segment;
      entries.cursor = entries.lists.firstOf(waitingList(this.#at));
    }
    return visitsFor(owner - after);
  }

  #visitRetained(): number {
    const next = this.#retainedLeft > 0 ? this.#retained?.next() : undefined;
    if (next === undefined || next.done === true) {
      this.#begin(Phase.Messages);
      return 1;
    }
    this.#retainedLeft--;
    const [topicName, entry] = next.value;
    if (entry.segment === this.#target) this.#state.retained.moveToTail(topicName, entry);
    return 1;
  }

  /** Those in one stride, in the order in which they lie in the file, until `limit` bytes are staged: the rest is met again. */
  #visitMessages(limit: number): number {
    const { slots } = this.#state.messages;
    const { journal } = this.#state;
    const from = this.#at;
    const end = Math.min(slots.end, from + STRIDE);
    const found: number[] = [];
    let number = slots.nextIn(this.#target, from, end);
    for (; number < end; number = slots.nextIn(this.#target, number + 1, end)) found.push(number);
    found.sort((a, b) => slots.offsetOf(a) - slots.offsetOf(b));
    for (let i = 0; i < found.length; i++) {
      if (journal.bytes >= limit) return visitsFor(STRIDE);
      this.#bodies.ahead.prepare(found, i);
      this.#moveMessage(found[i]!);
    }
    if (end < slots.end) {
      this.#at = end;
    } else {
      this.#begin(Phase.Owners);
      this.#pauseIfUnreadable();
    }
    return visitsFor(end - from);
  }

  /** What cannot be read keeps its file until it is given up, which takes several rounds. */
  #pauseIfUnreadable(): void {
    if (this.#unreadable === null) return;
    this.#pausedIn = this.#state.journal.segment;
    this.#onNote(
      'store-cleaning-paused',
      `${this.#unreadable.message}; the space it is to free stays in use`,
    );
    this.#unreadable = null;
  }

  /** As it is, damaged or not: who reads it finds out. */
  #moveMessage(number: number): void {
    const { messages } = this.#state;
    try {
      messages.moveToTail(number, this.#bodies.ahead.bytesOf(number));
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      // If its file ends before it, it is nowhere, which is told when it is read; so is what is given up now.
      if (error.code === 'store-damaged') messages.loseData(number);
      else if (!this.#bodies.mustGiveUp(number, error)) this.#unreadable = error;
    }
  }
}

function visitsFor(passed: number): number {
  return 1 + passed / PASSED_PER_VISIT;
}

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
