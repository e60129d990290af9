import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentName } from '../log/batch-format.ts';
import { Findings } from './finding.ts';
import type { OwnerState } from './state/owner-state.ts';
import type { StoreState } from './state/store-state.ts';
import type { StateFigures } from './state-figures.ts';
import { figuresOf } from './state-figures.ts';
import type { StoreSource } from './store-snapshot.ts';
import { MessageDamagedError, StoreSnapshot } from './store-snapshot.ts';

const BIGGEST_QUEUES = 10;

export interface QueueStats {
  /** The client identifier, or the shared group as `$share/name/filter`. */
  readonly owner: string;
  readonly kind: 'session' | 'share';
  readonly queued: number;
  readonly inFlight: number;
  /** Payload bytes of both. */
  readonly payloadBytes: number;
}

export interface SegmentStats {
  readonly file: string;
  readonly bytes: number;
  /** Bytes of messages in it that somebody waits for. */
  readonly liveMessageBytes: number;
  /** When it was last written to, in ms since 1970; undefined if the source is no directory. */
  readonly modifiedAtWallMs: number | undefined;
}

export interface OldestMessage {
  readonly topicName: string;
  readonly payloadBytes: number;
  readonly file: string;
  /** It was kept before: when its file was last written to. Undefined if the source is no directory. */
  readonly keptBeforeWallMs: number | undefined;
}

export interface StoreStats extends StateFigures {
  /** Of all files. */
  readonly fileBytes: number;
  /** What is in the files and not part of the state any more: space that is given back bit by bit. */
  readonly deadBytes: number;
  readonly segments: readonly SegmentStats[];
  /** The largest first, at most ten. */
  readonly biggestQueues: readonly QueueStats[];
  readonly oldestMessage: OldestMessage | undefined;
  /** Batches on the disk for certain, and the last one there is: the difference was handed to the system only. */
  readonly syncedSequence: number;
  readonly lastSequence: number;
  /** `clean`: stopped in order. `unclean`: in use now, or its broker ended without a stop in order. */
  readonly stop: 'clean' | 'unclean';
  /** Places that could not be read; `checkStore` tells more. */
  readonly damageCount: number;
}

/**
 * What a store holds and the space it takes. It may be in use; nothing is written. Payloads are not read, so damage in
 * them is not seen.
 *
 * @throws {StoreOpenError | StoreToolError}
 */
export async function storeStats(
  source: StoreSource,
  options: { readonly onProgress?: (readBytes: number, totalBytes: number) => void } = {},
): Promise<StoreStats> {
  const findings = new Findings();
  const snapshot = await StoreSnapshot.open(source, {
    verifiesData: 'never',
    findings,
    onProgress: options.onProgress,
  });
  try {
    const { state, log } = snapshot;
    const figures = figuresOf(state);
    const times = await modificationTimes(source, log.segments);
    const fileBytes = log.segments.reduce((sum, { bytes }) => sum + bytes, 0);
    // Written anew, the same things may take a little more than they do: distances between identifiers are larger.
    const liveBytes = Math.min(figures.liveBytes, fileBytes);
    return {
      ...figures,
      liveBytes,
      fileBytes,
      deadBytes: fileBytes - liveBytes,
      segments: segmentStats(snapshot, times),
      biggestQueues: biggestQueues(state),
      oldestMessage: await oldestMessage(snapshot, times),
      syncedSequence: log.syncedSequence,
      lastSequence: log.lastSequence,
      stop: log.isClean ? 'clean' : 'unclean',
      damageCount: findings.damageCount,
    };
  } finally {
    await snapshot.close();
  }
}

async function modificationTimes(
  source: StoreSource,
  segments: readonly { readonly number: number }[],
): Promise<ReadonlyMap<number, number>> {
  const times = new Map<number, number>();
  if (typeof source !== 'string') return times;
  for (const { number } of segments) {
    try {
      times.set(number, (await stat(join(source, segmentName(number)))).mtimeMs);
    } catch {
      // A broker has removed it since: nobody knows any more.
    }
  }
  return times;
}

function segmentStats({ state, log }: StoreSnapshot, times: ReadonlyMap<number, number>): SegmentStats[] {
  const live = new Map<number, number>();
  const { messages } = state;
  for (let row = 0; row < messages.top; row++) {
    if (messages.references(row) === 0) continue;
    const segment = messages.segmentOf(row);
    live.set(segment, (live.get(segment) ?? 0) + messages.lengthOf(row));
  }
  return log.segments.map(({ number, bytes }) => ({
    file: segmentName(number),
    bytes,
    liveMessageBytes: live.get(number) ?? 0,
    modifiedAtWallMs: times.get(number),
  }));
}

function biggestQueues(state: StoreState): QueueStats[] {
  const biggest: OwnerState[] = [];
  for (const owner of state.ownersInOrder()) {
    if (owner.entryCount === 0) continue;
    if (biggest.length === BIGGEST_QUEUES && owner.entryCount <= biggest.at(-1)!.entryCount) continue;
    biggest.push(owner);
    biggest.sort((a, b) => b.entryCount - a.entryCount);
    biggest.length = Math.min(biggest.length, BIGGEST_QUEUES);
  }
  return biggest.map((owner) => queueStats(state, owner));
}

function queueStats({ entries, messages }: StoreState, owner: OwnerState): QueueStats {
  let inFlight = 0;
  let payloadBytes = 0;
  for (let at = owner.head; at !== 0; at = entries.next(at - 1)) {
    if (entries.isInFlight(at - 1)) inFlight++;
    const row = messages.find(entries.messageIdOf(at - 1));
    if (row >= 0) payloadBytes += messages.payloadLengthOf(row);
  }
  const { session, share, entryCount } = owner;
  return {
    owner: session === null ? `$share/${share!.shareName}/${share!.topicFilter}` : session.clientId,
    kind: session === null ? 'share' : 'session',
    queued: entryCount - inFlight,
    inFlight,
    payloadBytes,
  };
}

async function oldestMessage(
  snapshot: StoreSnapshot,
  times: ReadonlyMap<number, number>,
): Promise<OldestMessage | undefined> {
  const { messages } = snapshot.state;
  let oldest = -1;
  for (let row = 0; row < messages.top; row++) {
    if (messages.references(row) === 0) continue;
    if (oldest < 0 || messages.idOf(row) < messages.idOf(oldest)) oldest = row;
  }
  if (oldest < 0) return undefined;
  const place = messages.place(oldest);
  try {
    const { topicName } = await snapshot.readMessage(place);
    return {
      topicName,
      payloadBytes: place.payloadLength,
      file: segmentName(place.segment),
      keptBeforeWallMs: times.get(place.segment),
    };
  } catch (error) {
    if (error instanceof MessageDamagedError) return undefined;
    throw error;
  }
}
